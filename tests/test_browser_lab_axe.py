"""Everybody can use what cells show inside JupyterLab, in its light and dark theme.

axe-core looks at our outputs; the rest of the page is JupyterLab's own. With every
change it sees a notebook of one output of each kind; `COURSEKIT_LAB_AXE=all` runs every
solved session there.
"""

import os
from pathlib import Path

import nbformat
import pytest

from tests.axe import faults
from tests.browser import jupyterlab, opened, require_browser

SOLUTIONS = Path(__file__).resolve().parent.parent / "notebooks" / "solutions"
ALL = os.environ.get("COURSEKIT_LAB_AXE") == "all"
SESSIONS = sorted(path.stem for path in SOLUTIONS.glob("*.ipynb"))
SHOWN = (
    "from coursekit import anatomy, check, claim, figures, predict, reveal",
    "predict('01-join', 7, unit='pixels')",
    "claim('C03')",
    "reveal('01-join', 7)",
    "check('01.3', lambda layers: 1)",
    "from coursekit.models import tiny_net\nnet = tiny_net()",
    "anatomy(net, (1, 28, 28))",
    "kernels = next(net.parameters()).detach()[:2]\n"
    "figures.images(kernels, scale='each', words='Two kernels.')",
    "from coursekit.explore import explore_padding\nexplore_padding()",
)
PALE = "from IPython.display import HTML\nHTML('<p style=\"color: #999\">pale</p>')"
OUTPUTS = ".jp-OutputArea-output"
# All cells are on the page, not only those in sight; nothing fades from theme to theme.
WHOLE = '{"windowingMode": "none"}'
STILL = "* { transition: none !important; animation: none !important }"
THEME = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
pytestmark = pytest.mark.browser


def seen(notebook: nbformat.NotebookNode, place: Path) -> dict[str, list[str]]:
    """Run a notebook in JupyterLab; say what axe finds in its outputs, by theme."""
    require_browser()
    root, scratch = place / "root", place / "scratch"
    tracker = scratch / "settings" / "@jupyterlab" / "notebook-extension"
    for folder in (root, tracker):
        folder.mkdir(parents=True)
    (tracker / "tracker.jupyterlab-settings").write_text(WHOLE, encoding="utf-8")
    nbformat.write(notebook, root / "shown.ipynb")
    with (
        jupyterlab(root, scratch) as address,
        opened(address.format("shown.ipynb"), scratch) as shown,
    ):
        shown.run_all(600)
        assert len(shown.tracebacks()) == meant_to_fail(notebook), shown.tracebacks()
        shown.page.add_style_tag(content=STILL)
        return {theme: in_theme(shown.page, theme) for theme in ("Light", "Dark")}


def meant_to_fail(notebook: nbformat.NotebookNode) -> int:
    """Count the cells that show an error on purpose."""
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    return sum("raises-exception" in some for some in tags)


def in_theme(page: object, theme: str) -> list[str]:
    """Return what axe finds in the outputs in one of JupyterLab's themes."""
    page.evaluate(THEME, f"JupyterLab {theme}")
    page.wait_for_selector(
        f"body[data-jp-theme-name='JupyterLab {theme}']", state="attached"
    )
    return faults(page, OUTPUTS)


def of_cells(*sources: str) -> nbformat.NotebookNode:
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=cells, metadata=about)


def test_what_cells_show_in_jupyterlab_is_for_everybody_light_and_dark(tmp_path: Path):
    assert seen(of_cells(*SHOWN), tmp_path) == {"Light": [], "Dark": []}


def test_pale_words_are_found_on_light_paper_only(tmp_path: Path):
    found = seen(of_cells(PALE), tmp_path)
    assert ["color-contrast" in fault for fault in found["Light"]] == [True]
    assert found["Dark"] == []


@pytest.mark.skipif(not ALL, reason="with nights: COURSEKIT_LAB_AXE=all")
@pytest.mark.parametrize("name", SESSIONS)
def test_what_a_session_shows_in_jupyterlab_is_for_everybody(name: str, tmp_path: Path):
    notebook = nbformat.read(SOLUTIONS / f"{name}.ipynb", 4)
    assert seen(notebook, tmp_path) == {"Light": [], "Dark": []}
