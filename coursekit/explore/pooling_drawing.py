"""The drawing of a pooling pyramid: photo, three pooled pictures and a plot."""

import numpy as np

from coursekit.explore import svg
from coursekit.explore.charts import Chart
from coursekit.explore.pyramid import METHODS
from coursekit.figures.style import ROLES, SERIES

_LEFT, _PANEL, _STEP, _TOP = 8, 176, 189, 32
_CHART = Chart(70, 300, 640, 100)
_LEVELS = 5
HEIGHT = 432
_COLOURS = dict(zip(METHODS, SERIES, strict=False))
_MARKS = dict(zip(METHODS, "●■◆", strict=True))


def percent(share: float | None) -> str:
    """Return a share in per cent, "–" for None."""
    if share is None:
        return "–"
    return f"{100 * share:.{3 if share >= 0.01 else 1}g} %"


def _scale(pixels: np.ndarray) -> float:
    return _PANEL / max(pixels.shape[:2])


def backdrop(pixels: np.ndarray) -> str:
    """Draw the photo and the names of the panels."""
    height, width = (side * _scale(pixels) for side in pixels.shape[:2])
    names = "".join(
        svg.words(
            _LEFT + (i + 1) * _STEP,
            22,
            f"{_MARKS[method]} {method}",
            fill=_COLOURS[method],
        )
        for i, method in enumerate(METHODS)
    )
    size = f"photo, {pixels.shape[0]}×{pixels.shape[1]}"
    return svg.document(
        HEIGHT,
        svg.paper(HEIGHT)
        + svg.words(_LEFT, 22, size)
        + svg.picture(svg.uri(svg.png(pixels)), _LEFT, _TOP, width, height)
        + names
        + svg.words(_LEFT, 282, "what is left of the spot, level by level"),
    )


def panels(pixels: np.ndarray, kernel: int, place: tuple, found: dict) -> str:
    """Draw the spot on the photo and the last level of each pyramid.

    Args:
        place: (spot, size, row, column) of the spot.
        found: method → levels.
    """
    parts = [_painted(place, _scale(pixels)), _ring(_LEFT, place, _scale(pixels))]
    for i, method in enumerate(METHODS):
        level, x = found[method][-1], _LEFT + (i + 1) * _STEP
        unit = _scale(pixels) * kernel ** len(found[method])
        height, width = (side * unit for side in level.pixels.shape[:2])
        source = svg.uri(svg.png(_coarse(level.pixels)))
        below = _TOP + _PANEL
        parts += [
            svg.picture(source, x, _TOP, width, height),
            _ring(x, place, _scale(pixels)),
            svg.words(x, below + 20, f"error {level.error:.0f} of 255", size=13),
            svg.words(x, below + 38, f"spot left: {percent(level.spot)}", size=13),
        ]
    height, width = found["max"][-1].pixels.shape[:2]
    kept = percent(found["max"][-1].kept)
    parts.append(
        svg.words(_LEFT, _TOP + _PANEL + 20, f"pooled: {height}×{width}", size=13)
    )
    parts.append(
        svg.words(_LEFT, _TOP + _PANEL + 38, f"{kept} of the numbers", size=13)
    )
    return "".join(parts)


def _coarse(pixels: np.ndarray) -> np.ndarray:
    """Round to 32 levels a channel, 0 and 255 among them: half the bytes to send."""
    return (np.rint(pixels * (31 / 255)) * (255 / 31)).round().astype(np.uint8)


def _painted(place: tuple, unit: float) -> str:
    spot, size, row, column = place
    if spot == "none":
        return ""
    colour = {"bright": "#fff", "dark": "#000"}[spot]
    return (
        f'<rect x="{_LEFT + column * unit:.4g}" y="{_TOP + row * unit:.4g}" '
        f'width="{size * unit:.4g}" height="{size * unit:.4g}" fill="{colour}"/>'
    )


def _ring(x: float, place: tuple, unit: float) -> str:
    """Mark the place of the spot with a frame that leaves it free."""
    spot, size, row, column = place
    if spot == "none":
        return ""
    side, left, top = (size + 4) * unit, x + (column - 2) * unit, (row - 2) * unit
    return svg.outlined(left, _TOP + top, side, side, ROLES["field"])


def chart(found: dict) -> str:
    """Plot what is left of the spot against the level, one line a method."""
    count = len(found["max"])
    labels = [(0, "photo"), *((n / _LEVELS, f"level {n}") for n in range(1, count + 1))]
    parts = [_CHART.frame(labels)]
    for method, levels in found.items():
        if levels[0].spot is None:
            continue
        left = [1.0, *(min(level.spot, 1.0) for level in levels)]
        points = [(n / _LEVELS, share) for n, share in enumerate(left)]
        parts.append(_CHART.line(points, _COLOURS[method], mark=_MARKS[method]))
    return "".join(parts)
