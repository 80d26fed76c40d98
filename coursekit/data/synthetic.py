"""Coloured shapes on textured backgrounds, with the truth about every sample.

`shapes` generates images of which everything is known: the mask of the object, its box,
size, position and colour, the background, and how strongly the background gives the
class away. That is what lets an experiment *score* a receptive field, a shortcut or a
Grad-CAM map. All that decides bytes is integer arithmetic on the stream of
`coursekit.data.stream`: the same seed gives the same bytes on every platform, and the
first k samples do not depend on n.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from coursekit._base.validate import choice, integer, number
from coursekit.data.image_set import ImageSet
from coursekit.data.painting import HUES, paint
from coursekit.data.sprites import SHAPES, TILTS, sprite
from coursekit.data.stream import below, words
from coursekit.data.textures import TEXTURES


@dataclass(frozen=True, eq=False, repr=False)
class Shapes(ImageSet):
    """Hold generated shapes and the truth about each of them.

    Args:
        masks: the object's pixels.
        boxes: x1, y1, x2, y2 around the mask in pixels; x2 and y2 are exclusive.
        sizes: longest side of the box in pixels.
        centres: y, x of the middle of the box in pixels; pixel i spans i to i + 1.
        colours: red, green, blue of the object before light and noise.
        hues: for each image the position of its colour in `hue_classes`.
        backgrounds: for each image the position of its texture in `background_classes`.
        background_classes, hue_classes: names.

    Shape:
        masks (n, h, w) bool, boxes (n, 4) int64, sizes (n,) int64, centres (n, 2)
        float32, colours (n, 3) uint8, hues (n,) int64, backgrounds (n,) int64.
    """

    masks: Tensor
    boxes: Tensor
    sizes: Tensor
    centres: Tensor
    colours: Tensor
    hues: Tensor
    backgrounds: Tensor
    background_classes: tuple[str, ...]
    hue_classes: tuple[str, ...]

    def labelled_by(self, *what: str) -> ImageSet:
        """Return the same images with other labels, such as colour and shape.

        Args:
            what: one or more of "shape", "colour", "background"; several make one
                class for each combination, such as "red circle".

        Raises:
            ValueError: nothing, or an unknown word.
        """
        known = {
            "shape": (self.labels, self.classes),
            "colour": (self.hues, self.hue_classes),
            "background": (self.backgrounds, self.background_classes),
        }
        if not what:
            raise ValueError(f"`what` must name at least one of {', '.join(known)}")
        labels, classes = torch.zeros_like(self.labels), ("",)
        for word in what:
            ids, names = known[choice("what", word, known)]
            labels = labels * len(names) + ids
            classes = tuple(f"{a} {b}".strip() for a in classes for b in names)
        return ImageSet(self.images, labels, classes, self.name, self.source)


def shapes(
    n: int,
    *,
    size: int = 32,
    classes: Sequence[str] = ("circle", "square", "triangle", "cross"),
    object_size: tuple[int, int] = (10, 20),
    background_correlation: float = 0.0,
    background_shift: int = 0,
    backgrounds: Sequence[str] = tuple(TEXTURES),
    colours: Sequence[str] = tuple(HUES),
    position: str = "anywhere",
    noise: int = 8,
    seed: int = 0,
) -> Shapes:
    """Generate coloured shapes on textured backgrounds.

    Classes are balanced: each run of len(classes) samples holds every class once.

    Args:
        n: number of images.
        size: height and width of an image, 32 to 96 pixels.
        classes: names from "circle", "square", "triangle", "cross", "ring", "star",
            "diamond", "crescent", "inward" and "outward"; the last two are pairs of
            brackets, [ ] and ] [, with the same local pieces: to tell them apart, one
            has to see both.
        object_size: smallest and largest longest side of the object's box in pixels,
            both included, 6 to `size`; every size is equally likely.
        background_correlation: 0 to 1, the probability that the background is the one
            tied to the class instead of a uniform draw from all backgrounds.
        background_shift: class k is tied to background (k + background_shift) modulo
            the number of backgrounds, so that 1 swaps what 0 taught.
        backgrounds: names of textures to use.
        colours: names of object colours to use, drawn independently of the class.
        position: "anywhere" (the whole object inside the image) or "centre".
        noise: 0 to 64, largest change of a value by uniform pixel noise.
        seed: 0 or larger.

    Raises:
        ValueError: an argument outside its range, or an unknown name.
    """
    classes = _names("classes", classes, SHAPES)
    backgrounds = _names("backgrounds", backgrounds, TEXTURES)
    plan = _Plan(
        n=integer("n", n, low=1),
        size=integer("size", size, low=32, high=96),
        classes=classes,
        sides=_sides(object_size, size),
        correlation=_correlation(background_correlation, classes, backgrounds),
        shift=integer("background_shift", background_shift, low=0),
        backgrounds=backgrounds,
        colours=_names("colours", colours, HUES),
        position=choice("position", position, ("anywhere", "centre")),
        noise=integer("noise", noise, low=0, high=64),
        seed=integer("seed", seed, low=0, high=2**63 - 1),
    )
    return _generated(plan)


@dataclass(frozen=True)
class _Plan:
    """Hold the checked arguments of `shapes`."""

    n: int
    size: int
    classes: tuple[str, ...]
    sides: tuple[int, int]
    correlation: float
    shift: int
    backgrounds: tuple[str, ...]
    colours: tuple[str, ...]
    position: str
    noise: int
    seed: int


def _generated(plan: _Plan) -> Shapes:
    seed, index = plan.seed, np.arange(plan.n)
    labels = _balanced(seed, plan.n, len(plan.classes))
    low, high = plan.sides
    longest = low + below(seed, "size", index, high - low + 1)
    masks, boxes = _place(plan, labels, longest)
    textures = _textures(plan, labels)
    hues = below(seed, "hue", index, len(plan.colours))
    images, rgb = paint(
        seed, masks, textures, plan.backgrounds, hues, plan.colours, plan.noise
    )
    return Shapes(
        images=torch.from_numpy(images),
        labels=torch.from_numpy(labels),
        classes=plan.classes,
        name=f"shapes {plan.size}×{plan.size}",
        source=f"generated by coursekit with seed {seed}, MIT licence as the code",
        masks=torch.from_numpy(masks),
        boxes=torch.from_numpy(boxes),
        sizes=torch.from_numpy(longest),
        centres=torch.from_numpy((boxes[:, [1, 0]] + boxes[:, [3, 2]]) / 2).float(),
        colours=torch.from_numpy(rgb),
        hues=torch.from_numpy(hues),
        backgrounds=torch.from_numpy(textures),
        background_classes=plan.backgrounds,
        hue_classes=plan.colours,
    )


def _textures(plan: _Plan, labels: np.ndarray) -> np.ndarray:
    """Return the number of each background: tied to the class, or any of them."""
    seed, index, count = plan.seed, np.arange(plan.n), len(plan.backgrounds)
    free = below(seed, "background", index, count)
    tied = (labels + plan.shift) % count
    chance = below(seed, "tied", index, 2**31)
    return np.where(chance < int(plan.correlation * 2**31), tied, free)


def _correlation(value: float, classes: tuple, backgrounds: tuple) -> float:
    correlation = number("background_correlation", value, low=0.0, high=1.0)
    if correlation > 0 and len(backgrounds) < len(classes):
        raise ValueError(
            f"`backgrounds` must be at least as many as the {len(classes)} classes "
            f"where `background_correlation` is above 0; got {len(backgrounds)}"
        )
    return correlation


def _names(name: str, values: Sequence[str], known: dict) -> tuple[str, ...]:
    listed = (values,) if isinstance(values, str) else tuple(values)
    for value in listed:
        choice(name, value, known)
    if not listed or len(set(listed)) < len(listed):
        raise ValueError(
            f"`{name}` must be one or more different names; got {values!r}"
        )
    return listed


def _sides(object_size: tuple[int, int], size: int) -> tuple[int, int]:
    try:
        low, high = object_size
    except (TypeError, ValueError):
        raise ValueError(
            f"`object_size` must be two numbers, smallest and largest; "
            f"got {object_size!r}"
        ) from None
    low = integer("object_size", low, low=6, high=size)
    return low, integer("object_size", high, low=low, high=size)


def _balanced(seed: int, n: int, count: int) -> np.ndarray:
    """Return labels of which each run of `count` is a random order of all classes."""
    blocks = -(-n // count)
    keys = words(seed, "class", np.arange(blocks * count), 1)
    order = np.argsort(keys.reshape(blocks, count), axis=1, kind="stable")
    return order.reshape(-1)[:n].astype(np.int64)


def _place(
    plan: _Plan, labels: np.ndarray, longest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return masks (n, size, size) and boxes (n, 4) of objects inside the image."""
    seed, size, index = plan.seed, plan.size, np.arange(plan.n)
    tilts = below(seed, "tilt", index, len(TILTS))
    which = zip(labels.tolist(), longest.tolist(), tilts.tolist(), strict=True)
    drawn = [sprite(plan.classes[label], side, tilt) for label, side, tilt in which]
    room = size - np.array([mask.shape for mask in drawn])
    if plan.position == "anywhere":
        top = below(seed, "top", index, room[:, 0] + 1)
        left = below(seed, "left", index, room[:, 1] + 1)
    else:
        top, left = room[:, 0] // 2, room[:, 1] // 2
    bottom, right = top + size - room[:, 0], left + size - room[:, 1]
    boxes = np.stack([left, top, right, bottom], axis=1)
    masks = np.zeros((plan.n, size, size), bool)
    for mask, cut, (x1, y1, x2, y2) in zip(masks, drawn, boxes.tolist(), strict=True):
        mask[y1:y2, x1:x2] = cut
    return masks, boxes
