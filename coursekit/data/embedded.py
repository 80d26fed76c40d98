"""Real images that need no download: scikit-learn carries them.

`digits`: 1,797 handwritten digits, the test part of "Optical Recognition of
Handwritten Digits" (Alpaydin and Kaynak 1998, UCI Machine Learning Repository,
https://doi.org/10.24432/C50P49, CC BY 4.0). `photos`: two photographs, "china.jpg" and
"flower.jpg", CC BY 2.0 (see `sklearn/datasets/images/README.txt`).
"""

import torch

from coursekit.data.carried import digit_pixels, photo_pixels
from coursekit.data.image_set import ImageSet

_DIGITS = "UCI Optical Recognition of Handwritten Digits (test part), CC BY 4.0"
_PHOTOS = "china.jpg and flower.jpg as shipped with scikit-learn, CC BY 2.0"


def digits(size: int = 8) -> ImageSet:
    """Return 1,797 real handwritten digits, one channel, made 8 to 32 pixels wide.

    The originals are 8×8 with the values 0 to 16. A larger size interpolates linearly
    between the original pixels in whole numbers, so the bytes are the same everywhere;
    28 is the 24-pixel version with a border of 2. Values are scaled by 255/16 and
    rounded half up: 0 stays 0, 16 becomes 255.

    Args:
        size: height and width in pixels: 8, 16, 24, 28 or 32.

    Raises:
        ValueError: another size.
    """
    pixels, labels = digit_pixels(size)
    return ImageSet(
        images=torch.from_numpy(pixels[:, None]),
        labels=torch.from_numpy(labels),
        classes=tuple(str(digit) for digit in range(10)),
        name=f"digits {size}×{size}",
        source=_DIGITS,
    )


def photos() -> ImageSet:
    """Return two real photographs, a Chinese temple and a flower, 3×427×640."""
    pixels = photo_pixels()  # n h w c
    return ImageSet(
        images=torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(),
        labels=torch.arange(2),
        classes=("china", "flower"),
        name="photos",
        source=_PHOTOS,
    )
