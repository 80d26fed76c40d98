"""Small questions about the code in a cell, answered by its syntax tree."""

import ast
import re
from collections.abc import Iterator

from coursekit.staff.build.notebook_source import Cell

MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
ANSWER_ROW = re.compile(r"^\s*([\w., ]+?)\s*=(?!=).*#\s*answer\s*$", re.MULTILINE)


def tree_of(cell: Cell) -> ast.Module:
    """Parse a code cell; lines of IPython magic count as `pass`.

    Raises:
        ValueError: the cell is not Python; the message gives the line in the source.
    """
    try:
        return parsed(cell.text)
    except SyntaxError as error:
        line = cell.line + (error.lineno or 0)
        raise ValueError(
            f"cell at line {cell.line} is not Python: {error.msg} (about line {line})"
        ) from None


def parsed(text: str) -> ast.Module:
    """Parse code; lines of IPython magic count as `pass`."""
    return ast.parse(MAGIC.sub(r"\1pass", text))


def name_of(node: ast.expr) -> str:
    """Give a name or a dotted name as written (`plt.show`), "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := name_of(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def calls_in(cell: Cell) -> Iterator[ast.Call]:
    """Find every call in a code cell, in the order of its lines."""
    calls = [node for node in ast.walk(tree_of(cell)) if isinstance(node, ast.Call)]
    yield from sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def first_argument(call: ast.Call) -> object:
    """Give a call's first argument where it is a literal, else None."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) else None


def answers_in(cell: Cell) -> list[str]:
    """List the names that a cell's `# answer` lines assign."""
    targets = ANSWER_ROW.findall(cell.text)
    return [name.strip() for target in targets for name in target.split(",")]
