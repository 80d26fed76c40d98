"""`coursekit tidy notebook.ipynb`: make a notebook open on GitHub, keep every answer.

Code and text stay as they are, to the letter; ordinary outputs stay too. What goes is
what makes renderers refuse the file and what says who ran it. Pictures that are too
large are made smaller; the notebook as it was then stands beside the new one.
"""

import argparse
import codecs
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from coursekit._base.files import keep_beside, write_whole
from coursekit.staff.pages.mend_cells import first_problem, mended

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"{\0": "utf-16-le",
    b"\0{": "utf-16-be",
}


def tidy(path: str | Path, *, outputs: bool = True) -> str:
    """Tidy a notebook in its place; the file is replaced whole or not at all.

    Args:
        path: the notebook.
        outputs: keep ordinary outputs.

    Returns:
        One line that says what was removed or set. Where an output was too large, the
        notebook as it was stands in `NAME.original.ipynb`.

    Raises:
        ValueError: the file is not a notebook, or cannot be mended; it is untouched.
        OSError: it cannot be read or written; it is untouched.
    """
    path = Path(path).resolve()
    packed = path.read_bytes()
    try:
        before, notes = parsed(packed)
        done = mended(before, outputs=outputs)
        after = done.notebook
        if problem := first_problem(after):
            raise ValueError(f"{problem} is not as the format wants it")
        assert answers(before) == answers(after)
        text = as_json(after)
        if before == after and not notes:
            return f"{path.name}: nothing to tidy"
    except RecursionError:
        raise ValueError(
            f"{path.name} cannot be tidied and stays as it is: something in it is "
            "nested too deeply to be read"
        ) from None
    except ValueError as problem:
        raise ValueError(
            f"{path.name} cannot be tidied and stays as it is: {problem}"
        ) from None
    notes += [_counted(*note) for note in done.notes.items()]
    if done.too_large:
        notes.append(f"the original is in {keep_beside(path, packed, 'original')}")
    write_whole(path, text)
    sizes = f"{len(packed) / 1e3:,.0f} kB, now {len(text.encode()) / 1e3:,.0f} kB"
    return f"{path.name}: tidied {', '.join(notes)} ({sizes})"


def parsed(packed: bytes) -> tuple[dict, list[str]]:
    """Read a notebook's file as JSON; say what is odd about its bytes.

    Raises:
        ValueError: it is none; the message says what it seems to be instead.
    """
    if not packed.strip():
        raise ValueError("the file is empty")
    text, notes = _decoded(packed)
    if conflict := re.search(r"^<{7} .*$", text, re.MULTILINE):
        line = text.count("\n", 0, conflict.start()) + 1
        raise ValueError(f"it holds both sides of a merge; settle line {line} first")
    try:
        return json.loads(text), notes
    except ValueError as problem:
        raise ValueError(f"it is not a notebook ({problem})") from None


def _decoded(packed: bytes) -> tuple[str, list[str]]:
    """Decode a file by the mark it begins with; a notebook's file has none."""
    coding = next((MARKS[mark] for mark in MARKS if packed.startswith(mark)), "utf-8")
    try:
        text = packed.decode(coding)
    except UnicodeDecodeError as problem:
        if not packed.lstrip().startswith(b"{"):
            raise ValueError("it is not a notebook but a binary file") from None
        odd = packed[problem.start]
        raise ValueError(
            f"its text is not UTF-8 (byte {odd:#04x} at place {problem.start}); it "
            "seems to be Windows-1252 (cp1252): save it as UTF-8 in an editor first"
        ) from None
    names = {"utf-8": [], "utf-8-sig": ["a byte-order mark"]}
    return text, names.get(coding, ["UTF-16 (now UTF-8)"])


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
        description="Make notebooks open on GitHub. Your answers stay as they are; a "
        "picture of more than 1 MB becomes smaller, the original stays beside it.",
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
