"""Colour masks and backgrounds: from the plan of a sample to its bytes."""

from collections.abc import Sequence

import numpy as np

from coursekit.data.stream import below, bytes_of, words
from coursekit.data.textures import FULL, TEXTURES

# Saturated, and far from any grey in at least one channel: backgrounds are greyish.
HUES = {
    "red": (215, 45, 45),
    "yellow": (230, 205, 40),
    "green": (35, 175, 60),
    "cyan": (30, 190, 205),
    "blue": (45, 75, 220),
    "magenta": (205, 45, 190),
}
_JITTER = 16  # of an object's colour
_TINT = 20  # of a background's greys
_LIGHT = 12  # largest change from the middle to the border of an image
_CHUNK = 256  # images painted at once: small enough for the processor's cache


def paint(
    seed: int,
    masks: np.ndarray,
    textures: np.ndarray,
    backgrounds: Sequence[str],
    hues: np.ndarray,
    colours: Sequence[str],
    noise: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the objects' colours.

    Args:
        seed: of the stream.
        masks: (n, h, w) bool.
        textures, hues: (n,) positions in `backgrounds` and `colours`.
        backgrounds, colours: names of `TEXTURES` and `HUES`.
        noise: largest change of a value.

    Shape:
        images (n, 3, h, w) uint8, colours (n, 3) uint8.
    """
    index = np.arange(len(masks))
    base = np.array([HUES[name] for name in colours])[hues]
    rgb = base + _around(seed, "jitter", index, 3, _JITTER)
    images = np.empty((len(masks), 3, *masks.shape[1:]), np.uint8)
    for start in range(0, len(masks), _CHUNK):
        part = index[start : start + _CHUNK]
        ground = _background(seed, part, textures[part], backgrounds, masks.shape[1:])
        colour = rgb[part].astype(np.int16)[:, :, None, None]
        image = np.where(masks[part][:, None], colour, ground)
        image += _light(seed, part, masks.shape[1:])
        image += _pixel_noise(seed, part, image.shape[1:], noise)
        images[part] = np.clip(image, 0, 255)
    return images, rgb.astype(np.uint8)


def _around(
    seed: int, purpose: str, index: np.ndarray, count: int, most: int
) -> np.ndarray:
    """Return (n, count) whole numbers from -most to most."""
    top = words(seed, purpose, index, count) >> np.uint64(32)
    drawn = (top * np.uint64(2 * most + 1)) >> np.uint64(32)
    return drawn.astype(np.int64) - most


def _background(seed, part, textures, backgrounds, shape) -> np.ndarray:
    """Return two tones mixed by the texture, (m, 3, h, w) int16."""
    amount = np.empty((len(part), *shape), np.int16)
    y = np.arange(shape[0], dtype=np.int32)[None, :, None]
    x = np.arange(shape[1], dtype=np.int32)[None, None, :]
    for texture in np.unique(textures):
        chosen = (textures == texture).nonzero()[0]
        draw = _drawer(seed, part[chosen])
        amount[chosen] = TEXTURES[backgrounds[texture]](y, x, draw)
    first, second = _tones(seed, part)
    mixed = first * (FULL - amount[:, None]) + second * amount[:, None]
    return mixed // FULL


def _drawer(seed: int, index: np.ndarray):
    def draw(what: str, high: int, shape: tuple[int, int] | None = None):
        if shape is None:
            return below(seed, f"texture {what}", index, high).astype(np.int32)[
                :, None, None
            ]
        table = bytes_of(seed, f"texture {what}", index, shape[0] * shape[1])
        return ((table.astype(np.int32) * high) >> 8).reshape(-1, *shape)

    return draw


def _tones(seed: int, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the two tinted greys of each background, (m, 3, 1, 1) int16."""
    gap = 40 + below(seed, "gap", part, 51)
    dark = 30 + below(seed, "dark", part, 196 - gap)  # dark + gap is at most 225
    grey = np.stack([dark, dark + gap], axis=1)
    swap = below(seed, "swap", part, 2)
    grey = np.where(swap[:, None] == 1, grey[:, ::-1], grey)
    tint = _around(seed, "tint", part, 6, _TINT).reshape(-1, 2, 3)
    tones = (grey[:, :, None] + tint).astype(np.int16)
    return tones[:, 0, :, None, None], tones[:, 1, :, None, None]


def _light(seed: int, part: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a slope of brightness in a random direction, (m, 1, h, w) int16."""
    slope = _around(seed, "light", part, 2, _LIGHT).astype(np.int16)
    y = (2 * np.arange(shape[0], dtype=np.int16) + 1 - shape[0])[None, None, :, None]
    x = (2 * np.arange(shape[1], dtype=np.int16) + 1 - shape[1])[None, None, None, :]
    down, across = slope[:, 0, None, None, None], slope[:, 1, None, None, None]
    return (down * y + across * x) // (2 * shape[0])


def _pixel_noise(seed, part, shape, most: int) -> np.ndarray:
    table = bytes_of(seed, "noise", part, int(np.prod(shape))).astype(np.int16)
    return ((table * (2 * most + 1)) >> 8).reshape(-1, *shape) - most
