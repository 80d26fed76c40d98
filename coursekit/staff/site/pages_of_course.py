"""The site's pages beside the sessions: front, claims, exercises, words, interfaces.

Everything comes from what the course already has: the claims and the stored verdicts,
the bank of exercises, README, the guide for teachers, the package's docstrings.
"""

import re
from collections.abc import Sequence
from html import escape
from importlib import import_module
from itertools import groupby
from pathlib import Path

from coursekit._base.card import inline
from coursekit._base.words import many, number_text
from coursekit.course.claims import CLAIMS, Claim, Verdict
from coursekit.course.exercises import exercise, exercise_ids
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.outline import Sitting
from coursekit.staff.build.repository import Repository
from coursekit.staff.site.sphinx_side import glossary, place_of
from coursekit.staff.site.student_view import folds_of

# The student package's rooms, as its notebooks import from them.
ROOMS = {
    "coursekit.anatomy": "What a network is made of: sizes, fields, costs, memory",
    "coursekit.augment": "Augmentation of whole batches",
    "coursekit.blocks": "Building blocks of the networks",
    "coursekit.course": "What a session says: predictions, claims, checks, challenges",
    "coursekit.data": "Images: shapes, digits, photos, standard sets, own folders",
    "coursekit.explore": "Explorers: pictures with controls",
    "coursekit.figures": "Figures with their words",
    "coursekit.gradcam": "Where does it look? Grad-CAM",
    "coursekit.metrics": "Accuracy, calibration, intervals of runs",
    "coursekit.models": "The networks of the course",
    "coursekit.training": "Training: loop, schedules, checkpoints, comparisons",
}
SIGNS = {"true": "✓", "false": "✗", "depends": "◐", "not separable": "≈", "": "–"}
RELATIVE = re.compile(r"\]\((?!https?://|#|mailto:)([^)\s]+)\)")


def front(sittings: Sequence[Sitting], explorer: str) -> str:
    """Write the front page.

    Args:
        sittings: the notebooks that have a page.
        explorer: HTML of the explorer that lives on it.
    """
    text = (Path(__file__).parent / "front.md").read_text(encoding="utf-8")
    cards = "".join(map(_card, sittings))
    text = text.replace("FIRST", sittings[0].name).replace("MANY", str(len(CLAIMS)))
    return text.replace("EXPLORER", explorer).replace("CARDS", cards)


