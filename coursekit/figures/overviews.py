"""Figures that lay many things side by side: a table of dots, a map of boxes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from coursekit.figures.plots import _number
from coursekit.figures.style import PALETTE, ROLES, bare, new_figure, styled

BOX = 0.88, 0.66  # of a place on the map, width and height
STEP = 0.72  # inches from row to row of the map


@styled
def profiles(
    rows: Mapping[str, Mapping[str, float | None]],
    *,
    log: Sequence[str] = (),
    title: str | None = None,
    words: str | None = None,
) -> Figure:
    """Draw a table as dots: a line for each row, a panel with its own scale a column.

    Args:
        rows: name → column → number, None where there is none; all rows have the same
            columns.
        log: columns on a logarithmic scale.
        title: the finding.
        words: the caption: what is seen, for somebody who does not see it.

    Raises:
        ValueError: no row, rows with different columns, or a column of `log` that is
            not there.
    """
    columns = _columns(rows, log)
    figure = new_figure(1.1 + 0.36 * len(rows), title, words)
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for axes, column in zip(panels, columns, strict=True):
        values = np.array([row[column] for row in rows.values()], dtype=float)
        _dots(axes, values, log=column in log)
        axes.set_xlabel(column)
    panels[0].set_yticks(range(len(rows)), list(rows))
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    said = "; ".join(f"{n}: {_said(row)}" for n, row in rows.items())
    figure.alt += f" (table of dots; {said})"
    return figure


def _columns(rows: Mapping[str, Mapping], log: Sequence[str]) -> list[str]:
    if not isinstance(rows, Mapping) or not rows:
        raise ValueError(f"`rows` must map names to columns; got {rows!r}")
    columns = list(next(iter(rows.values())))
    for name, row in rows.items():
        if list(row) != columns:
            raise ValueError(
                f"`rows` must all have the columns {columns}; {name!r} has {list(row)}"
            )
    for column in log:
        if column not in columns:
            raise ValueError(f"`log` must name columns of {columns}; got {column!r}")
    return columns


def _dots(axes: Axes, values: np.ndarray, *, log: bool) -> None:
    """Draw one column from its smallest value's side, each number beside its dot."""
    if log:
        axes.set_xscale("log")
    there = np.flatnonzero(np.isfinite(values))
    axes.plot(values[there], there, "-", color=PALETTE["sky"], linewidth=1)
    axes.plot(values[there], there, "o", color=ROLES["input"])
    for place in there:
        axes.annotate(
            _short(values[place]),
            (values[place], place),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    axes.margins(x=0.3)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        least = 10 if letter == "k" else 0.9995  # 999.7k is 1M in three digits
        if value >= least * size:
            return f"{value / size:.3g}{letter}"
    return _number(value)


def _said(row: Mapping[str, float | None]) -> str:
    return ", ".join(f"{k} {_short(v)}" for k, v in row.items() if v is not None)


@styled
def boxes(
    rows: Sequence[Mapping[str, str]],
    arrows: Sequence[tuple[str, str]],
    *,
    title: str | None = None,
    words: str | None = None,
) -> Figure:
    """Draw named boxes in rows, from top to bottom, and arrows between them.

    Args:
        rows: each row name → text of the box, from left to right; the first line of a
            text is its heading.
        arrows: (from, to) of two names.
        title: the finding.
        words: the caption: what is seen, for somebody who does not see it.

    Raises:
        ValueError: no box, a name that is there twice, or an arrow to no box.
    """
    places = _places(rows)
    for pair in arrows:
        for name in pair:
            if name not in places:
                raise ValueError(f"`arrows` must join boxes; there is no {name!r}")
    figure = new_figure(STEP * len(rows) + (0.4 if title else 0), title, words)
    axes = figure.subplots()
    for row in rows:
        for name, text in row.items():
            _box(axes, places[name], text)
    for start, end in arrows:
        _arrow(axes, places[start], places[end])
    bare(axes)
    axes.set_xlim(-0.5, max(map(len, rows)) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    said = "; ".join(t.replace("\n", ", ") for row in rows for t in row.values())
    figure.alt += f" (boxes: {said})"
    return figure


def _places(rows: Sequence[Mapping[str, str]]) -> dict[str, tuple[int, int]]:
    places: dict[str, tuple[int, int]] = {}
    for y, row in enumerate(rows):
        for x, name in enumerate(row):
            if name in places:
                raise ValueError(f"`rows` must name each box once; got {name!r} twice")
            places[name] = x, y
    if not places:
        raise ValueError(f"`rows` must hold at least one box; got {rows!r}")
    return places


def _box(axes: Axes, place: tuple[int, int], text: str) -> None:
    (x, y), (width, height) = place, BOX
    frame = {"facecolor": "#F4F8FB", "edgecolor": ROLES["input"], "linewidth": 1.2}
    axes.add_patch(Rectangle((x - width / 2, y - height / 2), width, height, **frame))
    heading, *rest = text.split("\n")
    left = x - width / 2 + 0.03
    top = y - height / 2 + 0.06
    axes.text(left, top, heading, va="top", fontsize=9, fontweight="bold")
    axes.text(left, top + 0.21, "\n".join(rest), va="top", fontsize=8)


def _arrow(axes: Axes, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Join two boxes: sideways in a row, else from the lower edge to the upper."""
    width, height = BOX
    if start[1] == end[1]:
        way = 1 if end[0] > start[0] else -1
        ends = [(start[0] + way * width / 2, start[1])]
        ends += [(end[0] - way * width / 2, end[1])]
    else:
        ends = [(start[0], start[1] + height / 2), (end[0], end[1] - height / 2)]
    look = {"arrowstyle": "->", "color": PALETTE["black"], "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", ends[1], ends[0], arrowprops=look)
