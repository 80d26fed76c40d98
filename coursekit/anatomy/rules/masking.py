"""Rules for operators that blot out some values: what is blotted out sees nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from coursekit.anatomy import joining
from coursekit.anatomy.field import EMPTY, Field, full
from coursekit.anatomy.rules.operators import Operands, pointwise, rule


@rule("tril triu")
def triangle(call: Operands, outputs: list[Tensor]) -> Field:
    diagonal = call.get("diagonal")

    def cut(bounds: Tensor) -> Tensor:  # the operator writes zeros: shift them to EMPTY
        return call.func(bounds - EMPTY, diagonal) + EMPTY

    return _with_bounds(call.sole(), cut)


@rule("masked_fill")
def filling(call: Operands, outputs: list[Tensor]) -> Field | list[Field]:
    """Exact for a mask whose numbers are known; a computed one may hide anything."""
    mask = call.get("mask")
    if mask.is_meta or len(call.fields) > 1:
        return pointwise(call, outputs)
    return _without(joining.union(call.fields, tuple(outputs[0].shape)), mask)


@rule("where")
def choosing(call: Operands, outputs: list[Tensor]) -> Field | list[Field]:
    """As `filling`: with a known condition each side is seen where it is chosen."""
    condition = call.get("condition")
    if condition is None or condition.is_meta:
        return pointwise(call, outputs)
    shape = tuple(outputs[0].shape)
    hidden = {"self": ~condition, "other": condition}
    sides = {name: call.field_of(call.get(name)) for name in hidden}
    fields = [
        _without(joining.union([field], shape), hidden[name])
        for name, field in sides.items()
        if field is not None
    ]
    return joining.union(fields, shape)


def _without(field: Field, mask: Tensor) -> Field:
    return _with_bounds(field, lambda bounds: bounds.masked_fill(mask, EMPTY))


def _with_bounds(field: Field, change: Callable[[Tensor], Tensor]) -> Field:
    axes = (
        replace(axis, bounds=torch.stack([change(b) for b in full(axis, field.shape)]))
        for axis in field.axes
    )
    return Field(field.shape, tuple(axes))
