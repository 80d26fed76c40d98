"""JupyterLab and the classic Notebook in Chromium, as a student would use them.

Three facts cost a day each and shape this file. "Run All Cells" is dropped when it
comes before the kernel's websocket has spoken. JupyterLab may then open a dialog that
blocks every click. And it must not see the settings of whoever runs the tests.
"""

import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from coursekit.setup import lab
from tests.controls import FrontEnd
from tests.page import Notebook

JUPYTERLAB = FrontEnd(
    name="JupyterLab",
    cell=".jp-CodeCell",
    # a folded cell has a placeholder in its place, whose prompt never gets a number
    prompt=".jp-CodeCell .jp-InputPrompt:not(.jp-Placeholder-prompt)",
    output=".jp-OutputArea-output",
    idle=".jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status=idle]",
    run_all=(
        "role=menuitem[name='Run']",
        "role=menuitem[name='Run All Cells']",
    ),
    version="JSON.parse(document.getElementById('jupyter-config-data').textContent)"
    ".appVersion",
)
CLASSIC = FrontEnd(
    name="classic Notebook",
    cell=".code_cell",
    prompt=".code_cell .input_prompt",
    output=".output_subarea",
    idle="#kernel_indicator_icon.kernel_idle_icon",
    run_all=("#celllink", "#run_all_cells a"),
    version="Jupyter.version",
)
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
QUIET = '{"fetchNews": "false", "checkForUpdates": false}'


def require_browser() -> None:
    """Skip where there is no Chromium; fail where one was promised."""
    if CHROMIUM is None:
        give_up("no Chromium here (Debian: apt-get install chromium)")
    if importlib.util.find_spec("playwright") is None:
        give_up("no playwright here (pip install playwright)")


def give_up(reason: str) -> None:
    """Skip, or fail where everything for the browser was promised."""
    if os.environ.get("COURSEKIT_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _environment(scratch: Path) -> dict[str, str]:
    """Return an environment in which Jupyter sees nobody's settings."""
    folders = {
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    own = {name: str(scratch / folder) for name, folder in folders.items()}
    news = scratch / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True, exist_ok=True)
    (news / "notification.jupyterlab-settings").write_text(QUIET, encoding="utf-8")
    return {**os.environ, **own, "OMP_NUM_THREADS": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_up(server: subprocess.Popen, url: str, log: Path) -> None:
    """Ask the server until it answers; its own words are the error if it ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(url, timeout=1) as answer:
                json.load(answer)
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"Jupyter did not start:\n{log.read_text()[-2000:]}")


@contextlib.contextmanager
def jupyterlab(root: Path, scratch: Path) -> Iterator[str]:
    """Serve `root` and give the address of a notebook, with `{}` for its name.

    Args:
        root: the folder that holds the notebooks.
        scratch: an empty folder for everything JupyterLab writes.
    """
    port, token = _free_port(), secrets.token_hex(16)
    line = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    line += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    line += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"]
    line += [f"--IdentityProvider.token={token}", "--LabApp.extension_manager=readonly"]
    line += ["--LabApp.expose_app_in_browser=True"]
    with _served(line, port, scratch) as base:
        yield f"{base}/lab/tree/{{}}?reset&token={token}"


@contextlib.contextmanager
def course_lab(root: Path, scratch: Path) -> Iterator[str]:
    """Serve the notebooks in `root` as `coursekit lab` does; give the address it opens.

    Args:
        root: the folder that holds the notebooks.
        scratch: an empty folder for everything JupyterLab writes.
    """
    port, token = _free_port(), secrets.token_hex(16)
    with pytest.MonkeyPatch.context() as patch:
        workspaces = str(scratch / "workspaces")
        patch.setenv("JUPYTERLAB_WORKSPACES_DIR", workspaces)
        lab.prepare_workspace()
    own = ["--no-browser", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    own += [f"--IdentityProvider.token={token}", "--ServerApp.ip=127.0.0.1"]
    with _served(lab.command(root, own), port, scratch) as base:
        yield f"{base}/?token={token}"


@contextlib.contextmanager
def classic_notebook(root: Path, scratch: Path, python: Path) -> Iterator[str]:
    """Serve `root` in the Notebook of `python`: as `jupyterlab` does.

    Args:
        root: the folder that holds the notebooks.
        scratch: an empty folder for everything Jupyter writes.
        python: of an environment with notebook 6.5.
    """
    port, token = _free_port(), secrets.token_hex(16)
    line = [python, "-m", "notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    line += [f"--port={port}", "--port-retries=0", f"--notebook-dir={root}"]
    line += [f"--NotebookApp.token={token}"]
    with _served(line, port, scratch) as base:
        yield f"{base}/notebooks/{{}}?token={token}"


@contextlib.contextmanager
def _served(line: list, port: int, scratch: Path) -> Iterator[str]:
    """Run a server, give its address and end it."""
    log, base = scratch / "server.log", f"http://127.0.0.1:{port}"
    environment = _environment(scratch)
    with log.open("w") as words:
        server = subprocess.Popen(
            line, stdout=words, stderr=words, env=environment, start_new_session=True
        )
    try:
        _wait_until_up(server, f"{base}/api", log)
        yield base
    finally:
        _stop(server)


def _stop(server: subprocess.Popen) -> None:
    """End our own server; it ends its kernels."""
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _watch(page: object, errors: list[str], server: str) -> None:
    """Collect what goes wrong by itself; a badge from elsewhere may fail to load.

    JupyterLab shows a picture of a text cell at its address in the page first and, a
    moment later, at its address on the server: the first request, if it was sent at
    all, is called off, which is no fault.
    """

    def failed(request: object) -> None:
        if request.url.startswith(server) and request.failure != "net::ERR_ABORTED":
            errors.append(f"failed: {request.url} {request.failure}")

    page.on("pageerror", lambda error: errors.append(f"error: {error}"))
    page.on("requestfailed", failed)


def _answer_the_kernel_dialog(page: object) -> None:
    """Choose the offered kernel should JupyterLab ask for one."""
    dialog = page.locator("dialog.jp-Dialog")
    button = dialog.get_by_role("button", name="Select", exact=True)
    asked = dialog.get_by_text("Select Kernel", exact=True)
    page.add_locator_handler(asked, lambda _: button.click())


@contextlib.contextmanager
def browser(scratch: Path) -> Iterator[object]:
    """Give the page of a browser without a history."""
    from playwright.sync_api import sync_playwright

    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            str(scratch / "profile"),
            executable_path=CHROMIUM,
            headless=True,
            viewport={"width": 1280, "height": 1000},
            args=flags,
        )
        browser.pages[0].set_default_timeout(60_000)
        try:
            yield browser.pages[0]
        finally:
            browser.close()


@contextlib.contextmanager
def opened(
    address: str, scratch: Path, front_end: FrontEnd = JUPYTERLAB
) -> Iterator[Notebook]:
    """Open a notebook in a browser without a history, its kernel ready to run.

    Args:
        address: of the notebook, from a server of `front_end`.
        scratch: an empty folder for the browser's profile.
        front_end: the program that serves it.
    """
    with browser(scratch) as page:
        notebook = Notebook(page, front_end)
        _watch(page, notebook.errors, "/".join(address.split("/")[:3]))
        _answer_the_kernel_dialog(page)
        with page.expect_websocket(lambda s: "/channels" in s.url) as kernel:
            page.goto(address, wait_until="domcontentloaded")
        kernel.value.wait_for_event("framereceived")
        page.wait_for_selector(front_end.cell)
        page.wait_for_selector(front_end.idle)
        yield notebook
