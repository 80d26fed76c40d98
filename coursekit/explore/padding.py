"""Padding modes on a photo, and the trace each leaves in a network.

Zero padding tells a network where the border is: Islam, Jia and Bruce, "How much
position information do convolutional neural networks encode?" (ICLR 2020,
https://arxiv.org/abs/2001.08248).
"""

from functools import lru_cache
from itertools import product
from typing import Annotated

import numpy as np

from coursekit._base.words import many
from coursekit.explore import svg
from coursekit.explore.arithmetic import IN_NUMPY, PADDING_MODES, filtered_ones
from coursekit.explore.declare import explorer
from coursekit.explore.marks import Mark
from coursekit.explore.photo_input import Photo, photo_or_sample
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View, pointed
from coursekit.figures.style import ROLES

SIDE, MOST, ONES = 112, 32, 33  # of the photo, of the padding, of the image of ones
_TOP, _LOW, _HEIGHT, _CELL, _HALF = 30, 262, 420, 4, ONES // 2
_PLACES = dict(zip(PADDING_MODES, range(8, 760, 188), strict=False))  # from the left
# The first pixels of a row "a b c d … w x y z" and what stands before them.
_BEFORE = ("0 0 0 | a b c d", "d c b | a b c d", "a a a | a b c d", "x y z | a b c d")
PATTERNS = dict(zip(PADDING_MODES, _BEFORE, strict=True))
# (factor, shift) of copies beside a photo of n pixels; a mirror is a pixel's middle.
_COPIES = {"reflect": lambda n: ((-1, 1), (-1, 2 * n - 1), (1, 0))}
_COPIES["circular"] = lambda n: ((1, -n), (1, n), (1, 0))


def _prepare(image: object = None) -> Photo:
    """Compare the padding modes on a photo, and see which of them marks the border.

    Args:
        image: a photo, its path, or its pixels; of one larger than 112×112 the middle
            square, reduced. None takes the temple of `coursekit.data.photos`.

    Shape:
        image: (3, h, w), (h, w, 3), (1, h, w) or (h, w), 33 to 4096 each.

    Raises:
        ValueError: `image` of another type, shape or range.
    """
    pixels = photo_or_sample("image", image, SIDE, low=MOST + 1)
    (high, wide), name = pixels.shape[:2], svg.name_of(pixels)
    photo = svg.picture(svg.uri(svg.png(pixels)), 0, 0, wide, high, name=name)
    padded = "".join(_padded(pixels, mode) for mode in PADDING_MODES)
    title = svg.words(8, _LOW - 10, "ones, 33×33, after the mean filters")
    parts = [f"<defs>{photo}{padded}</defs>", svg.paper(_HEIGHT), title]
    for mode, x in _PLACES.items():
        parts += [svg.words(x, 20, mode), svg.words(x, 224, PATTERNS[mode], size=13)]
    return Photo(pixels, svg.document(_HEIGHT, "".join(parts)))


def _padded(pixels: np.ndarray, mode: str) -> str:
    """Draw a photo in `MOST` pixels of copies, or of its border stretched."""
    size, name = pixels.shape[:2], svg.name_of(pixels)
    if mode in _COPIES:
        around = [
            f'<use href="#{name}" transform="matrix({b} 0 0 {a} {right} {down})"/>'
            for (a, down), (b, right) in product(*map(_COPIES[mode], size))
        ]
    else:
        ring = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), IN_NUMPY[mode])
        # 0.4 of a pixel lies under the neighbour, so that no seam shows
        at, far = (slice(0, 1), slice(1, -1), slice(-1, None)), MOST + 0.4
        ends = [zip(at, (-MOST, 0, n - 0.4), (far, n, far), strict=True) for n in size]
        around = [
            svg.png_picture(ring[rows, columns], x, y, wide, high)
            for (rows, y, high), (columns, x, wide) in product(*ends)
            if far in (wide, high)
        ]
    return f'<g id="{name}-{mode}">{"".join(around)}<use href="#{name}"/></g>'


