"""Pooling pyramids of a photo: max, average and plain striding, level by level.

Max pooling keeps the loudest value of each window: Ranzato, Boureau and LeCun, "Sparse
feature learning for deep belief networks" (NeurIPS 2007); average pooling
("sub-sampling") is LeNet's: LeCun et al., "Gradient-based learning applied to document
recognition" (1998), section II-B.
"""

from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np

METHODS = ("max", "average", "stride")
SPOTS = {"bright": 255.0, "dark": 0.0}


@dataclass(frozen=True)
class Spot:
    """Hold a square of one grey: its name in `SPOTS` or "none", side and place."""

    name: str
    size: int
    row: int
    column: int

    @property
    def grey(self) -> float | None:
        """Its grey level, None where there is no spot."""
        return SPOTS.get(self.name)

    def on(self, photo: np.ndarray) -> np.ndarray:
        """Return the photo with the spot painted into it."""
        marked = photo.copy("K")
        if self.grey is not None:
            rows = slice(self.row, self.row + self.size)
            marked[rows, self.column : self.column + self.size] = self.grey
        return marked


@dataclass(frozen=True, eq=False)
class Level:
    """Hold one level of a pyramid and what is left of the photo in it.

    Args:
        pixels: the pooled picture, 0 to 255.
        kept: numbers in it as a share of the numbers in the photo.
        error: root mean square difference, in grey levels, between the photo and the
            level enlarged again (each pixel repeated), over the area it covers.
        spot: how much the spot changes this level at most, as a share of how much it
            changes the photo; None without a spot.

    Shape:
        pixels: (h, w, 3).
    """

    pixels: np.ndarray
    kept: float
    error: float
    spot: float | None


def pooled(pixels: np.ndarray, kernel: int, method: str) -> np.ndarray:
    """Return a picture made smaller by windows of kernel×kernel side by side.

    Rows and columns that do not fill a window are left out, as torch does.

    Shape:
        (h, w, 3) → (h // kernel, w // kernel, 3).
    """
    height, width = (side // kernel for side in pixels.shape[:2])
    cut = pixels[: height * kernel, : width * kernel]
    if method == "stride":
        return cut[::kernel, ::kernel]
    # k² pictures, one for each place in a window: reducing over two short axes takes
    # longer than all the rest of an answer
    offsets = product(range(kernel), repeat=2)
    corners = (cut[row::kernel, column::kernel] for row, column in offsets)
    if method == "max":
        return reduce(np.maximum, corners)
    return reduce(np.add, corners) / kernel**2


def pyramids(
    photo: np.ndarray, spot: Spot, kernel: int, levels: int
) -> dict[str, list[Level]]:
    """Return method → levels, fewer where the picture becomes too small.

    Args:
        photo: without the spot.
    """
    # stored plane by plane, red first: the sums over windows take a third of the time
    planes = np.ascontiguousarray(photo.transpose(2, 0, 1), np.float64)
    plain = planes.transpose(1, 2, 0)
    marked = spot.on(plain)
    return {m: _pyramid(plain, marked, kernel, levels, m) for m in METHODS}


def _pyramid(
    plain: np.ndarray, marked: np.ndarray, kernel: int, levels: int, method: str
) -> list[Level]:
    pyramid, small, factor = [], marked, 1
    change = np.abs(marked - plain).max()
    while len(pyramid) < levels and min(small.shape[:2]) >= kernel:
        small, plain = (pooled(pixels, kernel, method) for pixels in (small, plain))
        factor *= kernel
        left = np.abs(small - plain).max() / change if change else None
        kept = small.size / marked.size
        pyramid.append(Level(small, kept, _error(marked, small, factor), left))
    return pyramid


def _error(photo: np.ndarray, small: np.ndarray, factor: int) -> float:
    """Return the error of each pixel standing for the factor×factor it covers."""
    height, width = small.shape[:2]
    cut = photo[: height * factor, : width * factor]
    windows = cut.reshape(height, factor, width, factor, 3)
    return float(np.sqrt(np.square(windows - small[:, None, :, None]).mean()))
