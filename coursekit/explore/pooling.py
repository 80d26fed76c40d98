"""A photo going down a pooling pyramid: what max, average and striding keep."""

import numpy as np

from coursekit._base.validate import choice, integer
from coursekit.explore import svg
from coursekit.explore.inputs import photo, sample_photo, square
from coursekit.explore.pooling_drawing import (
    HEIGHT,
    backdrop,
    chart,
    panels,
    percent,
)
from coursekit.explore.pyramid import METHODS, SPOTS, Level, pyramid, with_spot
from coursekit.explore.shell import Explorer, limit, menu, settings, slider
from coursekit.explore.view import View

SIDE = 96  # of the photo the explorer works on


def pooling_pyramid(
    image: object,
    *,
    kernel: int = 2,
    levels: int = 3,
    spot: str = "bright",
    spot_size: int = 2,
    row: int = 0,
    column: int = 0,
) -> View:
    """Show a photo after repeated max pooling, average pooling and striding.

    Args:
        image: the photo; a small spot is painted into it to be followed.
        kernel: side of a pooling window and its stride, 2 to 4 pixels.
        levels: how often to pool, 1 to 5; it stops early when nothing is left to pool.
        spot: "bright", "dark" or "none".
        spot_size: side of the spot, 1 to 12 pixels.
        row, column: its top left pixel.

    Shape:
        image: (3, h, w) or (1, h, w) or (h, w), 16 to 128 each.

    Raises:
        ValueError: an argument of another type, shape or range.

    Example:
        >>> pooling_pyramid(torch.rand(3, 64, 64), levels=3).numbers["sizes"][-1]
        (8, 8)
    """
    pixels = photo("image", image, low=16, high=128)
    integer("kernel", kernel, low=2, high=4)
    integer("levels", levels, low=1, high=5)
    choice("spot", spot, (*SPOTS, "none"))
    integer("spot_size", spot_size, low=1, high=12)
    integer("row", row, low=0, high=pixels.shape[0] - spot_size)
    integer("column", column, low=0, high=pixels.shape[1] - spot_size)
    place = (spot, spot_size, row, column)
    return _view(pixels, backdrop(pixels), kernel, levels, place)


def explore_pooling(image: object = None) -> Explorer:
    """Pool a photo again and again, three ways, and follow a small spot.

    Args:
        image: a photo; its largest centred square is reduced to 96×96 pixels. None
            takes the temple of `coursekit.data.photos`.

    Shape:
        image: (3, h, w) or (1, h, w) or (h, w), 16 to 4096 each.

    Raises:
        ValueError: `image` of another type, shape or range.
    """
    whole = None if image is None else photo("image", image, high=4096)
    pixels = sample_photo(SIDE) if whole is None else square(whole, SIDE)
    ground, side = backdrop(pixels), len(pixels)
    controls = {
        "levels": slider("levels", 2, 1, 5),
        "kernel": slider("kernel", 2, 2, 4),
        "spot": menu("spot", [*SPOTS, "none"], "bright"),
        "spot_size": slider("spot size", 2, 1, 12),
        "row": slider("spot row", side * 3 // 4 + 1, 0, side - 2),
        "column": slider("spot column", side // 4 + 1, 0, side - 2),
    }

    def draw() -> View:
        chosen = settings(controls)
        kernel, levels = chosen["kernel"], chosen["levels"]
        place = tuple(chosen[name] for name in ("spot", "spot_size", "row", "column"))
        return _view(pixels, ground, kernel, levels, place)

    def adjust(name: str) -> None:
        for axis in ("row", "column"):
            limit(controls[axis], side - controls["spot_size"].value)

    title = "A photo goes down a pyramid: what does each way of pooling keep?"
    return Explorer(title, controls, draw, adjust)


def _view(
    pixels: np.ndarray, ground: str, kernel: int, levels: int, place: tuple
) -> View:
    plain, marked = pixels.astype(np.float64), with_spot(pixels, *place)
    found = {
        method: pyramid(plain, marked, kernel, levels, method) for method in METHODS
    }
    text = _text(pixels, kernel, levels, place, found)
    label = text.splitlines()[0]
    body = panels(pixels, kernel, place, found) + chart(found)
    drawing = svg.document(HEIGHT, body, label=label)
    return View(drawing, _numbers(found), text, _table(found), ground)


def _numbers(found: dict[str, list[Level]]) -> dict:
    ways = found["max"]
    return {
        "sizes": [level.pixels.shape[:2] for level in ways],
        "kept": [level.kept for level in ways],
        "error": {m: [level.error for level in found[m]] for m in METHODS},
        "spot_left": {m: [level.spot for level in found[m]] for m in METHODS},
    }


def _text(
    pixels: np.ndarray, kernel: int, levels: int, place: tuple, found: dict
) -> str:
    deepest = {method: found[method][-1] for method in METHODS}
    done, last = len(found["max"]), deepest["max"]
    height, width = last.pixels.shape[:2]
    times = "once" if done == 1 else f"{done} times"
    lines = [
        f"A photo of {pixels.shape[0]}×{pixels.shape[1]} pixels pooled {times} by "
        f"{kernel}×{kernel}: {height}×{width} pixels, {percent(last.kept)} of the "
        "numbers are kept.",
        "Enlarged again, a value is off by "
        + ", ".join(f"{deepest[m].error:.0f} ({m})" for m in METHODS)
        + " of 255 grey levels.",
    ]
    if last.spot is not None:
        lines.append(
            f"Of the {place[0]} {place[1]}×{place[1]} spot is left: "
            + ", ".join(f"{percent(deepest[m].spot)} ({m})" for m in METHODS)
            + "."
        )
    if done < levels:
        lines.append(
            f"After {done} levels the picture is smaller than a {kernel}×{kernel} "
            "window: there is no further level."
        )
    return "\n".join(lines)


def _table(found: dict) -> tuple[tuple[str, ...], ...]:
    head = ("level", "size", "kept", *(f"{m}: error, spot left" for m in METHODS))
    rows = [head]
    for index, level in enumerate(found["max"]):
        height, width = level.pixels.shape[:2]
        same = (found[method][index] for method in METHODS)
        cells = (f"{one.error:.1f}, {percent(one.spot)}" for one in same)
        first = (str(index + 1), f"{height}×{width}", percent(level.kept))
        rows.append((*first, *cells))
    return tuple(rows)
