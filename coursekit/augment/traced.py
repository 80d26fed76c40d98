"""What an augmentation did to each image, read off images that hold their coordinates.

A probe goes the way of the images: a channel of ones, one of row numbers, one of column
numbers. Where the ones are 0 a pixel was filled in; the numbers say where every other
pixel came from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import atan2, degrees

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Traced:
    """Hold what was done to n images.

    Shape:
        probed: (n, 3, h, w), the probe afterwards.
    """

    probed: Tensor

    def filled(self) -> list[float]:
        """Return the share of each image that was filled in, 0 to 1."""
        return (1 - self.probed[:, 0].double().mean(dim=(1, 2))).tolist()

    def holes(self) -> list[tuple[int, ...] | None]:
        """Return first and last row and column of what was filled in, if anything."""
        masks = self.probed[:, 0] == 0
        corners = ((m.any(1).nonzero(), m.any(0).nonzero()) for m in masks)
        return [
            (*rows[[0, -1]].flatten().tolist(), *columns[[0, -1]].flatten().tolist())
            if len(rows)
            else None
            for rows, columns in corners
        ]

    def moves(self) -> list[tuple[int, int]]:
        """Return pixels (down, right) of images moved by whole ones."""
        places = [image[0].nonzero()[0].tolist() for image in self.probed]
        return [
            (i - int(image[1, i, j]), j - int(image[2, i, j]))
            for image, (i, j) in zip(self.probed, places, strict=True)
        ]

    def mirrored(self) -> list[bool]:
        """Return whether each was mirrored left to right."""
        return (self.probed[:, 2, 0, 0] != 0).tolist()

    def angles(self) -> list[float]:
        """Return degrees counter-clockwise, −180 to 180, of images turned.

        They are read off a pixel near the centre and where it came from.
        """
        h, w = self.probed.shape[2:]
        i, j, middle = h // 2, w // 2 + 1, torch.tensor([(h - 1) / 2, (w - 1) / 2])
        y, x = (torch.tensor([i, j]) - middle).tolist()
        origins = (self.probed[:, 1:, i, j] - middle).tolist()
        turned = (degrees(atan2(*origin) - atan2(y, x)) for origin in origins)
        return [(angle + 180) % 360 - 180 for angle in turned]


def traced(augmentation: Callable[[Tensor], Tensor], n: int, h: int, w: int) -> Traced:
    """Return what an augmentation does to n images of h×w pixels.

    Example:
        >>> traced(lambda images: shift(images, (2, -1)), 1, 8, 8).moves()
        [(2, -1)]
    """
    rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    probe = torch.stack([torch.ones(h, w), rows, columns]).repeat(n, 1, 1, 1)
    return Traced(augmentation(probe))


def in_words(what: bool | float | tuple[int, ...] | None) -> str:
    """Say what was drawn for an image: a mirror, an angle, a move or a hole.

    Example:
        >>> in_words((3, -4)), in_words(True), in_words(-7.25), in_words(None)
        ('3 down, 4 left', 'mirrored', '−7.2°', 'nothing')
    """
    if what is None:
        return "nothing"
    if isinstance(what, bool):
        return "mirrored" if what else "as it was"
    if isinstance(what, float):
        return f"{what:.1f}°".replace("-", "−")
    if len(what) == 4:
        return "rows {}–{}, columns {}–{}".format(*what)
    down, right = what
    return (
        f"{abs(down)} {'up' if down < 0 else 'down'}, "
        f"{abs(right)} {'left' if right < 0 else 'right'}"
    )
