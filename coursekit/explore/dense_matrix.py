"""A convolution written as a dense layer: every weight it has, and those it lacks."""

from functools import lru_cache
from typing import Annotated

import numpy as np

from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.marks import Along, Mark
from coursekit.explore.setting import Switch, Whole
from coursekit.explore.view import View
from coursekit.figures.style import ROLES

_HEIGHT, _TOP, _LEFT, _SIDE, _RIGHT = 400, 40, 8, 340, 400


def _outputs(side: int, kernel: int, padded: bool) -> int:
    return (side if padded else side - kernel + 1) ** 2


def _last_output(side: int, kernel: int, padded: bool) -> int:
    return _outputs(side, kernel, padded) - 1


@explorer("A convolution as a dense layer: where are its weights?")
def dense_matrix_view(
    *,
    side: Annotated[int, Whole("input side", 5, 9)] = 9,
    kernel: Annotated[int, Whole("kernel side", 1, 5, 2)] = 3,
    padded: Annotated[bool, Switch("zero padding that keeps the size")] = True,
    permuted: Annotated[bool, Switch("permute the pixels")] = False,
    row: Annotated[int, Whole("output pixel", 0, _last_output)] = 0,
) -> View:
    """Show the dense layer that does what a convolution does, and one of its rows.

    The weights of the kernel are 1, 2, 3 …, so that each can be told from the others.

    Example:
        >>> dense_matrix_view(side=9, kernel=3).numbers["not_zero"]
        625
    """
    matrix = dense_matrix(side, kernel, padded, permuted)
    read = matrix[row].reshape(side, side)
    numbers = {
        "shape": matrix.shape,
        "not_zero": int(np.count_nonzero(matrix)),
        "different": len(np.unique(matrix[matrix != 0])),
        "reads": np.flatnonzero(matrix[row]).tolist(),
        "is_convolution": np.array_equal(
            matrix, dense_matrix(side, kernel, padded, False)
        ),
    }
    return View.drawn(
        _HEIGHT,
        _row(matrix, row) + _folded(read, row),
        _text(side, kernel, permuted, row, numbers),
        numbers=numbers,
        sheet=_whole(side, kernel, padded, permuted),
        marks=(_mark(matrix),),
    )


explore_dense_matrix = dense_matrix_view.explore


@lru_cache(maxsize=64)
def dense_matrix(side: int, kernel: int, padded: bool, permuted: bool) -> np.ndarray:
    """Return the weights of the dense layer, outputs × inputs; read only.

    Args:
        side: of the input, in pixels.
        kernel: side of the kernel, whose weights are 1, 2, 3 … row after row.
        padded: whether zeros around the input keep its size.
        permuted: whether the input's pixels come in another, fixed order.
    """
    border = kernel // 2 if padded else 0
    wide = side + 2 * border
    steps = range(wide - kernel + 1)
    layer = np.zeros((len(steps), len(steps), wide, wide), int)
    weights = np.arange(1, kernel**2 + 1).reshape(kernel, kernel)
    for y in steps:
        for x in steps:
            layer[y, x, y : y + kernel, x : x + kernel] = weights
    inside = layer[..., border : border + side, border : border + side]
    matrix = inside.reshape(len(steps) ** 2, side**2)
    if permuted:
        matrix = matrix[:, np.random.default_rng(0).permutation(side**2)]
    matrix.flags.writeable = False
    return matrix


@lru_cache(maxsize=64)
def _whole(side: int, kernel: int, padded: bool, permuted: bool) -> str:
    matrix = dense_matrix(side, kernel, padded, permuted)
    outputs, inputs = matrix.shape
    cell = _SIDE / max(outputs, inputs)
    source = svg.uri(svg.png(svg.tint(matrix, "kernel")))
    wide, high = inputs * cell, outputs * cell
    title = f"{outputs} rows (outputs), {inputs} columns (inputs)"
    body = svg.words(_LEFT, 24, title)
    body += svg.picture(source, _LEFT, _TOP, wide, high)
    return svg.document(_HEIGHT, body + svg.box(_LEFT, _TOP, wide, high, "#999"))


def _mark(matrix: np.ndarray) -> Mark:
    """Let a row of the matrix be pressed."""
    cell, (rows, columns) = _SIDE / max(matrix.shape), matrix.shape
    return Mark(_LEFT, _TOP, columns * cell, rows * cell, {"row": Along(down=1)}, rows)


def _row(matrix: np.ndarray, row: int) -> str:
    cell = _SIDE / max(matrix.shape)
    y, wide = _TOP + row * cell, matrix.shape[1] * cell
    return svg.outlined(_LEFT - 2, y - 1, wide + 4, max(cell, 3) + 2, ROLES["chosen"])


def _folded(read: np.ndarray, row: int) -> str:
    title = svg.words(_RIGHT, 24, f"row {row}, put back on the pixels")
    cell = _SIDE / len(read)
    return title + svg.grid(read, _RIGHT, _TOP, cell, "kernel")


def _text(side: int, kernel: int, permuted: bool, row: int, numbers: dict) -> str:
    outputs, inputs = numbers["shape"]
    filled, size = numbers["not_zero"], outputs * inputs
    if numbers["is_convolution"]:
        kept = "The pixels of an output form a window that moves from row to row: one "
        kept += "small kernel holds all these weights."
    elif outputs == 1:
        kept = "The one output reads every pixel, in another order: another kernel of "
        kept += "this size holds these weights too."
    else:
        kept = "The pixels of an output form no window any more: no kernel of this "
        kept += "size holds these weights, a dense layer does."
    order = " with permuted pixels" if permuted else ""
    return (
        f"A {kernel}×{kernel} convolution on {side}×{side} pixels{order} as a dense "
        f"layer: {outputs} × {inputs} = {size:,} weights, {filled:,} of them not zero "
        f"({filled / size:.1%}), {numbers['different']} different.\n"
        f"Output {row} reads {len(numbers['reads'])} of {inputs} pixels. {kept}"
    )
