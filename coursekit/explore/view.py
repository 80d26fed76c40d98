"""What an explorer shows: a picture, its numbers and the same in words.

A `View` is made by a pure function (settings in, View out) and knows no widget. It
displays itself in a notebook and prints as text, so it is also the plain twin of an
explorer where no widgets live: on paper, on a web page, in a terminal.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Self

from coursekit.explore import svg

CARD = (
    "background:#fff;color:#1a1a1a;padding:6px 10px;line-height:1.45;"
    "font-family:system-ui,sans-serif;font-size:14px"
)
CHOSEN = "▸"  # begins the row of a table that is pointed out
_TABLE = (
    "border-collapse:collapse;background:#fff;color:#1a1a1a;font-size:13px;"
    "white-space:nowrap;text-align:left"
)
_ROW = "border-bottom:1px solid #ddd"
# The classic Notebook takes away what `cellpadding` says; a rule of our own counts.
_SPACED = "<style>.coursekit-table th,.coursekit-table td{padding:6px}</style>"


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
    """

    svg_or_html: str
    numbers: dict = field(default_factory=dict)
    text: str = ""
    table: tuple[tuple[str, ...], ...] = ()
    backdrop: str = ""
    sheet: str = ""

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
        lines = [self.text]
        if self.table:
            widths = [max(map(len, column)) for column in zip(*self.table, strict=True)]
            lines += ["", *(_line(row, widths) for row in self.table)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        layers = "".join(
            f"<div style='grid-area:1/1'>{layer}</div>"
            for layer in (self.backdrop, self.sheet, self.svg_or_html)
            if layer
        )
        return (
            f"<figure style='margin:0;background:#fff;max-width:100%'>"
            f"<div style='display:grid'>{layers}</div>"
            f"<figcaption>{words_html(self)}{table_html(self)}</figcaption></figure>"
        )


def pointed(text: str, is_chosen: bool) -> str:
    """Return the first cell of a row, which may be the one pointed out."""
    return f"{CHOSEN} {text}" if is_chosen else text


def words_html(view: View) -> str:
    """Return the sentences of a View as HTML that screen readers announce."""
    lines = "<br>".join(escape(line) for line in view.text.splitlines())
    return f"<div role='status' aria-live='polite' style='{CARD}'>{lines}</div>"


def table_html(view: View) -> str:
    """Return the table of a View as HTML, an empty string where it has none."""
    return _table_html(view.table) if view.table else ""


@lru_cache(maxsize=32)
def _table_html(table: tuple[tuple[str, ...], ...]) -> str:
    head, *rows = table
    top = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr style='{_ROW};{_shade(row)}'>{_cells(row)}</tr>" for row in rows
    )
    return (
        f"<div style='{CARD};overflow-x:auto'>{_SPACED}"
        f"<table class='coursekit-table' cellpadding='6' style='{_TABLE}'>"
        f"<thead><tr style='{_ROW};background:#fff'>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _cells(row: tuple[str, ...]) -> str:
    return "".join(f"<td>{escape(cell)}</td>" for cell in row)


def _shade(row: tuple[str, ...]) -> str:
    return f"background:{'#fbe3d3' if row[0].startswith(CHOSEN) else '#fff'}"


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    pairs = zip(row, widths, strict=True)
    return "  ".join(cell.ljust(width) for cell, width in pairs).rstrip()
