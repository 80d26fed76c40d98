"""Explorers where no widgets live: web pages, paper, a terminal.

A notebook with all explorers runs once, as `jupyter nbconvert` would run it; what a
page without a widget manager shows of it is compared with the pure Views.
"""

import base64
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbconvert import HTMLExporter, LatexExporter

from coursekit.explore import (
    Explorer,
    explore_augmentation,
    explore_kernel,
    explore_network,
    explore_padding,
    explore_pooling,
    explore_receptive_field,
)
from coursekit.models import tiny_net
from tests.explorers import displayed

SVG = "{http://www.w3.org/2000/svg}"
SAVED = "A saved picture: run the cell to use its controls."
VIEW = "application/vnd.jupyter.widget-view+json"


def network_explorer() -> Explorer:
    torch.manual_seed(0)
    return explore_network(tiny_net(), (1, 28, 28))


EXPLORERS = {
    "explore_kernel()": explore_kernel,
    "explore_receptive_field()": explore_receptive_field,
    "explore_pooling()": explore_pooling,
    "explore_padding()": explore_padding,
    "torch.manual_seed(0); explore_network(tiny_net(), (1, 28, 28))": network_explorer,
    "explore_augmentation()": explore_augmentation,
}
IMPORTS = (
    "import torch; from coursekit.explore import *; "
    "from coursekit.models import tiny_net"
)


class Page(HTMLParser):
    """Collect the pictures, the words, the cells of tables and the scripts of a page.

    Pictures are kept as XML; what lies in a picture is part of it.
    """

    def __init__(self, text: str):
        super().__init__()
        self.tables, self.words, self.scripts, self._inside = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self._inside.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables:
            self.tables[-1][-1].append("")
        elif tag == "script":
            self.scripts.append(dict(attrs).get("type", ""))

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self._inside]
        if inside and inside[-1] in ("td", "th") and self.tables:
            self.tables[-1][-1][-1] += data
        if "figcaption" in inside and "table" not in inside:
            self.words.append(data)


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    """Run all explorers in a kernel, keeping no state of widgets."""
    cells = [nbformat.v4.new_code_cell(code) for code in (IMPORTS, *EXPLORERS)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, store_widget_state=False).execute()
    return notebook


def with_only(notebook: nbformat.NotebookNode, code: str) -> nbformat.NotebookNode:
    """Return a notebook with one cell of another, and its output."""
    cells = [cell for cell in notebook.cells if cell.source == code]
    return nbformat.v4.new_notebook(cells=cells)


def pictures(html: str) -> list[list[str]]:
    """Return the layers of every picture of a page, each in its canonical form."""
    found = []
    for source in re.findall(r"src=['\"]data:image/svg\+xml;base64,([^'\"]+)", html):
        style, *layers = ET.fromstring(base64.b64decode(source))
        assert style.tag == f"{SVG}style"
        found.append([canonical(ET.tostring(layer, "unicode")) for layer in layers])
    return found


def canonical(svg: str) -> str:
    """Return a picture in the one form of its kind."""
    return ET.canonicalize(svg, rewrite_prefixes=True)


def bare(text: str) -> str:
    """Return letters and digits: LaTeX writes the others in its own way."""
    return re.sub(r"[^0-9A-Za-z]+", "", text)


@pytest.mark.parametrize("code", EXPLORERS)
def test_a_web_page_shows_picture_words_and_table(
    executed: nbformat.NotebookNode, code: str
):
    view = EXPLORERS[code]().view
    exporter = HTMLExporter(template_name="basic")
    html, _ = exporter.from_notebook_node(with_only(executed, code))
    layers = [view.backdrop, getattr(view, "sheet", ""), view.svg_or_html]
    assert pictures(html) == [[canonical(layer) for layer in layers if layer]]
    page = Page(html)
    assert page.words == [*view.text.splitlines(), SAVED]
    wanted = [[list(row) for row in view.table]] if view.table else []
    assert page.tables == wanted
    assert VIEW not in page.scripts, "a widget nobody can draw"


@pytest.mark.parametrize("code", EXPLORERS)
def test_paper_shows_the_words_and_the_table(
    executed: nbformat.NotebookNode, code: str
):
    latex, _ = LatexExporter().from_notebook_node(with_only(executed, code))
    assert bare(repr(EXPLORERS[code]())) in bare(latex)


@pytest.mark.parametrize("code", EXPLORERS)
def test_what_is_stored_besides_the_widget_is_small(
    executed: nbformat.NotebookNode, code: str
):
    (cell,) = with_only(executed, code).cells
    still, live = cell.outputs
    assert set(still.data) == {"text/plain", "text/html"}
    assert set(live.data) == {"text/plain", "text/html", VIEW}
    assert live.data["text/plain"] == live.data["text/html"] == ""
    assert len(still.data["text/html"]) < 150_000


def test_what_is_stored_is_the_same_again(executed: nbformat.NotebookNode):
    """A name by chance would be a difference for whoever compares outputs."""
    _, code, *_ = executed.cells
    still, _ = displayed(explore_kernel())
    assert still["text/html"] == code.outputs[0].data["text/html"]


def test_a_terminal_prints_the_words_and_the_table():
    ran = subprocess.run(
        [sys.executable, "-c", f"{IMPORTS}; print(explore_padding())"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert ran.stdout == f"{explore_padding()!r}\n"
    assert "padding" in ran.stdout
