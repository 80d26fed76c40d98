"""Figures made of lines and bars."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from coursekit._base.pixels import as_array
from coursekit.figures.style import (
    LINES,
    MARKERS,
    PALETTE,
    ROLES,
    SERIES,
    new_figure,
    styled,
)


@styled
def curves(
    x: object,
    series: Mapping[str, object],
    *,
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    words: str | None = None,
    mark: float | Mapping[str, float] | None = None,
    level: Mapping[str, float] | None = None,
    bands: Mapping[str, tuple[object, object]] | None = None,
    log_x: bool = False,
    log_y: bool = False,
) -> Figure:
    """Draw one line per named series over a common x.

    Args:
        x: positions along the horizontal axis.
        series: name → values, one per position; NaN leaves a gap. A name that is a role
            ("input", "kernel", "output", "truth") takes the role's colour.
        xlabel, ylabel: what is on the axes, with the unit.
        title: the finding.
        words: the caption: what is seen, for somebody who does not see it.
        mark: where to draw a vertical line: a position, or name → position.
        level: name → height of a horizontal line.
        bands: name of a series → its lower and upper edge, shaded in its colour.
        log_x, log_y: logarithmic axes.

    Shape:
        x: (n,); each series: (n,).

    Raises:
        ValueError: no series, or one whose length differs from that of `x`.
    """
    positions = _vector("x", x)
    lines = _series(series, len(positions))
    figure = new_figure(3.6, title, words)
    axes = figure.subplots()
    for index, (name, values) in enumerate(lines.items()):
        _line(axes, positions, values, name, index)
        _band(axes, positions, (bands or {}).get(name))
    axes.set(xlabel=xlabel, ylabel=ylabel)
    _scales(axes, positions, log_x, log_y)
    _marks(axes, mark, level)
    if len(lines) > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.alt += f" (line plot; x: {xlabel}; y: {ylabel}; {_ends(positions, lines)})"
    return figure


@styled
def bars(
    values: Mapping[str, float],
    *,
    xlabel: str,
    title: str | None = None,
    words: str | None = None,
    log: bool = False,
    highlight: Sequence[str] = (),
) -> Figure:
    """Draw one horizontal bar per named value, with the value written at its end.

    Args:
        values: name → value.
        xlabel: what is measured, with the unit.
        title: the finding.
        words: the caption: what is seen, for somebody who does not see it.
        log: logarithmic axis, for values that differ by powers of ten.
        highlight: names whose bars are drawn in the accent colour.

    Raises:
        ValueError: no values, a value that is not a finite number, values ≤ 0 with
            `log`, or a highlighted name that is not there.
    """
    heights = _heights(values, log)
    unknown = [name for name in highlight if name not in values]
    if unknown or isinstance(highlight, str):
        raise ValueError(f"`highlight` must list names of bars; got {highlight!r}")
    figure = new_figure(0.9 + 0.42 * len(values) + (0.3 if title else 0), title, words)
    axes = figure.subplots()
    colours = [ROLES["field"] if n in highlight else ROLES["input"] for n in values]
    drawn = axes.barh([str(n) for n in values], heights, color=colours, height=0.65)
    written = [_number(v) for v in heights]
    axes.bar_label(drawn, labels=written, padding=4)
    _room_for_labels(axes, heights, log)
    axes.invert_yaxis()
    axes.set_xlabel(xlabel)
    if not log:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: _number(v)))
    said = ", ".join(f"{n} {w}" for n, w in zip(values, written, strict=True))
    figure.alt += f" (bars of {xlabel}: {said})"
    return figure


def _heights(values: Mapping[str, float], log: bool) -> np.ndarray:
    """Return the lengths of the bars, or refuse them."""
    if not isinstance(values, Mapping) or not values:
        raise ValueError(f"`values` must map names to numbers; got {values!r}")
    heights = _vector("values", [float(v) for v in values.values()])
    if not np.isfinite(heights).all() or (log and heights.min() <= 0):
        need = "finite and above 0 for a log axis" if log else "finite"
        raise ValueError(f"`values` must be {need}; got {dict(values)}")
    return heights


def _room_for_labels(axes: Axes, heights: np.ndarray, log: bool) -> None:
    """Widen the axis so that the numbers at the bars' ends stay inside."""
    if not log:
        axes.margins(x=0.14)
        return
    low = 10.0 ** np.floor(np.log10(heights.min() / 1.5))
    axes.set_xscale("log")
    axes.set_xlim(low, heights.max() * (heights.max() / low) ** 0.3)


def _vector(name: str, values: object) -> np.ndarray:
    array = as_array(name, values)
    if array.ndim != 1:
        raise ValueError(f"`{name}` must be one-dimensional; got shape {array.shape}")
    return array


def _series(series: Mapping[str, object], length: int) -> dict[str, np.ndarray]:
    if not isinstance(series, Mapping) or not series:
        raise ValueError(f"`series` must map names to values; got {series!r}")
    lines = {str(n): _vector(f"series[{n!r}]", v) for n, v in series.items()}
    for name, values in lines.items():
        if len(values) != length:
            raise ValueError(
                f"`series[{name!r}]` must have {length} values, one for each x; "
                f"got {len(values)}"
            )
    return lines


def _line(axes: Axes, x: np.ndarray, y: np.ndarray, name: str, index: int) -> None:
    axes.plot(
        x,
        y,
        label=name,
        color=ROLES.get(name, SERIES[index % len(SERIES)]),
        marker=MARKERS[index % len(MARKERS)] if len(x) <= 40 else "",
        markersize=7 if index == 0 else 4,  # the first shows behind one that hides it
        linestyle=LINES[index % len(LINES)],
    )


def _band(axes: Axes, x: np.ndarray, edges: tuple[object, object] | None) -> None:
    """Shade between two edges in the colour of the line drawn last."""
    if edges is None:
        return
    low, high = _series({"low": edges[0], "high": edges[1]}, len(x)).values()
    axes.fill_between(x, low, high, color=axes.lines[-1].get_color(), alpha=0.18, lw=0)


def _scales(axes: Axes, x: np.ndarray, log_x: bool, log_y: bool) -> None:
    if log_x:
        axes.set_xscale("log")
    elif x.dtype.kind in "iu":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if log_y:
        axes.set_yscale("log")
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)


def _marks(axes: Axes, mark, level) -> None:
    named = mark if isinstance(mark, Mapping) else {"": mark}
    for name, position in named.items():
        if position is not None:
            axes.axvline(position, color=PALETTE["black"], linestyle=":", linewidth=1.4)
            axes.annotate(
                name,
                (position, 1),
                xycoords=("data", "axes fraction"),
                xytext=(4, -4),
                textcoords="offset points",
                va="top",
            )
    for name, height in (level or {}).items():
        axes.axhline(height, color=PALETTE["black"], linestyle="--", linewidth=1.2)
        axes.annotate(
            name,
            (1, height),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="right",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8},
        )


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.3g}"


def _ends(x: np.ndarray, lines: dict[str, np.ndarray]) -> str:
    span = f"x from {_number(x[0])} to {_number(x[-1])}"
    said = [
        f"{name} from {v[np.isfinite(v)][0]:.3g} to {v[np.isfinite(v)][-1]:.3g}"
        for name, v in lines.items()
        if np.isfinite(v).any()
    ]
    return "; ".join([span, *said])
