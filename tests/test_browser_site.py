"""The site of a course of one session: what it shows, folds, judges, and to whom."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from coursekit import cli
from coursekit.course.predictions import Prediction, Revealed
from coursekit.metrics import interval
from coursekit.staff.build.folder import sessions
from coursekit.staff.site import executed as executed_module
from coursekit.staff.site.dead_links import faults_of
from coursekit.staff.site.executed import executed
from coursekit.staff.site.outcome_data import _told
from coursekit.staff.site.pages_of_course import ROOMS
from tests.axe import faults
from tests.browser import browser, require_browser
from tests.small_course import small_course

SHOWN = Path(executed_module.__file__).parent / "shown"
JUDGED = """
all => all.map(([asked, guess]) => [
    coursekitJudge.isHit(asked, guess), coursekitJudge.sentence(asked, guess)])
"""
PAGES = ("index", "01_trial", "claims", "glossary", "search")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """Give a course whose site is built; its root."""
    root = tmp_path_factory.mktemp("course")
    small_course(root)
    assert cli.main(["site", "--root", str(root)]) == 0
    return root


@pytest.fixture(scope="module")
def site(course) -> Path:
    """Give the folder of the site."""
    return course / "build" / "site"


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Iterator[object]:
    """Give one page of one browser; `asked` lists the addresses that it asks for."""
    require_browser()
    with browser(tmp_path_factory.mktemp("site")) as page:
        page.set_default_timeout(20_000)
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        yield page


@pytest.fixture
def session(page, site) -> object:
    """Give the session's page as a reader sees it who comes for the first time."""
    page.goto((site / "01_trial.html").as_uri())
    page.evaluate("localStorage.clear()")
    page.reload()
    return page


def text_of(site: Path, name: str) -> str:
    return (site / f"{name}.html").read_text(encoding="utf-8")


def test_every_link_holds_and_no_page_fetches_from_elsewhere(site):
    assert faults_of(site) == []
    assert {f"reference/{room}.html" for room in ROOMS} <= {
        path.relative_to(site).as_posix() for path in site.rglob("*.html")
    }


def test_a_session_can_be_opened_elsewhere_and_downloaded(site):
    text = text_of(site, "01_trial")
    at = "coursekit/coursekit/blob/main/notebooks/01_trial.ipynb"
    assert f"https://colab.research.google.com/github/{at}" in text
    assert 'href="download/01_trial.ipynb" download' in text
    stub = (site / "download" / "01_trial.ipynb").read_text(encoding="utf-8")
    assert "...  # your code here" in stub


def test_the_page_holds_no_guess_of_the_author_and_no_solution_in_sight(session):
    shown = session.locator("article").inner_text()
    assert "You said 9" not in session.content().split("data-asked")[0]
    assert "return dilation" not in shown
    assert "...  # your code here" in shown
    assert "right" not in session.locator(".cell_output").all_inner_texts()


def test_what_follows_a_prediction_waits_for_the_answer_and_is_then_judged(session):
    assert "as wide as said" not in session.locator("article").inner_text()
    assert "Second part" in session.locator("article").inner_text()
    session.get_by_label("9 pixels").check()
    session.get_by_role("button", name="Predict").first.click()
    shown = session.locator("article").inner_text()
    assert "as wide as said" in shown
    assert "You said 9 pixels, measured 7 pixels. Not this time." in shown
    assert "The result, drawn" not in session.locator("figure").all_inner_texts()
    session.reload()
    assert "You said 9 pixels" in session.locator("article").inner_text()


def test_a_session_is_done_by_keyboard_alone(session):
    def tab_to(words: str) -> None:
        for _ in range(90):
            session.keyboard.press("Tab")
            here = session.evaluate(
                "(document.activeElement.closest('label') || document.activeElement)"
                ".textContent"
            )
            if words in here:
                return
        pytest.fail(f"no way by keyboard to {words!r}")

    tab_to("3 pixels")
    session.keyboard.press("ArrowDown")
    session.keyboard.press("Enter")
    assert "You said 7 pixels, measured 7 pixels. Right." in (
        session.locator("article").inner_text()
    )
    tab_to("a number")
    session.keyboard.type("lots")
    session.keyboard.press("Enter")
    assert session.get_by_role("alert").last.inner_text().startswith("A number, please")
    session.keyboard.press("Control+A")
    session.keyboard.type("90")
    session.keyboard.press("Enter")
    shown = session.locator("article").inner_text()
    assert (
        "You said 90 pixels, measured 49 pixels. Right within a factor of 2." in shown
    )
    assert "2 of 2 predictions hit" in shown
    tab_to("Hint 1 of")
    session.keyboard.press("Enter")
    assert session.locator("details.ck-fold[open]").count() == 1


def test_a_skipped_prediction_shows_the_result_and_claims_no_answer(session):
    session.get_by_role("button", name="show everything").click()
    shown = session.locator("article").inner_text()
    assert "No prediction; measured 7 pixels." in shown
    assert "0 of 0 predictions hit; 2 not made" in shown


def test_the_quiz_is_answered_in_the_page(session):
    session.get_by_label("Your answer to question 1").fill("two a layer")
    session.get_by_text("Answer", exact=True).click()
    session.get_by_role("button", name="I knew it").click()
    assert session.get_by_text("Quiz: 1 of 1 known.").count() == 1


