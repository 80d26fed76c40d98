"""A photo going down a pooling pyramid: what max, average and striding keep."""

from typing import Annotated

import numpy as np

from coursekit.explore import svg
from coursekit.explore.arithmetic import pyramid
from coursekit.explore.charts import Chart
from coursekit.explore.declare import explorer
from coursekit.explore.marks import ACROSS, DOWN, Mark
from coursekit.explore.photo_input import Photo, photo_or_sample
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View
from coursekit.figures.style import ROLES, SERIES

MARKS = {"max": "●", "average": "■", "stride": "◆"}
GREYS = {"bright": 255, "dark": 0}
SIDE, _LEFT, _PANEL, _STEP, _TOP, _HEIGHT, _MOST = 96, 8, 176, 189, 32, 432, 5
_HEAD = ("level", "size", "kept", *(f"{m}: error, spot left" for m in MARKS))
_CHART = Chart(70, 300, 640, 100)


def _photo(image: object = None) -> Photo:
    """Pool a photo again and again, three ways, and follow a small spot.

    Args:
        image: a photo; of one larger than 96×96 the middle square, reduced. None takes
            the temple of `coursekit.data.photos`.

    Shape:
        image: (3, h, w), (h, w, 3), (1, h, w) or (h, w), 16 to 4096 each.

    Raises:
        ValueError: `image` of another type, shape or range.
    """
    pixels = photo_or_sample("image", image, SIDE)
    height, width = pixels.shape[:2]
    unit = _PANEL / max(height, width)
    parts = [svg.paper(_HEIGHT), svg.words(_LEFT, 22, f"photo, {height}×{width}")]
    parts.append(svg.png_picture(pixels, _LEFT, _TOP, width * unit, height * unit))
    parts.append(svg.words(_LEFT, 282, "what is left of the spot, level by level"))
    for i, (name, mark) in enumerate(MARKS.items()):
        x = _LEFT + (i + 1) * _STEP
        parts.append(svg.words(x, 22, f"{mark} {name}", fill=SERIES[i]))
    # plane by plane, red first: the sums over windows take a third of the time
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1), float).transpose(1, 2, 0)
    return Photo(planes, svg.document(_HEIGHT, "".join(parts)))


def _place(name: str, axis: int, share: float) -> Whole:
    """Return where the spot stands along an axis, and where it begins."""

    def last(photo: Photo, spot_size: int) -> int:
        return photo.size[axis] - spot_size

    return Whole(name, 0, last, start=lambda photo: int(photo.size[axis] * share) + 1)


@explorer("A photo goes down a pyramid: what does pooling keep?", _photo, photo="image")
def pooling_pyramid(
    photo: Photo,
    *,
    levels: Annotated[int, Whole("levels", 1, _MOST, start=2)] = 3,
    kernel: Annotated[int, Whole("kernel", 2, 4)] = 2,
    spot: Annotated[str, Choice("spot", (*GREYS, "none"))] = "bright",
    spot_size: Annotated[int, Whole("spot size", 1, 12)] = 2,
    row: Annotated[int, _place("spot row", 0, 3 / 4)] = 0,
    column: Annotated[int, _place("spot column", 1, 1 / 4)] = 0,
) -> View:
    """Show a photo after repeated max pooling, average pooling and striding.

    It stops early when nothing is left to pool. A small spot is painted into the photo
    to be followed.

    Example:
        >>> pooling_pyramid(torch.rand(3, 64, 64), levels=3).numbers["sizes"][-1]
        (8, 8)
    """
    place, table = (row, column, spot_size, GREYS.get(spot)), [_HEAD]
    ways = {m: [*pyramid(photo.pixels, place, kernel, levels, m)] for m in MARKS}
    numbers = {
        "sizes": [level[0].shape[:2] for level in ways["max"]],
        "kept": [level[0].size / photo.pixels.size for level in ways["max"]],
        "error": {m: [error for _, error, _ in way] for m, way in ways.items()},
        "spot_left": {m: [left for *_, left in way] for m, way in ways.items()},
    }
    for n, level in enumerate(zip(*ways.values(), strict=True)):
        found = (f"{error:.1f}, {svg.percent(left)}" for _, error, left in level)
        size, kept = svg.sides(numbers["sizes"][n]), svg.percent(numbers["kept"][n])
        table.append((f"{n + 1}", size, kept, *found))
    body = _panels(photo, place, ways, kernel) + _chart(numbers["spot_left"])
    text = _text(photo, f"{spot} {spot_size}×{spot_size} spot", kernel, levels, numbers)
    more = {"numbers": numbers, "table": tuple(table), "backdrop": photo.backdrop}
    more["marks"] = () if spot == "none" else _marks(photo, spot_size)
    return View.drawn(_HEIGHT, body, text, **more)


