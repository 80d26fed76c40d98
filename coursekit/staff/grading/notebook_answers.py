"""Finds the code of an answer in a hand-in, whatever was done to its cells.

An answer is found by its name, or by the `check("01.3", name)` that goes with it: cells
that were copied, moved, retyped or stripped of their metadata do not matter. What an
answer needs is cut out of the notebook; the rest, training runs above all, is not run:

    import torch                ← kept
    SIZE = 3                    ← kept, since `window` uses it
    fit(model, data)            ← left out
    def window(x): … SIZE …     ← the answer
    check("01.3", window)       ← says so

Nothing here runs what it reads.
"""

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from coursekit.course.sharing import MARK
from coursekit.staff.grading.watchable import unwatched

CODE, DEFINITIONS = "code", (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
ABSENT = "is not in the hand-in"
ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class Statement:
    """A statement of a notebook: its text, the cell it stands in, what it binds and
    what it uses."""

    text: str
    cell: int
    node: ast.stmt = field(repr=False)

    @property
    def binds(self) -> set[str]:
        """Return the names it gives a value, or changes: `a = …`, `a.append(…)`."""
        return set(_bound(self.node))

    @property
    def uses(self) -> set[str]:
        """Return all names that stand in it."""
        return {n.id for n in ast.walk(self.node) if isinstance(n, ast.Name)}


def read(data: bytes, names: dict[str, str]) -> dict:
    """Find the code of every answer in the bytes of a notebook or script.

    Args:
        names: what the statement calls the answer, by exercise id.

    Returns:
        `sentence`, "" where the file can be read; `answers`: by exercise id `code`
        (statements in order), `expressions` that give the answer, the likeliest last,
        `cells` (numbers from 1); where there is no code, a `sentence`, and whether it
        may be in a cell that is `broken`; what in the code could blind a watcher
        (`unwatched`); `shared`, predictions that travel, as text.
    """
    try:
        cells = sources(data)
    except ValueError as error:
        return {"sentence": str(error), "answers": {}, "shared": ""}
    program, broken = statements(cells)
    answers = {}
    for exercise_id, name in names.items():
        tried = _expressions(exercise_id, name, program)
        kept = _slice(program, _names(tried)) if tried else []
        sentence = "" if tried else _missing(name, exercise_id, broken, cells)
        answers[exercise_id] = {
            "code": [one.text for one in kept],
            "expressions": tried,
            "cells": sorted({one.cell for one in kept if name in one.binds}),
            "unwatched": unwatched(one.node for one in kept),
            "sentence": sentence,
            "broken": bool(sentence) and not sentence.endswith(ABSENT),
        }
    return {"sentence": "", "answers": answers, "shared": shared(data)}


def shared(data: bytes) -> str:
    """Return the last line of predictions that a cell's output shows, or ""."""
    text = _decoded(data)
    if not text.lstrip().startswith("{"):
        return ""
    line = ""
    try:
        for cell in json.loads(text)["cells"]:
            for output in cell.get("outputs", ()):
                shown = output.get("data", {}).get("text/plain", "")
                whole = shown if isinstance(shown, str) else "".join(shown)
                line = whole.removeprefix(MARK) if whole.startswith(MARK) else line
    except (AttributeError, TypeError):  # outputs that are none; the answers may be
        return ""
    return line


def sources(data: bytes) -> list[str]:
    """Return the text of every cell that may hold code; of a script, its text.

    Raises:
        ValueError: neither a notebook nor a script; the message says what it is.
    """
    text = _decoded(data)
    if not text.lstrip().startswith("{"):
        return [text]
    try:
        cells = json.loads(text)["cells"]
        return [_source(cell) for cell in cells]
    except json.JSONDecodeError as error:
        raise ValueError(
            f"the file is no notebook: its JSON breaks off at line {error.lineno}"
        ) from None
    except RecursionError:
        raise ValueError(
            "the file is no notebook: lists in lists without end"
        ) from None
    except (KeyError, TypeError):
        raise ValueError("the file is JSON, and no notebook: it has no cells") from None


def _decoded(data: bytes) -> str:
    if data[:2] in ENCODINGS:
        raise ValueError("the file is UTF-16; a notebook is UTF-8: save it as that")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(
            "the file is neither a notebook nor a script in UTF-8"
        ) from None


def _source(cell: dict) -> str:
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(map(str, source))
    if cell.get("cell_type") == CODE or _parsed(text) is not None:
        return text
    return ""  # prose


def _parsed(text: str) -> list[ast.stmt] | None:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def statements(cells: list[str]) -> tuple[list[Statement], dict[int, str]]:
    """Return the statements of all cells that can be read, and what is wrong with the
    others, by number of the cell."""
    program, broken = [], {}
    for number, text in enumerate(cells, 1):
        plain = text if _parsed(text) is not None else _without_magics(text)
        try:
            body = ast.parse(plain).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None)
            broken[number] = f"{type(error).__name__}" + (
                f" in line {line}" if line else ""
            )
            continue
        for node in body:
            segment = _segment(plain, node)
            program.append(Statement(segment, number, node))
    return program, broken


