"""The house's rules for notebooks that a machine can check (STYLE: rules 21 to 31).

A finding of level "error" fails `coursekit build --check`; "advice" is what style aims
at, shown by `coursekit build --advice`. A cell tagged `long` may be longer, and may
make a third code cell in a row.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from coursekit.staff.build.code import (
    answers_in,
    calls_in,
    first_argument,
    name_of,
    tree_of,
)
from coursekit.staff.build.convert import FOLDED, cells_of
from coursekit.staff.build.counting import code_lines, words
from coursekit.staff.build.folder import Session
from coursekit.staff.build.measured_only import typed_in
from coursekit.staff.build.notebook_source import Cell
from coursekit.staff.build.predicting import check_predictions
from coursekit.staff.build.spoilers import check_spoilers

CODE_LINES, CODE_AIM = 30, 10
PROSE_WORDS, PROSE_AIM = 90, 60
WIDTH = 88
CODE_CELLS_IN_A_ROW = 2

ABSOLUTE = re.compile(
    r"^(/(home|Users|tmp|usr|var|opt|root|mnt|content)/|[A-Za-z]:[\\/])"
)
EXERCISE = re.compile(r"\d\d[a-z]?\.\d+")
RUNS_IN_WORDS = re.compile(
    r"\bmeans? of (two|three|four|five|six|eight|ten|\d+) (runs|nets|networks|starts)\b"
)
REVEALED = re.compile(r"^(\w+) = reveal\(", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """A rule that a cell breaks: where, what, and how serious."""

    where: str
    message: str
    level: str = "error"

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def lint(session: Session, cells: tuple[Cell, ...]) -> list[Finding]:
    """Check a session's source against the house's rules.

    Args:
        session: whose source it is.
        cells: its cells, as `read_source` gives them.

    Returns:
        The findings in the order of the source, each at most once.

    Raises:
        ValueError: a code cell is not Python.
    """
    for cell in (cell for cell in cells if cell.kind == "code"):
        tree_of(cell)
    versions = [cells_of(cells, session, student=s) for s in (False, True)]
    remarks = [(1, message, "error") for message in _opening(cells)]
    for version in versions:
        remarks += _lengths(version)
        remarks += _runs_of_code(version)
    remarks += [item for cell in versions[0] for item in _content(cell)]
    written = [cell for cell in cells if "student" not in cell.tags]
    remarks += _claims(written)
    remarks += _exercises(written)
    remarks += _raising(written)
    remarks += check_predictions(written, session.number[:2])
    remarks += _words_of_figures(written)
    remarks += check_spoilers(cells, session.solution)
    remarks += [(line, message, "error") for line, message in typed_in(versions[0])]
    name = session.shown(session.source)
    ordered = sorted(set(remarks))
    return [Finding(f"{name}:{line}", text, level) for line, text, level in ordered]


def _opening(cells: tuple[Cell, ...]) -> Iterator[str]:
    first = cells[0].text
    if not first.startswith("# "):
        yield "the first cell must begin with the session's title (`# …`)"
    if "?" not in first:
        yield "the first cell must ask the session's question"
    if "minutes" not in first:
        yield "the first cell must say how many minutes the session takes"
    code = [cell for cell in cells if cell.kind == "code"]
    if not code or "setup" not in code[0].tags:
        yield "the set-up cell must be the first code cell"


def _lengths(cells: tuple[Cell, ...]) -> Iterator[tuple[int, str, str]]:
    for cell in cells:
        if {"long", "setup"} & cell.tags:
            continue
        size = code_lines(cell.text) if cell.kind == "code" else words(cell.text)
        unit = "lines of code" if cell.kind == "code" else "words"
        limit = CODE_LINES if cell.kind == "code" else PROSE_WORDS
        aim = CODE_AIM if cell.kind == "code" else PROSE_AIM
        if size > limit:
            yield cell.line, f"the cell has {size} {unit}; at most {limit}", "error"
        elif size > aim and not _may_be_longer(cell):
            yield cell.line, f"the cell has {size} {unit}; aim at {aim}", "advice"


def _may_be_longer(cell: Cell) -> bool:
    return "# from " in cell.text or "# your code here" in cell.text


def _runs_of_code(cells: tuple[Cell, ...]) -> Iterator[tuple[int, str, str]]:
    run = 0
    for cell in cells:
        if FOLDED & cell.tags:  # shows its output only
            continue
        counts = cell.kind == "code" and "setup" not in cell.tags
        run = run + 1 if counts else 0
        if run > CODE_CELLS_IN_A_ROW and "long" not in cell.tags:
            yield cell.line, f"code cell number {run} without prose between", "error"


def _content(cell: Cell) -> Iterator[tuple[int, str, str]]:
    if cell.kind == "markdown":
        if re.search(r"!\[\s*\]\(", cell.text) or re.search(
            r"<img(?![^>]*\balt=['\"][^'\"]+)", cell.text
        ):
            yield cell.line, "a picture has no alt text", "error"
        return
    for row in cell.text.splitlines():
        if len(row) > WIDTH:
            yield cell.line, f"a line has {len(row)} characters: {row[:40]}…", "error"
    for node in ast.walk(tree_of(cell)):
        if isinstance(node, ast.Call) and name_of(node.func) == "input":
            yield cell.line, "`input()` stops a notebook that runs by itself", "error"
        if isinstance(node, ast.Call) and name_of(node.func) == "plt.show":
            yield cell.line, "end the cell with the figure, not `plt.show()`", "error"
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and ABSOLUTE.match(text):
            yield cell.line, f"an absolute path: {text!r}", "error"
        if isinstance(text, str) and (counted := RUNS_IN_WORDS.search(text)):
            yield cell.line, f"`{counted[0]}` is typed in: let it be counted", "error"


def _claims(cells: tuple[Cell, ...]) -> Iterator[tuple[int, str, str]]:
    stated, answered = set(), {}
    for cell in (cell for cell in cells if cell.kind == "code"):
        calls = list(calls_in(cell))
        for call in calls:
            if name_of(call.func) == "verdict":
                yield from _verdict(cell, call, stated, answered)
        stated |= {first_argument(c) for c in calls if name_of(c.func) == "claim"}
        answered |= dict.fromkeys(answers_in(cell), cell.line)
        answered |= dict.fromkeys(REVEALED.findall(cell.text), cell.line)


def _verdict(cell, call, stated, answered) -> Iterator[tuple[int, str, str]]:
    if first_argument(call) not in stated:
        message = (
            f"a verdict on {first_argument(call)} without `claim(…)` in a cell before"
        )
        yield cell.line, message, "error"
    if "verdict" not in cell.tags:
        yield cell.line, "a cell that calls `verdict` must be tagged `verdict`", "error"
    for keyword in call.keywords:
        if keyword.arg == "predicted" and isinstance(keyword.value, ast.Name):
            name = keyword.value.id
            if name not in answered:
                message = f"`{name}` is neither an `# answer` nor a `reveal` before"
                yield cell.line, message, "error"


def _exercises(cells: tuple[Cell, ...]) -> Iterator[tuple[int, str, str]]:
    for cell in (cell for cell in cells if cell.kind == "code"):
        asked = [
            first_argument(call)
            for call in calls_in(cell)
            if name_of(call.func) == "check"
        ]
        numbers = [n for n in asked if isinstance(n, str) and EXERCISE.fullmatch(n)]
        if numbers and "check" not in cell.tags:
            yield cell.line, f"check({numbers[0]!r}) needs the tag `check`", "error"


def _raising(cells: tuple[Cell, ...]) -> Iterator[tuple[int, str, str]]:
    for cell, after in zip(cells, [*cells[1:], None], strict=True):
        if "raises-exception" not in cell.tags:
            continue
        if after is None or after.kind != "markdown":
            yield cell.line, "the cell after an error must explain it", "error"


def _words_of_figures(cells: list[Cell]) -> Iterator[tuple[int, str, str]]:
    """Every figure has its words in the page, so no prose describes it."""
    for cell in cells:
        if cell.kind == "markdown":
            if re.search(r"^\*Figure\b", cell.text, re.MULTILINE):
                message = "a figure's description belongs into its `words=`"
                yield cell.line, message, "error"
            continue
        for call in calls_in(cell):
            given = {word.arg for word in call.keywords}
            if name_of(call.func).startswith("figures.") and "words" not in given:
                message = f"{name_of(call.func)}(…) needs `words=`"
                yield cell.line, message, "error"
