"""The map of the course says what the notebooks' own files say."""

import json
import re
from pathlib import Path

import pytest
from matplotlib.text import Annotation

from coursekit.course import course_map, exercise_ids
from coursekit.course.claims import CLAIMS
from coursekit.course.outline import Sitting, outline, ranges
from coursekit.staff.build.course_pages import page, with_minutes

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
SITTINGS = {one.number: one for one in outline()}


def text_of(name: str) -> tuple[str, str]:
    """Return (prose, code) of a student notebook, read as JSON."""
    cells = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    kinds = ("markdown", "code")
    return tuple(
        "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == kind)
        for kind in kinds
    )


def test_every_notebook_is_on_the_map():
    assert [one.name for one in SITTINGS.values()] == sorted(
        path.stem for path in (FOLDER / "src").glob("[0-9]*.py")
    )


@pytest.mark.parametrize("number", SITTINGS)
def test_a_notebook_is_on_the_map_as_its_file_has_it(number: str):
    one, (prose, code) = SITTINGS[number], text_of(SITTINGS[number].name)
    assert f"About {one.minutes} minutes" in prose
    assert set(one.claims) == set(re.findall(r'^claim\("(C\d\d)"\)', code, re.M))
    assert set(one.exercises) == set(re.findall(r'^check\("([\d.]+)"', code, re.M))
    assert prose.startswith(f"# {number} {one.title}\n")


def test_every_claim_and_every_exercise_stands_in_exactly_one_notebook():
    claims = [id for one in SITTINGS.values() for id in one.claims]
    exercises = [id for one in SITTINGS.values() for id in one.exercises]
    assert sorted(claims) == sorted(CLAIMS)
    assert sorted(exercises) == sorted(exercise_ids())


def test_what_comes_before_or_is_used_exists_and_lies_before():
    order = list(SITTINGS)
    for one in SITTINGS.values():
        for other in (*one.after, *one.uses):
            assert order.index(other) < order.index(one.number)
    assert [n for n, one in SITTINGS.items() if not one.after] == ["00"]


def test_the_capstone_uses_the_notebooks_whose_exercises_it_asks_for():
    _, code = text_of(SITTINGS["08"].name)
    asked = (
        re.search(r"^PIECES = \((.*)\)$", code, re.M)[1].replace('"', "").split(", ")
    )
    owners = {n for n, one in SITTINGS.items() if set(asked) & set(one.exercises)}
    assert len(asked) == 6
    assert owners == {"03", "04b", "04c", "06", "07"}
    assert owners <= set(SITTINGS["08"].uses)


@pytest.mark.parametrize("number", SITTINGS)
def test_a_notebook_that_is_named_in_another_exists_under_that_name(number: str):
    prose, _ = text_of(SITTINGS[number].name)
    prose = " ".join(prose.split())
    assert set(re.findall(r"[Ss]essions? (\d\d[a-z]?)\b", prose)) <= {*SITTINGS}
    for other, title in re.findall(r"\*(\d\d[a-z]?) ([^*]+)\*", prose):
        whole = SITTINGS[other].title.lower()
        assert whole.startswith(title.lower()), f"{other} {title}"


def test_no_notebook_but_the_first_two_and_the_capstone_takes_over_ninety_minutes():
    long = {n for n, one in SITTINGS.items() if one.minutes > 90}
    assert long <= {"01", "01b", "08"}


def test_the_map_draws_a_row_a_session_and_an_arrow_for_what_comes_after():
    two = (
        Sitting("01", "01_a", "Fields", "Why?", 50, ("C01", "C02"), after=()),
        Sitting("01b", "01b_b", "More: of it", "And?", 70, after=("01",), uses=("00",)),
        Sitting("02", "02_c", "On", "So?", 60, after=("01b",)),
    )
    figure = course_map(two)
    texts = [text.get_text() for text in figure.axes[0].texts]
    arrows = [t for t in figure.axes[0].texts if isinstance(t, Annotation)]
    assert "01b More" in texts
    assert "50 min · C01–C02" in texts
    assert "70 min\nuses 00" in texts
    assert len(arrows) == 2
    assert figure.get_suptitle() == "3 notebooks, 2 claims, about 3 hours"


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["C09"], "C09"),
        (["C53", "C41", "C42", "C43"], "C41–C43, C53"),
        (["C01", "C03", "C05"], "C01, C03, C05"),
    ],
)
def test_ids_in_a_row_are_written_as_a_range(ids, said):
    assert ranges(ids) == said


def test_the_page_names_a_claim_that_nobody_measured_yet(tmp_path):
    row = Sitting("01", "01_a", "Fields", "Why?", 50, ("C01",), ("01.1",), ("00",))
    text = page([row], [tmp_path / "missing.ipynb"])
    assert "## [01 Fields](01_a.ipynb)\n\nWhy?\n" in text
    assert "about 50 minutes · builds on 00 · exercises 01.1 · claims C01" in text
    assert f"| C01 | not yet | {CLAIMS['C01'].statement} |" in text


def test_the_minutes_of_the_readme_are_set_in_the_row_of_their_notebook():
    text = "| 01 | [A](a) · 0 min<br>x |\n| 01b | [B](b) · 5 min<br>60 min |"
    rows = [Sitting("01b", "01b_b", "B", "?", 70), Sitting("01", "01_a", "A", "?", 50)]
    assert with_minutes(text, rows) == (
        "| 01 | [A](a) · 50 min<br>x |\n| 01b | [B](b) · 70 min<br>60 min |"
    )


def test_the_readme_has_a_row_with_minutes_for_every_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for number, one in SITTINGS.items():
        assert re.search(
            rf"(?m)^\| {number} \| \[[^\]]+\]\(notebooks/{one.name}\.ipynb\) "
            rf"· {one.minutes} min<br>",
            readme,
        ), number
