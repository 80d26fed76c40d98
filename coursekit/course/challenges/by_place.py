"""Where the units of a tensor lie on their map, and what tells the places apart.

A dense layer before averaging has weights that differ from place to place. So every
tensor knows along which of its axes its units lie at different places:

    (n, c, 7, 7)            axes 2 and 3
    flattened, (n, c·49)    axis 1: a product over it is a dense layer
    averaged, (n, c)        none: a product is allowed
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn

from coursekit.anatomy import joining
from coursekit.anatomy.field import EMPTY, Field, align, squeeze_broadcast
from coursekit.anatomy.rules.operators import Operands
from coursekit.course.network_file.plain_numbers import is_even

HALF = 0.5  # of a side, so much at least must be used of a map
MOST = 0.7  # of a map's places; a kernel that sees more and leaves fewer is dense
# They look at the whole map, but carry nothing of it from place to place: statistics.
STATISTICS = {"native_group_norm", "native_layer_norm", "_softmax", "_log_softmax"}


def name_of(func) -> str:
    """Return the plain name of an operator: `aten::add_` → `add`."""
    return func._schema.name.removeprefix("aten::").rstrip("_")


@lru_cache(maxsize=8)  # one operator asks several times
def place_axes(units: Field) -> frozenset[int]:
    """Return the axes of a tensor along which its units lie at different places."""
    rank, found = len(units.shape), set()
    for axis in units.axes:
        bounds = squeeze_broadcast(align(axis.bounds, rank))
        has_empty = bool((bounds == EMPTY).any())
        for dim in range(rank):
            if bounds.shape[dim + 1] > 1 and _vary(bounds, dim + 1, has_empty):
                found.add(dim)
    return frozenset(found)


def _vary(bounds: Tensor, dim: int, has_empty: bool) -> bool:
    """Tell whether bounds differ along a dimension."""
    if not has_empty:
        return bool((bounds != bounds.narrow(dim, 0, 1)).any())
    least = bounds.amin(dim)  # units that see nothing do not say where
    most = bounds.masked_fill(bounds == EMPTY, -EMPTY).amax(dim)
    return bool(((most > least) & (most > -EMPTY)).any())


def seen_sides(units: Field, map_shape: Sequence[int]) -> list[Tensor]:
    """Return for each axis of the map how much of it each unit sees, 0 to 1."""
    shares = []
    for axis, size in zip(units.axes, map_shape, strict=True):
        low, high = axis.bounds[0].clamp(min=0), (-axis.bounds[1]).clamp(max=size - 1)
        shares.append((high - low + 1).clamp(min=0) / size)
    return shares


def used_part(units: Field, map_shape: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and the last place of its map that a tensor uses, each side."""
    return [
        (max(0, int(a.bounds[0].min())), min(size - 1, int((-a.bounds[1]).max())))
        for a, size in zip(units.axes, map_shape, strict=True)
    ]


def used_share(units: Field, map_shape: Sequence[int]) -> float:
    """Return how much of its map a tensor uses, along the side it uses least."""
    part = zip(used_part(units, map_shape), map_shape, strict=True)
    return min([1.0, *((last - first + 1) / size for (first, last), size in part)])


def covers(before: Field, after: Field, map_shape: Sequence[int]) -> bool:
    """Tell whether a kernel sees a side of its map, or most of it, at one place.

    Args:
        before, after: what the units see of the map, without and with the kernel.
        map_shape: (height, width) of the map.
    """
    were, are = seen_sides(before, map_shape), seen_sides(after, map_shape)
    for size, was, now in zip(map_shape, were, are, strict=True):
        if size > 1 and bool((now >= 1).any()) and not bool((was >= 1).all()):
            return True
    shares = [torch.ones(()), torch.ones(())]
    for place, sides in enumerate((were, are)):
        for side in sides:
            shares[place] = shares[place] * side.amax()
    return bool(shares[1] >= MOST) and not bool(shares[0] >= MOST)


def differs_by_place(numbers: Tensor, axes: Iterable[int], rank: int) -> bool:
    """Tell whether an operand has numbers of its own along axes of places.

    Args:
        numbers: an operand that is broadcast to `rank` axes.
        axes: those along which the other operand's units lie at different places.
        rank: axes of the result.
    """
    shift = rank - numbers.dim()
    own = [axis - shift for axis in axes if axis >= shift]
    own = [a for a in own if numbers.shape[a] > 1 and numbers.stride(a)]
    if not own or numbers.is_meta or is_learnt(numbers):
        return bool(own)
    flat = numbers.detach()
    return any(bool((flat.amin(a) != flat.amax(a)).any()) for a in own)


def is_learnt(numbers: Tensor) -> bool:
    """Tell whether numbers can be trained: being alike today says nothing then."""
    return isinstance(numbers, nn.Parameter) or hasattr(numbers, "_coursekit_learnt")


def are_coordinates(numbers: Tensor) -> bool:
    """Tell whether numbers grow by one step along each axis, as coordinates do."""
    return not numbers.is_meta and is_even(numbers.detach().cpu().float().numpy())


def carried(call: Operands, out: Tensor, units_of, local_of) -> Field | None:
    """Return what a norm, a softmax or a gate hands on; None for other operators.

    They look at the whole map. What a unit is made of, in the sense of the rules, is
    what convolutions and poolings carried to its place.

    Args:
        call: the operator.
        out: its result.
        units_of: tensor → its field, of the image or of the last map.
        local_of: tensor → its field on the last map.
    """
    given = [t for t in call.tensors if local_of(t) is not None]
    name = name_of(call.func)
    if name in STATISTICS or "batch_norm" in name:
        return units_of(given[0]) if given[0].shape == out.shape else None
    if len(given) < 2 or torch.Tag.pointwise not in call.func.tags:
        return None
    maps = [t for t in given if place_axes(local_of(t))]
    if not maps or len(maps) == len(given):
        return None
    return joining.union([units_of(t) for t in maps], tuple(out.shape))
