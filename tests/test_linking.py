"""From every notebook a link leads to the next, and no link leads nowhere."""

import itertools
import json
import re
from pathlib import Path

import pytest

from coursekit.staff.build.convert import cells_of
from coursekit.staff.build.folder import sessions
from coursekit.staff.build.notebook_source import read_source
from tests.small_sources import OPENING, written

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
COURSE = sessions(FOLDER)
PLACES = (FOLDER, FOLDER / "solutions")
LINK = re.compile(r"\]\(([^)#:]+)\)")


def prose(path: Path) -> list[str]:
    """Return the markdown cells of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]


@pytest.mark.parametrize("place", PLACES, ids=("student", "solution"))
def test_every_notebook_leads_to_the_next_one(place):
    for one, after in itertools.pairwise(COURSE):
        assert f"]({after.name}.ipynb)" in prose(place / f"{one.name}.ipynb")[-1]


@pytest.mark.parametrize("place", PLACES, ids=("student", "solution"))
@pytest.mark.parametrize("one", COURSE, ids=lambda one: one.name)
def test_every_link_to_a_file_finds_it(one, place):
    text = "\n".join(prose(place / f"{one.name}.ipynb"))
    assert [to for to in LINK.findall(text) if not (place / to).exists()] == []


@pytest.mark.parametrize("one", COURSE[1:], ids=lambda one: one.name)
def test_what_comes_before_is_a_link(one):
    assert re.search(r"comes after\s+\[[^]]+\]\(\d\d", prose(one.student)[0])


def with_second(session):
    """Give the course of a session a second one."""
    path = session.folder / "src" / "01b_two.py"
    path.write_text("# # 01b Two\n", encoding="utf-8")


def texts(session):
    """Return the prose of the student version, first and last cell."""
    cells = cells_of(read_source(session.source), session, student=True)
    prose = [cell.text for cell in cells if cell.kind == "markdown"]
    return prose[0], prose[-1]


def test_names_of_notebooks_that_are_there_become_links(tmp_path):
    names = OPENING.replace("# # ", "# See *01b Two* and *09 None* and *two*.\n#\n# # ")
    session = written(tmp_path, names + "\n# %% [markdown]\n# The end.\n")
    (session.folder / "src" / "01b_two.py").write_text(
        "# # 01b Two\n", encoding="utf-8"
    )
    first, last = texts(session)
    assert "See [01b Two](01b_two.ipynb) and *09 None* and *two*." in first
    assert last == "The end.\n\nNext: [01b Two](01b_two.ipynb)."


def test_a_source_may_write_its_own_way_on_and_the_last_has_none(tmp_path):
    own = "\n# %% [markdown]\n# Next: [rest](https://example.org).\n"
    session = written(tmp_path, OPENING + own)
    assert texts(session)[1] == "Next: [rest](https://example.org)."
    (session.folder / "src" / "01b_two.py").write_text(
        "# # 01b Two\n", encoding="utf-8"
    )
    assert texts(session)[1] == "Next: [rest](https://example.org)."
