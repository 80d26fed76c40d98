"""`coursekit run`: a session becomes one page that asks nobody for anything."""

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from coursekit import cli
from coursekit.staff.pages import run_session as run_module
from coursekit.staff.pages.formulas import picture, with_formulas
from coursekit.staff.pages.run_session import bar, main, run
from coursekit.staff.pages.widget_twin import twin
from tests.browser import CHROMIUM, FLAGS, require_browser

ELSEWHERE = "https://elsewhere.example"
PROSE = rf"""# 09 Small $\frac{{a}}{{b}}$ page

[![Open in Colab]({ELSEWHERE}/badge.svg)]({ELSEWHERE}/open) It costs $5 and $6.
<img src="{ELSEWHERE}/y.png" alt="a far picture"> <iframe src="{ELSEWHERE}"></iframe>

`$code$` and $\nosuchthing$

```mermaid
graph TD
```
"""
SLIDER = """\
import ipywidgets as w
slider = w.IntSlider(value=3, description="how < many")
menu = w.Dropdown(options=[("one", 1), ("two", 2)], value=2, description="pick")
play = w.HBox([w.Label("by itself"), w.Play()])
w.VBox([slider, menu, w.Checkbox(value=True, description="tick"), play])"""
CAUGHT = """\
out = w.Output()
with out:
    print("said inside")
out"""
ACTIVE = f"""\
from IPython.display import HTML, Javascript, Math, display
display(HTML('''<script src="{ELSEWHERE}/a.js"></script><b onclick="f()">bold</b>
<style>@import "{ELSEWHERE}/a.css"; b {{ background: url({ELSEWHERE}/b.png) }}</style>
<link href="{ELSEWHERE}/c.css" rel="stylesheet"><video src="{ELSEWHERE}/d.mp4">'''))
display(Javascript("alert(1)"), Math("a^2"))"""
MEANT = "1 / 0  # on purpose"
WHERE = "import os; print(os.getcwd())"


