"""A kernel stepping over a small image, with the arithmetic of the current position."""

from functools import lru_cache
from itertools import product
from typing import Annotated

import numpy as np

from coursekit.explore import arithmetic, svg
from coursekit.explore.arithmetic import PADDING_MODES, Board, Scene, Step, weights
from coursekit.explore.declare import explorer
from coursekit.explore.marks import Along, Mark
from coursekit.explore.photo_input import matrix, sample_digit
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View
from coursekit.figures.style import PALETTE, ROLES

_LEFT, _RIGHT, _TOP, _SIDE, _LOW = 8, 424, 34, 328, 404  # the large grids, the small
_KERNEL = Choice("kernel", lambda board: board.kernels, own=weights)
_SMALL, _GAP, _NAMES = 30, 44, ("window", "kernel", "products", "sum")


def _board(image: object = None, kernel: object = None, *, seed: int = 0) -> Board:
    """Step a kernel over a small image by hand.

    Args:
        image: the numbers to step over; None takes a handwritten digit.
        kernel: your own weights, offered as "mine" beside the named kernels.
        seed: of the "random" kernel (whole weights −2 to 2).

    Shape:
        image: (h, w), 2 to 12 each; kernel: (k, l), 1 to 5 each.

    Raises:
        ValueError: `image` or `kernel` of another type or shape.
    """
    image = matrix("image", sample_digit() if image is None else image, 2, 12)
    return Board(image, arithmetic.kernels(kernel, seed))


@lru_cache(maxsize=16)
def _scene(board: Board, kernel: object, *settings: object) -> Scene:
    taps = board.kernels[kernel] if isinstance(kernel, str) else np.array(kernel)
    return arithmetic.convolve(board.image, taps, *settings)


def _last(board, kernel, stride, padding, padding_mode, dilation) -> int:
    scene = _scene(board, kernel, stride, padding, padding_mode, dilation)
    return scene.output.size - 1


def _widest(board: Board, padding_mode: str) -> int:
    return min(3, arithmetic.most_padding(board.image, padding_mode))


@explorer("A kernel steps over an image: what is multiplied, what is added", _board)
def kernel_step(
    board: Board,
    *,
    position: Annotated[int, Whole("position", 0, _last, play="play the steps")] = 0,
    kernel: Annotated[object, _KERNEL] = None,
    stride: Annotated[int, Whole("stride", 1, 4)] = 1,
    dilation: Annotated[int, Whole("dilation", 1, 3)] = 1,
    padding: Annotated[int, Whole("padding", 0, _widest, start=1)] = 0,
    padding_mode: Annotated[str, Choice("padding mode", PADDING_MODES)] = "zeros",
) -> View:
    """Show one step of a convolution: the window, the products and their sum.

    Example:
        >>> kernel_step([[1, 2], [3, 4]], kernel=[[1, 10]]).numbers["sum"]
        21.0
    """
    scene = _scene(board, kernel, stride, padding, padding_mode, dilation)
    at = arithmetic.step(scene, position)
    numbers = {"padded_size": scene.padded.shape, "output_size": scene.output.shape}
    numbers["output"] = scene.output.tolist()
    numbers |= {n: np.asarray(v).tolist() for n, v in vars(at).items()} if at else {}
    body, text = _overlay(scene, at) if at else "", arithmetic.in_words(scene, at)
    more = {"numbers": numbers, "backdrop": _backdrop(scene)}
    more["marks"] = _marks(scene) if at else ()
    return View.drawn(_places(scene)[2], body, text, **more)


explore_kernel = kernel_step.explore


def _places(scene: Scene) -> tuple[int, ...]:
    """Return the cells of image and output, the height, the places of small grids."""
    cells = _SIDE // max(scene.padded.shape), _SIDE // max(1, *scene.output.shape)
    height, width = (_SMALL * side for side in scene.kernel.shape)
    return *cells, _LOW + height + 14, *(_LEFT + n * (width + _GAP) for n in range(4))


def _marks(scene: Scene) -> tuple[Mark, ...]:
    """Let a place of the output choose its step, and one of the image that round it."""
    cell, side, *_ = _places(scene)
    y, x = ((scene.span(axis) - scene.stride) / 2 * cell for axis in (0, 1))
    image, output = (_LEFT + x, _TOP + y, scene.stride * cell), (_RIGHT, _TOP, side)
    size, sets = scene.output.shape, {"position": Along(0, scene.output.shape[1], 1)}
    return tuple(Mark.grid(*corner, *size, sets) for corner in (image, output))


@lru_cache(maxsize=16)
def _backdrop(scene: Scene) -> str:
    """Draw the grids that stay while the kernel moves."""
    cell, side, height, *places = _places(scene)
    padded, output = scene.padded, scene.output
    high, wide, edge = (cell * n for n in (*padded.shape, scene.padding))
    ring = _LEFT + edge / 2, _TOP + edge / 2, wide - edge, high - edge
    inner = _LEFT + edge, _TOP + edge, wide - 2 * edge, high - 2 * edge
    more = f", padded to {svg.sides(padded.shape)}" if scene.padding else ""
    parts = [
        svg.paper(height),
        svg.words(_LEFT, 22, f"image {svg.sides(scene.image.shape)}{more}"),
        svg.grid(padded, _LEFT, _TOP, cell, "input", np.abs(scene.image).max()),
        svg.box(*ring, f"{PALETTE['yellow']}4d", line=edge),
        svg.box(*inner, svg.ON_TINT),
        svg.words(_RIGHT, 22, f"output {svg.sides(output.shape)}"),
        svg.words(_RIGHT, _TOP + 24, "" if output.size else "The kernel fits nowhere."),
        svg.grid(output, _RIGHT, _TOP, side, "output"),
        svg.grid(scene.kernel, places[1], _LOW, _SMALL, "kernel", spell=svg.fraction),
    ]
    for x, name, sign in zip(places, _NAMES, " ×==", strict=True):
        parts.append(svg.words(x, _LOW - 8, name))
        parts.append(svg.words(x - 31, (_LOW + height) / 2 + 2, sign, size=26))
    return svg.document(height, "".join(parts))


def _overlay(scene: Scene, at: Step) -> str:
    """Draw what moves: window, arithmetic, and the veil over outputs to come."""
    cell, side, _, window, _, products, total = _places(scene)
    high, wide = (_SMALL * n for n in scene.kernel.shape)
    x, y = _RIGHT + at.column * side, _TOP + at.row * side
    below, rest = side * (np.subtract(scene.output.shape, (at.row, at.column)) - 1)
    corners = product(_LEFT + at.columns * cell, _TOP + at.rows * cell)
    box = total, _LOW + high / 2 - 20, 40
    most, limit = (np.abs(values).max() for values in (scene.image, scene.output))
    parts = (
        svg.filled(x + side, y, rest, side, "#eee"),
        svg.filled(_RIGHT, y + side, side * scene.output.shape[1], below, "#eee"),
        svg.outlined(x, y, side, side, ROLES["chosen"]),
        svg.squares(corners, cell, ROLES["chosen"]),
        svg.grid(at.window, window, _LOW, _SMALL, "input", most),
        svg.box(window, _LOW, wide, high, ROLES["chosen"]),
        svg.grid(at.products, products, _LOW, _SMALL, "output"),
        svg.grid(np.array([[at.sum]]), *box, "output", limit, spell=svg.precise),
        svg.box(*box, 40, ROLES["chosen"]),
    )
    return "".join(parts)
