"""Lay maps and boxes over pictures: arrays in, arrays out."""

import torch
from torch import Tensor

# Okabe and Ito's vermillion and yellow: from weak to strong evidence.
WEAK, STRONG = (0.835, 0.369, 0.0), (0.941, 0.894, 0.259)
FRAME = (0.337, 0.706, 0.914)  # sky blue, told apart from both


def overlay(images: Tensor, maps: Tensor, strength: float = 0.7) -> Tensor:
    """Return the pictures in grey with their maps on top, vermillion to yellow.

    Args:
        images: bytes 0 to 255 or floats 0 to 1.
        maps: 0 to 1, as `grad_cam` gives them.
        strength: how much of the picture a map of 1 hides, 0 to 1.

    Shape:
        images (n, c, h, w) with 1 or 3 channels, maps (n, h, w); result (n, 3, h, w)
        floats 0 to 1.

    Raises:
        ValueError: shapes that do not fit, or values outside their range.
    """
    grey = _unit(images).mean(1, keepdim=True)  # n 1 h w
    _check_maps(maps, images)
    if not 0 <= strength <= 1:
        raise ValueError(f"`strength` must be 0 to 1; got {strength!r}")
    colour, opacity = veil(maps[:, None].to(grey.dtype), strength)
    return grey + (colour - grey) * opacity


def veil(heat: Tensor, strength: float = 0.7) -> tuple[Tensor, Tensor]:
    """Return the colour that lies over a picture, and how much of it it hides.

    Args:
        heat, strength: as the maps and the strength of `overlay`.

    Shape:
        heat (n, 1, h, w) → (n, 3, h, w), (n, 1, h, w), 0 to 1.
    """
    weak, strong = (heat.new_tensor(c).view(1, 3, 1, 1) for c in (WEAK, STRONG))
    return weak + (strong - weak) * heat, strength * heat


def outlined(images: Tensor, boxes: Tensor, colour: tuple = FRAME) -> Tensor:
    """Return the pictures with a frame one pixel wide just inside each box.

    Args:
        images: bytes 0 to 255 or floats 0 to 1.
        boxes: x1, y1, x2, y2 in pixels, x2 and y2 exclusive.
        colour: red, green, blue, 0 to 1.

    Shape:
        images (n, c, h, w) with 1 or 3 channels, boxes (n, 4); result (n, 3, h, w)
        floats 0 to 1.

    Raises:
        ValueError: not one box for each picture, or pictures of another range.
    """
    unit = _unit(images)
    if boxes.shape != (len(images), 4):
        raise ValueError(
            f"`boxes` must be ({len(images)}, 4), one for each picture; got "
            f"{tuple(boxes.shape)}"
        )
    drawn = unit.expand(-1, 3, -1, -1).clone()
    ink = drawn.new_tensor(colour)[:, None]  # 3 1
    for picture, (x1, y1, x2, y2) in zip(drawn, boxes.tolist(), strict=True):
        picture[:, [y1, y2 - 1], x1:x2] = ink[..., None]
        picture[:, y1:y2, [x1, x2 - 1]] = ink[..., None]
    return drawn


def _unit(images: Tensor) -> Tensor:
    if images.dim() != 4 or images.shape[1] not in (1, 3):
        raise ValueError(
            "`images` must be (n, c, h, w) with 1 or 3 channels; got "
            f"{tuple(images.shape)}"
        )
    unit = images.float() / 255 if images.dtype == torch.uint8 else images
    if not unit.is_floating_point() or unit.min() < 0 or unit.max() > 1:
        raise ValueError(
            "`images` must be bytes or floats from 0 to 1 (not normalised ones); got "
            f"{images.min():g} to {images.max():g}"
        )
    return unit


def _check_maps(maps: Tensor, images: Tensor) -> None:
    n, _, h, w = images.shape
    if maps.shape != (n, h, w):
        raise ValueError(
            f"`maps` must be {(n, h, w)}, one for each picture; got {tuple(maps.shape)}"
        )
    if maps.min() < 0 or maps.max() > 1:
        raise ValueError(
            f"`maps` must lie in 0 to 1; got {maps.min():g} to {maps.max():g}"
        )
