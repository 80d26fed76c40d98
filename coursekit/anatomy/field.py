"""What every value of a tensor sees of the input: the state that anatomy propagates.

A `Field` says for each unit of a tensor, along each axis of the input, the first and
the last input pixel that can change it. This is exact for every unit, also at borders
and where branches join, because the bounds are ordinary integer tensors that go through
the network's own reshapes, slices and concatenations. Beside it stands the
`Window`: the same interval as it would be far from any border, the number that papers
and tables mean by "receptive field".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.anatomy.window import NOTHING, Varies, Window, reindex

EMPTY = NOTHING[0]


# Why a grid: the obvious way is one window for each dimension of a tensor. But an axis
# of the input wanders: `transpose` carries it to another dimension, a slice thins it
# out, a `view` breaks it. So an operation that moves values is applied to the row of
# unit numbers, and what comes out is read as a grid. With six units:
#
#   x                0  1  2  3  4  5     Grid(dim, 0, 1)
#   x[..., 1::2]        1     3     5     Grid(dim, 1, 2)
#   x.flip(-1)       5  4  3  2  1  0     Grid(dim, 5, -1)
#   x[..., 2:3]            2              Grid(None, 2): one unit, in any dimension
#   x.view(2, 3)     0  1  2 ┊ 3  4  5    None: a row in no single dimension
@dataclass(frozen=True)
class Grid:
    """Which unit of the window lies where: unit `offset + i * step` at `i` along `dim`.

    `dim` is None where the axis has a single unit, so that any dimension may carry it.
    """

    dim: int | None
    offset: int = 0
    step: int = 1


# Why bounds and a window: a convolution with a 3 kernel and padding 1 on six pixels.
#
#   unit               0     1     2     3     4     5
#   sees              0–1   0–2   1–3   2–4   3–5   4–5    the bounds: exact
#   far from borders −1–1   0–2   1–3   2–4   3–5   4–6    the window: always 3 pixels
#
# A window alone is wrong at the border. Bounds alone are not enough either: after three
# such layers each unit's seven pixels are clipped, and papers mean the seven.
@dataclass(frozen=True)
class Axis:
    """One axis of the input, as seen by every unit of a tensor.

    Args:
        bounds: (2, …) integers, broadcastable to the tensor: first pixel seen and
            minus the last pixel seen, so that a union is an element-wise minimum;
            `EMPTY` in both where a unit sees nothing of the input.
        window: the interval away from borders, None where no such number exists
            (after global pooling, a dense layer, irregular resizing).
        grid: the units' places on that window, None where they are shuffled.
    """

    bounds: Tensor
    window: Window | None
    grid: Grid | None

    def regular(self) -> Window | None:
        """Return the window re-indexed so that unit `i` is place `i` along `dim`."""
        if self.window is None or self.grid is None:
            return None
        return reindex(self.window, self.grid.offset, self.grid.step)


@dataclass(frozen=True)
class Field:
    """What the units of a tensor of the given shape see of the input."""

    shape: tuple[int, ...]
    axes: tuple[Axis, ...]


def whole_image(shape: Sequence[int]) -> Field:
    """Return the field of the input itself: each pixel sees itself.

    Shape:
        shape: (n, c, *spatial).
    """
    axes = []
    for dim in range(2, len(shape)):
        places = torch.arange(shape[dim]).view(
            [-1 if d == dim else 1 for d in range(len(shape))]
        )
        bounds = torch.stack([places, -places])
        axes.append(Axis(bounds, Window(((0, 0),), 1), Grid(dim)))
    return Field(tuple(shape), tuple(axes))


def squeeze_broadcast(values: Tensor) -> Tensor:
    """Return `values` with repeated (stride 0) dimensions kept once."""
    for dim, (size, stride) in enumerate(
        zip(values.shape, values.stride(), strict=True)
    ):
        if size > 1 and stride == 0:
            values = values.narrow(dim, 0, 1)
    return values


def full(axis: Axis, shape: Sequence[int]) -> Tensor:
    """Return the bounds expanded to (2, *shape), without copying."""
    return align(axis.bounds, len(shape)).expand(2, *shape)


def align(bounds: Tensor, rank: int) -> Tensor:
    """Return the bounds with leading dimensions added as broadcasting would."""
    missing = rank + 1 - bounds.dim()
    return bounds.view(2, *[1] * missing, *bounds.shape[1:]) if missing else bounds


def numbers(axis: Axis, shape: Sequence[int]) -> tuple:
    """Return (receptive field, stride, start) of the units along one axis.

    They are those of the window where there is one, else read off the units.
    """
    if axis.window is not None:
        return _window_numbers(axis, shape)
    low, high = axis.bounds[0], -axis.bounds[1]
    sizes = (high - low + 1).clamp(min=0)
    size = Varies.over([int(sizes.min()), int(sizes.max())])
    return size, None, (int(low.min()) if int(low.min()) < EMPTY else None)


def _window_numbers(axis: Axis, shape: Sequence[int]) -> tuple:
    grid, window = axis.grid, axis.window
    if grid is None:
        return (
            window.size(range(len(window.phases))),
            window.stride(range(len(window.phases) + 1)),
            window.at(0)[0],
        )
    window = axis.regular()
    count = shape[grid.dim] if grid.dim is not None else 1
    units = range(min(count, len(window.phases)))
    steps = range(min(count, len(window.phases) + 1))
    start = window.at(0)
    return (
        window.size(units),
        window.stride(steps),
        (start[0] if start != NOTHING else None),
    )
