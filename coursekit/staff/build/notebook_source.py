"""Read a notebook source (jupytext percent) into cells that know where they stand."""

import re
from dataclasses import dataclass
from pathlib import Path

from coursekit._base.words import did_you_mean

MARK = re.compile(r"# %%(\s|$)")

REVEALS = re.compile(r"^[^#\n]*\breveal\(", re.MULTILINE)

TAGS = frozenset(
    {
        "setup",  # replaced by the generated set-up cell
        "solution",  # only in the solution version
        "student",  # only in the student version
        "check",  # its text output is stored and compared
        "verdict",  # its output is stored, not compared
        "long",  # may be longer than the style allows
        "raises-exception",  # raises on purpose
        "nbval-skip",
        "nbval-ignore-output",
        "predict",
        "exercise",
        "settings",
        "quiz",
        "explorer",
        "fold",  # its source is hidden, one click away
        "reveal",  # set by `read_source`: calls `reveal`, its output is stored
    }
)


@dataclass(frozen=True)
class Cell:
    """One cell of a source.

    Args:
        kind: "code" or "markdown".
        text: what the cell says, without its `# %%` line.
        tags: names from `TAGS`.
        line: the line of its `# %%`, counted from 1.
        position: its place in the source, counted from 1.
    """

    kind: str
    text: str
    tags: frozenset[str]
    line: int
    position: int


def read_source(path: str | Path) -> tuple[Cell, ...]:
    """Read a percent source.

    Args:
        path: a file like `notebooks/src/01_receptive_fields.py`.

    Raises:
        ValueError: text before the first cell, a raw cell, an unknown tag, a `# %%`
            inside a string, or no cell at all; the message names file and line.
        OSError: the file cannot be read.
    """
    import jupytext

    path = Path(path)
    text = path.read_text(encoding="utf-8")
    marks = [i for i, row in enumerate(text.splitlines(), 1) if MARK.match(row)]
    cells = jupytext.reads(text, fmt="py:percent").cells
    if cells and cells[0].cell_type == "raw" and cells[0].source.startswith("---"):
        cells = cells[1:]  # the YAML header that editors write
    if not marks or len(cells) != len(marks):
        raise ValueError(
            f"`{path.name}` must be cells that start with `# %%` and nothing before "
            f"the first; found {len(marks)} such lines and {len(cells)} cells"
        )
    return tuple(
        _cell(path.name, raw, line, position)
        for position, (raw, line) in enumerate(zip(cells, marks, strict=True), 1)
    )


def _cell(name: str, raw, line: int, position: int) -> Cell:
    where = f"`{name}` line {line}"
    if raw.cell_type not in ("code", "markdown"):
        raise ValueError(f"{where}: a cell must be code or [markdown]; got a raw cell")
    tags = frozenset(raw.metadata.get("tags", ()))
    for tag in sorted(tags - TAGS):
        hint = did_you_mean(tag, sorted(TAGS))
        raise ValueError(f"{where}: unknown tag {tag!r}; {hint}")
    if not raw.source.strip():
        raise ValueError(f"{where}: the cell is empty")
    text = raw.source.strip("\n")
    if raw.cell_type == "code" and REVEALS.search(text):
        tags |= {"reveal"}
    return Cell(raw.cell_type, text, tags, line, position)
