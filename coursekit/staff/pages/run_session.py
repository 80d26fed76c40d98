"""`coursekit run 03`: run a session from first to last cell, into one HTML page.

The page needs no other file, no network and no program but a browser. Explorers live in
it as islands.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from coursekit._base.files import write_whole
from coursekit.staff.build.execute import ANSI, QUIET, kernel_of_this_environment
from coursekit.staff.build.folder import Session, notebooks_folder, sessions
from coursekit.staff.pages.html_page import page
from coursekit.staff.pages.island import IN_KERNEL
from coursekit.staff.pages.widget_twin import State

WIDTH = 24  # characters of the progress bar

Show = Callable[[int, int, float], None]  # code cells done, of how many, seconds


@dataclass(frozen=True)
class Ran:
    """A session that was run.

    Args:
        page: self-contained HTML.
        failures: a sentence for each code cell that failed.
        cells: how many code cells ran.
        seconds: how long they took.
    """

    page: str
    failures: tuple[str, ...]
    cells: int
    seconds: float


@dataclass(frozen=True)
class Done:
    """What running the cells of a notebook left beside their outputs.

    Args:
        state: of its widgets, by model id.
        failures, cells, seconds: as in `Ran`.
    """

    state: State
    failures: tuple[str, ...]
    cells: int
    seconds: float


def run(path: Path, *, keep_going: bool = False, show: Show | None = None) -> Ran:
    """Run a notebook in a kernel of its own; the file stays as it is.

    Args:
        path: the notebook; it runs in its own folder.
        keep_going: run the cells after one that failed, too.
        show: called before the first and after each code cell.

    Raises:
        ValueError: a cell failed (and `keep_going` is off), or the kernel died; the
            message gives the number of the code cell and the error.
        OSError: the file cannot be read.
    """
    import nbformat

    notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    done = run_cells(notebook, path, keep_going=keep_going, show=show)
    made = page(notebook, state=done.state, folder=path.parent, name=_title(notebook))
    return Ran(made, done.failures, done.cells, done.seconds)


def run_cells(
    notebook,
    path: Path,
    *,
    keep_going: bool = False,
    show: Show | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
    first: str = IN_KERNEL,
) -> Done:
    """Run the cells of a notebook in a kernel of its own, as it lies at `path`.

    Args:
        notebook: gets its outputs in place.
        path: where it lies; it runs in that folder.
        keep_going, show: as in `run`.
        settings: variables of the kernel's environment beside those of this process.
        first: code that runs before all cells, unseen; explorers become islands.

    Raises:
        ValueError: as `run`.
    """
    client, began, failures = _client(notebook), time.perf_counter(), []
    code = [(n, c) for n, c in enumerate(notebook.cells) if c.cell_type == "code"]
    around = {**os.environ, **QUIET, **settings}
    with client.setup_kernel(cwd=str(path.parent), env=around, cleanup_kc=True):
        client.kc.execute(first, silent=True)
        for done, (index, cell) in enumerate(code, 1):
            if show is not None:
                show(done - 1, len(code), time.perf_counter() - began)
            which = f"code cell {done} of {len(code)}"
            if failed := _execute(client, cell, index, which):
                failures.append(failed)
            if failures and not keep_going:
                raise ValueError(f"{path.name}, {failures[0]}")
    seconds = time.perf_counter() - began
    if show is not None:
        show(len(code), len(code), seconds)
    return Done(client.widget_state, tuple(failures), len(code), seconds)


def _client(notebook):
    from nbclient import NotebookClient

    return NotebookClient(
        notebook,
        km=kernel_of_this_environment(),
        allow_errors=True,
        skip_cells_with_tag="nbval-skip",
        shutdown_kernel="immediate",
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )


def _execute(client, cell, index: int, which: str) -> str | None:
    """Run one cell; say in a line what went wrong, unless it was meant to."""
    from nbclient.exceptions import DeadKernelError

    try:
        client.execute_cell(cell, index)
    except DeadKernelError:
        raise ValueError(f"the kernel died in {which} (often: no memory)") from None
    if "raises-exception" in cell.metadata.get("tags", ()):
        return None
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if not errors:
        return None
    text = ANSI.sub("", f"{errors[0].ename}: {errors[0].evalue}").strip()
    return f"{which} failed: {text.splitlines()[0]}"


def _title(notebook) -> str:
    """Return the heading of a notebook's first cell."""
    first = notebook.cells[0].source if notebook.cells else ""
    heading = re.search(r"^#+ (.+)$", first, re.MULTILINE)
    return heading[1] if heading else "Notebook"


def bar(name: str, stream) -> Show | None:
    """Return what draws a progress bar on a terminal; None where there is none.

    Args:
        name: stands before the bar.
        stream: such as standard error.
    """
    if not stream.isatty():
        return None

    def show(done: int, total: int, seconds: float) -> None:
        filled = WIDTH * done // max(total, 1)
        drawn = "█" * filled + "·" * (WIDTH - filled)
        stream.write(f"\r{name} {drawn} {done}/{total} cells, {seconds:.0f} s ")
        if done == total:
            stream.write("\n")
        stream.flush()

    return show


def main(argv: Sequence[str] | None = None) -> int:
    """Run `coursekit run`; give its exit code."""
    parser = argparse.ArgumentParser(
        prog="coursekit run",
        description="Run sessions from the first cell to the last, each into one HTML "
        "page that needs neither network nor Jupyter.",
        epilog="example: coursekit run 01 --out pages",
    )
    parser.add_argument(
        "sessions", nargs="+", metavar="NN", help="01: with 01b; 01b: alone"
    )
    parser.add_argument("--out", type=Path, default=Path("build"), metavar="DIR")
    parser.add_argument(
        "--solutions", action="store_true", help="solved, not as handed out"
    )
    parser.add_argument(
        "--keep-going", action="store_true", help="do not stop at a cell that fails"
    )
    parser.add_argument("--root", help="the course's folder; else found from here")
    options = parser.parse_args(argv)
    chosen = sessions(notebooks_folder(options.root), options.sessions)
    failed = False
    for session in chosen:
        ran = _run_to(_target(session, options), session, options)
        failed = failed or bool(ran.failures)
    return 1 if failed else 0


def _target(session: Session, options: argparse.Namespace) -> Path:
    ending = ".solution.html" if options.solutions else ".html"
    return options.out / f"{session.name}{ending}"


def _run_to(target: Path, session: Session, options: argparse.Namespace) -> Ran:
    """Run one session and write its page, whole or not at all."""
    path = session.solution if options.solutions else session.student
    show = bar(session.number, sys.stderr)
    ran = run(path, keep_going=options.keep_going, show=show)
    write_whole(target, ran.page)
    for failure in ran.failures:
        sys.stderr.write(f"{path.name}, {failure}\n")
    size = len(ran.page.encode()) / 1e6
    sys.stdout.write(
        f"{session.name}: {ran.cells} code cells in {ran.seconds:.0f} s, "
        f"{target} ({size:.1f} MB)\n"
    )
    return ran
