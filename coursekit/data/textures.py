"""Textures for backgrounds, drawn with whole numbers only.

A texture says for each pixel how much of the second of two tones it has, 0 to 64. Every
function gets the pixel grids, `y` (1, h, 1) and `x` (1, 1, w), and `draw(what, high)`,
which returns a random whole number below `high` for each sample, as (m, 1, 1).
"""

from collections.abc import Callable

import numpy as np

FULL = 64
_DIRECTIONS = np.array(  # sixteen times a unit vector
    [(16, 0), (0, 16), (11, 11), (11, -11), (14, 7), (7, 14), (14, -7), (7, -14)],
    np.int32,
)

Draw = Callable[[str, int], np.ndarray]
Texture = Callable[[np.ndarray, np.ndarray, Draw], np.ndarray]


def _period(x: np.ndarray, draw: Draw) -> np.ndarray:
    return 4 + draw("period", 3 + x.size // 16)


def _stripes(y, x, draw):
    a, b = np.moveaxis(_DIRECTIONS[draw("direction", 8)], -1, 0)
    period = 16 * _period(x, draw)
    along = a * x + b * y + draw("phase", 1024)
    return FULL * (2 * (along % period) < period)


def _checks(y, x, draw):
    period = _period(x, draw)
    column = (x + draw("left", 64)) // period
    row = (y + draw("top", 64)) // period
    return FULL * ((row + column) & 1)


def _dots(y, x, draw):
    period = 1 + _period(x, draw)
    across = 2 * ((x + draw("left", 64)) % period) + 1 - period
    down = 2 * ((y + draw("top", 64)) % period) + 1 - period
    return FULL * (3 * (across * across + down * down) <= period * period)


def _waves(y, x, draw):
    length = 12 + draw("length", 8)
    phase = (x + draw("phase", 64)) % (2 * length) - length
    arch = 4 * abs(phase) * (length - abs(phase)) // length  # 0 … length
    lift = np.where(phase < 0, arch, -arch) // 3
    period = _period(x, draw)
    return FULL * (2 * ((y + lift + draw("top", 64)) % period) < period)


def _noise(y, x, draw):
    cell = 2 + draw("cell", 2)
    values = draw("value", FULL + 1, (y.size // 2 + 2, x.size // 2 + 2))
    sample = np.arange(len(cell))[:, None, None]
    return values[sample, y // cell, x // cell]


def _grid(y, x, draw):
    period = 1 + _period(x, draw)
    on_column = (x + draw("left", 64)) % period < 1 + period // 8
    on_row = (y + draw("top", 64)) % period < 1 + period // 8
    return FULL * (on_column | on_row)


def _bricks(y, x, draw):
    height = _period(x, draw)
    line = y + draw("top", 64)
    row = line // height
    along = (x + draw("left", 64) + height * (row & 1)) % (2 * height)
    return FULL * ((line % height == 0) | (along == 0))


def _ripples(y, x, draw):
    down, across = y - draw("row", y.size), x - draw("column", x.size)
    square = (down * down + across * across).astype(np.float64)
    radius = np.floor(4 * np.sqrt(square)).astype(np.int32)  # exact: IEEE square root
    period = 4 * _period(x, draw)
    return FULL * (2 * ((radius + draw("phase", 64)) % period) < period)


def _clouds(y, x, draw):
    cell = 8
    values = draw("value", FULL + 1, (y.size // cell + 3, x.size // cell + 3))
    sample = np.arange(len(values))[:, None, None]
    row, down = np.divmod(y + draw("top", cell), cell)
    column, right = np.divmod(x + draw("left", cell), cell)

    def corner(i: int, j: int) -> np.ndarray:
        return values[sample, row + i, column + j]

    upper = corner(0, 0) * (cell - right) + corner(0, 1) * right
    lower = corner(1, 0) * (cell - right) + corner(1, 1) * right
    blend = (upper * (cell - down) + lower * down) // (cell * cell)
    return np.clip(2 * blend - FULL // 2, 0, FULL)


def _plaid(y, x, draw):
    period = 2 + _period(x, draw)
    across = (x + draw("left", 64)) % period
    down = (y + draw("top", 64)) % period
    return (FULL // 2) * ((2 * across < period) * 1 + (2 * down < period) * 1)


TEXTURES: dict[str, Texture] = {
    "stripes": _stripes,
    "checks": _checks,
    "dots": _dots,
    "waves": _waves,
    "noise": _noise,
    "grid": _grid,
    "bricks": _bricks,
    "ripples": _ripples,
    "clouds": _clouds,
    "plaid": _plaid,
}
