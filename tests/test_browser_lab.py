"""`make lab` as a student meets it: where am I, what is changed, how do I go on?"""

import shutil
from pathlib import Path

import pytest

from tests.browser import course_lab, opened, require_browser

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
FIRST, SECOND = "00_start_here.ipynb", "01_receptive_fields.ipynb"

pytestmark = pytest.mark.browser


def test_contents_stand_open_nothing_is_changed_and_next_is_a_link(tmp_path: Path):
    require_browser()
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    root.mkdir()
    for name in (FIRST, SECOND):
        shutil.copy(NOTEBOOKS / name, root)
    with course_lab(root, scratch) as address, opened(address, scratch) as shown:
        page = shown.page
        contents = page.locator(".jp-TableOfContents >> visible=true")
        contents.get_by_text("1 · What works here?").wait_for()
        assert page.locator(".jp-mod-dirty").count() == 0

        contents.get_by_text("Things to remember").click()
        page.get_by_role("link", name="01 Receptive fields").click()
        page.get_by_role("tab", name=SECOND).wait_for()
        page.locator(shown.front_end.idle).nth(1).wait_for(state="attached")
        assert page.locator(".jp-mod-dirty").count() == 0
        assert shown.errors == []
    for name in (FIRST, SECOND):
        assert (root / name).read_bytes() == (NOTEBOOKS / name).read_bytes()