def test_without_scripts_and_on_paper_everything_is_there(session, site):
    text = re.sub(r"<script.*?</script>", "", text_of(site, "01_trial"), flags=re.S)
    assert "No prediction; measured 7 pixels." in text
    assert "as wide as said" in text
    session.emulate_media(media="print")
    shown = session.locator("article").inner_text()
    session.emulate_media(media="screen")
    assert "as wide as said" in shown


def test_the_claims_can_be_searched(page, site):
    page.goto((site / "claims.html").as_uri())
    assert page.get_by_text("86 of 86 claims").count() == 1
    page.get_by_role("searchbox", name="Search", exact=True).last.fill("7×7 100×100")
    assert page.locator("#claims-table tbody tr:visible th").all_inner_texts() == [
        "C12"
    ]
    assert page.locator("tr:visible a[href='01_trial.html#C12']").count() == 1


def test_the_site_s_search_finds_a_word_from_disk(page, site):
    page.goto(f"{(site / 'search.html').as_uri()}?q=receptive")
    results = page.locator("#search-results a[href^='01_trial.html']")
    results.first.wait_for()
    assert results.count() == 1


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_everybody_in_both_themes_and_on_a_phone(name, page, site):
    page.asked.clear()
    for width, theme in ((1280, "light"), (320, "dark")):  # all four: make site-pages
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.goto((site / f"{name}.html").as_uri())
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []


def samples(count: int) -> Iterator[tuple[Prediction, object, object]]:
    """Draw predictions, guesses and measurements of all kinds, near misses too."""
    draw = random.Random(18)
    for _ in range(count):
        size = 10 ** draw.uniform(-6, 16)
        number = draw.choice([round(size), size, float(f"{size:.3g}"), -size, 0])
        near = number * draw.choice([1, 1, 0.5, 2, 1.1, 1 + 1e-9, 1.0001, -1])
        near = draw.choice([near, round(near)])
        kind = draw.randrange(4)
        options = tuple({number: 0, round(size * 3): 0, 7: 0, "never": 0})
        how = [
            {},
            {"within": draw.choice([abs(number) / 10, 0.5, 5])},
            {"factor": draw.choice([1.5, 2, 10])},
            {"options": options},
        ][kind]
        unit = draw.choice(["", "pixels", "%"])
        guess = draw.choice(options) if kind == 3 else near
        measured = draw.choice([number, "Never ", near]) if kind == 3 else number
        yield Prediction("01-x", guess, unit=unit, **how), guess, measured


def test_the_page_judges_as_python_does(page):
    page.goto("about:blank")
    page.add_script_tag(path=SHOWN / "judge.js")
    asked, expected = [], []
    for made, guess, measured in samples(3000):
        seen = Revealed(made, measured, made.is_hit_by(measured))
        typed = {"value": guess, "whole": isinstance(guess, int)}
        asked.append([json.loads(json.dumps(_told(made, seen))), typed])
        expected.append([seen.right, str(seen)])
    assert {right for right, _ in expected} == {True, False}
    assert page.evaluate(JUDGED, asked) == expected


def test_the_page_judges_the_mean_of_several_runs_as_python_does(page):
    page.goto("about:blank")
    page.add_script_tag(path=SHOWN / "judge.js")
    made, runs = Prediction("01-x", 90.0, unit="%", within=2), interval([90, 92, 94])
    seen = Revealed(made, runs, made.is_hit_by(runs.mean))
    typed = {"value": 90.0, "whole": False}
    (shown,) = page.evaluate(JUDGED, [[_told(made, seen), typed]])
    assert shown == [True, str(seen)]
    assert "measured 92 ± 5 % (n = 3)" in shown[1]


def test_a_notebook_runs_again_only_where_its_code_has_changed(course, monkeypatch):
    (session,) = sessions(course / "notebooks")
    cache = course / "build" / "site_cache"

    def refuse(*_, **__):
        raise RuntimeError("runs")

    monkeypatch.setattr(executed_module, "run_cells", refuse)
    text = session.solution.read_text(encoding="utf-8")
    changed = text.replace("First part", "Another heading")
    session.solution.write_text(changed, encoding="utf-8")
    prose = [c.source for c in executed(session, cache).cells]
    assert any("Another heading" in one for one in prose)
    session.solution.write_text(text.replace("1 + 2 * 3", "3 + 2 * 2"), "utf-8")
    with pytest.raises(RuntimeError, match="runs"):
        executed(session, cache)
    session.solution.write_text(text, encoding="utf-8")


def test_a_broken_notebook_is_one_sentence_and_the_site_stays(course, site, capsys):
    (session,) = sessions(course / "notebooks")
    text, before = session.solution.read_text(encoding="utf-8"), sorted(site.rglob("*"))
    for broken in (text[:500], "[]", ""):
        session.solution.write_text(broken, encoding="utf-8")
        assert cli.main(["site", "--root", str(course)]) == 1
        said = capsys.readouterr().err
        assert said.startswith(
            "coursekit site: notebooks/solutions/01_trial.ipynb cannot be read ("
        )
        assert said.count("\n") == 1
    session.solution.write_text(text, encoding="utf-8")
    assert sorted(site.rglob("*")) == before
