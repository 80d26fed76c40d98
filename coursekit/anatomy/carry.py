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
    align,
    full,
    squeeze_broadcast,
)
from coursekit.anatomy.window import Window, reindex


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
            window, grid = grids[number] if grids else (axis.window, None)
            outputs[number].append(Axis(bounds, window, grid))
    return [Field(s, tuple(axes)) for s, axes in zip(shapes, outputs, strict=True)]


def _as_list(result: Tensor | Sequence[Tensor]) -> list[Tensor]:
    return [result] if isinstance(result, Tensor) else list(result)


def _moved_grids(axis: Axis, shape: Sequence[int], op: Callable) -> list | None:
    window, grid = axis.window, axis.grid
    if window is None or grid is None:
        return None
    if grid.dim is None:
        places = torch.tensor(grid.offset).expand(*shape)
    else:
        line = grid.offset + grid.step * torch.arange(shape[grid.dim])
        view = [-1 if d == grid.dim else 1 for d in range(len(shape))]
        places = line.view(view).expand(*shape)
    return [_read_grid(window, squeeze_broadcast(p)) for p in _as_list(op(places))]


def _read_grid(window: Window, places: Tensor) -> tuple[Window | None, Grid | None]:
    """Find the one dimension along which the units still lie in a row."""
    if places.numel() == 0:
        return window, None
    regular, ragged = None, []
    for dim in range(places.dim()):
        if places.shape[dim] == 1:
            continue
        steps = places.diff(dim=dim)
        if steps.min() != steps.max():
            ragged.append(dim)
        elif steps.flatten()[0] != 0:
            if regular is not None:
                return window, None
            regular = (dim, int(steps.flatten()[0]))
    if regular is None:
        return window, (None if ragged else Grid(None, int(places.flatten()[0]), 1))
    dim, step = regular
    first = places.narrow(dim, 0, 1)
    low, high = int(first.min()), int(first.max())
    if low == high:
        return window, Grid(dim, low, step)
    # Several offsets side by side (space to depth): what the next layer sees of a
    # place is the hull of them all.
    joined = reindex(window, low, step).union(reindex(window, high, step))
    return joined, Grid(dim)


def union(fields: Sequence[Field], shape: Sequence[int]) -> Field:
    """Return the field of values that depend on all the given tensors, broadcast."""
    if all(f is fields[0] for f in fields) and fields[0].shape == tuple(shape):
        return fields[0]
    rank = len(shape)
    axes = []
    for parts in zip(*(f.axes for f in fields), strict=True):
        bounds = align(parts[0].bounds, rank)
        for part in parts[1:]:
            bounds = torch.minimum(bounds, align(part.bounds, rank))
        shifts = [rank - len(f.shape) for f in fields]
        shuffled = any(part.grid is None for part in parts)
        joined = (None, None) if shuffled else _joined_window(parts, shifts)
        axes.append(Axis(bounds, *joined))
    return Field(tuple(shape), tuple(axes))


def _joined_window(
    parts: Sequence[Axis], shifts: Sequence[int]
) -> tuple[Window | None, Grid | None]:
    if all(p.window == parts[0].window and p.grid == parts[0].grid for p in parts) and (
        not any(shifts)
    ):
        return parts[0].window, parts[0].grid
    windows = [part.regular() for part in parts]
    if any(window is None for window in windows):
        return None, None
    dims = {
        p.grid.dim + s
        for p, s in zip(parts, shifts, strict=True)
        if p.grid.dim is not None
    }
    if len(dims) > 1:
        return None, None
    joined = windows[0]
    for window in windows[1:]:
        joined = joined.union(window) if joined else None
    return (joined, Grid(dims.pop() if dims else None)) if joined else (None, None)


def concatenate(fields: Sequence[Field], dim: int, shape: Sequence[int]) -> Field:
    """Return the field of tensors joined along `dim`."""
    axes = []
    for parts in zip(*(f.axes for f in fields), strict=True):
        first = parts[0].bounds
        if all(part.bounds is first for part in parts) and first.shape[dim + 1] == 1:
            bounds = first
        else:
            pieces = [
                open_dim(p.bounds, dim, f.shape[dim])
                for p, f in zip(parts, fields, strict=True)
            ]
            common = torch.broadcast_shapes(
                *([*p.shape[: dim + 1], 1, *p.shape[dim + 2 :]] for p in pieces)
            )
            bounds = torch.cat(
                [
                    p.expand(*common[: dim + 1], p.shape[dim + 1], *common[dim + 2 :])
                    for p in pieces
                ],
                dim + 1,
            )
        along = any(p.grid is not None and p.grid.dim == dim for p in parts)
        window, grid = (
            (None, None) if along else _joined_window(parts, [0] * len(parts))
        )
        axes.append(Axis(bounds, window, grid))
    return Field(tuple(shape), tuple(axes))


def open_dim(bounds: Tensor, dim: int, size: int) -> Tensor:
    """Return the bounds with `dim` at its real size, the others left broadcast."""
    sizes = [-1] * bounds.dim()
    sizes[dim + 1] = size
    return bounds.expand(*sizes)


def reduce(
    field: Field, dims: Sequence[int], shape: Sequence[int], keep: bool
) -> Field:
    """Return the field of values each made from all units along `dims`."""
    rank = len(field.shape)
    dims = sorted({d % rank for d in dims}) if dims else list(range(rank))
    axes = []
    for axis in field.axes:
        bounds = axis.bounds.amin([d + 1 for d in dims], keepdim=True)
        if not keep:
            for d in reversed(dims):
                bounds = bounds.squeeze(d + 1)
        axes.append(_after_reduction(replace(axis, bounds=bounds), dims, keep))
    return Field(tuple(shape), tuple(axes))


def _after_reduction(axis: Axis, dims: Sequence[int], keep: bool) -> Axis:
    grid = axis.grid
    if grid is None or grid.dim in dims:
        return Axis(axis.bounds, None, None)
    if keep or grid.dim is None:
        return axis
    dim = grid.dim - sum(d < grid.dim for d in dims)
    return replace(axis, grid=replace(grid, dim=dim))


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
        bounds, along = axis.bounds, dim + 1
        if bounds.shape[along] > 1:
            if groups == 1:
                bounds = bounds.amin(along, keepdim=True)
            else:
                parts = bounds.unflatten(along, (groups, -1)).amin(along + 1)
                bounds = parts.repeat_interleave(size // groups, along)
        carried = axis.grid is None or axis.grid.dim == dim
        axes.append(
            Axis(bounds, *((None, None) if carried else (axis.window, axis.grid)))
        )
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
        window = axis.regular()
        if window is not None:
            dim = spatial + number if axis.grid.dim is None else axis.grid.dim
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
