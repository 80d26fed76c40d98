"""A photo going down a pooling pyramid: what max, average and striding keep."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from coursekit.explore import svg
from coursekit.explore.charts import Chart
from coursekit.explore.declare import explorer
from coursekit.explore.photo_input import photo_or_sample
from coursekit.explore.pyramid import METHODS, SPOTS, Level, Spot, pyramids
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View
from coursekit.figures.style import ROLES, SERIES

SIDE = 96  # of the photo at most
_LEFT, _PANEL, _STEP, _TOP, _HEIGHT, _MOST = 8, 176, 189, 32, 432, 5
_CHART = Chart(70, 300, 640, 100)
_LOOKS = dict(zip(METHODS, zip(SERIES, "●■◆", strict=False), strict=True))
Pyramids = dict[str, list[Level]]


@dataclass(frozen=True, eq=False)
class Photo:
    """Hold the pixels, units of the picture a pixel, and the drawing of what stays."""

    pixels: np.ndarray
    unit: float
    backdrop: str


def _photo(image: object = None) -> Photo:
    """Pool a photo again and again, three ways, and follow a small spot.

    Args:
        image: a photo; of one larger than 96×96 the middle square, reduced. None takes
            the temple of `coursekit.data.photos`.

    Shape:
        image: (3, h, w) or (1, h, w) or (h, w), 16 to 4096 each.

    Raises:
        ValueError: `image` of another type, shape or range.
    """
    pixels = photo_or_sample("image", image, SIDE)
    (height, width), unit = pixels.shape[:2], _PANEL / max(pixels.shape)
    parts = [
        svg.paper(_HEIGHT),
        svg.words(_LEFT, 22, f"photo, {svg.sides((height, width))}"),
        svg.png_picture(pixels, _LEFT, _TOP, width * unit, height * unit),
        svg.words(_LEFT, 282, "what is left of the spot, level by level"),
    ]
    for i, (method, (colour, mark)) in enumerate(_LOOKS.items(), start=1):
        parts.append(svg.words(_LEFT + i * _STEP, 22, f"{mark} {method}", fill=colour))
    return Photo(pixels, unit, svg.document(_HEIGHT, "".join(parts)))


def _room(axis: int) -> Callable[[Photo, int], int]:
    """Return how far the spot can go along an axis."""
    return lambda photo, spot_size: photo.pixels.shape[axis] - spot_size


def _start(axis: int, share: float) -> Callable[[Photo], int]:
    return lambda photo: int(photo.pixels.shape[axis] * share) + 1


@explorer("A photo goes down a pyramid: what does each way of pooling keep?", _photo)
def pooling_pyramid(
    photo: Photo,
    *,
    levels: Annotated[int, Whole("levels", 1, _MOST, start=2)] = 3,
    kernel: Annotated[int, Whole("kernel", 2, 4)] = 2,
    spot: Annotated[str, Choice("spot", (*SPOTS, "none"))] = "bright",
    spot_size: Annotated[int, Whole("spot size", 1, 12)] = 2,
    row: Annotated[int, Whole("spot row", 0, _room(0), start=_start(0, 3 / 4))] = 0,
    column: Annotated[
        int, Whole("spot column", 0, _room(1), start=_start(1, 1 / 4))
    ] = 0,
) -> View:
    """Show a photo after repeated max pooling, average pooling and striding.

    It stops early when nothing is left to pool. A small spot is painted into the photo
    to be followed.

    Args:
        image: the photo, as `explore_pooling` takes it.

    Example:
        >>> pooling_pyramid(torch.rand(3, 64, 64), levels=3).numbers["sizes"][-1]
        (8, 8)
    """
    painted = Spot(spot, spot_size, row, column)
    ways = pyramids(photo.pixels, painted, kernel, levels)
    numbers = {
        "sizes": [level.pixels.shape[:2] for level in ways["max"]],
        "kept": [level.kept for level in ways["max"]],
        "error": {m: [level.error for level in ways[m]] for m in METHODS},
        "spot_left": {m: [level.spot for level in ways[m]] for m in METHODS},
    }
    return View.drawn(
        _HEIGHT,
        _panels(photo, painted, ways, kernel) + _chart(numbers["spot_left"]),
        _text(photo, painted, kernel, levels, numbers),
        numbers=numbers,
        table=_table(numbers),
        backdrop=photo.backdrop,
    )


explore_pooling = pooling_pyramid.explore


def _percent(share: float | None) -> str:
    """Return a share in per cent, "–" for None."""
    if share is None:
        return "–"
    return f"{100 * share:.{3 if share >= 0.01 else 1}g} %"


def _panels(photo: Photo, spot: Spot, ways: Pyramids, kernel: int) -> str:
    """Draw the spot on the photo and the last level of each pyramid."""
    parts, low = [], _TOP + _PANEL
    if spot.grey is not None:
        x, y = _LEFT + spot.column * photo.unit, _TOP + spot.row * photo.unit
        side, grey = spot.size * photo.unit, "#fff" if spot.grey else "#000"
        parts += [svg.filled(x, y, side, side, grey), _ring(_LEFT, spot, photo.unit)]
    for i, method in enumerate(METHODS, start=1):
        level, x = ways[method][-1], _LEFT + i * _STEP
        high, wide = (
            side * photo.unit * kernel ** len(ways[method])
            for side in level.pixels.shape[:2]
        )
        parts += [
            svg.png_picture(_coarse(level.pixels), x, _TOP, wide, high),
            _ring(x, spot, photo.unit),
            svg.words(x, low + 20, f"error {level.error:.0f} of 255", size=13),
            svg.words(x, low + 38, f"spot left: {_percent(level.spot)}", size=13),
        ]
    size, kept = svg.sides(level.pixels.shape[:2]), _percent(level.kept)
    parts.append(svg.words(_LEFT, low + 20, f"pooled: {size}", size=13))
    parts.append(svg.words(_LEFT, low + 38, f"{kept} of the numbers", size=13))
    return "".join(parts)


def _coarse(pixels: np.ndarray) -> np.ndarray:
    """Round to 32 levels a channel, 0 and 255 among them: half the bytes to send."""
    return (np.rint(pixels * (31 / 255)) * (255 / 31)).round().astype(np.uint8)


def _ring(x: float, spot: Spot, unit: float) -> str:
    """Mark the place of the spot with a frame that leaves it free."""
    if spot.grey is None:
        return ""
    left, top = x + (spot.column - 2) * unit, _TOP + (spot.row - 2) * unit
    side = (spot.size + 4) * unit
    return svg.outlined(left, top, side, side, ROLES["field"])


def _chart(spot_left: dict[str, list[float | None]]) -> str:
    """Plot what is left of the spot against the level, one line a method."""
    count = len(spot_left["max"])
    labels = [(n / _MOST, f"level {n}" if n else "photo") for n in range(count + 1)]
    parts = [_CHART.frame(labels)]
    for method, shares in spot_left.items():
        if None not in shares:
            line = enumerate([1.0, *(min(share, 1.0) for share in shares)])
            colour, mark = _LOOKS[method]
            points = [(n / _MOST, share) for n, share in line]
            parts.append(_CHART.line(points, colour, mark=mark))
    return "".join(parts)


def _text(photo: Photo, spot: Spot, kernel: int, levels: int, numbers: dict) -> str:
    sizes, left, window = numbers["sizes"], numbers["spot_left"], f"{kernel}×{kernel}"
    times = "once" if len(sizes) == 1 else f"{len(sizes)} times"
    errors = (f"{numbers['error'][m][-1]:.0f} ({m})" for m in METHODS)
    lines = [
        f"A photo of {svg.sides(photo.pixels.shape[:2])} pixels pooled {times} by "
        f"{window}: {svg.sides(sizes[-1])} pixels, {_percent(numbers['kept'][-1])} of "
        "the numbers are kept.",
        f"Enlarged again, a value is off by {', '.join(errors)} of 255 grey levels.",
    ]
    if left["max"][-1] is not None:
        shares = (f"{_percent(left[m][-1])} ({m})" for m in METHODS)
        size = f"{spot.size}×{spot.size}"
        lines.append(f"Of the {spot.name} {size} spot is left: {', '.join(shares)}.")
    if len(sizes) < levels:
        lines.append(
            f"After {len(sizes)} levels the picture is smaller than a {window} "
            "window: there is no further level."
        )
    return "\n".join(lines)


def _table(numbers: dict) -> tuple[tuple[str, ...], ...]:
    rows = [("level", "size", "kept", *(f"{m}: error, spot left" for m in METHODS))]
    for i, (size, kept) in enumerate(
        zip(numbers["sizes"], numbers["kept"], strict=True)
    ):
        ways = ((numbers["error"][m][i], numbers["spot_left"][m][i]) for m in METHODS)
        cells = (f"{error:.1f}, {_percent(left)}" for error, left in ways)
        kept = _percent(numbers["kept"][i])
        rows.append((f"{i + 1}", svg.sides(size), kept, *cells))
    return tuple(rows)