def _segment(text: str, node: ast.stmt) -> str:
    """Cut the lines of a statement out, decorators included."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    if first == node.lineno:
        return ast.get_source_segment(text, node) or ""
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def _without_magics(text: str) -> str:
    """Blank out lines for the notebook itself: `%matplotlib`, `!pip`, `%%time`."""
    rows = text.splitlines()
    return "\n".join("" if row.lstrip()[:1] in ("%", "!") else row for row in rows)


def _expressions(exercise_id: str, name: str, program: list[Statement]) -> list[str]:
    """Return what may give the answer: its name, then what was given to `check`."""
    written = [name] if any(name in one.binds for one in program) else []
    return list(dict.fromkeys([*written, *_given(exercise_id, program)]))


def _given(exercise_id: str, program: list[Statement]) -> Iterator[str]:
    """Yield the second argument of every `check("01.3", …)`, the last one last."""
    for node in (n for one in program for n in ast.walk(one.node)):
        if isinstance(node, ast.Call) and len(node.args) == 2:
            called = ast.unparse(node.func).rpartition(".")[2]
            first = node.args[0]
            given = isinstance(first, ast.Constant) and first.value == exercise_id
            if called == "check" and given:
                yield ast.unparse(node.args[1])


def _missing(name: str, exercise_id: str, broken: dict[int, str], cells: list) -> str:
    for number, sentence in broken.items():
        if name in cells[number - 1] or exercise_id in cells[number - 1]:
            return f"cell {number}, where `{name}` stands, cannot be read: {sentence}"
    return f"`{name}` {ABSENT}"


def _names(expressions: Iterable[str]) -> set[str]:
    trees = (ast.walk(ast.parse(text)) for text in expressions)
    return {node.id for tree in trees for node in tree if isinstance(node, ast.Name)}


def _slice(program: list[Statement], needed: set[str]) -> list[Statement]:
    """Keep imports, and what binds a name that is needed, to the last consequence."""
    kept: set[int] = set()
    grown = True
    while grown:
        grown = False
        for number, one in enumerate(program):
            if number in kept or _is_empty(one, program):
                continue
            if isinstance(one.node, IMPORTS) or one.binds & needed:
                kept.add(number)
                grown = True
                needed |= set() if isinstance(one.node, IMPORTS) else one.uses
    return [one for number, one in enumerate(program) if number in kept]


def _is_empty(one: Statement, program: list[Statement]) -> bool:
    """Say whether it is a stub, a copy that was left, of what is written elsewhere."""
    if not _is_stub(one.node):
        return False
    rest = (other for other in program if other is not one and other.binds & one.binds)
    return any(not _is_stub(other.node) for other in rest)


def _is_stub(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.Constant) and node.value.value in (..., None)
    if isinstance(node, ast.ClassDef):
        methods = [one for one in node.body if isinstance(one, DEFINITIONS)]
        forward = [one for one in methods if one.name == "forward"]
        return any(map(_is_stub, forward))
    if isinstance(node, DEFINITIONS):
        return all(map(_is_idle, node.body))
    return False


def _is_idle(node: ast.stmt) -> bool:
    """Say whether it is a docstring, `...`, `pass`, `return` or `return None`."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    empty = isinstance(node, ast.Return) and (
        node.value is None
        or (isinstance(node.value, ast.Constant) and node.value.value in (..., None))
    )
    return empty or isinstance(node, ast.Pass)


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, or whose value it changes.

    `x = 1`, `x += 1`, `x[0] = 1`, `x.append(1)`, also inside a loop.
    """
    if isinstance(node, DEFINITIONS):
        yield node.name
        return
    for one in ast.walk(node):
        if isinstance(one, ast.alias):
            yield one.asname or one.name.partition(".")[0]
        elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Call):
            if isinstance(one.value.func, ast.Attribute):
                yield from _root(one.value.func)
        elif isinstance(getattr(one, "ctx", None), ast.Store):
            yield from _root(one)


def _root(node: ast.AST) -> Iterator[str]:
    """Yield `x` of `x`, `x[0]` and `x.y.z`."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id
