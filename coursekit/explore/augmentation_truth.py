"""What an augmentation drew, read off images that hold their own coordinates.

The way, its amount and its seed go over a probe instead of the photos: a channel of
ones, one of row numbers, one of column numbers. Where the ones are 0 a pixel was filled
in; the numbers say where every other pixel came from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import atan2, comb, degrees

import torch
from torch import Tensor

from coursekit.augment import mean_covered_fraction

Augment = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Truth:
    """Hold what was drawn for each of n images.

    Args:
        way: the augmentation.
        holes: pixels that were filled in.
        filled: share of each image that was filled in, 0 to 1.
        drawn: by way: of crop and shift (down, right) in pixels, of flip whether it was
            mirrored, of rotation degrees counter-clockwise, of cutout None.

    Shape:
        holes: (n, h, w) bool.
    """

    way: str
    holes: Tensor
    filled: list[float]
    drawn: list

    @property
    def mean(self) -> float:
        """Share of all pixels that was filled in."""
        return sum(self.filled) / len(self.filled)


def truth(augment: Augment, way: str, n: int, h: int, w: int) -> Truth:
    """Return what `augment` draws for n images of h×w pixels."""
    rows = torch.arange(h, dtype=torch.float32).view(h, 1).expand(h, w)
    columns = torch.arange(w, dtype=torch.float32).expand(h, w)
    probe = torch.stack([torch.ones(h, w), rows, columns]).repeat(n, 1, 1, 1)
    probed = augment(probe)
    kept = probed[:, 0]
    filled = (1 - kept.double().mean(dim=(1, 2))).tolist()
    read = {"crop": _offset, "shift": _offset, "flip": _mirrored, "rotation": _angle}
    drawn = [read[way](image) if way in read else None for image in probed]
    return Truth(way, kept == 0, filled, drawn)


def _offset(probed: Tensor) -> tuple[int, int]:
    """Return how far down and right an image was moved, from any pixel of it."""
    i, j = probed[0].nonzero()[0].tolist()
    return i - int(probed[1, i, j]), j - int(probed[2, i, j])


def _mirrored(probed: Tensor) -> bool:
    return bool(probed[2, 0, 0] != 0)


def _angle(probed: Tensor) -> float:
    """Return the angle, from a pixel near the centre and where it came from."""
    h, w = probed.shape[1:]
    i, j = h // 2, w // 2 + 1
    middle = torch.tensor([(h - 1) / 2, (w - 1) / 2])
    y, x = (torch.tensor([i, j]) - middle).tolist()
    from_y, from_x = (probed[1:, i, j] - middle).tolist()
    turned = atan2(from_y, from_x) - atan2(y, x)
    return (degrees(turned) + 180) % 360 - 180


@lru_cache(maxsize=64)
def covered_by(length: int, holes: int, h: int, w: int) -> Fraction:
    """Return the expected share of the pixels that holes cover together, exactly.

    A pixel escapes k holes with (1 − p)^k, a sum of powers of p; p is a product of one
    share for its row and one for its column, and so is the mean of each power.
    """
    if holes == 1:
        return mean_covered_fraction(length, h, w)
    return sum(
        (-1) ** (k + 1) * comb(holes, k) * _moment(length, h, k) * _moment(length, w, k)
        for k in range(1, holes + 1)
    )


def _moment(length: int, side: int, power: int) -> Fraction:
    """Return the mean over an axis of (share of the centres that cover a place)^k."""
    reach = range(-(length // 2), length - length // 2)
    shares = (
        Fraction(sum(0 <= place - step < side for step in reach), side)
        for place in range(side)
    )
    return sum(share**power for share in shares) / side
