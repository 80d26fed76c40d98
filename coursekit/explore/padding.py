"""Padding modes on a photo, and the trace each leaves in a network.

Zero padding tells a network where the border is: Islam, Jia and Bruce, "How much
position information do convolutional neural networks encode?" (ICLR 2020,
https://arxiv.org/abs/2001.08248).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from coursekit.explore import svg
from coursekit.explore.borders import padded_picture
from coursekit.explore.charts import Chart
from coursekit.explore.declare import explorer
from coursekit.explore.photo_input import photo_or_sample
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.stepping import IN_NUMPY, PADDING_MODES, border_response
from coursekit.explore.view import View, pointed
from coursekit.figures.style import ROLES, SERIES

SIDE, MOST, ONES = 112, 32, 33  # of the photo, of the padding, of the image of ones
_LEFT, _STEP, _PANEL, _TOP, _HEIGHT = 8, 188, 176, 30, 414
_CHART = Chart(56, 286, 540, 100)
_THICK = (2.5, 9, 5.5, 2)
# The first pixels of a row "a b c d … w x y z" and what stands before them.
_BEFORE = ("0 0 0 | a b c d", "d c b | a b c d", "a a a | a b c d", "x y z | a b c d")
PATTERNS = dict(zip(PADDING_MODES, _BEFORE, strict=True))


@dataclass(frozen=True)
class Padded:
    """Hold what stays: the id the panels copy the photo by, its size, the ground."""

    name: str
    shape: tuple[int, int]
    backdrop: str


def _prepare(image: object = None) -> Padded:
    """Compare the padding modes on a photo, and see which of them marks the border.

    Args:
        image: a photo; of one larger than 112×112 the middle square, reduced. None
            takes the temple of `coursekit.data.photos`.

    Shape:
        image: (3, h, w) or (1, h, w) or (h, w), 33 to 4096 each.

    Raises:
        ValueError: `image` of another type, shape or range.
    """
    pixels = photo_or_sample("image", image, SIDE, low=MOST + 1)
    height, width = pixels.shape[:2]
    name, source = svg.name_of(pixels), svg.uri(svg.png(pixels))
    title = "an image of ones after the mean filters: its middle row, pixel by pixel"
    parts = [
        f"<defs>{svg.picture(source, 0, 0, width, height, name=name)}</defs>",
        svg.paper(_HEIGHT),
        svg.words(_LEFT, 268, title),
        _CHART.frame((n / (ONES - 1), f"{n}") for n in range(0, ONES, 8)),
        _CHART.legend(PADDING_MODES, SERIES, _THICK),
    ]
    for i, mode in enumerate(PADDING_MODES):
        left, low = _LEFT + i * _STEP, _TOP + _PANEL + 20
        parts.append(svg.words(left, 20, mode, fill=SERIES[i]))
        parts.append(svg.words(left, low, PATTERNS[mode], size=13))
    return Padded(name, (height, width), svg.document(_HEIGHT, "".join(parts)))


@explorer("Four ways to pad: which one marks the border?", _prepare)
def padding_modes(
    photo: Padded,
    *,
    mode: Annotated[str, Choice("padding mode", PADDING_MODES)] = "zeros",
    width: Annotated[int, Whole("padding width", 0, MOST)] = 16,
    kernel: Annotated[int, Whole("mean filter", 3, 11, 2)] = 3,
    layers: Annotated[int, Whole("layers", 1, 8)] = 1,
) -> View:
    """Show a photo padded in four modes, and what mean filters make of an even image.

    Args:
        image: the photo, as `explore_padding` takes it.

    Example:
        >>> padding_modes(torch.rand(3, 64, 64)).numbers["border_response"]["zeros"][0]
        0.6666666666666666
    """
    responses = _responses(kernel, layers)
    numbers = {
        "padded_size": tuple(side + 2 * width for side in photo.shape),
        "border_response": {name: [*r] for name, r in responses.items()},
        "reach": {name: _reach(response) for name, response in responses.items()},
    }
    return View.drawn(
        _HEIGHT,
        _panels(photo, width, mode) + _lines(kernel, layers),
        _text(photo.shape, width, mode, kernel, layers, numbers),
        numbers=numbers,
        table=_table(numbers, mode),
        backdrop=photo.backdrop,
    )


explore_padding = padding_modes.explore


@lru_cache(maxsize=64)
def _responses(kernel: int, layers: int) -> dict[str, tuple[float, ...]]:
    modes = ((mode, border_response(ONES, mode, kernel, layers)) for mode in IN_NUMPY)
    return {mode: tuple(response.tolist()) for mode, response in modes}


def _reach(response: tuple[float, ...]) -> int:
    """Return how many pixels from the border differ from 1 by more than 1 %."""
    return sum(abs(value - 1) > 0.01 for value in response[: ONES // 2 + 1])


def _text(
    shape: tuple, width: int, mode: str, kernel: int, layers: int, numbers: dict
) -> str:
    before, after = svg.sides(shape), svg.sides(numbers["padded_size"])
    response, reach = numbers["border_response"][mode], numbers["reach"][mode]
    filters = f"{'one' if layers == 1 else layers} mean filter{'s' * (layers > 1)}"
    border = (
        f"the border shows. The edge is {svg.precise(response[0])}; counted from "
        f"the edge, pixels off by more than 1 %: {reach}."
        if reach
        else "every pixel is still 1, the border leaves no trace."
    )
    return (
        f"The photo, {before}, padded by {width} in four modes: {after}; {mode} reads "
        f"{PATTERNS[mode]}.\nAn image of ones, {ONES}×{ONES}, after {filters} of "
        f"{kernel}×{kernel} with padding {(kernel - 1) // 2} ({mode}): {border}"
    )


def _table(numbers: dict, mode: str) -> tuple[tuple[str, ...], ...]:
    rows = [
        ("mode", "a row begins", "ones: at the edge", "in the middle", "pixels off")
    ]
    for name, response in numbers["border_response"].items():
        edge, middle = (svg.precise(response[i]) for i in (0, ONES // 2))
        reach = str(numbers["reach"][name])
        rows.append((pointed(name, name == mode), PATTERNS[name], edge, middle, reach))
    return tuple(rows)


def _panels(photo: Padded, width: int, mode: str) -> str:
    """Draw the padded photos, each in the middle of its place."""
    height, across = photo.shape
    wide, high = across + 2 * width, height + 2 * width
    parts = []
    for i, name in enumerate(PADDING_MODES):
        x, y = (start + MOST - width for start in (_LEFT + i * _STEP, _TOP))
        frame = f'<svg x="{x}" y="{y}" width="{wide}" height="{high}" '
        parts.append(frame + padded_picture(photo.name, photo.shape, width, name))
        parts.append(svg.box(x + width, y + width, across, height, "#fff", line=1))
        if name == mode:
            parts.append(svg.box(x - 3, y - 3, wide + 6, high + 6, ROLES["field"]))
    return "".join(parts)


@lru_cache(maxsize=64)
def _lines(kernel: int, layers: int) -> str:
    """Plot the responses; lines that coincide show as stripes of each other."""
    places = [n / (ONES - 1) for n in range(ONES)]
    return "".join(
        _CHART.line(zip(places, response, strict=True), SERIES[i], thick=_THICK[i])
        for i, response in enumerate(_responses(kernel, layers).values())
    )
