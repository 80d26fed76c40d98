"""Images for the explorers: checked, cut and reduced to what a picture can show."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from coursekit._base.pixels import as_array, planes
from coursekit._base.validate import integer
from coursekit._base.words import given as _given
from coursekit.data.carried import digit_pixels, photo_pixels

_LONGEST = 1024  # side of a picture from a file
_SAMPLE_DIGIT = 17  # a seven: bars, a slope and corners in 8×8 pixels


@dataclass(frozen=True, eq=False)
class Photo:
    """Hold a photo, (h, w, 3), or a batch of images, and the drawing of what stays."""

    pixels: np.ndarray
    backdrop: str

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[:2]


def matrix(name: str, value: object, low: int, high: int) -> np.ndarray:
    """Return a small matrix of real numbers, or refuse it in one sentence.

    Shape:
        value: (h, w) or (1, h, w), each side `low` to `high` → (h, w) float64.

    Raises:
        ValueError: not numbers, not finite, another shape, or too large.
    """
    array = _finite(name, value)
    given = array.shape
    array = array[0] if array.ndim == 3 and len(array) == 1 else array
    if array.ndim != 2 or min(array.shape) < low or max(array.shape) > high:
        raise ValueError(
            f"`{name}` must be (h, w) with {low} to {high} rows and columns; "
            f"got shape {given}"
        )
    return array.astype(np.float64)


def photo(name: str, value: object, *, low: int = 16, high: int = 512) -> np.ndarray:
    """Return a picture as (h, w, 3) uint8, or refuse it in one sentence.

    Args:
        value: a path, a Pillow image, the bytes of a file; or whole numbers 0 to 255 or
            fractions 0 to 1, as `coursekit._base.pixels.planes` takes them.
        low, high: allowed height and width in pixels; files are reduced to it.

    Shape:
        value: (h, w), (1, h, w), (3, h, w) or (h, w, 3) → (h, w, 3).

    Raises:
        ValueError: no picture, not numbers, another shape or range.
    """
    channels = planes(name, value, most=min(high, _LONGEST))
    if min(channels.shape[1:]) < low or max(channels.shape[1:]) > high:
        raise ValueError(
            f"`{name}` must have {low} to {high} rows and columns; got a picture of "
            f"{channels.shape[1]} × {channels.shape[2]}"
        )
    most = 255 if channels.dtype.kind in "iu" else 1
    if channels.min() < 0 or channels.max() > most:
        raise ValueError(
            f"`{name}` must hold values from 0 to {most} (type {channels.dtype}); "
            f"got {channels.min():g} to {channels.max():g}"
        )
    scaled = np.rint(channels * (255 / most)).astype(np.uint8)
    colour = np.broadcast_to(scaled, (3, *scaled.shape[1:]))
    return np.ascontiguousarray(colour.transpose(1, 2, 0))


def photo_or_sample(
    name: str, value: object, most: int, *, low: int = 16
) -> np.ndarray:
    """Return a picture of at most `most` pixels a side, one of the course's for None.

    Of a larger one the middle square is taken and reduced.

    Shape:
        value: as in `photo`, `low` to 4096 a side → (h, w, 3) uint8.
    """
    if value is None:
        return sample_photo(most)
    pixels = photo(name, value, low=low, high=4096)
    return pixels if max(pixels.shape[:2]) <= most else square(pixels, most)


def resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a picture with other side lengths: each pixel the mean of what it covers.

    Shape:
        pixels (h, w, 3) uint8 → (height, width, 3) uint8.
    """
    sums, counts = pixels.astype(np.int64), 1
    for axis, cells in ((0, height), (1, width)):
        first, end = _cells(pixels.shape[axis], cells)
        before = np.insert(sums.cumsum(axis), 0, 0, axis)
        sums = before.take(end, axis) - before.take(first, axis)
        counts = np.multiply.outer(counts, end - first)
    return np.rint(sums / counts[..., None]).astype(np.uint8)


