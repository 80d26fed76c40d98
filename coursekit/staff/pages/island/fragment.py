"""An explorer as a piece of HTML that answers without a kernel."""

from html import escape
from importlib.resources import files

from coursekit.explore.live import LiveExplorer
from coursekit.explore.shell import Explorer
from coursekit.explore.theme import rules
from coursekit.explore.view import table_html
from coursekit.staff.pages.island.island_ways import (
    held_of,
    name_of,
    needs_python,
    rule_of,
)
from coursekit.staff.pages.island.kept_states import kept
from coursekit.staff.pages.island.packed import pack
from coursekit.staff.pages.island.told import plain, told

_STILL = "A still picture: its controls need scripts, which are off here or on paper."


def _read(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


_BY_SYSTEM = rules(":root:not([data-theme]) .coursekit-island ")
_BY_SITE = rules("[data-theme=dark] .coursekit-island ")
_NIGHT = (
    f"@media screen and (prefers-color-scheme:dark){{{_BY_SYSTEM}}}"
    f"@media screen{{{_BY_SITE}}}"
)
_RULES = ("chain_rule.js", "branches_rule.js", "pooling_rule.js")
_PROGRAM = ("drawing.js", *_RULES, "island.js")
# What every page with islands needs once, before or after them.
SCRIPT = (
    f"<style>{_read('island.css')}{_NIGHT}</style>"
    f"<script>{''.join(map(_read, _PROGRAM))}</script>"
)


def island(explorer: Explorer, *, alone: bool = True) -> str:
    """Return an explorer as HTML that needs neither a kernel nor another file.

    Without scripts, on paper and in browsers that cannot unpack it is a picture with
    its words and its table.

    Args:
        explorer: what an `explore_…` function returned.
        alone: bring style and script along; a page with several islands brings
            `SCRIPT` once and has the others without.

    Raises:
        ValueError: `explorer` is something else.
    """
    if not isinstance(explorer, LiveExplorer):
        raise ValueError(
            "`explorer` must be what an explore_… function returned; "
            f"got {type(explorer).__name__}"
        )
    letters = kept(explorer, lambda: _packed(explorer))
    return _html(explorer, letters) + SCRIPT * alone


def _packed(explorer: LiveExplorer) -> str:
    """Return all that the page holds of an explorer, packed."""
    held, rule = held_of(explorer), rule_of(explorer)
    said = told(held)
    controls = {name: explorer.controls[name].value for name in said["also"]}
    said["now"] = plain(explorer.state | controls)
    if rule is not None:
        return pack(said | {"constants": rule(explorer)}, [])
    return pack(said, (explorer.at(**state) for state in held))


def _html(explorer: LiveExplorer, letters: str) -> str:
    """Return the picture of now, with its words, and the states for the script."""
    view, name = explorer.view, name_of(explorer)
    layers = "".join(
        f"<div class='coursekit-layer'>{part}</div>"
        for part in (view.backdrop, view.sheet, view.svg_or_html)
    )
    words = "<br>".join(map(escape, view.text.splitlines()))
    said, needs = escape(explorer.title), needs_python(explorer)
    return (
        f"<figure class='coursekit-view coursekit-island' data-name='{name}'>"
        f"<p class='coursekit-title'>{said}</p>"
        f"<div class='coursekit-picture' tabindex='0' role='group' aria-label='{said}'>"
        f"<div class='coursekit-layers'>{layers}</div></div>"
        "<div class='coursekit-controls'></div>"
        f"<div class='coursekit-words' role='status' aria-live='polite'>{words}</div>"
        f"<div class='coursekit-table'>{table_html(view.table)}</div>"
        f"<p class='coursekit-now'></p><p class='coursekit-why'>{_STILL}</p>"
        f"<p class='coursekit-needs'>{needs}</p>"
        f"<script type='text/plain' class='coursekit-states'>{letters}</script>"
        "</figure>"
    )
