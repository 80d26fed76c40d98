"""A plot small enough to follow a slider: an axis from 0 to 1 and a few lines."""

from collections.abc import Iterable
from dataclasses import dataclass

from coursekit.explore import svg

_PERCENT = ((0, "0%"), (0.5, "50%"), (1, "100%"))


@dataclass(frozen=True)
class Chart:
    """Hold where a plot stands: its box in the units of the picture."""

    x: float
    y: float
    width: float
    height: float

    def at(self, across: float, share: float) -> tuple[float, float]:
        """Return the place of a point; both coordinates run from 0 to 1."""
        return self.x + across * self.width, self.y + (1 - share) * self.height

    def frame(
        self,
        labels: Iterable[tuple[float, str]],
        levels: Iterable[tuple[float, str]] = _PERCENT,
    ) -> str:
        """Draw level lines named on the left, and labels (place, text) below."""
        parts, end, middle = [], ' text-anchor="end"', ' text-anchor="middle"'
        for share, text in levels:
            x, y = self.at(0, share)
            parts.append(f'<path d="M{x:g} {y:g}h{self.width:g}" stroke="#ddd"/>')
            parts.append(svg.words(x - 10, y + 4, text, size=12, more=end))
        for across, text in labels:
            x, y = self.at(across, 0)
            parts.append(svg.words(x, y + 20, text, size=12, more=middle))
        return "".join(parts)

    def line(
        self,
        points: Iterable[tuple[float, float]],
        colour: str,
        *,
        thick: float = 2,
        mark: str = "",
    ) -> str:
        """Draw a line through points, each with a mark if one is given.

        Without marks, points inside a level stretch are left out.
        """
        placed = [self.at(*point) for point in points]
        if not mark:
            placed = _corners(placed)
        path = " ".join(f"{x:.4g},{y:.4g}" for x, y in placed)
        style = f'fill="none" stroke="{colour}" stroke-width="{thick:g}"'
        marks = (svg.words(x - 5, y + 5, mark, fill=colour) for x, y in placed)
        return f'<polyline points="{path}" {style}/>' + "".join(marks if mark else ())


def _corners(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out the points whose neighbours are as high as they are."""
    heights = [None, *(y for _, y in points), None]
    return [
        point
        for i, point in enumerate(points, start=1)
        if not heights[i - 1] == heights[i] == heights[i + 1]
    ]
