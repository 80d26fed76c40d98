"""Several augmentations as one argument for `coursekit.data.Batches`."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit._base.validate import integer, number
from coursekit.augment.affine import random_affine
from coursekit.augment.batch import draw_unit
from coursekit.augment.colour import random_colour, random_grey, random_noise
from coursekit.augment.holes import cutout, random_erasing
from coursekit.augment.mixtures import LEAST_ALPHA, cutmix, mixup
from coursekit.augment.moves import random_crop, random_flip

# field → the highest number that is allowed, all from 0
_HIGHEST = {
    "rotation": 180.0,
    "scale": 0.9,
    "shear": 80.0,
    "brightness": torch.inf,
    "contrast": torch.inf,
    "saturation": torch.inf,
    "hue": 0.5,
    "grey": 1.0,
    "noise": torch.inf,
    "erasing": 1.0,
    "mixup": 1e3,
    "cutmix": 1e3,
}


@dataclass(frozen=True)
class Recipe:
    """Move, colour and hide parts of a batch, in the order of the arguments.

    Holes are cut after normalisation, where 0 is the mean colour, as in the cutout
    paper; then images are mixed. 0 or False leaves an augmentation out.

    Args:
        rotation: largest angle in degrees, 0 to 180.
        scale: largest change of size as a share, 0 to 0.9.
        shear: largest lean in degrees, 0 to 80.
        crop: padding of the random crop, in pixels.
        flip: mirror half of the images.
        brightness, contrast, saturation: largest change of the factor, such as 0.4.
        hue: largest turn of the colours as a share of their circle, 0 to 0.5.
        grey: share of images made grey, 0 to 1.
        noise: standard deviation of Gaussian noise, on the scale 0 to 1.
        cutout: side of the hole in pixels.
        holes: number of holes in each image.
        erasing: share of images with one rectangle erased, 0 to 1.
        mixup, cutmix: alpha of the shares, 0.001 or more; with both, each batch
            takes one of them by the toss of a coin. Labels become shares of classes.

    Raises:
        ValueError: a number outside its range.

    Example:
        Batches(train, augment=Recipe(crop=4, flip=True, cutout=16))
    """

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    crop: int = 0
    flip: bool = False
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    grey: float = 0.0
    noise: float = 0.0
    cutout: int = 0
    holes: int = 1
    erasing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0

    def __post_init__(self) -> None:
        for name, high in _HIGHEST.items():
            value = getattr(self, name)
            mixes = name in ("mixup", "cutmix") and value != 0
            number(name, value, low=LEAST_ALPHA if mixes else 0.0, high=high)
        for name, low in (("crop", 0), ("cutout", 0), ("holes", 1)):
            integer(name, getattr(self, name), low=low)
        if not isinstance(self.flip, bool):
            raise ValueError(f"`flip` must be True or False; got {self.flip!r}")

    def __repr__(self) -> str:
        given = ((name, getattr(self, name)) for name in self.__dataclass_fields__)
        on = [
            f"{name}={value!r}"
            for name, value in given
            if value != self.__dataclass_fields__[name].default
        ]
        return f"Recipe({', '.join(on)})"

    def __call__(
        self, images: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the batch moved and coloured."""
        draw = {"generator": generator}
        if self.rotation or self.scale or self.shear:
            move = {"degrees": self.rotation, "scale": self.scale, "shear": self.shear}
            images = random_affine(images, **move, **draw)
        if self.crop:
            images = random_crop(images, self.crop, **draw)
        if self.flip:
            images = random_flip(images, **draw)
        names = ("brightness", "contrast", "saturation", "hue")
        colour = {name: getattr(self, name) for name in names}
        if any(colour.values()):
            images = random_colour(images, **colour, **draw)
        if self.grey:
            images = random_grey(images, self.grey, **draw)
        return random_noise(images, self.noise, **draw) if self.noise else images

    def after_normalise(
        self, images: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the normalised batch with holes of the mean colour."""
        if self.cutout:
            images = cutout(images, self.cutout, holes=self.holes, generator=generator)
        if self.erasing:
            images = random_erasing(images, self.erasing, generator=generator)
        return images

    def mix(
        self,
        images: Tensor,
        labels: Tensor,
        classes: int,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the batch mixed, and its labels: as they are, or in shares."""
        ways = {mixup: self.mixup, cutmix: self.cutmix}
        ways = [(way, alpha) for way, alpha in ways.items() if alpha]
        if not ways:
            return images, labels
        heads = len(ways) == 2 and draw_unit(1, images.device, generator) < 0.5
        way, alpha = ways[bool(heads)]
        return way(images, labels, classes, alpha=alpha, generator=generator)


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
