"""Write what Sphinx reads: a flat folder with the names that the course's texts use.

So a link from a notebook to another one, or from the map to a notebook, holds on the
site as it does in the repository.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.course.claims import listing
from coursekit.explore import explore_padding
from coursekit.staff.build.course_pages import sittings
from coursekit.staff.build.folder import Session, sessions
from coursekit.staff.build.repository import Repository, repository
from coursekit.staff.build.setup_cell import COLAB, KAGGLE
from coursekit.staff.pages.island import island
from coursekit.staff.site import pages_of_course as pages
from coursekit.staff.site.executed import executed
from coursekit.staff.site.student_view import student_view

BESIDE = ("course_map.md", "common_errors.md")  # in the folder of the notebooks


@dataclass(frozen=True)
class Staged:
    """What Sphinx will read.

    Args:
        texts: the folder of pages.
        files: the folder of files that go along as they are.
        home: the repository that the site belongs to.
    """

    texts: Path
    files: Path
    home: Repository


def stage(
    notebooks: Path,
    chosen: Sequence[Session],
    place: Path,
    cache: Path,
    say: Callable[[str], None],
) -> Staged:
    """Write all pages of the site into `place`, anew.

    Args:
        notebooks: the course's folder of notebooks.
        chosen: the sessions that get a page.
        place: a folder that is ours alone.
        cache: the folder of notebooks that ran.
        say: gets a line about what takes long.

    Raises:
        ValueError: a notebook is missing or broken, or a cell failed.
    """
    home = repository(notebooks)
    names = [*BESIDE, *(f"{one.name}.ipynb" for one in chosen)]
    made = {one: _notebook(one, names, cache, home, say) for one in chosen}
    shutil.rmtree(place, ignore_errors=True)
    staged = Staged(place / "texts", place / "files", home)
    for session, text in made.items():
        write_whole(staged.texts / f"{session.name}.ipynb", text)
    for name, text in _texts(notebooks, chosen, names, home).items():
        write_whole(staged.texts / name, text)
    for folder in (staged.files, staged.texts):
        shutil.copytree(notebooks / "pictures", folder / "pictures")
    (staged.files / "download").mkdir()
    for session in chosen:
        shutil.copy2(session.student, staged.files / "download")
    return staged


def _notebook(session: Session, names, cache: Path, home: Repository, say) -> str:
    import nbformat

    solved = executed(session, cache, say)
    student = nbformat.reads(session.student.read_text("utf-8"), as_version=4)
    opening = open_in(session, home)
    shown = student_view(solved, student, opening=opening)
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = _held(cell.source, names)
    return nbformat.writes(shown)


def open_in(session: Session, home: Repository) -> str:
    """Return the line below a session's heading: where it runs, and the file itself.

    Args:
        session: whose page it is.
        home: the repository.
    """
    file = f"{home.name}/blob/{home.branch}/{session.shown(session.student)}"
    places = {
        "Open in Colab": f"{COLAB}/github/{file}",
        "Open in Kaggle": f"{KAGGLE}/kernels/welcome?src=https://github.com/{file}",
        "Download the notebook": f"download/{session.name}.ipynb",
    }
    links = "".join(
        f'<a class="ck-button ck-second" href="{escape(place)}"'
        f"{' download' * place.startswith('download/')}>{words}</a> "
        for words, place in places.items()
    )
    return f'<div class="ck-open"><p>{links}</p></div>'


def _texts(
    notebooks: Path, chosen: Sequence[Session], names: Sequence[str], home: Repository
) -> dict[str, str]:
    """Return the pages beside the sessions, by name of file."""
    root, all_there = notebooks.parent, sessions(notebooks)
    shown = {one.number for one in chosen}
    rows = [row for row in sittings(all_there) if row.number in shown]
    built = [one.solution for one in all_there if one.solution.is_file()]
    verdicts = {one.claim.id: one for one in listing(built)}
    readme, guide = (
        (root / name).read_text("utf-8") for name in ("README.md", "INSTRUCTORS.md")
    )
    return {
        "index.md": pages.front(rows, island(explore_padding(), alone=False)),
        "sessions.md": pages.sessions_page(rows),
        "claims.md": pages.claims_page(verdicts, rows),
        "exercises.md": pages.exercises_page(),
        "glossary.md": pages.glossary_page(),
        "assignment.md": pages.at_home(pages.assignment_page(readme), home, names),
        "instructors.md": pages.at_home(guide, home, names),
        "reference/index.rst": pages.reference_index(),
        **{f"reference/{r}.rst": pages.reference_page(r) for r in pages.ROOMS},
        **{n: _held((notebooks / n).read_text("utf-8"), names) for n in BESIDE},
    }


def _held(text: str, names: Sequence[str]) -> str:
    """Return a text in which a link to a session without a page is only its words."""

    def link(found: re.Match) -> str:
        return found[0] if found[2] in names else found[1]

    return re.sub(r"\[([^]]*)\]\(([\w.]+\.ipynb)\)", link, text)
