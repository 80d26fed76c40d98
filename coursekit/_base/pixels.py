"""Pictures of any kind as arrays: files, Pillow's images, arrays, tensors."""

import io
import os
import sys
from pathlib import Path

import numpy as np

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_LARGEST = 100_000_000  # pixels; more is a mistake or an attack


class UnreadableError(Exception):
    """The file is no picture we can read; the message says why."""


def planes(name: str, value: object, *, most: int | None = None) -> np.ndarray:
    """Return one picture of any kind as an array of its channels.

    Args:
        name: the argument's name, for the message.
        value: a path, the bytes of a file, a Pillow image (these three give bytes), or
            numbers, which stay as they are.
        most: a file or Pillow image with a longer side is reduced to it.

    Shape:
        numbers: (c, h, w) as in torch, (h, w, c) as in Pillow or (h, w); c is 1 or 3,
        and 4 in the second → (c, h, w), c is 1 or 3.

    Raises:
        ValueError: no such file, no picture, or another shape.
    """
    if isinstance(value, str | os.PathLike | bytes | _pillow()):
        value = _decoded(name, value, most).transpose(2, 0, 1)
    array = as_array(name, value)
    shape = array.shape
    array = array[None] if array.ndim == 2 else array
    if array.ndim == 3 and len(array) not in (1, 3) and array.shape[2] in (3, 4):
        array = array[..., :3].transpose(2, 0, 1)
    if array.ndim != 3 or len(array) not in (1, 3):
        raise ValueError(
            f"`{name}` must be a picture: (c, h, w) or (h, w, c) with 1 or 3 channels, "
            f"(h, w), a Pillow image or a path; got shape {shape}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"`{name}` must hold finite numbers; got NaN or infinity")
    return array


def _pillow() -> type | tuple:
    """Return the class of Pillow's images, nothing where nobody has loaded it."""
    return getattr(sys.modules.get("PIL.Image"), "Image", ())


def _decoded(name: str, value: object, most: int | None) -> np.ndarray:
    content = io.BytesIO(value) if isinstance(value, bytes) else value
    if isinstance(content, str | os.PathLike):
        content = Path(content).expanduser()
    try:
        return decode(content, None, None, most=most)
    except UnreadableError as error:
        what = f"{value}" if isinstance(content, Path) else "this one"
        raise ValueError(f"`{name}` must be a picture; {what}: {error}") from None


def decode(
    content: object,
    size: int | None,
    channels: int | None,
    *,
    most: int | None = None,
) -> np.ndarray:
    """Return the picture, turned upright, as bytes.

    Args:
        content: the file, one open for reading, or a Pillow image; of an animation the
            first picture.
        size: side of the square to bring the middle of the picture to; None keeps it.
        channels: 3 for colour, 1 for grey; None takes what the picture has.
        most: a longer side is reduced to it.

    Shape:
        (h, w, channels) uint8.

    Raises:
        UnreadableError: not a whole picture of these formats, of 8 bits a channel.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        if isinstance(content, Image.Image):
            pixels = _upright(content, channels)
        else:
            with Image.open(content, formats=FORMATS) as picture:
                pixels = _upright(picture, channels)
    except UnidentifiedImageError:
        raise UnreadableError(f"no {', '.join(FORMATS)} picture") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(reason.partition("\n")[0] or "damaged") from None
    if size is not None:
        pixels = ImageOps.fit(pixels, (size, size), Image.Resampling.BILINEAR)
    if most is not None:
        pixels.thumbnail((most, most))
    array = np.asarray(pixels)
    return array if array.ndim == 3 else array[..., None]


def _upright(picture: object, channels: int | None) -> object:
    """Return the picture in colour or grey, as its camera was held."""
    from PIL import ImageOps

    if picture.width * picture.height > _LARGEST:
        raise UnreadableError(f"{picture.width}×{picture.height} pixels are too many")
    if picture.mode.startswith(("I", "F")):
        raise UnreadableError("more than 8 bits a channel")
    is_grey = channels == 1 or (channels is None and picture.mode in ("1", "L", "LA"))
    return ImageOps.exif_transpose(picture).convert("L" if is_grey else "RGB")


def as_array(name: str, value: object) -> np.ndarray:
    """Return numbers of any kind (tensor, array, nested list) as a numpy array.

    Raises:
        ValueError: `value` is ragged, empty or holds something other than real numbers.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value
    elif isinstance(value, (list, tuple)) and any(hasattr(v, "detach") for v in value):
        value = [as_array(name, v) for v in value]
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"`{name}` must be a regular array; got a ragged one"
        ) from error
    if array.size == 0 or array.dtype.kind not in "biuf":
        shown = f"an empty array {array.shape}" if array.size == 0 else repr(value)[:60]
        raise ValueError(f"`{name}` must be an array of real numbers; got {shown}")
    return array
