"""What each augmentation makes of a few images, in place, in colour and in mixtures."""

from typing import Annotated

import torch
from torch import Tensor

from coursekit import augment
from coursekit._base.words import many
from coursekit.augment.batch import check_batch
from coursekit.augment.traced import in_words, traced
from coursekit.augment.ways import WAYS, augmented
from coursekit.data import ImageSet, shapes
from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.judged import picture_of, squared
from coursekit.explore.photo_input import Photo
from coursekit.explore.setting import Button, Choice, Whole
from coursekit.explore.view import View

SHOWN, SIDES, SEEDS = 6, range(8, 65), 100  # images, their sides, seeds of the slider
_LEFT, _GAP, _MOST, _TOP, _BETWEEN = 8, 10, 170, 30, 46


def _layout(images: Tensor) -> tuple[float, float]:
    """Return the longer side of an image on the page, and the step to the next row."""
    tile = min(_MOST, (svg.WIDTH - 2 * _LEFT + _GAP) / len(images) - _GAP)
    return tile, tile * images.shape[2] / max(images.shape[2:]) + _BETWEEN


def _row(images: Tensor, number: int, title: str, below: list[str]) -> str:
    """Draw a row of images with words above and below."""
    (tile, step), x, parts = _layout(images), _LEFT, []
    y = _TOP + number * step
    for image, said in zip(images, below, strict=False):
        parts.append(picture_of(image, x, y, tile))
        parts.append(svg.words(x, y + step - 33, said, size=12))
        x += tile + _GAP
    return svg.words(_LEFT, y - 10, title) + "".join(parts)


def _given(images: object = None) -> Photo:
    """See what each augmentation does to a few images.

    Args:
        images: bytes, of which the first 6 are shown; or a path or Pillow image, cut
            square and reduced. None takes `coursekit.data.shapes`.

    Shape:
        images: (n, 3, h, w) or (n, 1, h, w), sides 8 to 64.

    Raises:
        ValueError: `images` of another type or shape.
    """
    images = shapes(SHOWN, noise=0).images if images is None else images
    if not isinstance(images, Tensor | ImageSet):
        images = squared("images", images, 64)
    check_batch(images)
    n, c, *sides = images.shape
    if images.dtype != torch.uint8 or not n or c not in (1, 3) or {*sides} - {*SIDES}:
        raise ValueError(
            "`images` must be bytes (torch.uint8): at least one, 1 or 3 channels, 8 "
            f"to 64 rows and columns; got {images.dtype} of shape {tuple(images.shape)}"
        )
    images, height = images[:SHOWN].cpu(), 2 * _layout(images[:SHOWN])[1]
    drawn = svg.paper(height) + _row(images, 0, "as given", [""] * SHOWN)
    return Photo(images, svg.document(height, drawn))


_AMOUNT = Whole(
    lambda way: WAYS[way].label,
    high=lambda shown, way: WAYS[way].ends(min(shown.pixels.shape[2:]))[0],
    start=lambda shown, way: WAYS[way].ends(min(shown.pixels.shape[2:]))[1],
    about="how much of it; None takes a usual amount",
)
_HOLES = Whole("holes", 1, 4, active=lambda way: way == "cutout")
_AGAIN = Button("draw again", sets=lambda seed: {"seed": (seed + 1) % SEEDS})
MIXING = "mixup", "cutmix"
_TITLE = "Augmentation: the same images, different in every epoch"


@explorer(_TITLE, _given, helpers={"again": _AGAIN}, photo="images")
def augmentation_view(
    shown: Photo,
    *,
    way: Annotated[str, Choice("augmentation", tuple(WAYS))] = "cutout",
    amount: Annotated[int | None, _AMOUNT] = None,
    holes: Annotated[int, _HOLES] = 1,
    seed: Annotated[int, Whole("seed", 0, None, reach=SEEDS - 1)] = 0,
) -> View:
    """Show images as they are and below what an augmentation makes of them.

    Example:
        >>> augmentation_view(shapes(4).images, amount=16).numbers["expected"]
        Fraction(49, 256)
    """
    how, (n, _, *size) = (way, amount, holes, seed), shown.pixels.shape
    (drawn, said, filled), mean = _told(shown.pixels, how), None
    if way == "cutout":
        mean = augment.mean_covered_fraction(amount, *size, holes=holes)
    shares = [*map(svg.percent, filled or [0.0] * n)]
    numbers = {"filled": filled, "mean_filled": sum(filled) / n}
    numbers |= {"expected": mean, "drawn": drawn}
    what = WAYS[way].words if amount or way not in MIXING else "nothing is mixed"
    what = what.format(amount, many(holes, "hole"))
    seen = f"{many(n, 'image')} of {svg.sides(size)} pixels, as given and after {way}, "
    text = f"{seen}{what} (seed {seed}).\n{_finding(way, numbers)}"
    below, after = shares if way == "cutout" else said, augmented(shown.pixels, *how)[0]
    table = (("image", "drawn", "filled"), *zip("123456", said, shares, strict=False))
    more = {"numbers": numbers, "table": table, "backdrop": shown.backdrop}
    body = _row(after, 1, f"after {way}", below)
    return View.drawn(2 * _layout(after)[1], body, text, **more)


explore_augmentation = augmentation_view.explore


def _told(images: Tensor, how: tuple) -> tuple[list, list[str], list[float]]:
    """Return what was drawn for each image, the same in words, and what was filled."""
    (n, _, *size), read = images.shape, WAYS[how[0]].read
    if read is not None:
        trace = traced(lambda probe: augmented(probe, *how)[0], n, *size)
        return read(trace), [*map(in_words, read(trace))], trace.filled()
    after, own = augmented(images, *how)
    if how[0] in MIXING:
        own = torch.ones(n) if own is None else own
        return own.tolist(), [f"{svg.percent(x)} its own" for x in own.tolist()], []
    changes = (after.float() - images.float()).abs().mean((1, 2, 3)).tolist()
    return changes, [f"changed by {x:.0f}" for x in changes], []


def _finding(way: str, numbers: dict) -> str:
    """Say what was drawn for all images together."""
    drawn, mean = numbers["drawn"], numbers["expected"]
    text = f"Filled with black: {svg.percent(numbers['mean_filled'])} of the pixels."
    if way in MIXING:
        return "Each label is shared in the same way: its own share is written below."
    if WAYS[way].read is None:
        change = sum(drawn) / len(drawn)
        return f"Pixels change by {change:.0f} of 255 on average; the label stays."
    if way == "flip":
        return f"Mirrored: {sum(drawn)} of {len(drawn)}; no pixel is lost."
    if way == "rotation":
        ends = " to ".join(map(in_words, (min(drawn), max(drawn))))
        return f"Angles from {ends} (counter-clockwise is positive). {text}"
    if mean is None:
        return text
    exact = f"{mean} = " * (len(f"{mean}") < 12) + svg.percent(mean)
    return f"{text} The exact mean is {exact}: holes may hang over the border."
