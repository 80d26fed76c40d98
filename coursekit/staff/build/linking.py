"""Links between the notebooks of the course, written when they are built.

The source names a notebook, `*03b Softmax*`; its file and what comes next follow from
the folder.
"""

import re
from dataclasses import replace

from coursekit.staff.build.folder import Session, sessions
from coursekit.staff.build.notebook_source import Cell

NAMED = re.compile(r"\*(?P<number>\d\d[a-z]?) (?P<title>[^*]+)\*")
PAGE = re.compile(r"\]\((?=[\w/]+\.md\))")  # beside the student versions
NEXT = re.compile(r"^Next: \[", re.MULTILINE)
HEADING = re.compile(r"^# # (.+)$", re.MULTILINE)


def linked(cells: list[Cell], session: Session, *, student: bool) -> list[Cell]:
    """Return cells whose first names other notebooks as links; the last says "Next".

    Args:
        cells: of one version; the first is markdown.
        session: whose they are.
        student: the student version; solutions stand one folder below.
    """
    course = sessions(session.folder)
    files = {one.number: f"{one.name}.ipynb" for one in course}

    def link(match: re.Match) -> str:
        number, title = match.groups()
        file = files.get(number)
        return f"[{number} {title}]({file})" if file else match[0]

    first = replace(cells[0], text=NAMED.sub(link, cells[0].text))
    after = [one for one in course if one.number > session.number]
    rest = _with_next(cells[1:], after[0]) if after else cells[1:]
    return [first, *(rest if student else map(_from_below, rest))]


def _from_below(cell: Cell) -> Cell:
    is_prose = cell.kind == "markdown"
    return replace(cell, text=PAGE.sub("](../", cell.text)) if is_prose else cell


def _with_next(cells: list[Cell], following: Session) -> list[Cell]:
    """Add the link to the next notebook, unless the last prose has one."""
    prose = [n for n, cell in enumerate(cells) if cell.kind == "markdown"]
    if not prose or NEXT.search(cells[prose[-1]].text):
        return cells
    title = HEADING.search(following.source.read_text(encoding="utf-8"))
    words = title[1] if title else following.name
    last = cells[prose[-1]]
    text = f"{last.text.rstrip()}\n\nNext: [{words}]({following.name}.ipynb)."
    return [replace(c, text=text) if c is last else c for c in cells]
