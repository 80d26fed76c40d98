"""What an explorer shows: a picture, its numbers and the same in words.

A `View` is made by a pure function (settings in, View out) and knows no widget. It
displays itself in a notebook and prints as text, so it is also the plain twin of an
explorer where no widgets live: on paper, on a web page, in a terminal.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Self

from coursekit._base.card import Table
from coursekit.explore import svg
from coursekit.explore.marks import Mark
from coursekit.explore.theme import IN_A_FILE, ON_A_PAGE
from coursekit.figures.style import ROLES

_WORDS = "padding:6px 10px;line-height:1.45;font-size:14px;max-width:760px"
CHOSEN = "▸"  # begins the row of a table that is pointed out
_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


@dataclass(frozen=True, repr=False)
class View:
    """Hold what is shown for one choice of settings.

    Args:
        svg_or_html: the part of the picture that follows the controls, with its alt
            text in `aria-label`.
        numbers: every number shown, by name and unrounded.
        text: the picture in words, one sentence a line.
        table: rows of text, the header first; empty where there is none.
        backdrop: the part of the picture that stays (a photo, a grid of numbers); it
            has the same size and lies beneath.
        sheet: a part between these two that follows the slower choices; each part is
            sent only when it changes.
        marks: the parts of the picture that can be pointed at.
    """

    svg_or_html: str
    numbers: dict = field(default_factory=dict)
    text: str = ""
    table: tuple[tuple[str, ...], ...] = ()
    backdrop: str = ""
    sheet: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def size(self) -> tuple[str, str]:
        """Width and height of the picture, in its units."""
        return _SIZE.search(self.backdrop or self.svg_or_html).groups()

    @classmethod
    def drawn(
        cls,
        height: float,
        body: str,
        text: str,
        *,
        backdrop: str = "",
        **others: object,
    ) -> Self:
        """Return a View of SVG elements.

        Args:
            height: of the picture; its width is `svg.WIDTH`.
            body: the elements that follow the controls.
            text: the picture in words; its first line is the alt text.
            backdrop: a whole picture, "" for white paper.
            others: the other fields.
        """
        label = text.partition("\n")[0]
        ground = backdrop or svg.document(height, svg.paper(height))
        front = svg.document(height, body, label=label)
        return cls(front, text=text, backdrop=ground, **others)

    def __repr__(self) -> str:
        table = [_table(self.table).text()] if self.table else []
        return "\n\n".join([self.text, *table])

    def _repr_html_(self) -> str:
        return still_html(self)


def pointed(text: str, is_chosen: bool) -> str:
    """Return the first cell of a row, which may be the one pointed out."""
    return f"{CHOSEN} {text}" if is_chosen else text


def still_html(view: View, note: str = "") -> str:
    """Return a View as HTML that needs neither trust nor scripts.

    Where nobody trusts a notebook, SVG inside HTML is taken away; an `<img>` stays.

    Args:
        view: what is shown.
        note: one more line below the words.
    """
    said = view.text + f"\n{note}" * bool(note)
    return (
        f"<figure class='coursekit-view' style='margin:0'>{ON_A_PAGE}"
        f"{_image(view)}<figcaption>{_lines(said)}{table_html(view.table)}</figcaption>"
        "</figure>"
    )


def _image(view: View) -> str:
    """Return all layers as one picture: an SVG file, in it the layers."""
    layers = [part for part in (view.backdrop, view.sheet, view.svg_or_html) if part]
    width, height = view.size
    file = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">{IN_A_FILE}{"".join(layers)}</svg>'
    )
    words = escape(view.text.partition("\n")[0])
    source = svg.uri(file.encode(), "svg+xml")
    return f"<img alt='{words}' width='{width}' style='max-width:100%' src='{source}'>"


def words_html(view: View) -> str:
    """Return the sentences of a View as HTML that screen readers announce."""
    return f"<div role='status' aria-live='polite'>{_lines(view.text)}</div>"


def _lines(text: str) -> str:
    lines = "<br>".join(escape(line) for line in text.splitlines())
    return f"<div style='{_WORDS}'>{lines}</div>"


@lru_cache(maxsize=32)
def table_html(table: tuple[tuple[str, ...], ...]) -> str:
    """Return the table of a View as HTML, an empty string where it has none."""
    if not table:
        return ""
    scrolls = "tabindex='0' role='group' aria-label='table'"  # by keyboard, too
    return (
        f"<div {scrolls} style='{_WORDS};overflow-x:auto'>{_table(table).html()}</div>"
    )


def _table(table: tuple[tuple[str, ...], ...]) -> Table:
    head, *rows = table
    chosen = (row[0].startswith(CHOSEN) for row in rows)
    edges = [ROLES["chosen"] if is_chosen else "transparent" for is_chosen in chosen]
    return Table(head, rows, left=len(head), edges=edges)
