"""A photo going down a pooling pyramid: what max, average and striding keep."""

from typing import Annotated

from coursekit.explore import svg
from coursekit.explore.arithmetic import by_planes, pyramid
from coursekit.explore.charts import Chart
from coursekit.explore.declare import explorer
from coursekit.explore.marks import Mark
from coursekit.explore.photo_input import Photo, photo_or_sample
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View
from coursekit.figures.style import ROLES, SERIES

MARKS = {"max": "●", "average": "■", "stride": "◆"}
GREYS = {"bright": 255, "dark": 0}
SIDE, _PANEL, _TOP, _HEIGHT, _MOST = 96, 176, 32, 432, 5
_LEFTS = _LEFT, *_MADE = 8, 197, 386, 575  # of the photo, of what each method makes
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
    for x, colour, name in zip(_MADE, SERIES, MARKS, strict=False):
        parts.append(svg.words(x, 22, f"{MARKS[name]} {name}", fill=colour))
    ticks = ((n / _MOST, f"level {n}" if n else "photo") for n in range(_MOST + 1))
    parts.append(_CHART.frame(ticks))
    return Photo(by_planes(pixels), svg.document(_HEIGHT, "".join(parts)))


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

    It stops early when nothing is left to pool. A small spot is painted in, to follow.

    Example:
        >>> pooling_pyramid(torch.rand(3, 64, 64), levels=3).numbers["sizes"][-1]
        (8, 8)
    """
    square, table = (row, column, spot_size, GREYS.get(spot)), [_HEAD]
    ways = {m: [*pyramid(photo.pixels, square, kernel, levels, m)] for m in MARKS}
    numbers = {
        "sizes": [level[0].shape[:2] for level in ways["max"]],
        "kept": [level[0].size / photo.pixels.size for level in ways["max"]],
        "error": {m: [error for _, error, _ in way] for m, way in ways.items()},
        "spot_left": {m: [left for *_, left in way] for m, way in ways.items()},
    }
    sizes = zip(numbers["sizes"], numbers["kept"], *ways.values(), strict=True)
    for n, (size, kept, *level) in enumerate(sizes, start=1):
        results = (f"{error:.1f}, {svg.percent(left)}" for _, error, left in level)
        table.append((f"{n}", svg.sides(size), svg.percent(kept), *results))
    body = _panels(photo, square, ways, kernel) + _chart(numbers["spot_left"])
    text = _text(photo, f"{spot} {spot_size}×{spot_size} spot", kernel, levels, numbers)
    more = {"numbers": numbers, "table": tuple(table), "backdrop": photo.backdrop}
    more["marks"] = () if spot == "none" else _marks(photo, spot_size)
    return View.drawn(_HEIGHT, body, text, **more)


explore_pooling = pooling_pyramid.explore


def _marks(photo: Photo, size: int) -> tuple[Mark, ...]:
    """Let a press move the middle of the spot, on the photo and on what is left."""
    unit = _PANEL / max(photo.size)
    off, (rows, columns) = (size - 1) / 2 * unit, (s - size + 1 for s in photo.size)
    return tuple(Mark.grid(x + off, _TOP + off, unit, rows, columns) for x in _LEFTS)


def _panels(photo: Photo, square: tuple, ways: dict, kernel: int) -> str:
    """Draw the spot on the photo and the last level of each pyramid, with rings."""
    (row, column, size, grey), unit, parts = square, _PANEL / max(photo.size), []
    for x, way in zip(_MADE, ways.values(), strict=True):
        small, error, share = way[-1]
        high, wide = (n * unit * kernel ** len(way) for n in small.shape[:2])
        said = f"{svg.sides(small.shape[:2])}, error {error:.0f} of 255"
        parts.append(svg.png_picture(svg.coarse(small), x, _TOP, wide, high))
        for y, line in ((228, said), (246, f"spot left: {svg.percent(share)}")):
            parts.append(svg.words(x, y, line, size=13))
    if grey is not None:
        x, y, side = column * unit, _TOP + row * unit, size * unit
        parts.append(svg.filled(_LEFT + x, y, side, side, "#fff" if grey else "#000"))
        x, y, ring = x - 2 * unit, y - 2 * unit, side + 4 * unit
        for edge in _LEFTS:
            parts.append(svg.outlined(edge + x, y, ring, ring, ROLES["chosen"]))
    return "".join(parts)


def _chart(spot_left: dict[str, list[float | None]]) -> str:
    """Plot what is left of the spot against the level, one line a method."""
    parts = []
    for colour, (name, shares) in zip(SERIES, spot_left.items(), strict=False):
        if None not in shares:
            points = [(n / _MOST, min(s, 1)) for n, s in enumerate([1, *shares])]
            parts.append(_CHART.line(points, colour, mark=MARKS[name]))
    return "".join(parts)


def _text(photo: Photo, spot: str, kernel: int, levels: int, numbers: dict) -> str:
    sizes, left, window = numbers["sizes"], numbers["spot_left"], f"{kernel}×{kernel}"
    errors = ", ".join(f"{e[-1]:.0f} ({m})" for m, e in numbers["error"].items())
    after, kept = svg.sides(sizes[-1]), svg.percent(numbers["kept"][-1])
    text = (
        f"A photo of {svg.sides(photo.size)} pixels pooled {len(sizes)} times by "
        f"{window}: {after} pixels, {kept} of the numbers are kept.\n"
        f"Enlarged again, a value is off by {errors} of 255 grey levels."
    ).replace("pooled 1 times", "pooled once")
    if left["max"][-1] is not None:
        shares = ", ".join(f"{svg.percent(s[-1])} ({m})" for m, s in left.items())
        text += f"\nOf the {spot} is left: {shares}."
    if len(sizes) < levels:
        text += f"\nSmaller than a {window} window: there is no further level."
    return text
