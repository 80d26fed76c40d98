"""Solved notebooks with all that they show, kept by a checksum of what they run.

What a notebook shows follows from its code and from the package it imports, so both are
in the checksum; prose, the package's rooms for authors and the site itself are not.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.staff.build.execute import SOLVED
from coursekit.staff.build.folder import Session
from coursekit.staff.pages.html_page import show_still
from coursekit.staff.pages.island import IN_KERNEL
from coursekit.staff.pages.run_session import run_cells

PACKAGE = Path(__file__).parents[2]
OTHERS = ("staff", "setup")  # rooms that no notebook imports
ISLANDS = "staff/pages/island"  # but this one draws explorers

# What the predictions of a session came to, for the page to judge a reader's answer.
TOLD = "from coursekit.staff.site.outcome_data import told\ntold({number!r})"


def executed(
    session: Session, cache: Path, say: Callable[[str], None] = lambda line: None
):
    """Return a session's solved notebook with its outputs; run it where none are kept.

    The last cell is one more: its output holds what each prediction came to.

    Args:
        session: whose solution notebook is built.
        cache: the folder of the notebooks that ran.
        say: gets a line before a notebook runs.

    Raises:
        ValueError: the notebook is not there, is none, or a cell failed.
    """
    import nbformat

    made = _solution(session)
    kept = cache / f"{session.name}.{_checksum(made)}.ipynb"
    if not kept.is_file():
        say(f"{session.name}: runs")
        done = run_cells(made, session.solution, settings=SOLVED)
        for cell in made.cells:
            for output in cell.get("outputs", ()):
                show_still(output.get("data", {}), done.state)
        for old in cache.glob(f"{session.name}.*.ipynb"):
            old.unlink()
        write_whole(kept, nbformat.writes(made))
    shown = nbformat.reads(kept.read_text(encoding="utf-8"), as_version=4)
    return _with_prose_of(shown, made)


def _solution(session: Session):
    """Read a session's solution notebook, with a cell before it and one after it."""
    import nbformat

    try:
        text = session.solution.read_text(encoding="utf-8")
        made = nbformat.reads(text, as_version=4)
    except (OSError, ValueError, AttributeError, KeyError) as problem:
        raise ValueError(
            f"{session.shown(session.solution)} cannot be read ({problem}): run "
            f"`coursekit build {session.number}`"
        ) from None
    source = TOLD.format(number=session.number[:2])
    new = nbformat.v4.new_code_cell
    before, after = new(IN_KERNEL, id="islands"), new(source, id="told")
    made.cells = [before, *made.cells, after]
    return made


def _with_prose_of(shown, made):
    """Return executed cells with the prose of the notebook as it is now."""
    outputs = {c.id: c.outputs for c in shown.cells if c.cell_type == "code"}
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs = outputs[cell.id]
    made.cells = made.cells[1:]
    return made


def _checksum(made) -> str:
    code = [
        [cell.id, cell.source, cell.metadata.get("tags", [])]
        for cell in made.cells
        if cell.cell_type == "code"
    ]
    digest = hashlib.sha256(json.dumps(code).encode())
    for path in sorted(PACKAGE.rglob("*")):
        inside = path.relative_to(PACKAGE).as_posix()
        shows = inside.startswith(ISLANDS) or inside.partition("/")[0] not in OTHERS
        if path.suffix in (".py", ".toml", ".json") and shows:
            digest.update(f"{inside}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
