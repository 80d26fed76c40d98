"""A page that is read has a list of contents, and folds what its notebook folds."""

import base64

import pytest
from bs4 import BeautifulSoup

from coursekit.staff.pages.reading_aids import add_reading_aids, legible_width

PAGE = """<html><head></head><body><main>
<h1 id="t">Title</h1>
<h2 id="one">1 · Here<a class="anchor-link" href="#one">¶</a></h2>
<div class="jp-Cell celltag_fold"><div class="jp-Cell-inputWrapper">import x</div>
<div class="jp-Cell-outputWrapper">3</div></div>
<div class="jp-Cell celltag_verdict"><div class="jp-Cell-inputWrapper">v()</div></div>
<div class="jp-Cell"><div class="jp-Cell-inputWrapper">y = 1</div></div>
<h2 id="two">2 · There</h2></main></body></html>"""


@pytest.fixture
def page():
    """Give the page with its aids."""
    soup = BeautifulSoup(PAGE, "html.parser")
    add_reading_aids(soup)
    return soup


def test_the_contents_link_to_every_section_in_order(page):
    links = page.select("nav[aria-label=Contents] a")
    assert [link.get_text() for link in links] == ["1 · Here", "2 · There"]
    for link in links:
        assert page.find(id=link["href"].removeprefix("#")) is not None


def test_folded_code_is_one_click_away_and_its_output_stays(page):
    folds = page.select("details.folded")
    assert [fold.select_one(".jp-Cell-inputWrapper").get_text() for fold in folds] == [
        "import x",
        "v()",
    ]
    assert not any(fold.has_attr("open") for fold in folds)
    assert page.select_one(".jp-Cell-outputWrapper").find_parent("details") is None
    assert page.find(string="y = 1").find_parent("details") is None


def test_a_page_without_sections_has_no_contents():
    soup = BeautifulSoup("<html><head></head><body>x</body></html>", "html.parser")
    add_reading_aids(soup)
    assert soup.nav is None


def drawing(inside: str) -> str:
    """Return an SVG of 760 by 100 pixels."""
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 100"'
    return f'{head} width="760">{inside}</svg>'


@pytest.mark.parametrize(
    ("inside", "width"),
    [
        ('<text font-size="10">a</text><text font-size="14">b</text>', 836),
        ('<text font-size="11">a</text>', 760),
        ('<g font-size="8"><text>a</text></g>', 1045),
        (
            '<g transform="translate(1 2) scale(.5)"><text font-size="20">a</text></g>',
            836,
        ),
        ('<text font-size="5"></text><rect width="3"/>', 760),
    ],
)
def test_a_drawing_is_wide_enough_for_its_smallest_word(inside, width):
    code = base64.b64encode(drawing(inside).encode()).decode()
    as_file = f'<img width="760" src="data:image/svg+xml;base64,{code}">'
    for html in (drawing(inside), as_file):
        tag = BeautifulSoup(html, "html.parser").find(["svg", "img"])
        assert legible_width(tag) == pytest.approx(width)


def test_wide_pictures_and_tables_scroll_in_a_box_that_keys_reach():
    figure = '<figure><img width="700" src="data:image/png;base64,"></figure>'
    table = "<table><tr><td>1</td></tr></table>"
    soup = BeautifulSoup(f"<head></head><body>{figure}{table}</body>", "html.parser")
    add_reading_aids(soup)
    for held in soup.select("img, table"):
        assert held.parent["class"] == ["wide"]
        assert held.parent["tabindex"] == "0"
        assert held.name in held.parent["aria-label"].replace("picture", "img")
    assert soup.img.parent["style"] == "--legible:700px"
