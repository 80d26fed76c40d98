"""Convolution, padding and pooling by their definitions, in numpy.

Output-size formula: Dumoulin and Visin, "A guide to convolution arithmetic for deep
learning" (https://arxiv.org/abs/1603.07285), section 2 and, with dilation, 5.1.
"Convolution" is what networks call by that name: cross-correlation, no flip.
Max pooling keeps the loudest value of each window: Ranzato, Boureau and LeCun, "Sparse
feature learning for deep belief networks" (NeurIPS 2007); average pooling
("sub-sampling") is LeNet's: LeCun et al., "Gradient-based learning applied to document
recognition" (1998), section II-B.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import product

import numpy as np

from coursekit._base.validate import choice, integer
from coursekit._base.words import many
from coursekit.explore import svg
from coursekit.explore.photo_input import matrix

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
KERNELS = {
    "edge x": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "blur": ((1 / 9,) * 3,) * 3,
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "edge y": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "corner": ((1, 0, -1), (0, 0, 0), (-1, 0, 1)),
}
_SIDES = "rows", "columns"
IN_NUMPY = dict(
    zip(PADDING_MODES, ("constant", "reflect", "edge", "wrap"), strict=True)
)


@dataclass(frozen=True, eq=False)
class Board:
    """Hold an image, and name → weights of the kernels one can choose."""

    image: np.ndarray
    kernels: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Scene:
    """Hold a convolution of one image with one kernel.

    Shape:
        image (h, w), kernel (k, l), padded (h + 2p, w + 2p), output (oh, ow), which is
        (0, 0) where the kernel fits nowhere.
    """

    image: np.ndarray
    kernel: np.ndarray
    padded: np.ndarray
    output: np.ndarray
    stride: int
    padding: int
    padding_mode: str
    dilation: int

    def span(self, axis: int) -> int:
        """Return how many pixels the kernel covers along an axis, gaps included."""
        return self.dilation * (self.kernel.shape[axis] - 1) + 1


@dataclass(frozen=True, eq=False)
class Step:
    """Hold the arithmetic at one position, `rows` and `columns` the pixels read."""

    row: int
    column: int
    window: np.ndarray
    products: np.ndarray
    sum: float
    rows: np.ndarray
    columns: np.ndarray


def weights(kernel: object) -> tuple[tuple[float, ...], ...]:
    """Return the rows of a kernel of one's own, up to 5×5.

    Raises:
        ValueError: no matrix, or a name that is not known.
    """
    if isinstance(kernel, str):
        choice("kernel", kernel, (*KERNELS, "random"))
    return tuple(map(tuple, matrix("kernel", kernel, 1, 5).tolist()))


def kernels(own: object, seed: int) -> dict[str, np.ndarray]:
    """Return name → weights: "mine" if there are any, those of `KERNELS`, "random".

    Args:
        own: weights of one's own, None for none.
        seed: of the random kernel, 3×3 whole weights −2 to 2.
    """
    mine = {} if own is None else {"mine": weights(own)}
    generator = np.random.default_rng(integer("seed", seed, low=0))
    drawn = {"random": generator.integers(-2, 3, size=(3, 3))}
    named = (mine | KERNELS | drawn).items()
    return {name: np.array(rows, np.float64) for name, rows in named}


def most_padding(image: np.ndarray, mode: str) -> int:
    """Return by how much the shorter side of an image can be padded, at most."""
    side = min(image.shape)
    return {"reflect": side - 1, "circular": side}.get(mode, sys.maxsize)


def convolve(
    image: np.ndarray,
    kernel: np.ndarray,
    stride: int,
    padding: int,
    padding_mode: str,
    dilation: int,
) -> Scene:
    """Return the padded image and the output at every position of the kernel."""
    padded = np.pad(image, padding, mode=IN_NUMPY[padding_mode])
    output = _correlate(padded, kernel, stride, dilation)
    return Scene(image, kernel, padded, output, stride, padding, padding_mode, dilation)


def step(scene: Scene, position: int) -> Step | None:
    """Return the arithmetic after `position` steps, row by row, if there is any."""
    if not scene.output.size:
        return None
    row, column = divmod(position, scene.output.shape[1])
    rows, columns = (
        at * scene.stride + scene.dilation * np.arange(taps)
        for at, taps in zip((row, column), scene.kernel.shape, strict=True)
    )
    window, total = scene.padded[np.ix_(rows, columns)], scene.output[row, column]
    products = window * scene.kernel
    return Step(row, column, window, products, float(total), rows, columns)


def _correlate(
    padded: np.ndarray, kernel: np.ndarray, stride: int, dilation: int
) -> np.ndarray:
    spans = [dilation * (taps - 1) + 1 for taps in kernel.shape]
    if any(span > size for span, size in zip(spans, padded.shape, strict=True)):
        return np.zeros((0, 0))
    windows = np.lib.stride_tricks.sliding_window_view(padded, spans)
    windows = windows[::stride, ::stride, ::dilation, ::dilation]  # oh ow k l
    return (windows * kernel).sum(axis=(2, 3))


def in_words(scene: Scene, at: Step | None) -> str:
    """Return a step in sentences, and the sizes of the output by the formula.

    Args:
        at: None where the kernel fits nowhere.
    """
    sizes = [f"Output {name} = {_size(scene, i)}" for i, name in enumerate(_SIDES)]
    if at is None:
        covered = svg.sides((scene.span(0), scene.span(1)))
        lines = [
            f"The kernel covers {covered} pixels, more than the padded image of "
            f"{svg.sides(scene.padded.shape)}: there is no position and no output."
        ]
    else:
        taps, total = [*map(_bracketed, scene.kernel.flat)], svg.precise(at.sum)
        terms = map("{}·{}".format, map(svg.precise, at.window.flat), taps)
        lines = [
            f"Kernel at row {at.row}, column {at.column} of the output: its "
            f"{many(len(taps), 'product')} add{'s' * (len(taps) == 1)} up to {total}.",
            f"{' + '.join(terms)} = {total}",
        ]
    return "\n".join([*lines, *sizes])


def _size(scene: Scene, axis: int) -> str:
    size, taps = scene.image.shape[axis], scene.kernel.shape[axis]
    output = (scene.padded.shape[axis] - scene.span(axis)) // scene.stride + 1
    return (
        f"⌊({size} + 2·{scene.padding} − {scene.dilation}·({taps} − 1) − 1) / "
        f"{scene.stride}⌋ + 1 = {output}".replace("= -", "= −")
    )


def _bracketed(weight: float) -> str:
    text = svg.fraction(weight)
    return f"({text})" if text[0] == "−" or "/" in text else text


@lru_cache(maxsize=256)
def filtered_ones(side: int, mode: str, kernel: int, layers: int) -> np.ndarray:
    """Return an image of ones after mean filters, each padded to keep its size.

    The filter is the same along both axes, and so is what it leaves.

    Args:
        side: of the square image.
        mode: one of `PADDING_MODES`.
        kernel: side of the mean filter, odd; it is padded by (kernel − 1) / 2.
        layers: how many filters follow each other.

    Shape:
        returns (side, side).
    """
    line = np.ones(side)
    for _ in range(layers):
        padded = np.pad(line, kernel // 2, mode=IN_NUMPY[mode])
        line = np.lib.stride_tricks.sliding_window_view(padded, kernel).mean(axis=1)
    return np.outer(line, line)


def by_planes(pixels: np.ndarray) -> np.ndarray:
    """Return a picture stored colour by colour: it is pooled in a third of the time.

    Shape:
        (h, w, 3) → (h, w, 3) float64.
    """
    return np.ascontiguousarray(pixels.transpose(2, 0, 1), float).transpose(1, 2, 0)


def pooled(pixels: np.ndarray, kernel: int, method: str) -> np.ndarray:
    """Return a picture made smaller by windows of kernel×kernel side by side.

    Rows and columns that do not fill a window are left out, as torch does.

    Args:
        method: "max", "average" or "stride".

    Shape:
        (h, w, 3) → (h // kernel, w // kernel, 3).
    """
    height, width = (side // kernel * kernel for side in pixels.shape[:2])
    # k² pictures, one for each place in a window: reducing over two short axes takes
    # longer than all the rest of an answer
    places = product(range(kernel), repeat=2)
    corners = [pixels[i:height:kernel, j:width:kernel] for i, j in places]
    if method == "stride":
        return corners[0]
    if method == "max":
        return reduce(np.maximum, corners)
    return reduce(np.add, corners) / kernel**2


def pyramid(
    photo: np.ndarray,
    spot: tuple[int, int, int, float | None],
    kernel: int,
    levels: int,
    method: str,
) -> Iterator[tuple[np.ndarray, float, float | None]]:
    """Yield each level of a pooling pyramid: its pixels, its error, the spot left.

    It ends early where the picture becomes smaller than a window. The error is the root
    mean square difference to the level enlarged again. The spot left is the most it
    changes a value, as a share of the most it changes in the photo; None for none.

    Args:
        photo: before the spot is painted into it.
        spot: row, column, side and grey level of a square, None for no spot.
        method: as in `pooled`.
    """
    row, column, side, grey = spot
    marked = photo.copy("K")
    if grey is not None:
        marked[row : row + side, column : column + side] = grey
    plain, small, change = photo, marked, np.abs(marked - photo).max()
    for factor in kernel ** np.arange(1, levels + 1):
        if min(small.shape[:2]) < kernel:
            return
        small, plain = (pooled(pixels, kernel, method) for pixels in (small, plain))
        large = small.repeat(factor, axis=0).repeat(factor, axis=1)
        off = marked[: len(large), : large.shape[1]] - large
        left = float(np.abs(small - plain).max() / change) if change else None
        yield small, float(np.sqrt(np.square(off).mean())), left
