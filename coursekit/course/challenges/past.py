"""What is known of a tensor on its way: its units on their map, and averaging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor

from coursekit.anatomy.field import Field, whole_image
from coursekit.anatomy.rules.operators import Operands, propagate
from coursekit.course.challenges.by_place import (
    carried,
    name_of,
    place_axes,
    seen_sides,
    used_part,
)
from coursekit.course.challenges.notes import LastMap

_AVERAGES = {"mean", "sum", "avg_pool1d", "avg_pool2d", "_adaptive_avg_pool2d"}


@dataclass(frozen=True)
class Past:
    """What is known of a tensor: units on their map, the last map, and averaging.

    `before`: the same with places counted on the map before; None except of a new map.
    """

    local: Field
    map_shape: tuple[int, ...]
    last_map: LastMap | None
    averaged: bool = False
    part: tuple[int, int] | None = None
    before: Past | None = None


def past_after(call: Operands, given: list, outputs: list) -> Past:
    """Return what is known of the output, places counted on the map before."""
    if len(given) > 1:
        return _joined(call, given, outputs)
    past = past_of(given[0])
    local = _local_after(call, outputs) or past.local
    averaged, part = past.averaged, past.part
    if name_of(call.func) in _AVERAGES and not averaged:
        used = used_part(past.local, past.map_shape)
        before = _sees_all(past.local, used)
        averaged = bool(_sees_all(local, used).all() & ~before.all())
        if not averaged and outputs[0].dim() == 4 and outputs[0][0, 0].numel() == 1:
            sides = zip(seen_sides(local, past.map_shape), past.map_shape, strict=True)
            seen = [int(share.max() * size) for share, size in sides]
            part = prod(seen), prod(past.map_shape)
    return replace(past, local=local, averaged=averaged, part=part)


def _local_after(call: Operands, outputs: list) -> Field | None:
    """Return what the output sees of the last map."""
    own = Operands(call.func, call.args, call.kwargs, local_of)
    kept = carried(own, outputs[0], local_of, local_of)
    return propagate(own, outputs)[0] if kept is None else kept


def of_one_output(call: Operands, after: Past, tensor: Tensor, outputs: list) -> Past:
    """Return what is known of one of several outputs, as of the parts of a split."""
    if tensor is outputs[0] or tensor.dim() != outputs[0].dim():
        return after
    own = Operands(call.func, call.args, call.kwargs, local_of)
    place = next(k for k, one in enumerate(outputs) if one is tensor)
    found = propagate(own, outputs)
    return replace(after, local=found[place] or after.local)


def _joined(call: Operands, given: list, outputs: list) -> Past:
    """Return what is known of tensors brought together: `+`, `*`, `cat`."""
    pasts = [past_of(t) for t in given]
    averaged = all(past.averaged for past in pasts)
    alike = [t for t in given if t.shape == outputs[0].shape]
    if alike:  # it stands where this one stood
        by_place = [t for t in alike if place_axes(local_of(t))]
        return replace(past_of((by_place or alike)[0]), averaged=averaged)
    past = max(pasts, key=lambda past: prod(past.map_shape))
    if len({past.map_shape for past in pasts}) > 1:  # a map of its own, opened next
        return replace(past, averaged=averaged)
    local = _local_after(call, outputs) or past.local
    return replace(past, local=local, averaged=averaged)


def opened(tensor: Tensor, before: Past | None = None) -> Past:
    """Return what is known of a map whose places are counted anew."""
    whole, shape = whole_image(tensor.shape), tuple(tensor.shape[2:])
    if before is None:
        return Past(whole, shape, None)
    return replace(before, local=whole, map_shape=shape, before=before)


def opens_a_map(call: Operands, given: list, out: Tensor) -> bool:
    """Tell whether the units of the output are places of a map of their own."""
    if not any(place_axes(local_of(t)) for t in given):
        return False  # made of no map, such as a vector laid out as one
    if len(given) > 1:
        shapes = {past_of(t).map_shape for t in given}
        return len(shapes) > 1 and all(t.shape != out.shape for t in given)
    name = name_of(call.func)
    return name == "convolution" or "pool" in name or "upsample" in name


def _sees_all(units: Field, part: Sequence[tuple[int, int]]) -> Tensor:
    """Tell for each unit whether it sees all of a part of the map."""
    seen = torch.ones((), dtype=torch.bool)
    for axis, (first, last) in zip(units.axes, part, strict=True):
        low, minus_high = axis.bounds
        seen = seen & (low <= first) & (minus_high <= -last)
    return seen


def past_of(tensor: object) -> Past | None:
    """Return what is known of a tensor, None where the image does not reach it."""
    return getattr(tensor, "_coursekit_past", None)


def local_of(tensor: object) -> Field | None:
    """Return what a tensor sees of the last map."""
    past = past_of(tensor)
    return past and past.local