@explorer("Four ways to pad: which one marks the border?", _prepare, photo="image")
def padding_modes(
    photo: Photo,
    *,
    mode: Annotated[str, Choice("padding mode", PADDING_MODES)] = "zeros",
    width: Annotated[int, Whole("padding width", 0, MOST)] = 16,
    kernel: Annotated[int, Whole("mean filter", 3, 11, 2)] = 3,
    layers: Annotated[int, Whole("layers", 1, 8)] = 1,
) -> View:
    """Show a photo padded in four modes, and what mean filters make of an even image.

    Example:
        >>> padding_modes(torch.rand(3, 64, 64)).numbers["border_response"]["zeros"][0]
        0.6666666666666666
    """
    rows = {m: filtered_ones(ONES, m, kernel, layers)[_HALF].tolist() for m in _PLACES}
    off = {m: sum(abs(v - 1) > 0.01 for v in r[: _HALF + 1]) for m, r in rows.items()}
    after = tuple(side + 2 * width for side in photo.size)
    table = [("mode", "a row begins", "ones: at the edge", "in the middle", "changed")]
    for m, row in rows.items():
        values = map(svg.precise, (row[0], row[_HALF], off[m]))
        table.append((pointed(m, m == mode), PATTERNS[m], *values))
    text = (
        f"The photo, {svg.sides(photo.size)}, padded by {width} in four modes: "
        f"{svg.sides(after)}; {mode} reads {PATTERNS[mode]}.\n"
        f"Ones after {many(layers, 'mean filter')} of {kernel}×{kernel} with padding "
        f"{kernel // 2} ({mode}): {_trace(rows[mode][0], off[mode])}"
    )
    numbers = {"padded_size": after, "border_response": rows, "reach": off}
    more = {"numbers": numbers, "table": tuple(table), "backdrop": photo.backdrop}
    panel = SIDE + 2 * MOST
    marks = (Mark(x, _TOP, panel, panel, {"mode": m}) for m, x in _PLACES.items())
    body = _panels(photo, width, mode) + _ones(kernel, layers)
    return View.drawn(_HEIGHT, body, text, marks=tuple(marks), **more)


explore_padding = padding_modes.explore


def _trace(edge: float, off: int) -> str:
    if not off:
        return "every pixel is still 1, the border leaves no trace."
    deep = many(off, "pixel")
    return f"the border shows {deep} deep, the edge is {svg.precise(edge)}."


def _panels(photo: Photo, width: int, mode: str) -> str:
    """Draw the padded photos, each cut out of the middle of its widest padding."""
    parts, (high, wide) = [], (side + 2 * width for side in photo.size)
    for name, left in _PLACES.items():
        x, y = left + MOST - width, _TOP + MOST - width
        copy = f'<use href="#{svg.name_of(photo.pixels)}-{name}"/>'
        seen = -width, -width, wide, high
        parts.append(svg.cutting((x, y, wide, high), seen, copy))
        parts.append(svg.box(x + width, y + width, *photo.size[::-1], "#fff", line=1))
        if name == mode:
            parts.append(svg.box(x - 3, y - 3, wide + 6, high + 6, ROLES["chosen"]))
    return "".join(parts)


@lru_cache(maxsize=64)
def _ones(kernel: int, layers: int) -> str:
    """Draw the image of ones after the filters, once a mode."""
    parts, side = [], _CELL * ONES
    for mode, x in _PLACES.items():
        image = filtered_ones(ONES, mode, kernel, layers)
        parts.append(svg.png_picture(svg.tint(image, "output", 1), x, _LOW, side, side))
        parts.append(svg.box(x, _LOW, side, side, svg.QUIET, line=1))
        said = f"edge {svg.short(image[0, _HALF])}, corner {svg.short(image[0, 0])}"
        parts.append(svg.words(x, _LOW + side + 18, said, size=13))
    return "".join(parts)
