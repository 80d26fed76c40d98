"""Padding modes on a photo, and the trace each leaves in a network."""

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from coursekit._base.validate import choice, integer
from coursekit.explore import svg
from coursekit.explore.borders import (
    PATTERNS,
    border_response,
    embedded,
    padded_picture,
)
from coursekit.explore.charts import Chart
from coursekit.explore.pictures import photo, sample_photo, square
from coursekit.explore.shell import Explorer, menu, settings, slider
from coursekit.explore.stepping import PADDING_MODES
from coursekit.explore.view import CHOSEN, View
from coursekit.figures.style import ROLES, SERIES

SIDE = 112  # of the photo the explorer works on
MOST_WIDTH = 32
ONES = 33  # side of the image of ones
_LEFT, _STEP, _PANEL, _TOP = 8, 188, 176, 30
_CHART = Chart(56, 286, 540, 100)
_THICK = (2.5, 9, 5.5, 2)
_HEIGHT = 414


@dataclass(frozen=True)
class _Photo:
    """Hold what stays: the id the panels copy the photo by, its size, the ground."""

    name: str
    shape: tuple[int, int]
    backdrop: str


def padding_modes(
    image: object,
    *,
    width: int = 16,
    mode: str = "zeros",
    kernel: int = 3,
    layers: int = 1,
) -> View:
    """Show a photo padded in four modes, and what mean filters make of an even image.

    Args:
        image: the photo.
        width: of the padding, 0 to 32 pixels.
        mode: the mode to point out: one of `PADDING_MODES`.
        kernel: side of the mean filter: 3, 5, 7, 9 or 11.
        layers: how many mean filters follow each other, 1 to 8.

    Shape:
        image: (3, h, w) or (1, h, w) or (h, w), 33 to 112 each.

    Raises:
        ValueError: an argument of another type, shape or range.

    Example:
        >>> padding_modes(torch.rand(3, 64, 64)).numbers["border_response"]["zeros"][0]
        0.6666666666666666
    """
    pixels = photo("image", image, low=MOST_WIDTH + 1, high=SIDE)
    integer("width", width, low=0, high=MOST_WIDTH)
    choice("mode", mode, PADDING_MODES)
    choice("kernel", kernel, (3, 5, 7, 9, 11))
    integer("layers", layers, low=1, high=8)
    return _view(_photo(pixels), width, mode, kernel, layers)


def explore_padding(image: object = None) -> Explorer:
    """Compare the padding modes on a photo, and see which of them marks the border.

    Args:
        image: a photo; its largest centred square is reduced to 112×112 pixels. None
            takes the temple of `coursekit.data.photos`.

    Shape:
        image: (3, h, w) or (1, h, w) or (h, w), 33 to 4096 each.

    Raises:
        ValueError: `image` of another type, shape or range.
    """
    low = MOST_WIDTH + 1
    whole = None if image is None else photo("image", image, low=low, high=4096)
    pixels = sample_photo(SIDE) if whole is None else square(whole, SIDE)
    shown = _photo(pixels)
    controls = {
        "mode": menu("padding mode", list(PADDING_MODES), "zeros"),
        "width": slider("padding width", 16, 0, MOST_WIDTH),
        "kernel": slider("mean filter", 3, 3, 11, every=2),
        "layers": slider("layers", 1, 1, 8),
    }

    def draw() -> View:
        return _view(shown, **settings(controls))

    return Explorer("Four ways to pad: which one marks the border?", controls, draw)


def _view(shown: _Photo, width: int, mode: str, kernel: int, layers: int) -> View:
    responses = _responses(kernel, layers)
    numbers = {
        "padded_size": tuple(side + 2 * width for side in shown.shape),
        "border_response": {name: list(r) for name, r in responses.items()},
        "reach": {name: _reach(r) for name, r in responses.items()},
    }
    text = _text(shown, width, mode, kernel, layers, numbers)
    body = _panels(shown, width, mode) + _chart(kernel, layers)
    drawing = svg.document(_HEIGHT, body, label=text.splitlines()[0])
    return View(drawing, numbers, text, _table(numbers, mode), shown.backdrop)


@lru_cache(maxsize=64)
def _responses(kernel: int, layers: int) -> dict[str, tuple[float, ...]]:
    return {
        name: tuple(border_response(ONES, name, kernel, layers).tolist())
        for name in PADDING_MODES
    }


