"""The course in a real browser: JupyterLab, Chromium, mouse and keyboard."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.browser import jupyterlab, opened, require_browser

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
SMALL = """
import ipywidgets

width = ipywidgets.IntSlider(4, 1, 9, description="width")
view = ipywidgets.HTML()

def draw(change=None):
    rect = f'<rect width="{10 * width.value}" height="10"/>'
    view.value = f'<svg width="99" height="10">{rect}</svg> {width.value} wide'

width.observe(draw, "value")
draw()
ipywidgets.VBox([width, view])
"""

pytestmark = pytest.mark.browser


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Return an empty folder; skip or fail where there is no browser."""
    require_browser()
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def test_the_helper_sees_what_happens_on_a_page(tmp_path: Path, scratch: Path):
    cells = [nbformat.v4.new_code_cell(code) for code in (SMALL, "1 / 0")]
    kernel = {"name": "python3", "display_name": "Python 3"}
    about = {"kernelspec": kernel}  # without it JupyterLab asks, and starts no kernel
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=about)
    (tmp_path / "root").mkdir()
    nbformat.write(notebook, tmp_path / "root" / "small.ipynb")
    with (
        jupyterlab(tmp_path / "root", scratch) as address,
        opened(address.format("small.ipynb"), scratch) as page,
    ):
        page.run_all()
        (shown,) = page.tracebacks()
        assert "ZeroDivisionError" in shown
        explorer = page.explorer("width")
        slider = explorer.control("width")
        assert (slider.value, explorer.text()) == (4, "4 wide")
        slider.press("ArrowRight")
        assert (slider.value, explorer.text()) == (5, "5 wide")
        slider.drag(pixels=200)
        assert slider.value == 9
        assert 'width="90"' in explorer.drawn()
        page.page.evaluate("setTimeout(() => { throw new Error('planted') })")
        page.page.wait_for_timeout(100)
        assert any("planted" in error for error in page.errors)


def planned_errors(notebook: Path) -> int:
    """Count the cells that raise on purpose, because their error teaches."""
    cells = nbformat.read(notebook, as_version=4).cells
    return sum("raises-exception" in cell.metadata.get("tags", ()) for cell in cells)


def test_session_01_runs_and_its_explorer_follows_mouse_and_keyboard(
    tmp_path: Path, scratch: Path
):
    name = "01_receptive_fields.ipynb"
    (tmp_path / "root").mkdir()
    shutil.copy(NOTEBOOKS / name, tmp_path / "root")
    with (
        jupyterlab(tmp_path / "root", scratch) as address,
        opened(address.format(name), scratch) as page,
    ):
        page.run_all(seconds=280)
        assert len(page.tracebacks()) == planned_errors(NOTEBOOKS / name)
        explorer = page.explorer("unit column")
        slider = explorer.control("unit column")
        seen = [(slider.value, explorer.drawn(), explorer.text())]
        slider.drag(pixels=40)
        seen.append((slider.value, explorer.drawn(), explorer.text()))
        slider.press("ArrowRight")
        seen.append((slider.value, explorer.drawn(), explorer.text()))
        for number_picture_text in zip(*seen, strict=True):
            assert len(set(number_picture_text)) == 3
        assert len(page.tracebacks()) == planned_errors(NOTEBOOKS / name)
        assert (page.alerts(), page.errors) == ([], [])


LESSON = """
from coursekit import figures, predict, reveal
guess = 6
predict("01-join", guess, unit="pixels")
"""
SHOWN = """
figures.images([[[0.0, 1.0] * 40] * 80], title="Stripes", words="Forty white stripes.")
"""


def test_a_figure_and_a_judged_prediction_outlive_their_kernel(
    tmp_path: Path, scratch: Path
):
    """A notebook that nobody signed is reopened: nothing has run, all is there."""
    codes = (LESSON, 'reveal("01-join", 5)', SHOWN)
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in codes],
        metadata={"kernelspec": kernel},
    )
    NotebookClient(notebook, timeout=120).execute()
    (tmp_path / "root").mkdir()
    nbformat.write(notebook, tmp_path / "root" / "kept.ipynb")
    with (
        jupyterlab(tmp_path / "root", scratch) as address,
        opened(address.format("kept.ipynb"), scratch) as notebook,
    ):
        picture = notebook.page.locator("figure img")
        picture.wait_for()
        assert picture.get_attribute("alt") == "Stripes. Forty white stripes."
        assert picture.evaluate("img => img.decode().then(() => img.naturalWidth)") > 99
        caption = notebook.page.locator("figcaption")
        assert caption.inner_text() == "Forty white stripes."
        words = "You said 6 pixels, measured 5 pixels. Not this time."
        assert words in notebook.page.locator(".jp-Notebook").inner_text()
        assert notebook.errors == []
