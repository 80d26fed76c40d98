"""Every page of a whole site that is built: for everybody, from disk, of a size.

`COURSEKIT_SITE=build/site` names it (`make site` builds it); without it there is
nothing to look at. Minutes: with nights and with the site's own workflow.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from coursekit.staff.site.dead_links import faults_of
from coursekit.staff.site.page_sizes import too_large
from tests.axe import faults
from tests.browser import browser, require_browser

SITE = Path(os.environ.get("COURSEKIT_SITE", "no-site")).absolute()
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts
)
# The theme lets the keyboard into what scrolls, a moment after the window has changed.
IN_REACH = """
() => [...document.querySelectorAll(
    ':is(pre, .pst-scrollable-table-container)[tabindex="-1"]')].every(
    place => place.scrollWidth <= place.clientWidth)
"""
# Code looks the same on all pages and takes axe long: thousands of coloured words.
WITH_CODE = ("00_", "assignment", "index")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif("COURSEKIT_SITE" not in os.environ, reason="no site is named"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Iterator[object]:
    """Give one page of one browser for the whole site."""
    require_browser()
    with browser(tmp_path_factory.mktemp("whole")) as page:
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        yield page


@pytest.mark.parametrize("name", PAGES or ["no page"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_is_for_everybody_and_asks_nobody(name, theme, page):
    page.asked.clear()
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto((SITE / name).as_uri())
    if not name.startswith(WITH_CODE):
        page.add_style_tag(content=".highlight { display: none }")
    show = page.get_by_role("button", name="show everything")
    if show.count():
        show.click()
    for width in (1280, 320):  # one load: the page follows, as a window does
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(IN_REACH)
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []


def test_every_link_of_the_site_holds():
    assert PAGES
    assert faults_of(SITE) == []


def test_no_page_and_no_explorer_is_too_large():
    assert PAGES
    assert too_large(SITE) == []
