"""`coursekit tidy notebook.ipynb`: make a notebook open on GitHub, keep every answer.

Code and text stay as they are, to the letter; ordinary outputs stay too. What goes is
what makes renderers refuse the file, what says who ran it, and what is too large.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from coursekit.staff.build.folder import write
from coursekit.staff.pages.mend_cells import first_problem, mended


def tidy(path: str | Path, *, outputs: bool = True) -> str:
    """Tidy a notebook in its place; the file is replaced whole or not at all.

    Args:
        path: the notebook.
        outputs: keep ordinary outputs.

    Returns:
        One line that says what was removed or set.

    Raises:
        ValueError: the file is not a notebook, or cannot be mended; it is untouched.
        OSError: it cannot be read or written; it is untouched.
    """
    path = Path(path).resolve()
    packed = path.read_bytes()
    try:
        before = parsed(packed)
        done = mended(before, outputs=outputs)
        after = done.notebook
        if problem := first_problem(after):
            raise ValueError(f"{problem} is not as the format wants it")
    except ValueError as problem:
        raise ValueError(
            f"{path.name} cannot be tidied and stays as it is: {problem}"
        ) from None
    assert answers(before) == answers(after)
    if before == after:
        return f"{path.name}: nothing to tidy"
    text = as_json(after)
    write(path, text)
    what = ", ".join(_counted(*note) for note in done.notes.items())
    sizes = f"{len(packed) / 1e3:,.0f} kB, now {len(text.encode()) / 1e3:,.0f} kB"
    return f"{path.name}: tidied {what} ({sizes})"


def parsed(packed: bytes) -> dict:
    """Read a notebook's file as JSON.

    Raises:
        ValueError: it is none; the message says what it seems to be instead.
    """
    if not packed.strip():
        raise ValueError("the file is empty")
    try:
        text = packed.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not a notebook but a binary file") from None
    if conflict := re.search(r"^<{7} .*$", text, re.MULTILINE):
        line = text.count("\n", 0, conflict.start()) + 1
        raise ValueError(f"it holds both sides of a merge; settle line {line} first")
    try:
        return json.loads(text)
    except ValueError as problem:
        raise ValueError(f"it is not a notebook ({problem})") from None


def answers(notebook: dict) -> list[tuple[str, str]]:
    """List kind and text of every cell: what tidying must never change."""
    return [
        (cell["cell_type"], "".join(cell.get("source", "")))
        for cell in notebook["cells"]
    ]


def as_json(notebook: dict) -> str:
    """Write a notebook as Jupyter does; all escaped where half a character is in it."""
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(notebook, indent=1)
    return text + "\n"


def _counted(name: str, count: int) -> str:
    return name if count == 1 else f"{name} ({count})"


def main(argv: Sequence[str] | None = None) -> int:
    """Run `coursekit tidy`; give its exit code."""
    parser = argparse.ArgumentParser(
        prog="coursekit tidy",
        description="Make notebooks open on GitHub. Your answers stay as they are; an "
        "output of more than 1 MB goes.",
        epilog="example: coursekit tidy 01_receptive_fields.ipynb",
    )
    parser.add_argument("notebooks", nargs="+", metavar="notebook.ipynb")
    parser.add_argument("--outputs", action="store_true", help="remove all outputs")
    options = parser.parse_args(argv)
    failed = False
    for path in options.notebooks:
        try:
            sys.stdout.write(f"{tidy(path, outputs=not options.outputs)}\n")
        except (ValueError, OSError) as problem:
            failed = True
            sentence = (
                f"{path}: {problem.strerror}"
                if isinstance(problem, OSError)
                else problem
            )
            sys.stderr.write(f"coursekit tidy: {sentence}\n")
    return 1 if failed else 0
