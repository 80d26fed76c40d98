"""Turn the cells of a source into the student and the solution notebook.

The marker words are nbgrader's: a region from `### BEGIN SOLUTION` to `### END
SOLUTION` becomes `...  # your code here` for students. `guess = 7  # answer` becomes
`guess = ...  # your answer`; `# show coursekit.module.name` becomes that source.
"""

import ast
import importlib
import inspect
import re
import textwrap
from dataclasses import replace
from pathlib import Path

from coursekit.staff.build.cell_marks import marks
from coursekit.staff.build.folder import Session
from coursekit.staff.build.linking import linked
from coursekit.staff.build.minutes import minutes
from coursekit.staff.build.notebook_source import Cell
from coursekit.staff.build.repository import Repository, repository
from coursekit.staff.build.setup_cell import badge, preview, setup_source, with_badge

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = "...  # your code here"
ANSWER = re.compile(r"(?P<name>\s*[\w., ]+?)\s*=(?!=)(?P<value>.*?)\s*#\s*answer\s*$")
SHOW = re.compile(r"# show (?P<name>[\w.]+)\s*$")

FOLDED = frozenset({"fold", "verdict"})  # JupyterLab and Colab hide their source

MINUTES = re.compile(r"\b\d+ minutes\b")  # of the first cell: computed

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def cells_of(cells: tuple[Cell, ...], session: Session, *, student: bool):
    """Select and rewrite the cells of one version.

    Args:
        cells: a source, as `read_source` gives it.
        session: whose source it is.
        student: the student version, or else the solution version.

    Returns:
        A tuple of `Cell`, each with the place it has in the source.

    Raises:
        ValueError: markers that do not pair up, an `# answer` line that is no
            assignment, an object that cannot be shown, or not exactly one set-up cell.
    """
    setups = [cell.line for cell in cells if "setup" in cell.tags]
    if len(setups) != 1:
        raise ValueError(
            f"`{session.source.name}` must have one cell tagged `setup`; "
            f"got {len(setups)}"
        )
    if cells[0].kind != "markdown":
        raise ValueError(f"`{session.source.name}` must begin with a markdown cell")
    left_out = "solution" if student else "student"
    path = session.shown(session.student if student else session.solution)
    home = repository(session.folder)
    kept = [cell for cell in cells if left_out not in cell.tags]
    shown = linked([_with_minutes(kept), *kept[1:]], session, student=student)
    return tuple(
        _opening(cell, session, path, home)
        or _rewritten(cell, session.source.name, student)
        for cell in shown
    )


def _with_minutes(cells: list[Cell]) -> Cell:
    """Return the first cell with the minutes that the session takes."""
    shown = f"{minutes(cells)} minutes"
    return replace(cells[0], text=MINUTES.sub(shown, cells[0].text, count=1))


def _opening(cell: Cell, session: Session, path: str, home: Repository) -> Cell | None:
    """Give the first cell badges and picture, the set-up cell its code; else None."""
    if cell.position == 1:
        drawn = (session.folder / "pictures" / f"{session.number}.png").is_file()
        picture = preview(path, session.number, home) if drawn else ""
        return replace(cell, text=with_badge(cell.text, badge(path, home), picture))
    if "setup" in cell.tags:
        return replace(cell, text=setup_source(home))
    return None


def _rewritten(cell: Cell, name: str, student: bool) -> Cell:
    if cell.kind == "markdown":
        return cell
    try:
        return replace(cell, text=_code(cell.text, student))
    except ValueError as error:
        raise ValueError(f"`{name}`, cell at line {cell.line}: {error}") from None


def _code(text: str, student: bool) -> str:
    rows = _regions(text.splitlines(), student)
    rows = [_answer(row, student) for row in rows]
    return "\n".join(shown for row in rows for shown in _shown(row))


def _regions(rows: list[str], student: bool) -> list[str]:
    kept, inside = [], False
    for row in rows:
        marker = row.strip()
        if marker in (BEGIN, END):
            if inside == (marker == BEGIN):
                raise ValueError(f"{marker!r} must pair up: BEGIN, then END")
            inside = marker == BEGIN
            if inside and student:
                kept.append(row[: len(row) - len(row.lstrip())] + STUB)
        elif not (inside and student):
            kept.append(row)
    if inside:
        raise ValueError(f"{BEGIN!r} has no {END!r}")
    return kept


def _answer(row: str, student: bool) -> str:
    if not re.search(r"#\s*answer\s*$", row):
        return row
    match = ANSWER.match(row)
    complete = re.sub(r"\s*#\s*answer\s*$", "", row)
    if match is None or not _is_assignment(complete):
        raise ValueError(
            f"an `# answer` line must be one whole assignment; got {row.strip()!r}"
        )
    return f"{match['name']} = ...  # your answer" if student else complete


def _is_assignment(row: str) -> bool:
    try:
        (statement,) = ast.parse(row.strip()).body
    except (SyntaxError, ValueError):
        return False
    return isinstance(statement, ast.Assign)


def _shown(row: str) -> list[str]:
    match = SHOW.match(row)
    return source_of(match["name"]).splitlines() if match else [row]


def source_of(name: str) -> str:
    """Give the source of a function or class of the package, under a line that names
    its file.

    Args:
        name: dotted, like `coursekit.training.fit`.

    Raises:
        ValueError: there is no such object, or it has no source.
    """
    shown = _find(name)
    if not (inspect.isfunction(shown) or inspect.isclass(shown)):
        raise ValueError(f"`# show {name}` must name a function or a class")
    rows = textwrap.dedent(inspect.getsource(shown)).rstrip().splitlines()
    package = importlib.import_module(name.partition(".")[0])
    root = Path(package.__file__).parents[1]
    file = Path(inspect.getsourcefile(inspect.unwrap(shown))).relative_to(root)
    return "\n".join([f"# from {file.as_posix()}", *rows])


def _find(name: str):
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[:length])
        try:
            thing = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise ValueError(f"`# show {name}`: {error}") from None
            continue
        for part in parts[length:]:
            if not hasattr(thing, part):
                raise ValueError(f"`# show {name}`: {module} has no {part!r}")
            thing = getattr(thing, part)
        return thing
    raise ValueError(f"`# show {name}`: there is no module {parts[0]!r}")


def notebook(cells: tuple[Cell, ...], session: Session, *, student: bool):
    """Make the notebook of one version, without outputs.

    Args:
        cells: a source, as `read_source` gives it.
        session: whose source it is.
        student: the student version, or else the solution version.

    Returns:
        An nbformat notebook (4.5).

    Raises:
        ValueError: as `cells_of`.
    """
    from nbformat import v4

    made = [
        _notebook_cell(v4, cell, session.number, student)
        for cell in cells_of(cells, session, student=student)
    ]
    information = {"source": session.shown(session.source)}
    if student:
        information["cells"] = marks(cell.source for cell in made)
    return v4.new_notebook(
        cells=made,
        metadata={
            "coursekit": information,
            "kernelspec": dict(KERNEL),
            "language_info": {"name": "python"},
        },
    )


def _notebook_cell(v4, cell: Cell, number: str, student: bool):
    new = v4.new_code_cell if cell.kind == "code" else v4.new_markdown_cell
    tags = set(cell.tags)
    if "check" in tags and not student:
        tags.add("nbval-check-output")
    metadata = {"tags": sorted(tags)} if tags else {}
    if tags & FOLDED:
        metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}
    return new(cell.text, id=f"{number}-{cell.position:03d}", metadata=metadata)
