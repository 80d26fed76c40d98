"""The pixels of the embedded images, read without torch.

They are read where scikit-learn keeps them, without importing it: that saves most of a
second of a notebook's first cell. Where they lie elsewhere its own loaders help.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from coursekit._base.validate import choice


def digit_pixels(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the handwritten digits and their labels, as `coursekit.data.digits` does.

    Args:
        size: height and width in pixels: 8, 16, 24, 28 or 32.

    Shape:
        returns (1797, size, size) uint8 and (1797,) int64.

    Raises:
        ValueError: another size.
    """
    choice("size", size, (8, 16, 24, 28, 32))
    originals, labels = _read_digits()
    inner = 24 if size == 28 else size
    pixels = _enlarge(originals, inner // 8)
    border = (size - inner) // 2
    pixels = np.pad(pixels, ((0, 0), (border, border), (border, border)))
    return pixels.astype(np.uint8), labels


def photo_pixels() -> np.ndarray:
    """Return the two photographs, (2, 427, 640, 3) uint8."""
    paths = [_carried(f"images/{name}.jpg") for name in ("china", "flower")]
    if None in paths:
        from sklearn.datasets import load_sample_images

        return np.stack(load_sample_images().images)
    from PIL import Image

    return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])


def _carried(name: str) -> Path | None:
    """Return where scikit-learn keeps a file of its data sets, None if not there."""
    spec = find_spec("sklearn")
    folders = spec.submodule_search_locations if spec else ()
    paths = (Path(folder) / "datasets" / name for folder in folders)
    return next((path for path in paths if path.is_file()), None)


def _read_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels (n, 8, 8), 0 to 16, and the labels (n,), both int64."""
    path = _carried("data/digits.csv.gz")
    if path is None:
        from sklearn.datasets import load_digits

        bunch = load_digits()
        return bunch.images.astype(np.int64), bunch.target.astype(np.int64)
    table = np.loadtxt(path, delimiter=",").astype(np.int64)
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1]


def _enlarge(pixels: np.ndarray, factor: int) -> np.ndarray:
    """Scale 0..16 to 0..255 and interpolate linearly, (n, h, w) int64 to (n, h·f, w·f).

    Output pixel o lies at (2o + 1) / (2f) - 1/2 of the input: the two weights are
    multiples of 1 / (2f), so that all sums are whole numbers; borders repeat.
    """
    for axis in (1, 2):
        side = pixels.shape[axis]
        twice = 2 * np.arange(side * factor) + 1 - factor  # position · 2f
        left = twice // (2 * factor)
        weight = twice - left * 2 * factor
        shape = [1, 1, 1]
        shape[axis] = -1
        weight = weight.reshape(shape)
        before = pixels.take(left.clip(0, side - 1), axis)
        after = pixels.take((left + 1).clip(0, side - 1), axis)
        pixels = before * (2 * factor - weight) + after * weight
    unit = 16 * (2 * factor) ** 2
    return (pixels * 255 * 2 + unit) // (2 * unit)