explore_pooling = pooling_pyramid.explore


def _marks(photo: Photo, size: int) -> tuple[Mark, ...]:
    """Let a press move the middle of the spot, on the photo and on what is left."""
    unit = _PANEL / max(photo.size)
    rows, columns = (side - size + 1 for side in photo.size)
    off, place = (size - 1) / 2 * unit, (columns * unit, rows * unit)
    sets = {"row": DOWN, "column": ACROSS}
    return tuple(
        Mark(_LEFT + i * _STEP + off, _TOP + off, *place, sets, rows, columns)
        for i in range(1 + len(MARKS))
    )


def _panels(photo: Photo, place: tuple, ways: dict, kernel: int) -> str:
    """Draw the spot on the photo and the last level of each pyramid, with rings."""
    (row, column, size, grey), unit, parts = place, _PANEL / max(photo.size), []
    left, top, side = _LEFT + column * unit, _TOP + row * unit, size * unit
    for i, way in enumerate(ways.values(), start=1):
        (small, error, share), x = way[-1], _LEFT + i * _STEP
        high, wide = (n * unit * kernel ** len(way) for n in small.shape[:2])
        said = f"{svg.sides(small.shape[:2])}, error {error:.0f} of 255"
        parts += [
            svg.png_picture(svg.coarse(small), x, _TOP, wide, high),
            svg.words(x, 228, said, size=13),
            svg.words(x, 246, f"spot left: {svg.percent(share)}", size=13),
        ]
    if grey is not None:
        parts.append(svg.filled(left, top, side, side, "#fff" if grey else "#000"))
        for i in range(4):
            x, y, ring = left + i * _STEP - 2 * unit, top - 2 * unit, side + 4 * unit
            parts.append(svg.outlined(x, y, ring, ring, ROLES["chosen"]))
    return "".join(parts)


def _chart(spot_left: dict[str, list[float | None]]) -> str:
    """Plot what is left of the spot against the level, one line a method."""
    levels = range(1, len(spot_left["max"]) + 1)
    places = [(0, "photo"), *((n / _MOST, f"level {n}") for n in levels)]
    parts = [_CHART.frame(places)]
    for colour, (name, shares) in zip(SERIES, spot_left.items(), strict=False):
        if None not in shares:
            points = [(n / _MOST, min(s, 1)) for n, s in enumerate([1, *shares])]
            parts.append(_CHART.line(points, colour, mark=MARKS[name]))
    return "".join(parts)


def _text(photo: Photo, spot: str, kernel: int, levels: int, numbers: dict) -> str:
    (*_, size), left = numbers["sizes"], numbers["spot_left"]
    count, window = len(numbers["sizes"]), f"{kernel}×{kernel}"
    errors = ", ".join(f"{e[-1]:.0f} ({m})" for m, e in numbers["error"].items())
    text = (
        f"A photo of {svg.sides(photo.size)} pixels pooled {count} times by {window}: "
        f"{svg.sides(size)} pixels, {svg.percent(numbers['kept'][-1])} of the numbers "
        f"are kept.\nEnlarged again, a value is off by {errors} of 255 grey levels."
    ).replace("pooled 1 times", "pooled once")
    if left["max"][-1] is not None:
        shares = ", ".join(f"{svg.percent(s[-1])} ({m})" for m, s in left.items())
        text += f"\nOf the {spot} is left: {shares}."
    if count < levels:
        text += f"\nAfter level {count} the picture is smaller than a {window} window: "
        text += "there is no further level."
    return text