def sessions_page(sittings: Sequence[Sitting]) -> str:
    """Write the list of the sessions, from which the site's sidebar is made.

    Args:
        sittings: the notebooks that have a page.
    """
    rows = "\n".join(
        f"| [{one.number} {one.title}]({one.name}.ipynb) | {one.question} | "
        f"{one.minutes} min |"
        for one in sittings
    )
    names = "\n".join(one.name for one in sittings)
    return (
        "# Sessions\n\nEach page is a notebook that has run: predict, read, move. What "
        "follows a prediction waits for your answer.\n\n"
        f"| session | its question | time |\n|---|---|---|\n{rows}\n\n"
        f"```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    )


def _card(one: Sitting) -> str:
    tested = f" · {many(len(one.claims), 'claim')}" if one.claims else ""
    return (
        f'<a class="ck-card" href="{one.name}.html">'
        f'<img src="pictures/{one.number}.png" alt="" loading="lazy">'
        f"<strong>{one.number} {inline(one.title)}</strong>"
        f"<span>{inline(one.question)}</span>"
        f"<small>about {one.minutes} minutes{tested}</small></a>"
    )


def claims_page(verdicts: dict[str, Verdict], sittings: Sequence[Sitting]) -> str:
    """Write the table of all claims.

    Args:
        verdicts: by the claim's id; a claim without one is not tested yet.
        sittings: the notebooks, to link a claim to where it is tested.
    """
    pages = {id: one for one in sittings for id in one.claims}
    rows = "".join(
        _claim_row(row, verdicts.get(row.id), pages.get(row.id))
        for row in CLAIMS.values()
    )
    words = "".join(f"<option>{word}</option>" for word in SIGNS if word)
    return (
        f"# The {len(CLAIMS)} claims\n\nEvery sentence the course tests, the verdict "
        "of its experiment, and the numbers that decide. *Depends* means that some "
        "cases hold and some fail; *not separable*, that these runs leave it open. "
        "Predict before you look: the sessions ask you.\n\n"
        '<div class="ck-find"><label>Search <input type="search" class="ck-search" '
        'data-table="claims-table" aria-describedby="claims-found"></label> '
        '<label>Verdict <select class="ck-verdict"><option value="">all</option>'
        f"{words}</select></label> "
        '<span id="claims-found" role="status"></span></div>\n'
        '<div class="ck-scroll" tabindex="0" role="group" aria-label="table of claims">'
        '<table id="claims-table"><thead><tr><th scope="col">claim</th>'
        '<th scope="col">as it is usually stated</th><th scope="col">verdict</th>'
        '<th scope="col">measured</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>\n"
    )


def _claim_row(row: Claim, found: Verdict | None, page: Sitting | None) -> str:
    verdict = found.verdict if found else ""
    numbers = found.measured if found else ()
    measured = "<br>".join(
        f"{inline(name)} = {escape(number_text(value))}" for name, value in numbers
    )
    link = f'<a href="{page.name}.html#{row.id}">{row.id}</a>' if page else row.id
    return (
        f'<tr data-verdict="{verdict}"><th scope="row">{link}</th>'
        f"<td>{inline(row.statement)}</td><td>{SIGNS[verdict]} "
        f"{verdict or 'not tested yet'}</td><td>{measured}</td></tr>\n"
    )


def exercises_page() -> str:
    """Write all exercises with their stubs, hints and one solution, folded."""
    parts = [
        "# Exercises\n\nEach with its hints, gentlest first, and one solution: open "
        "them one by one. In a notebook `check` tells right from wrong, and why.\n"
    ]
    for session, ids in groupby(exercise_ids(), key=lambda id: id[:2]):
        parts.append(f"\n## Session {session}\n")
        parts += [_exercise(exercise(id)) for id in ids]
    return "\n".join(parts)


def _exercise(found: Exercise) -> str:
    effort = f"{found.minutes} minutes · difficulty {found.difficulty} of 5"
    return (
        f"### {found.id} {found.title}\n\n*{effort}*\n\n{found.statement}\n\n"
        f"```python\n{found.stub}\n```\n\n{folds_of(found)}\n"
    )


def glossary_page() -> str:
    """Write the field's words with what they mean."""
    rows = "".join(
        f'<dt id="{place_of(term)}">{escape(term)}</dt>'
        f"<dd>{escape(row['means'])}</dd>\n"
        for term, row in sorted(glossary().items(), key=lambda item: item[0].lower())
    )
    return (
        "# Glossary\n\nThe field's words as this course uses them. On a session's page "
        "the first use of each links here.\n\n"
        f'<dl class="ck-glossary">\n{rows}</dl>\n'
    )


def reference_page(room: str) -> str:
    """Write the interface of a room of the package as reStructuredText.

    Args:
        room: such as "coursekit.models".
    """
    module = import_module(room)
    title = f"{room}: {ROOMS[room].partition(':')[0].lower()}"
    lines = [
        title,
        "=" * len(title),
        "",
        f".. py:module:: {room}",
        "",
        ROOMS[room] + ".",
    ]
    for name in sorted(module.__all__, key=str.lower):
        found = getattr(module, name)
        kind = "class" if isinstance(found, type) else "function"
        if not callable(found):
            lines += ["", f".. py:data:: {name}", "   :no-index:"]
            continue
        lines += ["", f".. auto{kind}:: {room}.{name}"]
        lines += ["   :members:"] if kind == "class" else []
    return "\n".join(lines) + "\n"


def reference_index() -> str:
    """Write the front page of the reference."""
    rooms = "\n".join(f"   {room}" for room in ROOMS)
    return (
        "Reference\n=========\n\nThe small package that the notebooks compute with.\n\n"
        f".. toctree::\n   :maxdepth: 1\n\n{rooms}\n"
    )


def assignment_page(readme: str) -> str:
    """Write the whole assignment that README answers in some lines, as a page.

    Args:
        readme: the text of README.md.
    """
    found = re.search(r"^## A whole assignment\n(.*?)(?=^## )", readme, re.M | re.S)
    return f"# A whole assignment\n{found[1]}"


def at_home(markdown: str, home: Repository, pages: Sequence[str]) -> str:
    """Return a text of the repository with its links to files pointing there.

    Args:
        markdown: of a file at the repository's root.
        home: the repository.
        pages: names of files that are pages of the site; links to them stay.
    """

    def link(found: re.Match) -> str:
        file = found[1].partition("#")[0]
        if Path(file).name in pages:
            return f"]({Path(file).name})"
        return f"]({home.url}/blob/{home.branch}/{found[1]})"

    return RELATIVE.sub(link, markdown)
