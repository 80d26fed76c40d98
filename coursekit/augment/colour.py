"""Colour of a batch: brightness, contrast, saturation, hue, grey and noise.

The definitions are torchvision's (`torchvision.transforms.v2.functional`), whose
`ColorJitter` draws like `random_colour` but in shuffled order; here it is brightness,
contrast, saturation, hue. Pixels are bytes or floats 0 to 1, clipped to that range
after each step; bytes are rounded once, at the end. The grey of bytes is rounded down,
as torchvision does it.
"""

import torch
from torch import Tensor

from coursekit._base.validate import number
from coursekit.augment.batch import Amount, check_batch, draw_unit, per_image

BYTE = 255.0  # white, where the pixels are bytes
LUMINANCE = (0.2989, 0.587, 0.114)  # of red, green and blue in a grey pixel


def brightness(images: Tensor, factor: Amount) -> Tensor:
    """Multiply the pixels: 0 is black, 1 changes nothing.

    Args:
        images: bytes, or floats 0 to 1.
        factor: ≥ 0, for all images or one for each.

    Shape:
        images (n, c, h, w) with c 1 or 3, factor () or (n,).

    Raises:
        ValueError: not a batch of pictures, or factors out of range.
    """
    return _changed(images, brightness=factor)


def contrast(images: Tensor, factor: Amount) -> Tensor:
    """Move the pixels away from their image's mean grey; 0 leaves that grey alone.

    Arguments as for `brightness`.
    """
    return _changed(images, contrast=factor)


def saturation(images: Tensor, factor: Amount) -> Tensor:
    """Move each pixel away from its own grey; 0 is a grey picture.

    Arguments as for `brightness`.
    """
    return _changed(images, saturation=factor)


def hue(images: Tensor, turn: Amount) -> Tensor:
    """Turn the colours on their circle; grey stays.

    Args:
        images: bytes, or floats 0 to 1.
        turn: share of the circle, -0.5 to 0.5, for all images or one for each.
    """
    return _changed(images, hue=turn)


