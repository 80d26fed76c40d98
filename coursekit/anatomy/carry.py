"""Carry fields through operations: moving, joining, reducing, mixing, gathering.

Every rule in `coursekit.anatomy.rules` is made of these; each takes fields and returns
new ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from coursekit.anatomy.field import (
    EMPTY,
    Axis,
    Field,
    Grid,
    full,
    met,
    places_of,
    read,
    squeeze_broadcast,
    straight,
)
from coursekit.anatomy.joining import open_dim
from coursekit.anatomy.window import Window


def move(field: Field, op: Callable[[Tensor], Tensor]) -> list[Field]:
    """Return the fields after an operation that only moves values about.

    The bounds and the units' places move as the values do, so `op` itself is applied.
    """
    outputs: list[list[Axis]] = []
    shapes: list[tuple[int, ...]] = []
    for axis in field.axes:
        low, high = (_as_list(op(part)) for part in full(axis, field.shape))
        grids = _moved_grids(axis, field.shape, op)
        outputs = outputs or [[] for _ in low]
        shapes = [tuple(part.shape) for part in low]
        for number, (first, last) in enumerate(zip(low, high, strict=True)):
            bounds = torch.stack([squeeze_broadcast(first), squeeze_broadcast(last)])
            grid = grids[number] if grids else None
            outputs[number].append(Axis(bounds, axis.window, grid))
    return [Field(s, tuple(axes)) for s, axes in zip(shapes, outputs, strict=True)]


def _as_list(result: Tensor | Sequence[Tensor]) -> list[Tensor]:
    return [result] if isinstance(result, Tensor) else list(result)


def _moved_grids(axis: Axis, shape: Sequence[int], op: Callable) -> list | None:
    if axis.window is None or axis.grid is None:
        return None
    return [read(places) for places in _as_list(op(places_of(axis, shape)))]


def reduce(
    field: Field, dims: Sequence[int], shape: Sequence[int], keep: bool
) -> Field:
    """Return the field of values each made from all units along `dims`."""
    rank = len(field.shape)
    dims = sorted({d % rank for d in dims}) if dims else list(range(rank))
    kept = tuple(1 if d in dims else size for d, size in enumerate(field.shape))
    out = Field(kept, tuple(_met(axis, field.shape, dims) for axis in field.axes))
    return out if keep else move(out, lambda values: values.reshape(shape))[0]


def _met(axis: Axis, shape: Sequence[int], dims: Sequence[int]) -> Axis:
    """Return the axis of units that each meet all others along some dimensions."""
    bounds, along = axis.bounds, [d + 1 for d in dims if axis.bounds.shape[d + 1] > 1]
    if along:
        bounds = bounds.amin(along, keepdim=True)
    window, grid = axis.window, axis.grid
    if isinstance(grid, Grid) and grid.dim in dims:
        grid = None
    for dim in dims if isinstance(grid, Tensor) else ():
        if grid is not None:
            window, grid = met(window, grid, dim)
    if isinstance(grid, Tensor):
        grid = read(grid)
    return Axis(bounds, None if grid is None else window, grid)


def mix(field: Field, dim: int, size: int, groups: int = 1) -> Field:
    """Return the field after every value along `dim` has met all others of its group.

    Args:
        dim: the dimension that is mixed, channels for a convolution.
        size: its new size.
        groups: into how many separate parts it is split.
    """
    shape = (*field.shape[:dim], size, *field.shape[dim + 1 :])
    axes = []
    for axis in field.axes:
        after = _met(axis, field.shape, [dim])
        if groups > 1 and axis.bounds.shape[dim + 1] > 1:
            parts = axis.bounds.unflatten(dim + 1, (groups, -1)).amin(dim + 2)
            parts = parts.repeat_interleave(size // groups, dim + 1)
            after = replace(after, bounds=parts)
        axes.append(after)
    return Field(shape, tuple(axes))


def gather(field: Field, dim: int, index: Tensor, valid: Tensor) -> Field:
    """Return the field of units that each read a few units along `dim`.

    Args:
        index: (outputs, taps) places read along `dim`.
        valid: same shape, False where a tap lies in the padding.
    """
    size = field.shape[dim]
    shape = (*field.shape[:dim], index.shape[0], *field.shape[dim + 1 :])
    everywhere = bool(valid.any(1).all())
    axes = []
    for axis in field.axes:
        bounds, along = axis.bounds, dim + 1
        if bounds.shape[along] > 1 or not everywhere:
            bounds = open_dim(bounds, dim, size)
            taken = bounds.index_select(along, index.flatten())
            taken = taken.unflatten(along, tuple(index.shape))
            view = [1] * taken.dim()
            view[along : along + 2] = valid.shape
            bounds = taken.masked_fill(~valid.view(view), EMPTY).amin(along + 1)
        axes.append(replace(axis, bounds=bounds))
    return Field(shape, tuple(axes))


def rewindow(field: Field, change: Callable[[int, Window], Window | None]) -> Field:
    """Return the field with the window of each axis that lies in a row changed.

    Args:
        change: (dimension, window) → new window, None for "no such number".
    """
    axes = []
    spatial = len(field.shape) - len(field.axes)  # the first spatial dimension
    for number, axis in enumerate(field.axes):
        window, grid = straight(axis, field.shape)
        if window is not None:
            dim = spatial + number if grid.dim is None else grid.dim
            window = change(dim, window)
        grid = None if window is None else Grid(dim)
        axes.append(replace(axis, window=window, grid=grid))
    return Field(field.shape, tuple(axes))


@lru_cache(maxsize=4096)
def taps_of(
    size: int, outputs: int, kernel: int, stride: int, padding: int, dilation: int
) -> tuple[Tensor, Tensor]:
    """Return (index, valid) of a convolution or pooling along one dimension."""
    first = torch.arange(outputs)[:, None] * stride - padding
    places = first + torch.arange(kernel)[None, :] * dilation
    return places.clamp(0, size - 1), (places >= 0) & (places < size)


@lru_cache(maxsize=4096)
def transposed_taps_of(
    size: int, outputs: int, kernel: int, stride: int, padding: int, dilation: int
) -> tuple[Tensor, Tensor]:
    """Return (index, valid) of a transposed convolution along one dimension."""
    offset = torch.arange(outputs)[:, None] + padding
    places = offset - torch.arange(kernel)[None, :] * dilation
    index = places.div(stride, rounding_mode="floor")
    valid = (places % stride == 0) & (index >= 0) & (index < size)
    return index.clamp(0, size - 1), valid
