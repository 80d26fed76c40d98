"""A kernel stepping over a small image, with the arithmetic of the current position."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np

from coursekit._base.validate import integer
from coursekit.explore import svg
from coursekit.explore.arithmetic import (
    KERNELS,
    PADDING_MODES,
    Scene,
    Step,
    convolve,
    random_kernel,
    step,
    weights,
    widest,
)
from coursekit.explore.declare import explorer
from coursekit.explore.kernel_drawing import NOWHERE, backdrop, height, overlay
from coursekit.explore.live import LiveExplorer
from coursekit.explore.photo_input import matrix, sample_digit
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View

Kernel = str | tuple[tuple[float, ...], ...]  # a name or rows of weights


@dataclass(frozen=True, eq=False)
class Board:
    """Hold the image, and name → weights of the kernels one can choose."""

    image: np.ndarray
    kernels: dict[str, np.ndarray]


def _board(image: object, *, seed: int = 0) -> Board:
    kernels = {name: np.array(rows, np.float64) for name, rows in KERNELS.items()}
    kernels["random"] = random_kernel(integer("seed", seed, low=0))
    return Board(matrix("image", image, 2, 12), kernels)


@lru_cache(maxsize=16)
def _scene(board: Board, kernel: Kernel, *settings: object) -> tuple[Scene, str]:
    """Return the convolution and the drawing of what stays while the kernel moves."""
    taps = board.kernels[kernel] if isinstance(kernel, str) else np.array(kernel)
    scene = convolve(board.image, taps, *settings)
    return scene, backdrop(scene)


def _last(
    board: Board,
    kernel: Kernel,
    stride: int,
    padding: int,
    padding_mode: str,
    dilation: int,
) -> int:
    scene, _ = _scene(board, kernel, stride, padding, padding_mode, dilation)
    return scene.output.size - 1


def _widest(board: Board, padding_mode: str) -> int:
    return widest(board.image.shape, padding_mode)


def _first(board: Board) -> str:
    return "mine" if "mine" in board.kernels else "edge x"


@explorer("A kernel steps over an image: what is multiplied, what is added", _board)
def kernel_step(
    board: Board,
    *,
    position: Annotated[int, Whole("position", 0, _last, play="play the steps")] = 0,
    kernel: Annotated[
        Kernel, Choice("kernel", lambda board: board.kernels, start=_first, own=weights)
    ] = "edge x",
    stride: Annotated[int, Whole("stride", 1, 4)] = 1,
    dilation: Annotated[int, Whole("dilation", 1, 3)] = 1,
    padding: Annotated[int, Whole("padding", 0, _widest, start=1)] = 0,
    padding_mode: Annotated[str, Choice("padding mode", PADDING_MODES)] = "zeros",
) -> View:
    """Show one step of a convolution: the window, the products and their sum.

    Args:
        image: the numbers to step over.
        seed: of the "random" kernel (whole weights −2 to 2).

    Shape:
        image: (h, w), 2 to 12 each; kernel: a name or (k, l), 1 to 5 each.

    Raises:
        ValueError: an argument of another type, shape or range.

    Example:
        >>> kernel_step([[1, 2], [3, 4]], kernel=[[1, 10]]).numbers["sum"]
        21.0
    """
    scene, ground = _scene(board, kernel, stride, padding, padding_mode, dilation)
    numbers = {
        "padded_size": scene.padded.shape,
        "output_size": scene.output.shape,
        "output": scene.output.tolist(),
    }
    if scene.output.size:
        at = step(scene, position)
        body, lines = overlay(scene, at), [_position(at), _sum(scene, at)]
        numbers |= _numbers(at)
    else:
        body, lines = NOWHERE, [_nowhere(scene)]
    text = "\n".join([*lines, *formulas(scene)])
    return View.drawn(height(scene), body, text, numbers=numbers, backdrop=ground)


def _numbers(at: Step) -> dict[str, object]:
    return {
        "row": at.row,
        "column": at.column,
        "window": at.window.tolist(),
        "products": at.products.tolist(),
        "sum": at.total,
    }


def explore_kernel(image: object = None, kernel: object = None) -> LiveExplorer:
    """Step a kernel over a small image by hand.

    Args:
        image: the numbers to step over; None takes a handwritten digit.
        kernel: your own weights, offered as "mine" beside the named kernels.

    Shape:
        image: (h, w), 2 to 12 each; kernel: (k, l), 1 to 5 each.

    Raises:
        ValueError: `image` or `kernel` of another type or shape.
    """
    board = _board(sample_digit() if image is None else image)
    if kernel is not None:
        own = {"mine": np.array(weights(kernel)), **board.kernels}
        board = Board(board.image, own)
    return kernel_step.live(board)


def _nowhere(scene: Scene) -> str:
    spans, padded = (scene.span(0), scene.span(1)), svg.sides(scene.padded.shape)
    return (
        f"The kernel covers {svg.sides(spans)} pixels, more than the padded image of "
        f"{padded}: there is no position and no output."
    )


def _position(at: Step) -> str:
    return (
        f"Kernel at row {at.row}, column {at.column} of the output: "
        f"its {at.products.size} product{'s' * (at.products.size > 1)} add up to "
        f"{svg.precise(at.total)}."
    )


def formulas(scene: Scene) -> list[str]:
    """Return the output-size formula with the numbers of a scene, one line a side."""
    lines = []
    for axis, side in enumerate(("rows", "columns")):
        size, taps = scene.image.shape[axis], scene.kernel.shape[axis]
        output = (scene.padded.shape[axis] - scene.span(axis)) // scene.stride + 1
        lines.append(
            f"Output {side} = ⌊({size} + 2·{scene.padding} − {scene.dilation}·"
            f"({taps} − 1) − 1) / {scene.stride}⌋ + 1 = {output}".replace("= -", "= −")
        )
    return lines


def _sum(scene: Scene, at: Step) -> str:
    pairs = zip(at.window.flat, scene.kernel.flat, strict=True)
    terms = (f"{svg.precise(a)}·{_bracketed(svg.fraction(b))}" for a, b in pairs)
    return f"{' + '.join(terms)} = {svg.precise(at.total)}"


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("−") or "/" in text else text
