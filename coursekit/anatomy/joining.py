"""Join fields: several tensors seen at once, one after another, or among each other."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from coursekit.anatomy.field import (
    EMPTY,
    Axis,
    Field,
    Grid,
    align,
    full,
    places_of,
    read,
    straight,
)
from coursekit.anatomy.window import NOTHING, Window


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
        placed = list(zip(parts, (f.shape for f in fields), strict=True))
        axes.append(Axis(bounds, *_joined(placed, shape)))
    return Field(tuple(shape), tuple(axes))


def _joined(
    placed: Sequence[tuple[Axis, Sequence[int]]], shape: Sequence[int]
) -> tuple[Window | None, Grid | Tensor | None]:
    """Return window and grid of units that see what all of several axes see."""
    (first, size), *others = placed = [p for p in placed if _sees(p[0])] or placed[:1]
    if all(
        p.window == first.window
        and same_grid(p.grid, first.grid)
        and len(s) == len(size)
        for p, s in others
    ) and len(size) == len(shape):
        return first.window, first.grid
    if any(part.window is None or part.grid is None for part, _ in placed):
        return None, None
    if any(isinstance(part.grid, Tensor) for part, _ in placed):
        places = [places_of(*p).expand(*shape) for p in placed]
        if all(torch.equal(places[0], other) for other in places[1:]):
            return _hull([part.window for part, _ in placed], read(places[0]))
    return _joined_rows(placed, shape)


def _joined_rows(placed: Sequence, shape: Sequence[int]) -> tuple:
    rows = [(*straight(*p), len(shape) - len(p[1])) for p in placed]
    if any(window is None for window, _, _ in rows):
        return None, None
    dims = {None if g.dim is None else g.dim + shift for _, g, shift in rows}
    along = dims - {None}
    # a unit that stands alone is near to some of a row only
    if len(along) > 1 or (len(dims) > 1 and shape[next(iter(along))] > 1):
        return None, None
    return _hull([window for window, _, _ in rows], Grid(next(iter(along), None)))


def _hull(windows: Sequence[Window], grid: Grid | Tensor) -> tuple:
    joined = windows[0]
    for window in windows[1:]:
        joined = joined.union(window) if joined else None
    return (joined, grid) if joined else (None, None)


def _sees(axis: Axis) -> bool:
    return axis.window is None or axis.window.phases != (NOTHING,)


def same_grid(one: object, other: object) -> bool:
    """Tell whether two grids are known to be the same."""
    return one is other or (isinstance(one, Grid) and one == other)


def concatenate(fields: Sequence[Field], dim: int, shape: Sequence[int]) -> Field:
    """Return the field of tensors joined along `dim`."""

    def cat(parts: Sequence[Tensor]) -> Tensor:
        return torch.cat(_alike(parts, dim), dim)

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
            bounds = torch.cat(_alike(pieces, dim + 1), dim + 1)
        placed = list(zip(parts, (f.shape for f in fields), strict=True))
        along = any(_lies_along(part.grid, dim) for part in parts)
        joined = _in_a_line(placed, cat) if along else _joined(placed, shape)
        axes.append(Axis(bounds, *joined))
    return Field(tuple(shape), tuple(axes))


def _alike(pieces: Sequence[Tensor], dim: int) -> list[Tensor]:
    """Broadcast tensors against each other in all dimensions but one."""
    sizes = ([*p.shape[:dim], 1, *p.shape[dim + 1 :]] for p in pieces)
    common = torch.broadcast_shapes(*sizes)
    return [p.expand(*common[:dim], p.shape[dim], *common[dim + 1 :]) for p in pieces]


def _lies_along(grid: Grid | Tensor | None, dim: int) -> bool:
    if isinstance(grid, Tensor):
        return grid.shape[dim] > 1
    return grid is not None and grid.dim == dim


def _in_a_line(placed: Sequence, arrange: Callable) -> tuple:
    """Return window and grid of axes whose units lie among each other.

    Args:
        arrange: puts tensors with the units of each axis together into one.
    """
    seeing = [part for part, _ in placed if _sees(part)]
    if any(p.grid is None or p.window != seeing[0].window for p in seeing):
        return None, None
    places = [places_of(*p) for p in placed]
    known = [
        torch.full_like(p, _sees(part), dtype=torch.bool)
        for p, (part, _) in zip(places, placed, strict=True)
    ]
    window = (seeing or [placed[0][0]])[0].window
    return side_by_side([(window, arrange(places), arrange(known))])


def side_by_side(found: Sequence[tuple[Window | None, Tensor, Tensor]]) -> tuple:
    """Return window and grid of units each of which lies on one of several windows.

    Args:
        found: window, the units' places on it, and which units lie on it; units on
            none of them see nothing and fit in anywhere.
    """
    if not found:
        return Window((NOTHING,), 0), Grid(None)
    grids = [None if w is None else fitted(p, known) for w, p, known in found]
    if any(grid is None for grid in grids):
        return None, None
    if len(found) == 1:
        return found[0][0], grids[0]
    rows = {grid.dim if isinstance(grid, Grid) else None for grid in grids}
    dim = rows.pop()
    if rows or dim is None:
        return None, None
    along = [known.movedim(dim, 0).flatten(1).any(1) for _, _, known in found]
    if not all(torch.equal(along[0], other) for other in along):
        return None, None  # each is a part of the row only
    pairs = zip(found, grids, strict=True)
    rows = [window.beside((grid.offset,), grid.step) for (window, *_), grid in pairs]
    return _hull(rows, Grid(dim))


def arranged(
    fields: Sequence[Field], arrange: Callable, place: Callable | None
) -> Field:
    """Return the field of a tensor made of the units of several others.

    Args:
        arrange: puts the bounds of the units of each field together into one tensor.
        place: does so with their places; None where they are lost.
    """
    axes = []
    for parts in zip(*(f.axes for f in fields), strict=True):
        placed = [(p, f.shape) for p, f in zip(parts, fields, strict=True)]
        sides = zip(*(full(*p) for p in placed), strict=True)
        bounds = torch.stack([arrange(side) for side in sides])
        joined = _in_a_line(placed, place) if place else (None, None)
        axes.append(Axis(bounds, *joined))
    return Field(tuple(axes[0].bounds.shape[1:]), tuple(axes))


def blind(like: Field, shape: Sequence[int]) -> Field:
    """Return the field of constants, which see nothing of the input."""
    bounds = torch.full((2, *[1] * len(shape)), EMPTY)
    nothing = Axis(bounds, Window((NOTHING,), 0), Grid(None))
    return Field(tuple(shape), tuple(nothing for _ in like.axes))


def fitted(places: Tensor, known: Tensor) -> Grid | Tensor | None:
    """Read places of which only some are known: units that see nothing fit anywhere."""
    if known.all():
        return read(places)
    spots, values = known.nonzero(), places[known]
    for dim, at in enumerate(spots.T):
        left, right = int(at.argmin()), int(at.argmax())
        if at[left] == at[right]:
            continue
        step = int((values[right] - values[left]) // (at[right] - at[left]))
        offset = int(values[left] - step * at[left])
        if step and torch.equal(values, offset + step * at):
            return Grid(dim, offset, step)
    return None


def open_dim(bounds: Tensor, dim: int, size: int) -> Tensor:
    """Return the bounds with `dim` at its real size, the others left broadcast."""
    sizes = [-1] * bounds.dim()
    sizes[dim + 1] = size
    return bounds.expand(*sizes)
