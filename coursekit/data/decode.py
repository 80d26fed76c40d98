"""Decode one picture file into an array of bytes."""

from pathlib import Path
from typing import BinaryIO

import numpy as np

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_LARGEST = 100_000_000  # pixels; more is a mistake or an attack


class UnreadableError(Exception):
    """The file is no picture we can read; the message says why."""


def decode(content: BinaryIO | Path, size: int | None, channels: int) -> np.ndarray:
    """Return the picture, turned upright, as bytes.

    Args:
        content: the file, or one open for reading; of an animation the first picture.
        size: side of the square to bring the middle of the picture to; None keeps it.
        channels: 3 for colour, 1 for grey.

    Shape:
        (h, w, channels) uint8.

    Raises:
        UnreadableError: not a whole picture of these formats, of 8 bits a channel.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(content, formats=FORMATS) as picture:
            if picture.width * picture.height > _LARGEST:
                raise UnreadableError(
                    f"{picture.width}×{picture.height} pixels are too many"
                )
            if picture.mode.startswith(("I", "F")):
                raise UnreadableError("more than 8 bits a channel")
            upright = ImageOps.exif_transpose(picture)
            pixels = upright.convert("RGB" if channels == 3 else "L")
    except UnidentifiedImageError:
        raise UnreadableError(f"no {', '.join(FORMATS)} picture") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(reason.partition("\n")[0] or "damaged") from None
    if size is not None:
        pixels = ImageOps.fit(pixels, (size, size), Image.Resampling.BILINEAR)
    return np.asarray(pixels).reshape(pixels.height, pixels.width, channels)