def course(folder: Path, *cells, name="09_small") -> Path:
    """Write a course whose one session has these code cells; return its folder."""
    (folder / "notebooks" / "src").mkdir(parents=True)
    (folder / "notebooks" / "src" / f"{name}.py").touch()
    v4 = nbformat.v4
    made = [v4.new_markdown_cell(PROSE)]
    for source in cells:
        tags = ["raises-exception"] if source == MEANT else []
        made.append(v4.new_code_cell(source, metadata={"tags": tags}))
    nbformat.write(v4.new_notebook(cells=made), folder / f"notebooks/{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run a session with everything that needs care; give the path of its page."""
    root = tmp_path_factory.mktemp("course")
    course(root, SLIDER, CAUGHT, ACTIVE, MEANT, WHERE, "6 * 7")
    before = (root / "notebooks/09_small.ipynb").read_bytes()
    assert main(["09", "--root", str(root), "--out", str(root / "pages")]) == 0
    assert (root / "notebooks/09_small.ipynb").read_bytes() == before
    return root / "pages" / "09_small.html"


@pytest.fixture(scope="module")
def html(made):
    """Give the text of that page."""
    return made.read_text(encoding="utf-8")


class Page(HTMLParser):
    """Collect tags, addresses that a browser would fetch, and the words of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.fetched, self.words, self._silent = [], [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._silent = tag == "style"
        for name, value in attrs:
            is_link = tag == "a" and name == "href"
            if name in ("src", "srcset", "href", "poster", "data") and not is_link:
                self.fetched.append(value)

    def handle_data(self, data):
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        """The words of the page, blanks made one."""
        return " ".join(" ".join(self.words).split())


def test_a_page_fetches_nothing_and_runs_nothing(html):
    page = Page(html)
    assert [url for url in page.fetched if not url.startswith("data:")] == []
    assert not {"script", "iframe", "link", "object"} & {tag for tag, _ in page.tags}
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on")]
    styles = re.findall(r"<style.*?</style>", html, re.DOTALL)
    assert not re.search(r"@import|url\((?!['\"]?(data:|#))", "".join(styles))


def test_the_browser_is_told_to_fetch_nothing_either(html):
    first = next(attrs for tag, attrs in Page(html).tags if tag == "meta")
    assert first["http-equiv"] == "Content-Security-Policy"
    assert first["content"].startswith("default-src 'none'; img-src data:;")


def test_what_came_from_elsewhere_leaves_its_words(html):
    text = Page(html).text
    assert "Open in Colab It costs $5 and $6. a far picture" in text
    assert f'<a href="{ELSEWHERE}/open">Open in Colab</a>' in html
    assert "graph TD" in text


def test_the_page_shows_every_output(html):
    text = Page(html).text
    assert "42" in text
    assert "ZeroDivisionError" in text
    assert "bold" in text


def test_a_notebook_runs_where_it_lies(made, html):
    assert str(made.parents[1] / "notebooks") in Page(html).text


def test_widgets_are_shown_as_they_stand(html):
    text = Page(html).text
    assert "how < many 3 pick two tick on" in text
    assert "said inside" in text
    assert "<b>by itself</b>" not in html  # the label of buttons that are not there
    assert "widget-view" not in html


def test_formulas_are_pictures_whose_words_are_latex(html):
    tags = [attrs for tag, attrs in Page(html).tags if tag == "img"]
    drawn = {attrs["alt"]: attrs["src"] for attrs in tags}
    assert {r"\frac{a}{b}", "a^2"} <= drawn.keys()
    head = "data:image/svg+xml;base64,"
    for source in drawn.values():
        assert source.startswith(head)
        assert b"<svg" in base64.b64decode(source.removeprefix(head))
    text = Page(html).text
    assert r"$\nosuchthing$" in text  # what mathtext cannot read stays as written
    assert "$code$" in text


def test_the_title_is_the_heading(html):
    assert re.search(r"<title>09 Small .* page</title>", html)


@pytest.mark.browser
def test_a_browser_without_a_network_shows_the_page_without_one_request(made, tmp_path):
    require_browser()
    from playwright.sync_api import sync_playwright

    asked, said = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            str(tmp_path),
            executable_path=CHROMIUM,
            offline=True,
            args=[*FLAGS, "--no-sandbox"],
        )
        page = browser.pages[0]
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(made.as_uri(), wait_until="networkidle")
        shown = page.locator("body").inner_text()
        widths = page.locator("img").evaluate_all("all => all.map(e => e.naturalWidth)")
        browser.close()
    assert [url for url in asked if not url.startswith("data:")] == [made.as_uri()]
    assert said == []
    assert "how < many 3" in shown
    assert widths
    assert all(widths)


FAILS = ("x = 1", "print(x)\nraise ValueError('two\\nlines')", "'after'")


def test_the_first_cell_that_fails_stops_the_run_and_no_page_is_written(
    tmp_path, capsys
):
    root = course(tmp_path, *FAILS)
    out = tmp_path / "pages"
    assert cli.main(["run", "09", "--root", str(root), "--out", str(out)]) == 1
    assert capsys.readouterr().err == (
        "coursekit run: 09_small.ipynb, code cell 2 of 3 failed: ValueError: two\n"
    )
    assert not out.exists()


def test_when_asked_to_go_on_the_page_is_written_and_the_failure_still_counts(
    tmp_path, capsys
):
    root = course(tmp_path, *FAILS)
    line = ["09", "--root", str(root), "--out", str(tmp_path), "--keep-going"]
    assert main(line) == 1
    assert "code cell 2 of 3 failed: ValueError: two" in capsys.readouterr().err
    text = Page((tmp_path / "09_small.html").read_text(encoding="utf-8")).text
    assert "ValueError" in text
    assert "'after'" in text


def test_a_kernel_that_dies_is_named_with_its_cell(tmp_path):
    root = course(tmp_path, "x = 1", "import os; os._exit(3)", "x")
    with pytest.raises(ValueError, match="the kernel died in code cell 2 of 3"):
        run(root / "notebooks" / "09_small.ipynb", keep_going=True)


def test_an_interrupted_run_ends_its_kernel_and_writes_nothing(tmp_path, monkeypatch):
    root = course(tmp_path, "x = 1", "y = 2")
    kernels = []
    make = run_module.kernel_of_this_environment
    monkeypatch.setattr(
        run_module,
        "kernel_of_this_environment",
        lambda: kernels.append(make()) or kernels[-1],
    )

    def interrupted(name, stream):
        def show(done, total, seconds):
            if done == 1:
                raise KeyboardInterrupt

        return show

    monkeypatch.setattr(run_module, "bar", interrupted)
    out = tmp_path / "pages"
    assert cli.main(["run", "09", "--root", str(root), "--out", str(out)]) == 130
    assert not out.exists()
    assert [kernel.has_kernel for kernel in kernels] == [False]


def test_a_session_that_does_not_exist_is_refused_before_anything_runs(
    tmp_path, capsys
):
    root = course(tmp_path, "x = 1")
    assert cli.main(["run", "09", "77", "--root", str(root)]) == 1
    assert "must be one that has a source; got '77'" in capsys.readouterr().err


def test_a_solution_that_is_not_built_is_named(tmp_path, capsys):
    root = course(tmp_path, "x = 1")
    assert cli.main(["run", "09", "--solutions", "--root", str(root)]) == 1
    assert "solutions/09_small.ipynb: No such file" in capsys.readouterr().err


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_the_bar_counts_cells_and_seconds_on_one_line():
    stream = Terminal()
    show = bar("09", stream)
    show(0, 4, 0.0)
    show(2, 4, 61.2)
    show(4, 4, 99.9)
    first, half, whole = stream.getvalue().split("\r")[1:]
    assert first == f"09 {'·' * 24} 0/4 cells, 0 s "
    assert half == f"09 {'█' * 12}{'·' * 12} 2/4 cells, 61 s "
    assert whole == f"09 {'█' * 24} 4/4 cells, 100 s \n"


def test_where_there_is_no_terminal_there_is_no_bar():
    assert bar("09", io.StringIO()) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("It costs $5 and $6.", "It costs $5 and $6."),
        ("a $ b $ c", "a $ b $ c"),
        (r"\$x$ y", r"\$x$ y"),
        (r"$\nosuchthing<$", r"$\nosuchthing&lt;$"),
    ],
)
def test_money_and_signs_are_no_formulas(text, shown):
    assert with_formulas(text) == shown


def test_a_formula_on_its_own_line_stands_alone():
    one, two = with_formulas("so $x$ and $$y$$ end").split(" and ")
    assert re.fullmatch(
        r'so <img alt="x" style="vertical-align:[-\d.]+pt" src=.*>', one
    )
    assert re.fullmatch(r'<img alt="y" style="display:block;.*" src=.*> end', two)


def test_a_formula_s_words_cannot_break_out_of_the_page():
    assert "<img alt=" in picture("x < y")
    assert '"x < y"' not in picture("x < y")


def test_a_twin_keeps_the_layout_and_the_order():
    state = {
        "box": {
            "_model_name": "VBoxModel",
            "children": ["IPY_MODEL_one", "IPY_MODEL_two", "IPY_MODEL_go"],
            "layout": "IPY_MODEL_lay",
        },
        "lay": {"_model_name": "LayoutModel", "max_width": "9px", "width": None},
        "one": {"_model_name": "HTMLModel", "value": "<b>1</b>"},
        "two": {"_model_name": "FloatTextModel", "value": 0.5, "description": "t"},
        "go": {"_model_name": "ButtonModel", "description": "press"},
    }
    shown = twin("box", state)
    assert shown.startswith(
        "<div style='display:flex;flex-direction:column;max-width:9px'>"
    )
    assert re.search(r"<b>1</b>.*t <b>0\.5</b>", shown)
    assert "press" not in shown


def test_of_a_widget_nobody_knows_nothing_is_shown():
    assert twin("gone", {}) == ""
