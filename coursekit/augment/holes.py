"""Holes: cutout's squares (DeVries and Taylor 2017, https://arxiv.org/abs/1708.04552)
and the rectangles of random erasing.

A row of a mask is one of few: whole, or with the hole around one of w columns. So a
batch's masks are one gather of rows that stay in the processor's nearest cache, and the
holes one bitwise "and" (`benchmarks/cutout.py`). On bits a hole is exactly 0 even where
a pixel was NaN.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb

import torch
from torch import Tensor

from coursekit._base.validate import integer, number
from coursekit.augment.batch import bits, check_batch, draw, draw_unit, fill_values

TRIES = 10  # for a rectangle that is smaller than the image
_TABLE_BYTES = 8 * 2**20  # above this, the rows of a mask are looked up anew


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
    length, whole = min(length, 2 * max(h, w)), bits(images.detach()).dtype
    return _filled(images, _kept(centres, (h, w), length, holes, whole), values)


def random_erasing(
    images: Tensor,
    p: float = 0.5,
    *,
    area: tuple[float, float] = (0.02, 1 / 3),
    aspect: tuple[float, float] = (0.3, 3.3),
    fill: float | Sequence[float] = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill one rectangle that lies inside the image, in each image with probability p.

    Random erasing, Zhong et al. 2017, https://arxiv.org/abs/1708.04896, algorithm 1;
    area and aspect are drawn as in torchvision's `RandomErasing`: up to ten times,
    until the rectangle is smaller than the image.

    Args:
        images: the batch.
        p: 0 to 1.
        area: smallest and largest share of the image, 0 to 1.
        aspect: smallest and largest height over width, 0.001 to 1,000.
        fill: value of the rectangles, one number or one for each channel.
        generator: where everything is drawn from; None is torch's default.

    Shape:
        images (n, c, h, w) of any real type; the result has the same shape and type.
    """
    check_batch(images, generator)
    p = number("p", p, low=0.0, high=1.0)
    area = _range("area", area, low=0.0, high=1.0)
    aspect = _range("aspect", aspect, low=1e-3, high=1e3)
    values = fill_values(fill, images)
    n, _, h, w = images.shape
    if p == 0 or n == 0:
        return images.clone()
    shares = draw_unit(n * (3 + 2 * TRIES), images.device, generator).view(-1, n)
    chosen, down, right, *tries = shares
    height, width = _sides(tries, area, aspect, (h, w))
    height = height * (chosen < p)  # no rows: no rectangle
    rows = between((down * (h - height + 1)).long(), height, h)
    columns = between((right * (w - width + 1)).long(), width, w)
    return _filled(images, kept_outside(rows, columns)[:, None], values)


def _filled(images: Tensor, keep: Tensor, values: Tensor | None) -> Tensor:
    """Return the images with `values` (None: 0) wherever `keep` is 0."""
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


def _kept(
    centres: Tensor, size: tuple[int, int], length: int, holes: int, dtype: torch.dtype
) -> Tensor:
    """Return -1 (all bits) where an image is kept and 0 in its holes.

    Shape:
        centres (holes · n,) positions in the flattened image; result (n, 1, h, w).
    """
    h, w = size
    if 4 * h * h * w <= _TABLE_BYTES:
        chosen = _all_rows(h, w, length, centres.device).index_select(0, centres)
    else:
        chosen = _rows_of(centres, size, length)
    rows = _kinds_of_rows(w, length, centres.device, dtype)
    masks = rows.index_select(0, chosen.view(-1))
    if holes == 1:
        return masks.view(-1, 1, h, w)
    keep, *others = masks.view(holes, -1, 1, h, w)
    for other in others:
        keep &= other
    return keep


def _rows_of(centres: Tensor, size: tuple[int, int], length: int) -> Tensor:
    """Return of each row of a mask the column its hole is around, w where it has none.

    Example: 3×3 pixels, a hole of length 1 in the middle (position 4): 3 1 3.

    Shape:
        centres (k,) positions in the flattened image; result (k, h) int32.
    """
    h, w = size
    down = _covered(h, length, centres.device)[centres // w]
    return torch.where(down, (centres % w)[:, None], w).int()


@lru_cache(maxsize=4)
def _all_rows(h: int, w: int, length: int, device: torch.device) -> Tensor:
    """Return the rows of the masks of all h · w centres, (h·w, h)."""
    return _rows_of(torch.arange(h * w, device=device), (h, w), length)


@lru_cache(maxsize=8)
def _kinds_of_rows(
    w: int, length: int, device: torch.device, dtype: torch.dtype
) -> Tensor:
    """Return the row with a hole around each column, and last the whole one."""
    hole = _covered(w, length, device)
    hole = torch.cat([hole, hole.new_zeros(1, w)])
    return hole.to(dtype) - 1


def _covered(side: int, length: int, device: torch.device) -> Tensor:
    """Return for each centre which of `side` positions a hole covers, (side, side)."""
    start = torch.arange(side, device=device) - length // 2
    return between(start, torch.full_like(start, length), side)


def between(start: Tensor, length: Tensor, side: int) -> Tensor:
    """Return which of `side` positions lie in each stretch, (n, side)."""
    pixel = torch.arange(side, device=start.device)
    return (pixel >= start[:, None]) & (pixel < (start + length)[:, None])


def _sides(
    tries: list[Tensor],
    area: tuple[float, float],
    aspect: tuple[float, float],
    size: tuple[int, int],
) -> tuple[Tensor, Tensor]:
    """Return the height and width of each rectangle, 0 where none of the tries fits."""
    h, w = size
    of_area, of_aspect = torch.stack(tries).view(2, TRIES, -1)
    pixels = (area[0] + (area[1] - area[0]) * of_area) * (h * w)
    low, high = math.log(aspect[0]), math.log(aspect[1])
    ratio = (low + (high - low) * of_aspect).exp()
    height, width = (pixels * ratio).sqrt().round(), (pixels / ratio).sqrt().round()
    fits = (height < h) & (width < w)
    first = fits.byte().argmax(0, keepdim=True)  # the first of the largest
    some = fits.any(0)
    picked = (sides.gather(0, first)[0] * some for sides in (height, width))
    height, width = (sides.long() for sides in picked)
    return height, width


def _range(name: str, ends: object, low: float, high: float) -> tuple[float, float]:
    try:
        first, last = (number(name, end, low=low, high=high) for end in ends)
    except (TypeError, ValueError):
        first, last = 1.0, 0.0
    if first > last:
        raise ValueError(
            f"`{name}` must be two numbers that rise, from {low:g} to {high:g}; got "
            f"{ends!r}"
        )
    return first, last


def kept_outside(rows: Tensor, columns: Tensor) -> Tensor:
    """Return masks from covered rows (k, h) and columns (k, w), (k, h, w) int8."""
    hole = rows[:, :, None] & columns[:, None, :]
    return hole.to(torch.int8) - 1
