"""A page that is read has a list of contents, and folds what its notebook folds."""

import pytest
from bs4 import BeautifulSoup

from coursekit.staff.pages.reading_aids import add_reading_aids

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
