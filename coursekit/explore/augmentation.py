"""What augmentation makes of a few images: cutout, crop, flip, shift, rotation."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit._base.validate import choice, integer
from coursekit.augment import (
    cutout,
    random_crop,
    random_flip,
    random_rotation,
    random_shift,
)
from coursekit.data import shapes
from coursekit.explore.augmentation_drawing import Originals, drawing, originals
from coursekit.explore.augmentation_truth import covered_by, truth
from coursekit.explore.augmentation_words import (
    comparison,
    finding,
    heading,
    table,
)
from coursekit.explore.shell import (
    Explorer,
    button,
    limit,
    menu,
    settings,
    slider,
)
from coursekit.explore.view import View

SHOWN = 6  # images
MOST_HOLES, MOST_SEED = 4, 99
LOW, HIGH = 8, 64  # sides of an image


@dataclass(frozen=True)
class _Way:
    """Hold a way to augment: the function, what its amount is, its range and start."""

    apply: Callable[[Tensor, int, int, torch.Generator], Tensor]
    amount: str
    most: Callable[[int], int]  # of the shorter side
    usual: Callable[[int], int]


_WAYS = {
    "cutout": _Way(
        lambda x, length, holes, g: cutout(x, length, holes=holes, generator=g),
        "length (pixels)", lambda side: side, lambda side: side // 2,
    ),
    "crop": _Way(
        lambda x, padding, _, g: random_crop(x, padding, generator=g),
        "padding (pixels)", lambda side: side // 2, lambda side: side // 8,
    ),
    "flip": _Way(
        lambda x, percent, _, g: random_flip(x, percent / 100, generator=g),
        "chance (%)", lambda side: 100, lambda side: 50,
    ),
    "shift": _Way(
        lambda x, most, _, g: random_shift(x, most, generator=g),
        "at most (pixels)", lambda side: side // 2, lambda side: side // 8,
    ),
    "rotation": _Way(
        lambda x, degrees, _, g: random_rotation(x, degrees, generator=g),
        "at most (degrees)", lambda side: 180, lambda side: 15,
    ),
}  # fmt: skip
AUGMENTATIONS = tuple(_WAYS)


def augmentation_view(
    images: Tensor,
    *,
    way: str = "cutout",
    amount: int | None = None,
    holes: int = 1,
    seed: int = 0,
) -> View:
    """Show images as they are and below what an augmentation makes of them.

    Args:
        images: bytes.
        way: one of `AUGMENTATIONS`.
        amount: of cutout the length of a hole in pixels, of crop the padding in pixels,
            of flip the chance in percent, of shift the most pixels, of rotation the
            most degrees; None takes a usual one.
        holes: of cutout, 1 to 4.
        seed: of the generator the augmentation draws from, 0 or larger.

    Shape:
        images: (n, 3, h, w) or (n, 1, h, w), 1 to 6 images, sides 8 to 64.

    Raises:
        ValueError: an argument of another type, shape or range.

    Example:
        >>> images = coursekit.data.shapes(4).images
        >>> augmentation_view(images, amount=16).numbers["expected"]
        Fraction(49, 256)
    """
    _check_images(images, SHOWN)
    chosen, side = _WAYS[choice("way", way, _WAYS)], min(images.shape[2:])
    if amount is None:
        amount = chosen.usual(side)
    integer("amount", amount, low=0, high=chosen.most(side))
    integer("holes", holes, low=1, high=MOST_HOLES)
    integer("seed", seed, low=0)
    return _view(originals(images), way, amount, holes, seed)


def explore_augmentation(images: Tensor | None = None) -> Explorer:
    """See what cutout, crop, flip, shift and rotation do to a few images.

    Args:
        images: bytes; the first 6 are shown. None takes `coursekit.data.shapes`.

    Shape:
        images: (n, 3, h, w) or (n, 1, h, w), sides 8 to 64.

    Raises:
        ValueError: `images` of another type or shape.
    """
    if images is None:
        images = shapes(SHOWN, noise=0).images
    _check_images(images)
    shown, side = originals(images[:SHOWN]), min(images.shape[2:])
    first = _WAYS["cutout"]
    controls = {
        "way": menu("augmentation", list(_WAYS), "cutout"),
        "amount": slider(first.amount, first.usual(side), 0, first.most(side)),
        "holes": slider("holes", 1, 1, MOST_HOLES),
        "seed": slider("seed", 0, 0, MOST_SEED),
        "again": button("draw again"),
    }

    def adjust(name: str) -> None:
        if name == "again":
            controls["seed"].value = (controls["seed"].value + 1) % (MOST_SEED + 1)
        if name == "way":
            way, amount = _WAYS[controls["way"].value], controls["amount"]
            limit(amount, way.most(side))
            amount.description, amount.value = way.amount, way.usual(side)
            controls["holes"].disabled = controls["way"].value != "cutout"

    def draw() -> View:
        return _view(shown, **settings(controls))

    title = "Augmentation: the same images, different in every epoch"
    return Explorer(title, controls, draw, adjust)


def _check_images(images: object, most: int | None = None) -> None:
    """Refuse anything but a batch of small images in bytes.

    Raises:
        ValueError: naming `images`, what came and what is allowed.
    """
    got = type(images).__name__
    if isinstance(images, Tensor):
        got = f"{images.dtype} of shape {tuple(images.shape)}"
        if images.dtype == torch.uint8 and images.ndim == 4:
            n, c, h, w = images.shape
            fits = c in (1, 3) and min(h, w) >= LOW and max(h, w) <= HIGH
            if fits and 1 <= n <= (most or n):
                return
    many = "at least 1 image" if most is None else f"1 to {most} images"
    raise ValueError(
        f"`images` must be a batch (n, c, h, w) of bytes (torch.uint8): {many}, 1 or "
        f"3 channels, {LOW} to {HIGH} rows and columns; got {got}"
    )


def _view(shown: Originals, way: str, amount: int, holes: int, seed: int) -> View:
    def augment(images: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return _WAYS[way].apply(images, amount, holes, generator)

    n, _, h, w = shown.images.shape
    found, expected = truth(augment, way, n, h, w), None
    label = f"{heading((n, h, w), way, amount, holes)} (seed {seed})."
    sentence = finding(found, amount)
    if way == "cutout":
        expected = covered_by(amount, holes, h, w)
        sentence = comparison(found, expected, amount, holes)
    numbers = {
        "filled": found.filled,
        "mean_filled": found.mean,
        "expected": expected,
        "drawn": found.drawn,
    }
    picture = drawing(shown, augment, found, label)
    text = f"{label}\n{sentence}"
    return View(picture, numbers, text, table(found), shown.backdrop)
