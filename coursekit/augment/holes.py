"""Cutout: square holes at random places (DeVries and Taylor 2017,
https://arxiv.org/abs/1708.04552).

The masks of all possible centres fit into one megabyte for images of the usual 32×32,
so a batch's masks are one gather and the holes one bitwise "and"
(`benchmarks/cutout.py`). On bits a hole is exactly 0 even where a pixel was NaN.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb

import torch
from torch import Tensor

from coursekit._base.validate import integer
from coursekit.augment.batch import bits, check_batch, draw, fill_values

_TABLE_BYTES = 8 * 2**20  # above this, masks are built from rows and columns


def cutout(
    images: Tensor,
    length: int,
    *,
    holes: int = 1,
    fill: float | Sequence[float] = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill square holes, drawn for each image: the centre is uniform over the pixels.

    Around its centre y a hole covers the rows y - length // 2 to
    y - length // 2 + length - 1, columns likewise, and is clipped at the border.
    Deviation: with an odd length the authors' code clears length - 1 pixels (it goes to
    y + length // 2, exclusive); this clears length. Even lengths are the same.

    Args:
        images: the batch.
        length: side of a hole in pixels; 0 changes nothing.
        holes: number of holes in each image, drawn independently; they may overlap.
        fill: value of the holes, one number or one for each channel.
        generator: where the centres are drawn from; None is torch's default.

    Shape:
        images (n, c, h, w) of any real type; the result has the same shape and type.

    Raises:
        ValueError: not a batch, or a number outside its range.

    Example:
        cutout(torch.ones(1, 1, 4, 4), 2).sum() is 12, 14 (centre in row or column 0)
        or 15 (centre in the corner).
    """
    check_batch(images, generator)
    length = integer("length", length, low=0)
    holes = integer("holes", holes, low=0)
    values = fill_values(fill, images)
    n, _, h, w = images.shape
    if length == 0 or holes == 0 or n == 0:
        return images.clone()
    centres = draw(h * w, (holes * n,), images.device, generator)
    keep = _kept(centres, (h, w), min(length, 2 * max(h, w)), holes)
    if images.requires_grad:  # bits have no gradient
        return torch.where(keep != 0, images, 0.0 if values is None else values)
    pixels = bits(images)
    if pixels.itemsize == 1:
        keep = keep.view(pixels.dtype)
    kept = pixels & keep  # wider pixels: -1 stays all bits
    if values is not None:
        kept |= bits(values) & ~keep
    return kept.view(images.dtype)


def mean_covered_fraction(
    length: int, height: int, width: int | None = None, *, holes: int = 1
) -> Fraction:
    """Return the expected share of the pixels that holes cover together, exactly.

    A pixel escapes k holes with (1 − p)^k, a sum of powers of p; p is a product of one
    share for its row and one for its column, and so is the mean of each power.

    Args:
        length: side of a hole in pixels, 0 or larger.
        height, width: of the image; `width=None` is a square image.
        holes: drawn independently in each image, as in `cutout`.

    Example:
        mean_covered_fraction(16, 32) is 49/256: less than 1/4, for the hole hangs over
        the border.
    """
    length, holes = integer("length", length, low=0), integer("holes", holes, low=0)
    height = integer("height", height, low=1)
    width = height if width is None else integer("width", width, low=1)
    powers = (
        (-1) ** (k + 1) * comb(holes, k) * _mean(length, height, k, width)
        for k in range(1, holes + 1)
    )
    return sum(powers, Fraction(0))


def _mean(length: int, height: int, power: int, width: int) -> Fraction:
    """Return the mean over the pixels of p^power, p the chance of being covered."""
    share, before = Fraction(1), length // 2
    for side in (height, width):
        ends = ((i - length + 1 + before, i + before) for i in range(side))
        counts = (
            max(0, min(last, side - 1) - max(first, 0) + 1) for first, last in ends
        )
        share *= Fraction(sum(n**power for n in counts), side ** (power + 1))
    return share


def _kept(centres: Tensor, size: tuple[int, int], length: int, holes: int) -> Tensor:
    """Return -1 (all bits) where an image is kept and 0 in its holes.

    Shape:
        centres (holes · n,) positions in the flattened image; result (n, 1, h, w) int8.
    """
    h, w = size
    if (h * w) ** 2 <= _TABLE_BYTES:
        masks = _table(h, w, length, centres.device).index_select(0, centres)
    else:
        down, right = (_covered(side, length, centres.device) for side in size)
        masks = _keep(down[centres // w], right[centres % w])
    if holes == 1:
        return masks.view(-1, 1, h, w)
    keep, *others = masks.view(holes, -1, 1, h, w)
    for other in others:
        keep &= other
    return keep


@lru_cache(maxsize=4)
def _table(h: int, w: int, length: int, device: torch.device) -> Tensor:
    """Return the masks of all h · w centres, (h·w, h·w)."""
    rows = _covered(h, length, device).repeat_interleave(w, 0)
    columns = _covered(w, length, device).repeat(h, 1)
    return _keep(rows, columns).view(h * w, h * w)


def _covered(side: int, length: int, device: torch.device) -> Tensor:
    """Return for each centre which of `side` positions a hole covers, (side, side)."""
    place = torch.arange(side, device=device)
    start = place - length // 2
    return (place >= start[:, None]) & (place < start[:, None] + length)


def _keep(rows: Tensor, columns: Tensor) -> Tensor:
    """Return masks from covered rows (k, h) and columns (k, w), (k, h, w) int8."""
    hole = rows[:, :, None] & columns[:, None, :]
    return hole.to(torch.int8) - 1
