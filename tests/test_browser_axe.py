"""Everybody can use what the sessions show: axe-core, light and dark, on a phone too.

A session's outputs are those that its solved notebook showed in this run of pytest;
they become the page of `coursekit run`. Where only this file runs there are none. Code
looks the same everywhere and takes axe long (thousands of coloured words), so only
session 00 keeps its own.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from coursekit.staff.pages.html_page import page as page_of
from tests.axe import faults
from tests.browser import browser, give_up, require_browser

SOLUTIONS = Path(__file__).resolve().parent.parent / "notebooks" / "solutions"
NAMES = sorted(path.stem for path in SOLUTIONS.glob("*.ipynb"))
# The sizes of all words in drawings, as they are on the page: a picture's file is put
# in its place for that, because a browser does not look into pictures.
LETTERS = """
() => [...document.querySelectorAll('img[src^="data:image/svg+xml;base64,"]')]
    .flatMap(img => {
        const bytes = Uint8Array.from(atob(img.src.split(',')[1]), c => c.charCodeAt());
        const box = document.createElement('div');
        box.innerHTML = new TextDecoder().decode(bytes);
        box.firstChild.setAttribute('style', `max-width:none;width:${img.width}px`);
        img.replaceWith(box);
        return [...box.querySelectorAll('text')].filter(e => e.textContent.trim());
    })
    .map(e => parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a)
"""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Give one page of one browser for all sessions."""
    require_browser()
    with browser(tmp_path_factory.mktemp("axe")) as page:
        yield page


def executed(name: str) -> nbformat.NotebookNode:
    """Return a solved notebook with the outputs of this run."""
    shown = Path(os.environ["COURSEKIT_SHOWN"]) / f"{name}.jsonl"
    if not shown.exists():
        give_up(f"notebooks/solutions/{name}.ipynb did not run beside this test")
    notebook = nbformat.read(SOLUTIONS / f"{name}.ipynb", 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    lines = shown.read_text().splitlines()
    for cell, outputs in zip(code, map(json.loads, lines), strict=True):
        cell.outputs = [nbformat.from_dict(output) for output in outputs]
        cell.source = cell.source if name.startswith("00") else ""
    return notebook


def wide(page: object) -> int:
    """Return how wide the page itself is, in pixels; what scrolls in it not counted."""
    return page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("name", NAMES)
def test_a_session_can_be_read_by_everybody_everywhere(
    name: str, page: object, tmp_path: Path
):
    html = page_of(executed(name), state={}, folder=SOLUTIONS.parent, name=name)
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    page.goto((tmp_path / "page.html").as_uri())
    assert faults(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme="dark")
    assert faults(page) == []
    assert wide(page) == 390
    assert min(page.evaluate(LETTERS), default=11) > 10.99
