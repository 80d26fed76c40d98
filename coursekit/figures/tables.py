"""Figures made of numbers in cells: small matrices side by side, heat maps."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from coursekit._base.pixels import as_array
from coursekit.figures.style import (
    PALETTE,
    ROLES,
    WIDTH,
    bare,
    new_figure,
    styled,
)

Box = tuple[tuple[int, int], tuple[int, int]]
_MOST_CELLS = 600  # numbers smaller than this density are unreadable


@styled
def matrices(
    values: Mapping[str, object],
    *,
    highlight: Mapping[str, Box] | None = None,
    title: str | None = None,
    words: str | None = None,
) -> Figure:
    """Show small matrices side by side with every number written out.

    Args:
        values: name → matrix. A name that begins with a role ("input", "kernel",
            "output", ...) is tinted in the role's colour.
        highlight: name → ((top, bottom), (left, right)), half open: the cells to frame.
        title: the finding.
        words: the caption: what is seen, for somebody who does not see it.

    Shape:
        each matrix: (h, w), or (w,) for a row.

    Raises:
        ValueError: a matrix is not one- or two-dimensional or too large to read, or a
            highlight names no matrix or leaves it.
    """
    if not isinstance(values, Mapping) or not values:
        raise ValueError(f"`values` must map names to matrices; got {values!r}")
    tables = {str(n): _table(f"values[{n!r}]", v) for n, v in values.items()}
    frames = dict(highlight or {})
    unknown = [name for name in frames if name not in tables]
    if unknown:
        allowed = ", ".join(map(repr, tables))
        raise ValueError(f"`highlight` must name one of {allowed}; got {unknown[0]!r}")
    widths = [t.shape[1] for t in tables.values()]
    stacked = all(t.shape[0] == 1 for t in tables.values()) and max(widths) > 3
    total = max(widths) if stacked else sum(widths) + 0.8 * (len(widths) - 1)
    cell = min(0.52, (WIDTH - 0.3) / total)
    figure, axes = _side_by_side(tables, widths, cell, (title, words), stacked)
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        _cells(ax, name, table, 26 * cell)
        if not stacked:  # the same room for all, so that all cells are equally large
            ax.set_ylim(max(t.shape[0] for t in tables.values()) - 0.5, -0.5)
        if name in frames:
            _frame(ax, name, table, frames[name])
    said = "; ".join(f"{n} {_spoken(t)}".strip() for n, t in tables.items())
    figure.alt += f" ({said})"
    return figure


def matrix(
    values: object,
    *,
    highlight: Box | None = None,
    title: str | None = None,
    words: str | None = None,
    name: str = "",
) -> Figure:
    """Show one small matrix with every number written out; see `matrices`.

    Args:
        values: the matrix.
        highlight: ((top, bottom), (left, right)), half open: the cells to frame.
        title: the finding.
        words: the caption: what is seen, for somebody who does not see it.
        name: what the matrix is; a role's name gives it the role's colour.

    Shape:
        values: (h, w), or (w,) for a row.
    """
    frame = None if highlight is None else {name: highlight}
    return matrices({name: values}, highlight=frame, title=title, words=words)


@styled
def heatmap(
    matrix: object,
    *,
    title: str | None = None,
    words: str | None = None,
    xlabel: str = "column",
    ylabel: str = "row",
    label: str = "value",
    values: bool = False,
    xticks: list | None = None,
    yticks: list | None = None,
) -> Figure:
    """Show a matrix as colours: one hue for amounts, two for signed values.

    Args:
        matrix: what to show; with a negative value, zero is white and blue is negative.
        title: the finding.
        words: the caption: what is seen, for somebody who does not see it.
        xlabel, ylabel, label: what columns, rows and colours stand for, with unit.
        values: write each number into its cell.
        xticks, yticks: names of the columns and rows.

    Shape:
        matrix: (h, w).

    Raises:
        ValueError: `matrix` is not two-dimensional, holds NaN or infinity, or the tick
            names do not match it.
    """
    table = _finite_matrix(matrix)
    height, width = table.shape
    figure = new_figure(min(5.5, 1.2 + 4.2 * max(0.3, height / width)), title, words)
    axes = figure.subplots()
    shade = _shading(table)
    drawn = axes.imshow(table, interpolation="nearest", **shade)
    figure.colorbar(drawn, ax=axes, label=label, shrink=0.9)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    _names(axes.set_xticks, "xticks", xticks, width)
    _names(axes.set_yticks, "yticks", yticks, height)
    if values:
        _write(axes, table, drawn.cmap(drawn.norm(table))[..., :3], 9)
    figure.alt += (
        f" (heat map {height}×{width} of {label}, {table.min():.3g} to "
        f"{table.max():.3g}; x: {xlabel}; y: {ylabel})"
    )
    return figure


def _finite_matrix(matrix: object) -> np.ndarray:
    table = as_array("matrix", matrix)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValueError(f"`matrix` must be (h, w), finite; got shape {table.shape}")
    return table


def _table(name: str, values: object) -> np.ndarray:
    array = as_array(name, values)
    array = array[None] if array.ndim == 1 else array
    if array.ndim != 2 or array.size > _MOST_CELLS:
        raise ValueError(
            f"`{name}` must be (h, w) with at most {_MOST_CELLS} cells; "
            f"got shape {array.shape}"
        )
    return array


def _side_by_side(tables, widths, cell: float, texts, stacked: bool):
    heights = [t.shape[0] for t in tables.values()]
    names = 0.32 if any(tables) else 0.0
    if stacked:
        height = sum(heights) * cell + len(tables) * (names + 0.12)
    else:
        height = max(heights) * cell + names + 0.1
    figure = new_figure(height + (0.45 if texts[0] else 0), *texts)
    if stacked:
        return figure, np.ravel(figure.subplots(len(tables), 1))
    ratios = {"width_ratios": widths}
    return figure, np.ravel(figure.subplots(1, len(tables), gridspec_kw=ratios))


def _cells(axes: Axes, name: str, table: np.ndarray, size: float) -> None:
    role = next((ROLES[r] for r in ROLES if name.startswith(r)), "#666666")
    tint = LinearSegmentedColormap.from_list(name, ["white", role])
    # Tinted up to 0.6 only, so that black digits stay readable everywhere.
    span = np.ptp(table.astype(float)) or 1.0
    unit = (table.astype(float) - table.min()) / span if np.ptp(table) else 0 * table
    colours = tint(0.06 + 0.54 * unit)[..., :3]
    axes.imshow(colours, interpolation="nearest")
    axes.set_title(name, color="black")
    height, width = table.shape
    lines = {"color": role, "linewidth": 0.8, "clip_on": False}
    for row in range(height + 1):
        axes.plot([-0.5, width - 0.5], [row - 0.5] * 2, **lines)
    for column in range(width + 1):
        axes.plot([column - 0.5] * 2, [-0.5, height - 0.5], **lines)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    _write(axes, table, colours, min(11.0, size))
    bare(axes)


def _write(axes: Axes, table: np.ndarray, colours: np.ndarray, size: float) -> None:
    texts = np.vectorize(_short, otypes=[object])(table)
    longest = max(len(text) for text in texts.flat)
    fit = size * min(1.0, 4.2 / longest)
    for (row, column), text in np.ndenumerate(texts):
        luminance = colours[row, column] @ (0.299, 0.587, 0.114)
        ink = "black" if luminance > 0.45 else "white"
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=fit)


def _short(value) -> str:
    if not np.isfinite(value):
        return str(float(value))
    if float(value) == int(value):
        return f"{int(value)}".replace("-", "−")
    decimals = 2 if abs(value) < 10 else 1
    text = f"{float(value):.{decimals}f}".rstrip("0").rstrip(".")
    return ("0" if text == "-0" else text).replace("-", "−")


def _spoken(table: np.ndarray) -> str:
    return " / ".join(" ".join(_short(v) for v in row) for row in table)


def _frame(axes: Axes, name: str, table: np.ndarray, box: Box) -> None:
    try:
        (top, bottom), (left, right) = box
        height, width = table.shape
        inside = 0 <= top < bottom <= height and 0 <= left < right <= width
    except (TypeError, ValueError):
        inside = False
    if not inside:
        raise ValueError(
            f"`highlight[{name!r}]` must be ((top, bottom), (left, right)) inside "
            f"{table.shape}; got {box!r}"
        )
    axes.add_patch(
        Rectangle(
            (left - 0.5, top - 0.5),
            right - left,
            bottom - top,
            fill=False,
            edgecolor=ROLES["field"],
            linewidth=3,
            clip_on=False,
            zorder=5,
        )
    )


def _shading(table: np.ndarray) -> dict:
    if table.min() < 0:
        limit = float(np.abs(table).max())
        ends = [PALETTE["blue"], "white", PALETTE["vermillion"]]
        signed = LinearSegmentedColormap.from_list("signed", ends)
        return {"cmap": signed, "vmin": -limit, "vmax": limit}
    return {"cmap": "cividis", "vmin": 0}


def _names(setter, name: str, ticks: list | None, count: int) -> None:
    if ticks is None:
        return
    if len(ticks) != count:
        raise ValueError(f"`{name}` must be {count} names; got {len(ticks)}")
    setter(range(count), [str(t) for t in ticks])