def random_colour(
    images: Tensor,
    *,
    brightness: float = 0.0,
    contrast: float = 0.0,
    saturation: float = 0.0,
    hue: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Change the colour of each image by amounts of its own (colour jitter).

    Args:
        images: bytes, or floats 0 to 1.
        brightness, contrast, saturation: factors are uniform in 1 - x to 1 + x, and
            never below 0.
        hue: turns are uniform in -x to x, 0 to 0.5.
        generator: where the amounts are drawn from; None is torch's default.

    Shape:
        images (n, c, h, w) with c 1 or 3.
    """
    check_batch(images, generator)
    factors = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
    amounts = {}
    for name, most in factors.items():
        if number(name, most, low=0.0):
            low, share = max(0.0, 1 - most), _shares(images, generator)
            amounts[name] = low + share * (1 + most - low)
    if number("hue", hue, low=0.0, high=0.5):
        amounts["hue"] = (2 * _shares(images, generator) - 1) * hue
    return _changed(images, **amounts)


def random_grey(
    images: Tensor, p: float = 0.1, *, generator: torch.Generator | None = None
) -> Tensor:
    """Make each image grey with probability p; it keeps its channels.

    Args:
        images: bytes, or floats 0 to 1.
        p: 0 to 1.
        generator: where the choice is drawn from; None is torch's default.
    """
    check_batch(images, generator)
    stays = _shares(images, generator) >= number("p", p, low=0.0, high=1.0)
    return _changed(images, saturation=stays.float())


def random_noise(
    images: Tensor, sigma: float, *, generator: torch.Generator | None = None
) -> Tensor:
    """Add Gaussian noise to every pixel.

    Args:
        images: bytes, or floats 0 to 1.
        sigma: standard deviation on the scale 0 to 1.
        generator: where the noise is drawn from; None is torch's default.
    """
    check_batch(images, generator)
    (values, white), sigma = _opened(images), number("sigma", sigma, low=0.0)
    where = images.device if generator is None else generator.device
    noise = torch.randn(values.shape, generator=generator, device=where)
    noisy = values.add(noise.to(values.device, values.dtype), alpha=sigma * white)
    return _closed(noisy.clamp_(0, white), images)


def _shares(images: Tensor, generator: torch.Generator | None) -> Tensor:
    return draw_unit(len(images), images.device, generator)


def _changed(images: Tensor, **amounts: Amount) -> Tensor:
    """Apply the steps by name, in the order given."""
    check_batch(images)
    values, white = _opened(images)
    for name, amount in amounts.items():
        limits = {"low": -0.5, "high": 0.5} if name == "hue" else {"low": 0.0}
        word = "turn" if name == "hue" else "factor"
        each = per_image(word, amount, images, **limits)
        values = _STEPS[name](values, each.view(-1, 1, 1, 1), white)
    return _closed(values, images)


def _opened(images: Tensor) -> tuple[Tensor, float]:
    """Return the pixels as floats, and which of them is white.

    Raises:
        ValueError: other channels, or numbers that are no pixels.
    """
    if images.shape[1] not in (1, 3):
        raise ValueError(
            f"`images` must have 1 or 3 channels; got {tuple(images.shape)}"
        )
    if images.dtype == torch.uint8:
        return images.float(), BYTE
    inside = images.is_floating_point() and (
        not images.numel() or (images.min() >= 0 and images.max() <= 1)
    )
    if not inside:
        raise ValueError(
            f"`images` must be bytes, or floats 0 to 1 that are not normalised yet; "
            f"got {images.dtype} from {images.min():g} to {images.max():g}"
        )
    return images, 1.0


def _closed(values: Tensor, images: Tensor) -> Tensor:
    """Return the pixels in the images' own type; never the images themselves."""
    if images.dtype == torch.uint8:
        return values.round_().to(torch.uint8)
    return values.clone() if values is images else values.to(images.dtype)


def _brightness(values: Tensor, factor: Tensor, white: float) -> Tensor:
    return (values * factor).clamp_(0, white)


def _contrast(values: Tensor, factor: Tensor, white: float) -> Tensor:
    mean = _grey(values, white).mean((1, 2, 3), keepdim=True)
    return torch.lerp(mean, values, factor).clamp_(0, white)


def _saturation(values: Tensor, factor: Tensor, white: float) -> Tensor:
    return torch.lerp(_grey(values, white), values, factor).clamp_(0, white)


def _grey(values: Tensor, white: float) -> Tensor:
    """Return the luminance, (n, 1, h, w)."""
    if values.shape[1] == 1:
        return values
    red, green, blue = (values[:, i : i + 1] for i in range(3))
    grey = red * LUMINANCE[0] + green * LUMINANCE[1] + blue * LUMINANCE[2]
    return grey.floor_() if white == BYTE else grey


def _hue(values: Tensor, turn: Tensor, white: float) -> Tensor:
    """Turn the colours: a channel follows a trapezium around the circle of six parts.

    channel = V - C · clip(2 - |k - 2|, 0, 1), with k = (n + sector) mod 6

        V    ╮       ╭─────     V is the largest channel, C its distance from the
              ╲     ╱           smallest; n is 5, 3, 1 for red, green, blue
        V-C    ╰───╯
        k    0 1   3 4     6
    """
    if values.shape[1] == 1:
        return values
    red, green, blue = values.unbind(1)
    largest = torch.maximum(torch.maximum(red, green), blue)
    chroma = largest - torch.minimum(torch.minimum(red, green), blue)
    width = torch.where(chroma == 0, 1, chroma)
    after_green = torch.where(
        largest == green, (blue - red) / width + 2, (red - green) / width + 4
    )
    sector = torch.where(largest == red, (green - blue) / width, after_green)
    sector = sector + 6 * turn.view(-1, 1, 1)
    away = [((sector + n) % 6 - 2).abs_() for n in (5, 3, 1)]
    turned = [largest - chroma * (2 - one).clamp_(0, 1) for one in away]
    return torch.stack(turned, 1)


_STEPS = {
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "hue": _hue,
}
