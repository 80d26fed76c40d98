"""Masks of geometric shapes, drawn with whole numbers only.

A shape is a set of inequalities in the half-size r. The mask of `side` pixels is found
by trying sizes r until the longest side of the mask's box is exactly `side`.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from itertools import product

import numpy as np

_UNIT = 32  # steps per pixel, so that r can be a fraction of a pixel
# Rotations (cosine, sine, denominator) from Pythagorean triples: exact, 0° and ±16.26°.
TILTS = ((1, 0, 1), (24, 7, 25), (24, -7, 25))

Inequality = Callable[[np.ndarray, np.ndarray, int, int], np.ndarray]


def _circle(x, y, r, pixel):
    return x * x + y * y <= r * r


def _square(x, y, r, pixel):
    return np.maximum(abs(x), abs(y)) <= r


def _triangle(x, y, r, pixel):
    # Equilateral to three digits: slope √3 ≈ 1.732, centroid in the origin.
    return (2 * y <= r) & (1000 * y + 1732 * abs(x) + 1000 * r >= 3464 * abs(x))


def _cross(x, y, r, pixel):
    thin, long = np.minimum(abs(x), abs(y)), np.maximum(abs(x), abs(y))
    return (3 * thin <= r) & (long <= r)


def _ring(x, y, r, pixel):
    square = x * x + y * y
    return (square <= r * r) & (100 * square >= 36 * r * r)


def _diamond(x, y, r, pixel):
    return 10 * abs(x) + 7 * abs(y) <= 7 * r


def _star(x, y, r, pixel):
    # A pentagram is where four or five of five half-planes hold (normals · 10,000).
    normals = ((0, -10000), (9511, -3090), (5878, 8090), (-5878, 8090), (-9511, -3090))
    inside = sum((a * x + b * y <= 3820 * r).astype(np.int8) for a, b in normals)
    return inside >= 4


def _crescent(x, y, r, pixel):
    bite = (10 * x - 5 * r) ** 2 + 100 * y * y < 64 * r * r
    return _circle(x, y, r, pixel) & ~bite


def _brackets(x, y, r, pixel, outward):
    """Draw [ ] or ] [: the same local pieces, told apart only across the gap."""
    stroke = max(pixel, r // 4)
    mirror = (
        (r + r // 2 + pixel // 2) // pixel * pixel
    )  # x ↔ mirror - x: pixel to pixel
    across = mirror - abs(x) if outward else abs(x)
    inside = (abs(x) >= mirror - r) & (abs(x) <= r) & (abs(y) <= r)
    return inside & ((across >= r - stroke) | (abs(y) >= r - stroke))


def _inward(x, y, r, pixel):
    return _brackets(x, y, r, pixel, outward=False)


def _outward(x, y, r, pixel):
    return _brackets(x, y, r, pixel, outward=True)


SHAPES: dict[str, Inequality] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
    "ring": _ring,
    "star": _star,
    "diamond": _diamond,
    "crescent": _crescent,
    "inward": _inward,
    "outward": _outward,
}


@lru_cache(maxsize=4096)
def sprite(shape: str, side: int, tilt: int) -> np.ndarray:
    """Return the mask of a shape, cut to its box, whose longest side is `side`.

    Args:
        shape: a key of `SHAPES`.
        side: 6 pixels or more.
        tilt: index into `TILTS`.

    Shape:
        (h, w) bool with max(h, w) = side.
    """
    # The first place does nearly always; a thin tip can slip between two pixel rows.
    for lift, canvas in product(range(0, _UNIT, _UNIT // 8), (side + 4, side + 5)):
        draw = partial(_draw, shape, tilt, canvas, lift)
        middle = (
            _smallest(draw, canvas, side) + _smallest(draw, canvas, side + 1)
        ) // 2
        cut = _cropped(draw(middle))
        if max(cut.shape) == side:
            cut.flags.writeable = False
            return cut
    raise AssertionError(f"no {shape} of side {side} at tilt {tilt}")


def _smallest(draw: Callable[[int], np.ndarray], canvas: int, side: int) -> int:
    """Return the smallest half-size whose box is `side` pixels or longer."""
    low, high = 0, _UNIT * canvas * 3 // 4  # larger ones could miss the canvas
    while low + 1 < high:
        middle = (low + high) // 2
        if max(_cropped(draw(middle)).shape) >= side:
            high = middle
        else:
            low = middle
    return high


def _draw(shape: str, tilt: int, canvas: int, lift: int, r: int) -> np.ndarray:
    """Return the mask of half-size r / 32 pixels, lifted by lift / 32 pixels."""
    cosine, sine, unit = TILTS[tilt]
    axis = (2 * np.arange(canvas, dtype=np.int64) + 1 - canvas) * (_UNIT // 2)
    x, y = axis[None, :], axis[:, None] + lift
    x, y = cosine * x + sine * y, cosine * y - sine * x
    return SHAPES[shape](x, y, r * unit, _UNIT * unit)


def _cropped(mask: np.ndarray) -> np.ndarray:
    rows, columns = mask.any(1).nonzero()[0], mask.any(0).nonzero()[0]
    if not len(rows):
        return mask[:0, :0]
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
