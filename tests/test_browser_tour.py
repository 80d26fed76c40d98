"""A person's way through a notebook, in JupyterLab, by the keyboard alone.

Open, predict (nothing, a wrong type, wrong, right), run, solve an exercise, take two
hints, save, close, and open it again where no kernel has run; light and dark, on a
small screen (1280×720 at 125 %). What axe finds in our outputs must be nothing.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.axe import faults
from tests.browser import jupyterlab, opened, require_browser
from tests.page import Notebook

START = """
from coursekit import check, hint, predict, reveal
from coursekit.course.start import start
print(start())
""".strip()
ASK = 'guess = {}\npredict("01-join", guess, unit="pixels")'
SIZE = "def output_size(size, kernel_size, stride=1, padding=0, dilation=1):\n    {}"
RIGHT = "return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1"
FIGURE = """
from coursekit import figures
figures.matrix([[1, 2]], title="Two numbers", words="A one and a two.")
""".strip()
EXPLORER = "from coursekit.explore import explore_kernel\nexplore_kernel()"
CELLS = (
    START,
    ASK.format("...  # your answer"),
    'reveal("01-join", 5)',
    SIZE.format("..."),
    'check("01.1", output_size)',
    'hint("01.1")',
    FIGURE,
    EXPLORER,
    "no_such_name",
)
PREDICT, REVEAL, STUB, CHECK, HINT = range(1, 6)
CELL = ".jp-Notebook .jp-CodeCell"
OUTPUT = ".jp-OutputArea-output"
THEME = "@jupyterlab/apputils-extension/themes.jupyterlab-settings"
ZOOMED = {"width": 1024, "height": 576}  # what 1280×720 leaves at 125 %
_AT = """
() => Number(document.querySelector('.jp-Cell.jp-mod-active')
    ?.getAttribute('data-windowed-list-index'))
"""
_RAN = "([e, was]) => /\\d/.test(e.textContent) && e.textContent !== was"
_WIDE = """
all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)
"""

pytestmark = pytest.mark.browser


class Tour:
    """A notebook whose cells are chosen, written and run by keys."""

    def __init__(self, notebook: Notebook):
        self.page = notebook.page

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def run(self, number: int, code: str | None = None) -> str:
        """Run a cell, written anew if there is code; give what it shows."""
        self.press("Escape")
        away = number - self.page.evaluate(_AT)
        self.press(*("j" if away > 0 else "k") * abs(away))
        cell = self.page.locator(f"{CELL}.jp-mod-active")
        assert cell.get_attribute("data-windowed-list-index") == str(number)
        if code is not None:
            self.press("Enter", "Control+a")
            self.page.keyboard.insert_text(code)
        prompt = cell.locator(".jp-InputPrompt").first.element_handle()
        was = prompt.text_content()
        self.press("Control+Enter")
        self.page.wait_for_function(_RAN, arg=[prompt, was])
        return "\n".join(cell.locator(OUTPUT).all_inner_texts())

    def save(self) -> None:
        """Save, and wait until there is nothing left to save."""
        self.press("Escape", "Control+s")
        self.page.locator(".jp-mod-dirty").first.wait_for(state="detached")


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """Give a folder with the notebook, and one for all that Jupyter writes."""
    require_browser()
    cells = [nbformat.v4.new_code_cell(code) for code in CELLS]
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    (tmp_path / "root").mkdir()
    nbformat.write(notebook, tmp_path / "root" / "tour.ipynb")
    (tmp_path / "scratch" / "settings" / THEME).parent.mkdir(parents=True)
    return tmp_path / "root", tmp_path / "scratch"


@contextlib.contextmanager
def sitting(places: tuple[Path, Path], theme: str) -> Iterator[Notebook]:
    """Open the notebook in a server and a browser that were not there before."""
    root, scratch = places
    setting = json.dumps({"theme": f"JupyterLab {theme}"})
    (scratch / "settings" / THEME).write_text(setting, encoding="utf-8")
    with (
        jupyterlab(root, scratch) as address,
        opened(address.format("tour.ipynb"), scratch / theme) as notebook,
    ):
        notebook.page.set_viewport_size(ZOOMED)
        dark = str(theme == "Light").lower()
        notebook.page.locator(f"body[data-jp-theme-light={dark}]").wait_for(
            state="attached"
        )
        yield notebook


def predict_in_every_way(tour: Tour) -> None:
    """Not at all, with the wrong type, wrongly, rightly: each gets its own words."""
    assert "no prediction yet; write a number of pixels" in tour.run(PREDICT)
    assert "No prediction; measured 5 pixels." in tour.run(REVEAL)
    refused = tour.run(PREDICT, ASK.format("'six'"))
    assert "`guess` must be a number of pixels; got 'six'" in refused
    assert len(refused.splitlines()) < 12
    assert "noted, 6 pixels" in tour.run(PREDICT, ASK.format(6))
    assert "measured 5 pixels. Not this time." in tour.run(REVEAL)
    assert "noted, 5 pixels" in tour.run(PREDICT, ASK.format(5))
    assert "You said 5 pixels, measured 5 pixels. Right." in tour.run(REVEAL)


def solve_with_two_hints(tour: Tour) -> None:
    """A stub, a wrong answer, two hints that differ, the right answer."""
    tour.run(STUB)
    assert "not yet" in tour.run(CHECK)
    tour.run(STUB, SIZE.format("return size - kernel_size"))
    assert "wrong" in tour.run(CHECK)
    first, second = tour.run(HINT), tour.run(HINT)
    assert ("1 of" in first, "2 of" in second) == (True, True)
    tour.run(STUB, SIZE.format(RIGHT))
    assert "right" in tour.run(CHECK)


def test_a_person_s_tour(places: tuple[Path, Path]):
    with sitting(places, "Light") as notebook:
        tour = Tour(notebook)
        tour.run(0)
        predict_in_every_way(tour)
        solve_with_two_hints(tour)
        for number in range(HINT + 1, len(CELLS)):
            said = tour.run(number)
        assert "run the cells above once more" in said
        notebook.page.locator(".widget-slider").first.wait_for()
        assert faults(notebook.page, OUTPUT) == []
        tour.save()
        assert notebook.errors == []
    with sitting(places, "Dark") as notebook:
        seen = notebook.page.locator(".jp-Notebook")
        notebook.page.locator("figure img").nth(1).wait_for()
        for words in ("You said 5 pixels", "A one and a two.", "right", "2 of"):
            assert words in seen.inner_text()
        assert "model not found" not in seen.inner_text()
        assert faults(notebook.page, OUTPUT) == []
        assert notebook.page.locator(OUTPUT).evaluate_all(_WIDE) == []
        assert notebook.errors == []
