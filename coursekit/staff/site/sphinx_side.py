"""What the site needs of Sphinx: settings, formulas as pictures, links to the glossary.

Sphinx, MyST-NB and the pydata theme make the pages; none of it asks another host.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

from coursekit.staff.build.repository import Repository
from coursekit.staff.pages.formulas import picture
from coursekit.staff.pages.island import SCRIPT

HERE = Path(__file__).parent
EXTENSIONS = ("myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon")
NAVIGATION = ["sidebar-nav-bs.html"]
GLOSSARY = HERE / "glossary.toml"
PAGE = "glossary"
UNTOUCHED = ("title", "reference", "literal", "literal_block", "raw", "math", "term")
CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
BAR = re.compile(r"``[^`]+``|\|")
SESSION = re.compile(r"\d\d[a-z]?_")


# Settings that are the same for every course.
FIXED = {
    "project": "coursekit",
    "html_title": "coursekit",
    "copyright": "the authors of the course; text and pictures CC BY 4.0",
    "language": "en",
    "extensions": [*EXTENSIONS, __name__],
    "root_doc": "index",
    "nb_execution_mode": "off",
    "nb_merge_streams": True,
    "nb_code_prompt_show": "Show the {type}",
    "nb_code_prompt_hide": "Hide the {type}",
    "myst_enable_extensions": ["dollarmath", "html_image"],
    "myst_heading_anchors": 3,
    "napoleon_custom_sections": ["Shape", "Settings"],
    "napoleon_use_rtype": False,
    "autodoc_typehints": "none",
    "autodoc_member_order": "bysource",
    "html_math_renderer": "pictures",
    "html_theme": "pydata_sphinx_theme",
    "html_sidebars": {
        "[a-z]*": [],
        "[0-9]*": NAVIGATION,
        "reference/*": NAVIGATION,
    },
    "html_static_path": [str(HERE / "shown")],
    "html_css_files": ["site.css"],
    "html_js_files": ["judge.js", "reader.js"],
    "html_show_sourcelink": False,
    "html_copy_source": False,
    "html_show_search_summary": False,  # it would be fetched, which no disk allows
    "html_last_updated_fmt": None,
}


def settings(home: Repository, files: Path, *, whole: bool) -> dict:
    """Return the settings of Sphinx.

    Args:
        home: the repository that the site belongs to.
        files: the folder of what goes along as it is.
        whole: all sessions; else links to those that are not there are no warnings.
    """
    return FIXED | {
        "html_theme_options": _theme(home),
        "html_extra_path": [str(files)],
        "suppress_warnings": [] if whole else ["myst.xref_missing", "toc.excluded"],
    }


def _theme(home: Repository) -> dict:
    return {
        "logo": {"text": "coursekit"},
        "github_url": home.url,
        "header_links_before_dropdown": 6,
        "navbar_persistent": ["search-button"],
        "navbar_end": ["theme-switcher", "navbar-icon-links"],
        "navbar_align": "left",
        "show_toc_level": 2,
        "secondary_sidebar_items": ["page-toc"],
        "navigation_with_keys": False,
        "back_to_top_button": False,
        "footer_start": ["copyright"],
        "footer_end": [],
        "pygments_light_style": "a11y-high-contrast-light",
        "pygments_dark_style": "a11y-high-contrast-dark",
    }


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_html_math_renderer("pictures", (_inline, None), (_alone, None))
    app.connect("doctree-resolved", _link_terms)
    app.connect("html-page-context", _with_islands)
    app.connect("autodoc-process-docstring", _as_rst)
    app.add_config_value("coursekit_terms", {}, "env")
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _as_rst(app, what, name, found, options, lines: list[str]) -> None:
    """Turn a docstring's code, `like this`, into what reStructuredText takes for it."""
    text = CODE.sub(r"``\1``\\ ", "\n".join(lines))
    text = BAR.sub(lambda found: found[0].replace("|", r"\|", found[0] == "|"), text)
    lines[:] = text.splitlines()


def _inline(writer, node) -> None:
    from docutils.nodes import SkipNode

    writer.body.append(f'<span class="math">{picture(node.astext())}</span>')
    raise SkipNode


def _alone(writer, node) -> None:
    from docutils.nodes import SkipNode

    writer.body.append(f'<div class="math">{picture(node.astext(), alone=True)}</div>')
    raise SkipNode


def _with_islands(app, page: str, template: str, context: dict, doctree) -> None:
    """Bring the islands' script along on a page that has one."""
    if "coursekit-island" in context.get("body", ""):
        context["body"] += SCRIPT


@cache
def glossary() -> dict[str, dict]:
    """Return the field's words: term → `means`, and `also`, other forms of it."""
    return tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))


def place_of(term: str) -> str:
    """Return the id of a term on the glossary's page."""
    return f"term-{re.sub(r'[^a-z0-9]+', '-', term.lower()).strip('-')}"


@cache
def _words() -> tuple[re.Pattern, dict[str, str]]:
    """Return a pattern for all forms of all terms, and form → term."""
    forms = {
        form.lower(): term
        for term, row in glossary().items()
        for form in (term, *row.get("also", ()))
    }
    longest = sorted(forms, key=len, reverse=True)
    words = "|".join(re.escape(form) for form in longest)
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE), forms


def _link_terms(app, doctree, page: str) -> None:
    """Link the first time that a session's text uses a word of the glossary."""
    if not SESSION.match(page) or PAGE not in app.env.found_docs:
        return
    from docutils import nodes

    used = set()
    for text in list(doctree.findall(nodes.Text)):
        if _is_prose(text):
            linked = _linked(app, page, str(text), used)
            if len(linked) > 1:
                text.parent.replace(text, linked)


def _is_prose(text) -> bool:
    from docutils import nodes

    node, inside = text.parent, False
    while node is not None:
        if node.tagname in UNTOUCHED:
            return False
        inside = inside or isinstance(node, nodes.paragraph)
        node = node.parent
    return inside


def _linked(app, page: str, words: str, used: set[str]) -> list:
    """Cut a text into words and links; `used` are the terms that are linked."""
    from docutils import nodes
    from sphinx.util.nodes import make_refnode

    pattern, forms = _words()
    made, end = [], 0
    for found in pattern.finditer(words):
        term = forms[found[0].lower()]
        if term in used:
            continue
        used.add(term)
        made.append(nodes.Text(words[end : found.start()]))
        means = glossary()[term]["means"]
        made.append(
            make_refnode(
                app.builder, page, PAGE, place_of(term), nodes.Text(found[0]), means
            )
        )
        made[-1]["classes"].append("ck-term")
        end = found.end()
    return [*made, nodes.Text(words[end:])]