def _cells(side: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first pixel of each cell and the one after its last.

    A cell holds every pixel it touches. 6 pixels in 4 cells, each 1.5 wide:

        pixels   | 0 | 1 | 2 | 3 | 4 | 5 |
        cells    |  0  |  1  |  2  |  3  |      0 1 · 1 2 · 3 4 · 4 5
    """
    cells = np.arange(count)
    return cells * side // count, -(-(cells + 1) * side // count)


def square(pixels: np.ndarray, side: int) -> np.ndarray:
    """Return the largest centred square of a picture, at most `side` pixels wide."""
    height, width = pixels.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    cut = pixels[top : top + edge, left : left + edge]
    return np.ascontiguousarray(cut) if edge <= side else resized(cut, side, side)


@lru_cache(maxsize=4)
def sample_photo(side: int) -> np.ndarray:
    """Return the temple of `coursekit.data.photos`, cut square, (side, side, 3)."""
    return square(photo_pixels()[0], side)


@lru_cache(maxsize=1)
def sample_digit() -> np.ndarray:
    """Return a handwritten digit, 8×8, in grey levels 0 to 9 (easy to multiply)."""
    pixels, _ = digit_pixels(8)
    return np.rint(pixels[_SAMPLE_DIGIT] * (9 / 255))


def jpeg(pixels: np.ndarray) -> bytes:
    """Return a picture as JPEG: for photos shown as such, never for exact pixels."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _finite(name: str, value: object) -> np.ndarray:
    array = as_array(name, value)
    array = array.astype(np.float64) if array.dtype.kind == "b" else array
    if not np.isfinite(array).all():
        raise ValueError(f"`{name}` must hold finite numbers; got NaN or infinity")
    return array


def input_photo(
    name: str, value: object, input_shape: object
) -> tuple[tuple[int, int, int], np.ndarray]:
    """Return the shape a network is fed with and a picture of that size.

    Args:
        name: the argument's name, for the message.
        value: a photo, None for one of the course's own. Of another shape than the
            network's the middle is taken.
        input_shape: (c, h, w); None takes the photo's shape.

    Raises:
        ValueError: `value` is no photo, or `input_shape` no (c, h, w).
    """
    shape = None if input_shape is None else _checked_shape(input_shape)
    if value is None:
        shape = shape or (3, 224, 224)
        return shape, _sample(shape)
    given = planes(name, value, most=_LONGEST)
    pixels, channels = photo(name, given, low=8, high=1024), len(given)
    shape = shape or (channels, *pixels.shape[:2])
    return shape, _fitted(pixels, *shape[1:])


def _fitted(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the middle of a picture in other side lengths, nothing stretched."""
    high, wide = pixels.shape[:2]
    if (high, wide) == (height, width):
        return pixels
    share = min(high / height, wide / width)
    rows, columns = max(1, round(height * share)), max(1, round(width * share))
    top, left = (high - rows) // 2, (wide - columns) // 2
    return resized(pixels[top : top + rows, left : left + columns], height, width)


def _checked_shape(value: object) -> tuple[int, int, int]:
    shape = tuple(value) if isinstance(value, Sequence) else ()
    if len(shape) != 3:
        raise ValueError(f"`input_shape` must be (c, h, w); got {_given(value)}")
    integer("input_shape", shape[0], low=1, high=4096)
    for side in shape[1:]:
        integer("input_shape", side, low=8, high=1024)
    return shape


def _sample(shape: tuple[int, int, int]) -> np.ndarray:
    """Return a digit for small square grey inputs, otherwise the temple."""
    channels, height, width = shape
    if channels == 1 and height == width and height in (8, 16, 24, 28, 32):
        return photo("photo", digit_pixels(height)[0][_SAMPLE_DIGIT], low=8)
    pixels = sample_photo(min(427, max(height, width)))
    return resized(pixels, height, width)
