"""JupyterLab in Chromium, as a student would use it, for the tests of the browser.

Three facts cost a day each and shape this file. "Run All Cells" is dropped when it
comes before the kernel's websocket has spoken. JupyterLab may then open a dialog that
blocks every click. And it must not see the settings of whoever runs the tests.
"""

import contextlib
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

from tests.page import Notebook

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
    if CHROMIUM is not None:
        return
    reason = "no Chromium here (Debian: apt-get install chromium)"
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
    news.mkdir(parents=True)
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
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@contextlib.contextmanager
def jupyterlab(root: Path, scratch: Path) -> Iterator[str]:
    """Serve `root` and give the address of a notebook, with `{}` for its name.

    Args:
        root: the folder that holds the notebooks.
        scratch: an empty folder for everything JupyterLab writes.
    """
    port, token = _free_port(), secrets.token_hex(16)
    base, log = f"http://127.0.0.1:{port}", scratch / "server.log"
    line = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    line += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    line += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"]
    line += [f"--IdentityProvider.token={token}", "--LabApp.extension_manager=readonly"]
    environment = _environment(scratch)
    with log.open("w") as words:
        server = subprocess.Popen(
            line, stdout=words, stderr=words, env=environment, start_new_session=True
        )
    try:
        _wait_until_up(server, f"{base}/api", log)
        yield f"{base}/lab/tree/{{}}?reset&token={token}"
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
    """Collect what goes wrong by itself; a badge from elsewhere may fail to load."""

    def failed(request: object) -> None:
        if request.url.startswith(server):
            errors.append(f"failed: {request.url}")

    page.on("pageerror", lambda error: errors.append(f"error: {error}"))
    page.on("requestfailed", failed)


def _answer_the_kernel_dialog(page: object) -> None:
    """Choose the offered kernel should JupyterLab ask for one."""
    dialog = page.locator("dialog.jp-Dialog")
    button = dialog.get_by_role("button", name="Select", exact=True)
    asked = dialog.get_by_text("Select Kernel", exact=True)
    page.add_locator_handler(asked, lambda _: button.click())


@contextlib.contextmanager
def opened(address: str, scratch: Path) -> Iterator[Notebook]:
    """Open a notebook in a browser without a history, its kernel ready to run.

    Args:
        address: from `jupyterlab`, the notebook's name filled in.
        scratch: an empty folder for the browser's profile.
    """
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
        page = browser.pages[0]
        page.set_default_timeout(60_000)
        notebook = Notebook(page)
        _watch(page, notebook.errors, address.partition("/lab/")[0])
        _answer_the_kernel_dialog(page)
        with page.expect_websocket(lambda s: "/channels" in s.url) as kernel:
            page.goto(address, wait_until="domcontentloaded")
        kernel.value.wait_for_event("framereceived")
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
        try:
            yield notebook
        finally:
            browser.close()
