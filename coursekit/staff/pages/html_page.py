"""An executed notebook as one HTML file that asks nobody for anything.

nbconvert's pages fetch require.js, MathJax and the widgets' renderer from the network;
here widgets are shown by their state, formulas as pictures, and a content security
policy forbids the browser every request, and every script but that of the islands.
"""

import base64
import copy
import hashlib
import re
from pathlib import Path

from coursekit.staff.pages.formulas import picture, with_formulas
from coursekit.staff.pages.island import SCRIPT
from coursekit.staff.pages.mend_outputs import WIDGET_VIEW
from coursekit.staff.pages.reading_aids import add_reading_aids
from coursekit.staff.pages.widget_twin import State, twin

POLICY = (
    "default-src 'none'; img-src data:; media-src data:; font-src data:; "
    "style-src 'unsafe-inline'"
)
# What a page that is only read has no use for, or could reach out with.
ACTIVE = ("script", "link", "iframe", "object", "embed", "base")
FETCHING = ("src", "srcset", "poster", "data", "background")
FETCHED_STYLE = re.compile(r"@import[^;]*;|url\(\s*['\"]?(?!['\"]?(?:data:|#))[^)]*\)")
RUNNING = ("application/javascript", "text/vnd.mermaid")


def page(notebook, *, state: State, folder: Path, name: str) -> str:
    """Return an executed notebook as one self-contained HTML file.

    Args:
        notebook: an nbformat notebook with its outputs; it is not changed.
        state: the state of its widgets, by model id.
        folder: where pictures that its prose names lie.
        name: the page's title.
    """
    from bs4 import BeautifulSoup
    from nbconvert import HTMLExporter

    shown = copy.deepcopy(notebook)
    shown.metadata.pop("widgets", None)
    for cell in shown.cells:
        for output in cell.get("outputs", ()):
            show_still(output.get("data", {}), state)
    resources = {"metadata": {"name": name, "path": str(folder)}}
    exporter = HTMLExporter(embed_images=True)
    html, _ = exporter.from_notebook_node(shown, resources=resources)
    soup = BeautifulSoup(html, "html.parser")
    _keep_inside(soup)
    _draw_formulas(soup)
    add_reading_aids(soup)
    allowed = POLICY + _enliven(soup)
    policy = {"http-equiv": "Content-Security-Policy", "content": allowed}
    soup.head.insert(0, soup.new_tag("meta", attrs=policy))
    return str(soup)


def show_still(data: dict, state: State) -> None:
    """Turn what is displayed into forms that need no program: HTML, picture, text.

    Args:
        data: of an output, by MIME type; changed in place.
        state: of the widgets, by model id.
    """
    view, latex = data.pop(WIDGET_VIEW, {}), data.pop("text/latex", "")
    drawn = twin(view.get("model_id", ""), state)
    if latex and not drawn:
        bare = "".join(latex).replace(r"\displaystyle", "").strip()
        drawn = picture(bare.strip("$"))
    if drawn:
        data.setdefault("text/html", drawn)
    if "text/plain" in data:
        for kind in RUNNING:
            data.pop(kind, None)


def _keep_inside(soup) -> None:
    """Take out of a page whatever would ask another machine, or run."""
    for tag in soup.find_all(ACTIVE):
        if not (tag.name == "script" and tag.get("type") == "text/plain"):
            tag.decompose()
    for tag in soup.find_all("meta", attrs={"http-equiv": True}):
        tag.decompose()
    for tag in soup.select(".jp-Mermaid"):
        del tag["class"]  # drawn by a program elsewhere; here it stays text
    for tag in soup.find_all(lambda tag: any(map(is_handler, tag.attrs))):
        tag.attrs = {k: v for k, v in tag.attrs.items() if not is_handler(k)}
    for tag in soup.find_all("style"):
        tag.string = FETCHED_STYLE.sub("none", tag.get_text())
    for tag in soup.find_all(style=FETCHED_STYLE):
        tag["style"] = FETCHED_STYLE.sub("none", tag["style"])
    for tag in soup.find_all(lambda tag: any(map(tag.has_attr, FETCHING))):
        if all(tag.get(part, "data:").startswith("data:") for part in FETCHING):
            continue
        if tag.name == "img":
            tag.replace_with(tag.get("alt") or "(picture on another site)")
        else:
            tag.decompose()


def is_handler(attribute: str) -> bool:
    """Say whether an attribute of a tag holds a program, such as onclick."""
    return attribute.startswith("on")


def _enliven(soup) -> str:
    """Bring the script of the islands, if there are any; return what allows it."""
    from bs4 import BeautifulSoup

    if not soup.select(".coursekit-island"):
        return ""
    both = BeautifulSoup(SCRIPT, "html.parser")
    digest = hashlib.sha256(both.script.string.encode()).digest()
    soup.body.append(both)
    return f"; script-src 'sha256-{base64.b64encode(digest).decode()}'"


def _draw_formulas(soup) -> None:
    from bs4 import BeautifulSoup

    for prose in soup.select(".jp-MarkdownOutput, .jp-RenderedMarkdown"):
        for text in prose.find_all(string=lambda text: "$" in text):
            if text.find_parent(("code", "pre", "style", "svg")):
                continue
            drawn = with_formulas(str(text))
            text.replace_with(BeautifulSoup(drawn, "html.parser"))
