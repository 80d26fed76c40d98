"""Explorers in a saved notebook that is opened again: nothing has run, all is there.

In JupyterLab and in the classic Notebook, signed (trusted) or not, and on the page that
`coursekit run` writes.
"""

import io
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.sign import NotebookNotary
from PIL import Image

from coursekit.explore import explore_kernel, explore_pooling
from coursekit.staff.pages.html_page import page as page_of
from tests.browser import (
    CLASSIC,
    JUPYTERLAB,
    browser,
    classic_notebook,
    jupyterlab,
    opened,
    require_browser,
)
from tests.classic import KERNEL, classic_python, kernel_python, offer_kernel
from tests.page import Notebook

CODES = ("explore_kernel()", "explore_pooling()")
LOST = "model not found"
DARK, NIGHT = '{"theme": "JupyterLab Dark"}', (24, 24, 24)

pytestmark = pytest.mark.browser


def saved(kernel_name: str) -> nbformat.NotebookNode:
    """Run two explorers and return the notebook as it is saved."""
    first = "from coursekit.explore import *"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in (first, *CODES)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    NotebookClient(notebook, timeout=120, store_widget_state=False).execute()
    notebook.metadata.kernelspec.name = kernel_name
    return notebook


def seen(notebook: Notebook) -> str:
    """Return all that the outputs show, and nothing that is hidden."""
    return "\n".join(notebook.page.locator(".coursekit-view").all_inner_texts())


def assert_pictures_words_and_numbers_are_there(notebook: Notebook) -> None:
    images = notebook.page.locator("figure.coursekit-view img")
    images.nth(1).wait_for()
    views = [explore_kernel().view, explore_pooling().view]
    for image, view in zip(images.all(), views, strict=True):
        assert image.get_attribute("alt") == view.text.splitlines()[0]
        assert image.evaluate("img => img.decode().then(() => img.naturalWidth)") == 760
    words = [line for view in views for line in view.text.splitlines()]
    assert [line for line in words if line not in seen(notebook)] == []
    cells = notebook.page.locator("tr td, tr th").all_inner_texts()
    assert cells == [cell for view in views for row in view.table for cell in row]


def served(kind: str, scratch: Path, root: Path, config: pytest.Config):
    """Return the server of a front end, the front end and its kernel's name."""
    if kind == "lab":
        return jupyterlab(root, scratch), JUPYTERLAB, "python3"
    python = classic_python(config, scratch)
    offer_kernel(scratch, kernel_python(python))
    return classic_notebook(root, scratch, python), CLASSIC, KERNEL


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("kind", ["lab", "classic"])
def test_a_saved_explorer_is_its_picture_until_it_runs_again(
    kind: str, trusted: bool, tmp_path: Path, request: pytest.FixtureRequest
):
    require_browser()
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    root.mkdir()
    (scratch / "data").mkdir(parents=True)
    server, front_end, kernel = served(kind, scratch, root, request.config)
    notebook = saved(kernel)
    nbformat.write(notebook, root / "kept.ipynb")
    if trusted:
        notary = NotebookNotary(data_dir=str(scratch / "data"))
        notary.sign(notebook)
        notary.store.close()
    with (
        server as address,
        opened(address.format("kept.ipynb"), scratch, front_end) as shown,
    ):
        assert_pictures_words_and_numbers_are_there(shown)
        assert not shown.page.get_by_text(LOST).first.is_visible()
        assert shown.page.locator(".widget-slider").count() == 0
        shown.run_all()
        shown.page.locator(".widget-slider").first.wait_for()
        assert shown.page.locator("figure.coursekit-view >> visible=true").count() == 0
        assert shown.errors == []


def test_the_page_of_a_run_shows_each_explorer_once(tmp_path: Path):
    require_browser()
    notebook = saved("python3")
    html = page_of(notebook, state={}, folder=tmp_path, name="kept")
    (tmp_path / "kept.html").write_text(html, encoding="utf-8")
    with browser(tmp_path) as page:
        page.goto((tmp_path / "kept.html").as_uri())
        assert_pictures_words_and_numbers_are_there(Notebook(page, JUPYTERLAB))


def corner(element: object) -> tuple[int, ...]:
    """Return the colour of the last pixel of what an element shows."""
    shown = Image.open(io.BytesIO(element.screenshot())).convert("RGB")
    return shown.getpixel((shown.width - 4, shown.height - 4))


def test_in_a_dark_theme_no_sheet_glares_saved_or_alive(tmp_path: Path):
    require_browser()
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    root.mkdir()
    themes = scratch / "settings" / "@jupyterlab" / "apputils-extension"
    themes.mkdir(parents=True)
    (themes / "themes.jupyterlab-settings").write_text(DARK, encoding="utf-8")
    nbformat.write(saved("python3"), root / "kept.ipynb")
    with (
        jupyterlab(root, scratch) as address,
        opened(address.format("kept.ipynb"), scratch) as shown,
    ):
        images = shown.page.locator("figure.coursekit-view img")
        images.nth(1).wait_for()
        assert {corner(image) for image in images.all()} == {NIGHT}
        shown.run_all()
        sheets = shown.page.locator(".widget-html-content > svg[aria-hidden=true]")
        sheets.nth(1).wait_for()
        papers = sheets.locator("rect[fill='#ffffff']").all()
        colour = "e => getComputedStyle(e).fill"
        assert {paper.evaluate(colour) for paper in papers} == {f"rgb{NIGHT}"}
