"""Each augmentation by one number: what the number is, and how to read what it did."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.augment.moves import random_flip, random_shift
from coursekit.augment.recipe import Recipe
from coursekit.augment.traced import Traced


@dataclass(frozen=True)
class Way:
    """An augmentation with one number.

    Args:
        label: what the number is, with its unit.
        words: the way in words; {0} is the number, {1} says "2 holes".
        ends: shorter side of the images → the largest number and the usual one.
        read: what was drawn for each image, read off traced ones; None where pixels are
            mixed or coloured and cannot be traced.
    """

    label: str
    words: str
    ends: Callable[[int], tuple[int, int]]
    read: Callable[[Traced], list] | None = None


def _to(most: int, usual: int) -> Callable[[int], tuple[int, int]]:
    return lambda side: (most, usual)


def _half(side: int) -> tuple[int, int]:
    return side // 2, side // 8


_PERCENT, _FACTORS = "at most (%)", "factors that differ from 1 by at most {0} %"
_SHARES = "shares from Beta(α, α) with α = {0} %"
WAYS = {
    "cutout": Way(
        "length (pixels)", "{1} of {0}×{0}", lambda s: (s, s // 2), Traced.holes
    ),
    "erasing": Way(
        "share (%)", "a rectangle in {0} % of them", _to(100, 50), Traced.holes
    ),
    "crop": Way(
        "padding (pixels)", "padding {0}: a shift by at most {0}", _half, Traced.moves
    ),
    "flip": Way("chance (%)", "a chance of {0} %", _to(100, 50), Traced.mirrored),
    "shift": Way(
        "at most (pixels)", "at most {0} pixels along each axis", _half, Traced.moves
    ),
    "rotation": Way(
        "at most (degrees)", "at most {0}° to either side", _to(180, 15), Traced.angles
    ),
    "scale": Way(_PERCENT, "sizes that differ by at most {0} %", _to(90, 20)),
    "shear": Way("at most (degrees)", "a lean of at most {0}°", _to(80, 15)),
    "brightness": Way(_PERCENT, _FACTORS, _to(100, 40)),
    "contrast": Way(_PERCENT, _FACTORS, _to(100, 40)),
    "saturation": Way(_PERCENT, _FACTORS, _to(100, 40)),
    "hue": Way(_PERCENT, "a turn by at most {0} % of the circle", _to(50, 10)),
    "grey": Way("share (%)", "{0} % of the images", _to(100, 50)),
    "noise": Way("deviation (%)", "a deviation of {0} % of white", _to(50, 5)),
    "mixup": Way("alpha (%)", _SHARES, _to(200, 100)),
    "cutmix": Way("alpha (%)", _SHARES, _to(200, 100)),
}


def augmented(
    images: Tensor, way: str, number: float, holes: int, seed: int
) -> tuple[Tensor, Tensor | None]:
    """Return images after one way, and their own shares where they are mixed.

    Args:
        images: bytes; floats too where nothing is coloured or mixed.
        way: one of `WAYS`.
        number: see there; percents from 0 to 100.
        holes: of cutout.
        seed: of all that is drawn.
    """
    generator = torch.Generator().manual_seed(seed)
    if way == "flip":
        return random_flip(images, number / 100, generator=generator), None
    if way == "shift":
        return random_shift(images, number, generator=generator), None
    whole = way in ("cutout", "crop", "rotation", "shear")
    recipe = Recipe(**{way: number if whole else number / 100}, holes=holes)
    if not (recipe.mixup or recipe.cutmix):
        return recipe.after_normalise(recipe(images, generator), generator), None
    n = len(images)
    mixed, shares = recipe.mix(images / 255, torch.arange(n), n, generator)
    return (255 * mixed).round_().to(images.dtype), shares.diagonal()
