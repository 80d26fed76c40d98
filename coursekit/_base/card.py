"""What the course says in a box or a table: once as text, once as HTML.

A `Table` has a row a thing, a `Card` a row a sentence. Both keep the page's own text
colour, so light and dark themes work, and no meaning stands in a colour alone: a sign
or a word says it too.
"""

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

# Okabe and Ito's palette, told apart with any common colour blindness
# (https://jfly.uni-koeln.de/color/).
BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
ORANGE, VERMILLION, PURPLE = "#E69F00", "#D55E00", "#CC79A7"
GREY = "rgba(128,128,128,.5)"
WIDTH = 88  # characters of a line of text
LABEL = 10  # characters of a label, so that most cards align with each other

_FRAME = (
    f"border:1px solid {GREY};border-left:6px solid {{colour}};border-radius:4px;"
    "padding:.5em .9em;margin:.4em 0;max-width:60em;line-height:1.45"
)
_PLAIN = "border:none;margin:.3em 0 0;color:inherit;font-size:inherit"
_CELL = "vertical-align:top;padding:.15em .7em .15em 0"


class Html(str):
    """Text that is HTML already: a cell of this kind is not escaped again."""


@dataclass(frozen=True)
class Table:
    """Cells in rows and columns.

    Args:
        head: names of the columns; none for a table without them.
        rows: cells of text, or `Html` where the page shall show more.
        caption: one line: what the table says.
        left: so many columns are words and stand at the left; the others are numbers.
        edges: the colour of each row's left edge, where rows have one.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    left: int = 1
    edges: Sequence[str] = ()

    def text(self) -> str:
        """Return aligned lines between two rules, the caption last."""
        if not self.rows:
            return self.caption
        lines = [self.head, *self.rows] if self.head else list(self.rows)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        shown = [self._line(cells, widths) for cells in lines]
        if self.head:
            rule = "─" * max(map(len, shown))
            shown = [shown[0], rule, *shown[1:], rule]
        return "\n".join([*shown, *([self.caption] if self.caption else [])])

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        padded = (
            cell.ljust(width) if column < self.left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(padded).rstrip()

    def html(self) -> str:
        """Return a `<table>`; the first cell of a row is its heading."""
        if not self.rows:
            return f"<p>{inline(self.caption)}</p>"
        top = "".join(
            f"<th scope='col' style='text-align:{self._side(column)}'>"
            f"{inline(name)}</th>"
            for column, name in enumerate(self.head)
        )
        edges = self.edges or [""] * len(self.rows)
        body = "".join(map(self._row, self.rows, edges))
        caption = inline(self.caption)
        return (
            f"<table cellpadding='4' style='border-collapse:collapse;{_PLAIN}'>"
            + (f"<caption style='text-align:left'>{caption}</caption>" * bool(caption))
            + (f"<thead><tr>{top}</tr></thead>" * bool(top))
            + f"<tbody>{body}</tbody></table>"
        )

    def _side(self, column: int) -> str:
        return "left" if column < self.left else "right"

    def _row(self, cells: Sequence[str], edge: str) -> str:
        line = f"border-left:6px solid {edge};padding-left:.6em;" if edge else ""
        first, *rest = map(inline, cells)
        others = "".join(
            f"<td style='text-align:{self._side(column)}'>{cell}</td>"
            for column, cell in enumerate(rest, 1)
        )
        return (
            f"<tr valign='top'><th scope='row' style='text-align:left;"
            f"font-weight:normal;white-space:nowrap;{line}'>{first}</th>{others}</tr>"
        )


@dataclass(frozen=True)
class Card:
    """A box with a heading and rows of (label, sentence).

    Args:
        title: the heading.
        rows: label → sentence; rows that follow each other with one label share it,
            and a row without a label is a sentence of its own.
        colour: of the left edge.
        name: what a screen reader calls the box; the title where it is not given.
    """

    title: str
    rows: Sequence[tuple[str, str]] = ()
    colour: str = BLUE
    name: str = ""

    def text(self) -> str:
        """Return the heading, and under it each row, wrapped and indented."""
        wide = max([LABEL, *(len(label) for label, _ in self.rows)])
        lines = [
            wrapped(line, f"  {label:<{wide}} " if label else "  ")
            for label, line in self.rows
        ]
        return "\n".join([self.title, *lines])

    def html(self) -> str:
        """Return the box."""
        parts = []
        for labelled, rows in groupby(self.rows, key=lambda row: bool(row[0])):
            make = _labelled if labelled else _sentences
            parts.append(make(list(rows)))
        head = f"<strong>{inline(self.title)}</strong>"
        return frame(head + "".join(parts), self.colour, self.name or self.title)


def _sentences(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<div>{inline(line)}</div>" for _, line in rows)


def _labelled(rows: Iterable[tuple[str, str]]) -> str:
    body = "".join(
        f"<tr style='background:transparent'><th scope='row' style='text-align:left;"
        f"white-space:nowrap;{_CELL}'>{inline(label)}</th>"
        f"<td style='text-align:left;{_CELL}'>"
        f"{'<br>'.join(inline(line) for _, line in run)}</td></tr>"
        for label, run in groupby(rows, key=lambda row: row[0])
    )
    return (
        f"<table style='border-collapse:collapse;{_PLAIN}'><tbody>{body}</tbody>"
        "</table>"
    )


class Displayed:
    """What shows itself as the last line of a cell: its `_shown`, a card or a table."""

    _shown: Card | Table  # a property of the class that displays itself

    def __repr__(self) -> str:
        return self._shown.text()

    def _repr_html_(self) -> str:
        return self._shown.html()


def frame(inside: str, colour: str, name: str, *, role: str = "group") -> str:
    """Put HTML into a box with a coloured left edge.

    Args:
        inside: HTML.
        colour: of the edge.
        name: what a screen reader calls the box.
        role: "group", or "status" for what is read aloud as soon as it appears.
    """
    return (
        f'<div role="{role}" aria-label="{escape(name)}" '
        f'style="{_FRAME.format(colour=colour)}">{inside}</div>'
    )


def inline(text: str) -> str:
    """Return text as HTML, `backticks` as code; leave `Html` as it is."""
    if isinstance(text, Html):
        return text
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def wrapped(text: str, lead: str = "", *, hang: str | None = None) -> str:
    """Wrap text at 88 characters, the first line after `lead`.

    Args:
        text: one paragraph.
        lead: stands before the first line.
        hang: stands before the others; as many spaces as `lead` has where None.
    """
    return textwrap.fill(
        text,
        width=WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead) if hang is None else hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
