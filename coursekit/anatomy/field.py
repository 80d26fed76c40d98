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

from coursekit.anatomy.window import NOTHING, Varies, Window

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
#   x.view(2, 3)     0  1  2 ┊ 3  4  5    no row: the places themselves, as a tensor
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
@dataclass(frozen=True, eq=False)
class Axis:
    """One axis of the input, as seen by every unit of a tensor.

    Args:
        bounds: (2, …) integers, broadcastable to the tensor: first pixel seen and
            minus the last pixel seen, so that a union is an element-wise minimum;
            `EMPTY` in both where a unit sees nothing of the input.
        window: the interval away from borders, None where no such number exists
            (after global pooling, a dense layer, irregular resizing).
        grid: the units' places on that window: in a row, or as a tensor broadcastable
            to the units; None where they are lost.
    """

    bounds: Tensor
    window: Window | None
    grid: Grid | Tensor | None


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
        places = torch.arange(shape[dim], device="cpu").view(
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


def places_of(axis: Axis, shape: Sequence[int]) -> Tensor:
    """Return the place of every unit of a tensor, without copying."""
    grid = axis.grid
    if isinstance(grid, Tensor):
        return grid.expand(*shape)
    if grid.dim is None:
        return torch.tensor(grid.offset).expand(*shape)
    line = grid.offset + grid.step * torch.arange(shape[grid.dim])
    view = [-1 if d == grid.dim else 1 for d in range(len(shape))]
    return line.view(view).expand(*shape)


def read(places: Tensor) -> Grid | Tensor | None:
    """Return a tensor of places as the row it is, or as it stands if it is none."""
    places = squeeze_broadcast(places)
    if places.numel() == 0:
        return None
    moving = [dim for dim, size in enumerate(places.shape) if size > 1]
    steps = {dim: _step(places, dim) for dim in moving}
    moving = [dim for dim in moving if steps[dim] != 0]
    if not moving:
        return Grid(None, int(places.flatten()[0]))
    if len(moving) == 1 and steps[moving[0]] is not None:
        return Grid(moving[0], int(places.flatten()[0]), steps[moving[0]])
    return places


def _step(places: Tensor, dim: int) -> int | None:
    """Return by how much places grow along a dimension, None if by varying amounts."""
    steps = places.diff(dim=dim)
    low, high = int(steps.min()), int(steps.max())
    return low if low == high else None


# Two rows of a map side by side, as space to depth lays them:
#
#   channel 0    0  2  4  6        what lies at a place:  {0, 1}  {2, 3}  {4, 5}  {6, 7}
#   channel 1    1  3  5  7        as the next layer, which mixes channels, will see it
def straight(axis: Axis, shape: Sequence[int]) -> tuple[Window | None, Grid | None]:
    """Return window and row such that unit `i` along the row is place `i`.

    Units side by side at a place count as one that sees what any of them does; None
    where there is no row.
    """
    window, grid = axis.window, axis.grid
    if window is None or grid is None:
        return None, None
    if isinstance(grid, Tensor):
        rows = [dim for dim in range(grid.dim()) if grid.shape[dim] > 1]
        rows = [(dim, step) for dim in rows if (step := _step(grid, dim))]
        if len(rows) != 1:
            return None, None
        dim, step = rows[0]
        offsets = grid.select(dim, 0).unique().tolist()
    else:
        dim, step, offsets = grid.dim, grid.step, [grid.offset]
    return window.beside(tuple(offsets), step), Grid(dim)


def met(window: Window, places: Tensor, dim: int) -> tuple:
    """Return window and places of units that have each met all others along `dim`.

    They lie where the first of them lay. None for both where not every unit meets the
    same neighbours, or where one unit has met the whole axis.
    """
    if places.shape[dim] == 1:
        return window, places
    first = places.amin(dim, keepdim=True)
    beside = (places - first).sort(dim).values.movedim(dim, 0).flatten(1)
    alike = bool((beside == beside[:, :1]).all())
    offsets = tuple(beside[:, 0].unique().tolist())
    if not alike or (len(offsets) > 1 and bool((first == first.flatten()[0]).all())):
        return None, None
    return window.beside(offsets, 1), first


def read_bounds(bounds: Tensor) -> tuple[Window | None, Grid | None]:
    """Return the one window which, cut at the border, gives just these bounds.

    None for both unless two units in a row see what no border cuts.
    """
    low, high = bounds[0], -bounds[1]
    dims = [dim for dim, size in enumerate(low.shape) if size > 1]
    inside = ((low > low.min()) & (high < high.max())).flatten().nonzero().flatten()
    if len(dims) != 1 or len(inside) < 2:
        return None, None
    low, high, unit = low.flatten(), high.flatten(), int(inside[0])
    step = int(low[unit + 1] - low[unit])
    shift = step * (torch.arange(len(low)) - unit)
    left = (low[unit] + shift).clamp(int(low.min()), int(high.max()))
    right = (high[unit] + shift).clamp(int(low.min()), int(high.max()))
    if not (step and torch.equal(left, low) and torch.equal(right, high)):
        return None, None
    first, last = int(low[unit]), int(high[unit])
    return Window(((first, last),), abs(step)), Grid(
        dims[0], -unit, 1 if step > 0 else -1
    )


def numbers(axis: Axis, shape: Sequence[int]) -> tuple:
    """Return (receptive field, stride, start) of the units along one axis.

    They are those of the window where there is one, else read off the units: the
    smallest field is that of a unit which no border cuts, if there is such a unit.
    """
    if axis.window is not None:
        return _window_numbers(axis, shape)
    low, high = axis.bounds[0], -axis.bounds[1]
    sizes = (high - low + 1).clamp(min=0)
    inside = (low > low.min()) & (high < high.max())
    uncut = sizes[inside] if inside.any() else sizes
    size = Varies.over([int(uncut.min()), int(sizes.max())])
    return size, None, (int(low.min()) if int(low.min()) < EMPTY else None)


def _window_numbers(axis: Axis, shape: Sequence[int]) -> tuple:
    window, grid = straight(axis, shape)
    if window is None:  # in no row, but what each unit sees is known
        window, count = axis.window, len(axis.window.phases) + 1
    else:
        count = shape[grid.dim] if grid.dim is not None else 1
    period, start = len(window.phases), window.at(0)
    return (
        window.size(range(min(count, period))),
        window.stride(range(min(count, period + 1))),
        start[0] if start != NOTHING else None,
    )
