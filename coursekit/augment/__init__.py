"""Augmentation of whole batches: cutout, crop, shift, flip and rotation.

Every function takes a batch (n, c, h, w) of bytes or floats, draws once for each image
from a `torch.Generator`, and returns a new batch of the same type; what it was given
stays as it was. `Recipe` joins them for `coursekit.data.Batches(augment=...)`.
"""

from coursekit.augment.holes import cutout, mean_covered_fraction
from coursekit.augment.moves import (
    random_crop,
    random_flip,
    random_rotation,
    random_shift,
    rotate,
    shift,
)
from coursekit.augment.recipe import Recipe, compose

__all__ = [
    "Recipe",
    "compose",
    "cutout",
    "mean_covered_fraction",
    "random_crop",
    "random_flip",
    "random_rotation",
    "random_shift",
    "rotate",
    "shift",
]
