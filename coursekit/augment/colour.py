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
    chosen = _shares(images, generator) < number("p", p, low=0.0, high=1.0)
    places = chosen.nonzero().flatten()
    greys = saturation(images.index_select(0, places), 0.0)
    picked = torch.arange(len(images), device=images.device)
    picked[places] = len(images) + torch.arange(len(places), device=images.device)
    return torch.cat([images, greys]).index_select(0, picked)


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
        # by way of int16 it takes half the time
        return values.round_().to(torch.int16).to(torch.uint8)
    return values.clone() if values is images else values.to(images.dtype)


def _brightness(values: Tensor, factor: Tensor, white: float) -> Tensor:
    return (values * factor).clamp_(0, white)


def _contrast(values: Tensor, factor: Tensor, white: float) -> Tensor:
    mean = _grey(values, white).mean((1, 2, 3), keepdim=True)
    return (values * factor).add_(mean * (1 - factor)).clamp_(0, white)


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
    """Turn the colours: each channel follows a trapezium around a circle of six parts.

    red = smallest + chroma · clip(|h - 3| - 1, 0, 1), likewise green and blue with
    2 - |h - 2| and 2 - |h - 4|:

        largest  ──╮         ╭──
                    ╲       ╱        h is the place of a hue on the circle:
        smallest     ╰─────╯         0 red, 2 green, 4 blue
              h  0  1  2   4  5  6
    """
    if values.shape[1] == 1:
        return values
    smallest, chroma, sixth = _places(values)
    sixth = sixth + 6 * turn.view(-1, 1, 1)
    sixth -= (sixth / 6).floor_().mul_(6)
    slopes = (sixth - 3).abs_().sub_(1), 2 - (sixth - 2).abs_(), 2 - (sixth - 4).abs_()
    turned = [slope.clamp_(0, 1).mul_(chroma).add_(smallest) for slope in slopes]
    return torch.stack(turned, 1)


def _places(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return each pixel's smallest channel, its chroma and its hue, -1 to 5.

    `lerp` with a weight of 0 or 1 chooses exactly, eight times as fast as `where`.
    """
    red, green, blue = values.unbind(1)
    largest = torch.maximum(torch.maximum(red, green), blue)
    smallest = torch.minimum(torch.minimum(red, green), blue)
    chroma = largest - smallest
    not_red, not_green = (largest - red).sign_(), (largest - green).sign_()
    apart = torch.lerp(blue - red, red - green, not_green)
    apart = torch.lerp(green - blue, apart, not_red)
    sixth = apart / chroma.clamp_min(1e-6)  # grey: 0 / 1e-6
    return smallest, chroma, sixth.add_(not_red * (2 + 2 * not_green))


_STEPS = {
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "hue": _hue,
}
