"""Several augmentations as one argument for `coursekit.data.Batches`."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit._base.validate import integer, number
from coursekit.augment.holes import cutout
from coursekit.augment.moves import random_crop, random_flip, random_rotation


@dataclass(frozen=True)
class Recipe:
    """Rotate, crop and flip the pixels of a batch, then cut holes after normalisation.

    A hole of 0 in normalised values is the mean colour, as in the cutout paper.
    0 or False leaves an augmentation out.

    Args:
        rotation: largest angle in degrees, 0 to 180.
        crop: padding of the random crop, in pixels.
        flip: mirror half of the images.
        cutout: side of the hole in pixels.
        holes: number of holes in each image.

    Raises:
        ValueError: a number outside its range.

    Example:
        Batches(train, augment=Recipe(crop=4, flip=True, cutout=16))
    """

    rotation: float = 0.0
    crop: int = 0
    flip: bool = False
    cutout: int = 0
    holes: int = 1

    def __post_init__(self) -> None:
        number("rotation", self.rotation, low=0.0, high=180.0)
        for name, low in (("crop", 0), ("cutout", 0), ("holes", 1)):
            integer(name, getattr(self, name), low=low)
        if not isinstance(self.flip, bool):
            raise ValueError(f"`flip` must be True or False; got {self.flip!r}")

    def __call__(
        self, images: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the batch rotated, cropped and flipped."""
        if self.rotation:
            images = random_rotation(images, self.rotation, generator=generator)
        if self.crop:
            images = random_crop(images, self.crop, generator=generator)
        if self.flip:
            images = random_flip(images, generator=generator)
        return images

    def after_normalise(
        self, images: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the normalised batch with holes of the mean colour."""
        if not self.cutout:
            return images
        return cutout(images, self.cutout, holes=self.holes, generator=generator)


def compose(*steps: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return one function (images, generator) that applies the steps in order.

    Args:
        steps: functions of (images, generator=...), such as `random_flip` or
            `functools.partial(random_crop, padding=4)`.

    Raises:
        ValueError: no step, or one that is not a function.
    """
    if not steps or not all(callable(step) for step in steps):
        raise ValueError(f"`steps` must be one or more functions; got {steps!r}")

    def composed(images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        for step in steps:
            images = step(images, generator=generator)
        return images

    return composed
