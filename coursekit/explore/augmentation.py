"""What augmentation makes of a few images: cutout, crop, flip, shift, rotation."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from typing import Annotated

import torch
from PIL.Image import Image
from torch import Tensor

from coursekit.augment import (
    cutout,
    random_crop,
    random_flip,
    random_rotation,
    random_shift,
)
from coursekit.data import shapes
from coursekit.explore.augmentation_drawing import Originals, drawing, originals
from coursekit.explore.augmentation_truth import Truth, covered_by, truth
from coursekit.explore.augmentation_words import (
    comparison,
    finding,
    heading,
    table,
)
from coursekit.explore.declare import explorer
from coursekit.explore.live import LiveExplorer
from coursekit.explore.photo_input import photo_or_sample
from coursekit.explore.setting import Button, Choice, Whole
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


def _given(images: object, most: int | None = SHOWN) -> Originals:
    """Draw a batch of small images in bytes, or refuse anything else.

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
                return originals(images[:SHOWN])
    many = "at least 1 image" if most is None else f"1 to {most} images"
    raise ValueError(
        f"`images` must be a batch (n, c, h, w) of bytes (torch.uint8): {many}, 1 or "
        f"3 channels, {LOW} to {HIGH} rows and columns; got {got}"
    )


_AMOUNT = Whole(
    lambda way: _WAYS[way].amount,
    high=lambda shown, way: _WAYS[way].most(min(shown.size)),
    start=lambda shown, way: _WAYS[way].usual(min(shown.size)),
    about="how much of it; None takes a usual amount",
)


@explorer(
    "Augmentation: the same images, different in every epoch",
    _given,
    helpers={
        "again": Button(
            "draw again", sets=lambda seed: {"seed": (seed + 1) % (MOST_SEED + 1)}
        )
    },
)
def augmentation_view(
    shown: Originals,
    *,
    way: Annotated[str, Choice("augmentation", AUGMENTATIONS)] = "cutout",
    amount: Annotated[int | None, _AMOUNT] = None,
    holes: Annotated[
        int, Whole("holes", 1, MOST_HOLES, active=lambda way: way == "cutout")
    ] = 1,
    seed: Annotated[int, Whole("seed", 0, None, reach=MOST_SEED)] = 0,
) -> View:
    """Show images as they are and below what an augmentation makes of them.

    Args:
        images: bytes.

    Shape:
        images: (n, 3, h, w) or (n, 1, h, w), 1 to 6 images, sides 8 to 64.

    Raises:
        ValueError: an argument of another type, shape or range.

    Example:
        >>> images = coursekit.data.shapes(4).images
        >>> augmentation_view(images, amount=16).numbers["expected"]
        Fraction(49, 256)
    """

    def augment(images: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return _WAYS[way].apply(images, amount, holes, generator)

    n, _, h, w = shown.images.shape
    drawn, expected = truth(augment, way, n, h, w), None
    sentence = finding(drawn, amount)
    if way == "cutout":
        expected = covered_by(amount, holes, h, w)
        sentence = comparison(drawn, expected, amount, holes)
    return View.drawn(
        shown.height,
        drawing(shown, augment, drawn),
        f"{heading((n, h, w), way, amount, holes)} (seed {seed}).\n{sentence}",
        numbers=_numbers(drawn, expected),
        table=table(drawn),
        backdrop=shown.backdrop,
    )


def _numbers(drawn: Truth, expected: Fraction | None) -> dict[str, object]:
    return {
        "filled": drawn.filled,
        "mean_filled": drawn.mean,
        "expected": expected,
        "drawn": drawn.drawn,
    }


def _own(photo: object) -> Originals:
    """Draw one picture of any kind, cut square and reduced."""
    pixels = torch.from_numpy(photo_or_sample("images", photo, HIGH, low=LOW))
    return originals(pixels.permute(2, 0, 1)[None])


def explore_augmentation(images: object = None) -> LiveExplorer:
    """See what cutout, crop, flip, shift and rotation do to a few images.

    Args:
        images: a batch of bytes, of which the first 6 are shown, or one picture of your
            own: a path or a Pillow image. None takes `coursekit.data.shapes`.

    Shape:
        images: (n, 3, h, w) or (n, 1, h, w), sides 8 to 64.

    Raises:
        ValueError: `images` of another type or shape.
    """
    if images is None:
        images = shapes(SHOWN, noise=0).images
    is_own = isinstance(images, str | PathLike | Image)
    shown = _own(images) if is_own else _given(images, most=None)
    return augmentation_view.live(shown, _own)
