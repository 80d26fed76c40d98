"""Weights and activations as small pictures: colours, sizes, few bytes."""

from functools import lru_cache

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from coursekit.explore import svg
from coursekit.figures.style import PALETTE, ROLES

SHADES = 21  # from −1 to 1; few, so that a picture is small


def shaded(values: np.ndarray, role: str, limit: float) -> str:
    """Return a picture of signed numbers: white is 0, purple below, as a data URI.

    What is no number (NaN) is grey.

    Shape:
        values: (h, w).
    """
    scaled = np.nan_to_num(values / (limit or 1), nan=0.0, posinf=1.0, neginf=-1.0)
    half = SHADES // 2
    levels = np.rint(np.clip(scaled, -1, 1) * half + half)
    levels = np.where(np.isnan(values), SHADES, levels).astype(np.uint8)
    return svg.uri(svg.png(levels, _palette(role)))


@lru_cache(maxsize=4)
def _palette(role: str) -> np.ndarray:
    """Return the colours: −1 (purple), over 0 (white), to 1 (the role's); then grey."""
    shares = np.linspace(-1, 1, SHADES)[:, None]
    full = np.where(shares < 0, svg.rgb(PALETTE["purple"]), svg.rgb(ROLES[role]))
    tints = np.rint(255 + (full - 255) * np.abs(shares))
    return np.vstack([tints, svg.rgb(svg.QUIET)]).astype(np.uint8)


def mosaic(kernels: np.ndarray) -> np.ndarray:
    """Set kernels side by side with a white line between them."""
    framed = np.pad(kernels, ((0, 0), (0, 0), (0, 1), (0, 1)))
    rows, columns, high, wide = framed.shape
    return framed.transpose(0, 2, 1, 3).reshape(rows * high, columns * wide)


def colours(kernels: np.ndarray, across: int) -> np.ndarray:
    """Set kernels with values −1 to 1 side by side, in few levels of each colour."""
    count, _, high, wide = kernels.shape
    levels = np.full((-(-count // across) * across, 3, high + 1, wide + 1), 255.0)
    levels[:count, :, :-1, :-1] = np.rint(kernels * 7) * 18 + 128.5
    rows = levels.reshape(-1, across, 3, high + 1, wide + 1).transpose(0, 3, 1, 4, 2)
    return rows.reshape(-1, across * (wide + 1), 3).astype(np.uint8)


def reduced(values: Tensor, side: int) -> np.ndarray:
    """Return a map at most `side` wide; each pixel is the mean of what it covers."""
    longest = max(values.shape)
    if longest > side:
        size = tuple(max(1, round(s * side / longest)) for s in values.shape)
        values = F.interpolate(values[None, None].double(), size=size, mode="area")[
            0, 0
        ]
    return values.numpy()
