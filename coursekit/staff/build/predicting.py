"""Rules for predictions: each is asked once, answered once, revealed once, after it."""

import ast
from collections.abc import Iterator, Sequence

from coursekit.course.predictions import NAME
from coursekit.staff.build.code import answers_in, calls_in, first_argument, name_of
from coursekit.staff.build.notebook_source import Cell

AT_LEAST = 4  # predictions a notebook

Found = tuple[int, str, str]


def predictions_in(cells: Sequence[Cell]) -> list[tuple[Cell, ast.Call]]:
    """List every call of `predict`, with its cell, in order."""
    return _calls(cells, "predict")


def reveals_in(cells: Sequence[Cell]) -> list[tuple[Cell, ast.Call]]:
    """List every call of `reveal`, with its cell, in order."""
    return _calls(cells, "reveal")


def check_predictions(cells: Sequence[Cell], session: str) -> Iterator[Found]:
    """Check the predictions of a source.

    Args:
        cells: of the solution version.
        session: two digits.
    """
    asked, told = predictions_in(cells), reveals_in(cells)
    for cell, call in asked:
        yield from _asked(cells, cell, call, session)
    named = [(cell, first_argument(call)) for cell, call in asked]
    revealed = [(cell, first_argument(call)) for cell, call in told]
    for cell, name in named:
        if [other for _, other in named].count(name) > 1:
            yield cell.line, f"two predictions are called {name!r}", "error"
        after = [c for c, other in revealed if other == name]
        if len(after) != 1 or after[0].position <= cell.position:
            message = f"{name!r} must have exactly one `reveal` in a cell after it"
            yield cell.line, message, "error"
    for cell, name in revealed:
        if name not in [other for _, other in named]:
            yield cell.line, f"reveal({name!r}) has no prediction before it", "error"
    if len(asked) < AT_LEAST:
        message = f"{len(asked)} predictions; at least {AT_LEAST} a notebook"
        yield cells[-1].line, message, "error" if asked else "advice"


def _asked(cells, cell: Cell, call: ast.Call, session: str) -> Iterator[Found]:
    name = first_argument(call)
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        yield cell.line, "a prediction's name must be a text like '01-join'", "error"
    elif name[:2] != session:
        yield cell.line, f"{name!r} must begin with {session!r}, its session", "error"
    guess = call.args[1] if len(call.args) > 1 else None
    if not (isinstance(guess, ast.Name) and guess.id in answers_in(cell)):
        message = "a cell that calls `predict` must give it the name of an `# answer`"
        yield cell.line, message, "error"
    before = [c for c in cells if c.position < cell.position]
    if not before or "**Predict" not in before[-1].text:
        message = "the cell before `predict` must ask: **Predict:** …"
        yield cell.line, message, "error"


def _calls(cells: Sequence[Cell], name: str) -> list[tuple[Cell, ast.Call]]:
    return [
        (cell, call)
        for cell in cells
        if cell.kind == "code"
        for call in calls_in(cell)
        if name_of(call.func) == name
    ]