def _reach(response: tuple[float, ...]) -> int:
    """Return how many pixels from the border differ from 1 by more than 1 %."""
    half = response[: (len(response) + 1) // 2]
    return sum(abs(value - 1) > 0.01 for value in half)


def _text(
    shown: _Photo, width: int, mode: str, kernel: int, layers: int, numbers: dict
) -> str:
    before, after = ("{}×{}".format(*s) for s in (shown.shape, numbers["padded_size"]))
    response, reach = numbers["border_response"][mode], numbers["reach"][mode]
    filters = f"{'one' if layers == 1 else layers} mean filter{'s' * (layers > 1)}"
    found = (
        f"the border shows. The edge is {svg.precise(response[0])}; counted from "
        f"the edge, pixels off by more than 1 %: {reach}."
        if reach
        else "every pixel is still 1, the border leaves no trace."
    )
    return (
        f"The photo, {before}, padded by {width} in four modes: {after}; {mode} reads "
        f"{PATTERNS[mode]}.\nAn image of ones, {ONES}×{ONES}, after {filters} of "
        f"{kernel}×{kernel} with padding {(kernel - 1) // 2} ({mode}): {found}"
    )


def _table(numbers: dict, mode: str) -> tuple[tuple[str, ...], ...]:
    head = ("mode", "a row begins", "ones: at the edge", "in the middle", "pixels off")
    rows = (
        (
            f"{CHOSEN} {name}" if name == mode else name,
            PATTERNS[name],
            svg.precise(response[0]),
            svg.precise(response[ONES // 2]),
            str(numbers["reach"][name]),
        )
        for name, response in numbers["border_response"].items()
    )
    return (head, *rows)


def _photo(pixels: np.ndarray) -> _Photo:
    """Draw what never changes and keep the photo for the panels to copy."""
    name = f"p{zlib.crc32(pixels.tobytes()):08x}"  # the same photo, the same id
    title = "an image of ones after the mean filters: its middle row, pixel by pixel"
    parts = [
        embedded(pixels, name),
        svg.paper(_HEIGHT),
        svg.words(_LEFT, 268, title),
        _CHART.frame((n / (ONES - 1), f"{n}") for n in range(0, ONES, 8)),
    ]
    for i, mode in enumerate(PADDING_MODES):
        left, low = _LEFT + i * _STEP, _TOP + _PANEL + 20
        parts.append(svg.words(left, 20, mode, fill=SERIES[i]))
        parts.append(svg.words(left, low, PATTERNS[mode], size=13))
    document = svg.document(_HEIGHT, "".join([*parts, _legend()]))
    return _Photo(name, pixels.shape[:2], document)


def _legend() -> str:
    x, y = _CHART.at(1, 1)
    return "".join(
        f'<path d="M{x + 20:g} {y + 24 * i:g}h24" stroke="{SERIES[i]}" '
        f'stroke-width="{_THICK[i]}"/>{svg.words(x + 52, y + 24 * i + 5, mode)}'
        for i, mode in enumerate(PADDING_MODES)
    )


def _panels(shown: _Photo, width: int, mode: str) -> str:
    height, across = shown.shape
    wide, high = across + 2 * width, height + 2 * width
    parts = []
    for i, name in enumerate(PADDING_MODES):
        x, y = (start + MOST_WIDTH - width for start in (_LEFT + i * _STEP, _TOP))
        place = f'<svg x="{x}" y="{y}" width="{wide}" height="{high}" '
        parts.append(place + padded_picture(shown.name, shown.shape, width, name))
        parts.append(svg.box(x + width, y + width, across, height, "#fff", line=1))
        if name == mode:
            parts.append(svg.box(x - 3, y - 3, wide + 6, high + 6, ROLES["field"]))
    return "".join(parts)


@lru_cache(maxsize=64)
def _chart(kernel: int, layers: int) -> str:
    """Plot the responses; lines that coincide show as stripes of each other."""
    return "".join(
        _CHART.line(_corners(response), SERIES[i], thick=_THICK[i])
        for i, response in enumerate(_responses(kernel, layers).values())
    )


def _corners(response: tuple[float, ...]) -> list[tuple[float, float]]:
    """Return the points of a line without those inside a level stretch."""
    ends = (None, *response, None)
    return [
        (n / (ONES - 1), ends[n + 1])
        for n in range(ONES)
        if not ends[n] == ends[n + 1] == ends[n + 2]
    ]
