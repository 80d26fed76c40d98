"""Shift, crop and flip of a batch.

Crop with padding and flip: He et al. 2016, section 4.2,
https://arxiv.org/abs/1512.03385. On the CPU numpy copies the pixels out of a view of
all windows, several times faster than torch's indexing (`benchmarks/loading.py`).
"""

import numpy as np
import torch
from torch import Tensor

from coursekit._base.validate import integer, number
from coursekit.augment.batch import (
    bits,
    check_batch,
    draw,
    draw_unit,
    fill_values,
    fits_numpy,
)


def shift(
    images: Tensor, offsets: tuple[int, int] | Tensor, *, fill: float = 0.0
) -> Tensor:
    """Move images by whole pixels; what comes in from outside is `fill`.

    Args:
        images: the batch.
        offsets: pixels (down, right) for all images, or such a row for each image.
        fill: value of the pixels that come in, one number or one for each channel.

    Shape:
        images (n, c, h, w), offsets (2,) or (n, 2) whole numbers.

    Raises:
        ValueError: not a batch, or offsets of another shape or type.
    """
    check_batch(images)
    offsets = torch.as_tensor(offsets, device=images.device)
    if offsets.is_floating_point() or offsets.shape not in ((2,), (len(images), 2)):
        got = f"{offsets.dtype} of shape {tuple(offsets.shape)}"
        raise ValueError(
            f"`offsets` must be whole numbers (down, right), or such a row for each of "
            f"the {len(images)} images; got {got}"
        )
    bound = torch.tensor(images.shape[2:], device=images.device)
    offsets = offsets.clamp(-bound, bound).expand(len(images), 2)
    reach = int(offsets.abs().max()) if offsets.numel() else 0
    return _moved(images, offsets, reach, fill)


def random_shift(
    images: Tensor,
    most: int,
    *,
    fill: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Move each image by -most to most pixels down and right, all equally likely.

    Args:
        images: the batch.
        most: largest shift in pixels.
        fill: value of the pixels that come in, one number or one for each channel.
        generator: where the shifts are drawn from; None is torch's default.

    Shape:
        images (n, c, h, w).
    """
    check_batch(images, generator)
    most = integer("most", most, low=0)
    offsets = draw(2 * most + 1, (len(images), 2), images.device, generator) - most
    return _moved(images, offsets, most, fill)


def random_crop(
    images: Tensor,
    padding: int,
    *,
    fill: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Pad each side and cut a window of the old size at random.

    This is `random_shift` with most = padding, under the field's other name.

    Args:
        images: the batch.
        padding: pixels added on each side.
        fill: value of the padding, one number or one for each channel.
        generator: where the windows are drawn from; None is torch's default.

    Shape:
        images (n, c, h, w).
    """
    padding = integer("padding", padding, low=0)
    return random_shift(images, padding, fill=fill, generator=generator)


def random_flip(
    images: Tensor, p: float = 0.5, *, generator: torch.Generator | None = None
) -> Tensor:
    """Mirror each image left to right with probability p.

    Args:
        images: the batch.
        p: 0 to 1.
        generator: where the choice is drawn from; None is torch's default.

    Shape:
        images (n, c, h, w).
    """
    check_batch(images, generator)
    p = number("p", p, low=0.0, high=1.0)
    chosen = draw_unit(len(images), images.device, generator) < p
    if not fits_numpy(images):
        return torch.where(chosen.view(-1, 1, 1, 1), images.flip(3), images)
    flipped = images.clone(memory_format=torch.contiguous_format)
    pixels, index = bits(flipped).numpy(), chosen.numpy()
    words = _as_words(pixels)
    words[index] = _mirrored(words[index], pixels.itemsize)
    return flipped


def _moved(images: Tensor, offsets: Tensor, reach: int, fill: float) -> Tensor:
    """Return windows of the images padded by `reach`, (n, 2) offsets down and right."""
    values = fill_values(fill, images)
    n, c, h, w = images.shape
    padded = images.new_zeros((n, c, h + 2 * reach, w + 2 * reach))
    if values is not None:
        padded += values
    padded[:, :, reach : reach + h, reach : reach + w] = images
    top, left = (reach - offsets).unbind(1)
    if fits_numpy(images):
        windows = _all_windows(bits(padded), h, w).numpy()
        chosen = windows[np.arange(n), :, top.numpy(), left.numpy()]
        return torch.from_numpy(chosen).view(images.dtype)
    item = torch.arange(n, device=images.device).view(n, 1, 1)
    rows = top.view(n, 1, 1) + torch.arange(h, device=images.device).view(1, h, 1)
    columns = left.view(n, 1, 1) + torch.arange(w, device=images.device)
    return padded.permute(0, 2, 3, 1)[item, rows, columns].permute(0, 3, 1, 2)


def _all_windows(padded: Tensor, h: int, w: int) -> Tensor:
    """Return a view of every window, (n, c, rows - h + 1, columns - w + 1, h, w)."""
    n, c, rows, columns = padded.shape
    item, channel, down, right = padded.stride()
    return padded.as_strided(
        (n, c, rows - h + 1, columns - w + 1, h, w),
        (item, channel, down, right, down, right),
    )


def _as_words(pixels: np.ndarray) -> np.ndarray:
    """Return bytes as words of as many pixels as divide a row, others as they are."""
    if pixels.itemsize > 1:
        return pixels
    word = next(k for k in (8, 4, 2, 1) if pixels.shape[3] % k == 0)
    return pixels.view(f"u{word}")


def _mirrored(words: np.ndarray, itemsize: int) -> np.ndarray:
    """Reverse each row: the words, then the bytes inside each word."""
    words = words[..., ::-1]
    return words.byteswap() if itemsize == 1 else words
