"""Augmentation of whole batches: moves, colours, holes and mixtures.

Every function takes a batch (n, c, h, w), draws once for each image from a
`torch.Generator`, and returns a new batch of the same type; what it was given stays as
it was. `Recipe` joins them for `fit(augment=...)` and `Batches(augment=...)`;
`from_transform` brings in transforms of torchvision and albumentations.
"""

from coursekit.augment.affine import affine, random_affine, random_rotation, rotate
from coursekit.augment.colour import (
    brightness,
    contrast,
    hue,
    random_colour,
    random_grey,
    random_noise,
    saturation,
)
from coursekit.augment.holes import cutout, mean_covered_fraction, random_erasing
from coursekit.augment.mixtures import cutmix, mixup
from coursekit.augment.moves import random_crop, random_flip, random_shift, shift
from coursekit.augment.per_picture import from_transform
from coursekit.augment.recipe import Recipe, compose

__all__ = [
    "Recipe",
    "affine",
    "brightness",
    "compose",
    "contrast",
    "cutmix",
    "cutout",
    "from_transform",
    "hue",
    "mean_covered_fraction",
    "mixup",
    "random_affine",
    "random_colour",
    "random_crop",
    "random_erasing",
    "random_flip",
    "random_grey",
    "random_noise",
    "random_rotation",
    "random_shift",
    "rotate",
    "saturation",
    "shift",
]
