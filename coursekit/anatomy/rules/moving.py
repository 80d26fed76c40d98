"""Rules for operators that only put values elsewhere: views, slices, padding, joins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.anatomy import carry
from coursekit.anatomy import window as windows
from coursekit.anatomy.field import EMPTY, Axis, Field, Grid, full
from coursekit.anatomy.rules.operators import Operands, UnknownOperatorError, rule
from coursekit.anatomy.window import Window


@rule("view _unsafe_view reshape _reshape_alias flatten unflatten")
def reshape(call: Operands, outputs: list[Tensor]) -> list[Field]:
    shape = tuple(outputs[0].shape)
    if shape == call.sole().shape:
        return [call.sole()]
    return carry.move(call.sole(), lambda values: values.reshape(shape))


@rule("as_strided")
def restriding(call: Operands, outputs: list[Tensor]) -> Field:
    """Only the memory layout changes, as adaptive pooling does for channels-last."""
    if tuple(outputs[0].shape) != call.sole().shape:
        raise UnknownOperatorError(str(call.func))
    return call.sole()


@rule(
    "new_zeros new_ones new_empty new_full zeros_like ones_like empty_like "
    "full_like rand_like randn_like new_empty_strided"
)
def fresh(call: Operands, outputs: list[Tensor]) -> list[None]:
    """A new tensor that takes only its shape from another: it sees nothing."""
    return [None]


@rule(
    "permute transpose t numpy_T unsqueeze squeeze expand slice select split "
    "split_with_sizes unsafe_split chunk unbind unsafe_split_with_sizes narrow "
    "flip roll repeat index_select index diagonal pixel_shuffle pixel_unshuffle "
    "channel_shuffle unfold movedim rot90 repeat_interleave "
    "native_channel_shuffle gather"
)
def movement(call: Operands, outputs: list[Tensor]) -> list[Field]:
    """Values change places; tracked or not, an index must not depend on the input."""
    if len(call.fields) > 1:
        raise UnknownOperatorError(f"{call.func} with an index computed from the input")

    if sum(tensor.is_meta for tensor in call.tensors) > 1:
        raise UnknownOperatorError(
            f"{call.func} with an index whose numbers are not known"
        )

    def again(values: Tensor) -> Tensor:
        args, kwargs = call.replaced(values)
        return call.func(*args, **kwargs)

    return carry.move(call.sole(), again)


@rule(
    "reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d "
    "replication_pad2d replication_pad3d"
)
def border_padding(call: Operands, outputs: list[Tensor]) -> Field:
    mode = "reflect" if "reflection" in call.func._schema.name else "replicate"
    return padded(call.sole(), list(call.get("padding")), mode)


@rule("constant_pad_nd")
def constant_padding(call: Operands, outputs: list[Tensor]) -> Field:
    return padded(call.sole(), list(call.get("pad")), "constant")


def padded(field: Field, pad: list[int], mode: str) -> Field:
    """Return the field after padding, as `torch.nn.functional.pad` counts it."""
    rank = len(field.shape)
    sides = {rank - 1 - i: (pad[2 * i], pad[2 * i + 1]) for i in range(len(pad) // 2)}

    def grow(values: Tensor) -> Tensor:
        if mode == "constant":
            return F.pad(values, pad, value=EMPTY)
        return F.pad(values.double(), pad, mode=mode).long()

    bounds = []
    for axis in field.axes:
        opened = axis.bounds  # only along what is padded: the rest stays broadcast
        for dim, amounts in sides.items():
            if any(amounts):
                opened = carry.open_dim(opened, dim, field.shape[dim])
        bounds.append(torch.stack([grow(part) for part in opened]))
    shape = tuple(n + sum(sides.get(d, (0,))) for d, n in enumerate(field.shape))
    moved = carry.rewindow(
        field, lambda d, window: windows.reindex(window, -sides.get(d, (0,))[0], 1)
    )
    axes = [replace(a, bounds=b) for a, b in zip(moved.axes, bounds, strict=True)]
    return Field(shape, tuple(axes))


@rule("cat concat")
def concatenation(call: Operands, outputs: list[Tensor]) -> Field:
    shape = tuple(outputs[0].shape)
    dim = (call.get("dim") or 0) % len(shape)
    blind = _blind(call.sole())
    members = [
        call.field_of(t) or blind(tuple(t.shape)) for t in call.args[0] if t.numel()
    ]
    return carry.concatenate(members, dim, shape)


@rule("stack")
def stacking(call: Operands, outputs: list[Tensor]) -> Field:
    shape = tuple(outputs[0].shape)
    dim = (call.get("dim") or 0) % len(shape)
    blind = _blind(call.sole())
    members = [call.field_of(t) or blind(tuple(t.shape)) for t in call.args[0]]
    opened = [carry.move(m, lambda v: v.unsqueeze(dim))[0] for m in members]
    return carry.concatenate(opened, dim, shape)


def _blind(like: Field) -> Callable[[tuple[int, ...]], Field]:
    """Return a maker of fields for constants, which see nothing of the input."""

    def make(shape: tuple[int, ...]) -> Field:
        bounds = torch.full((2, *[1] * len(shape)), EMPTY)
        nothing = Axis(bounds, Window((windows.NOTHING,), 0), Grid(None))
        return Field(shape, tuple(nothing for _ in like.axes))

    return make


@rule("im2col")
def sliding_blocks(call: Operands, outputs: list[Tensor]) -> list[Field]:
    names = ("kernel_size", "dilation", "padding", "stride")
    settings = {name: tuple(call.get(name)) for name in names}

    def blocks(values: Tensor) -> Tensor:
        # im2col pads with zeros: shifted so that zero means "sees nothing"
        return (F.unfold((values - EMPTY).double(), **settings) + EMPTY).long()

    bounds = [
        torch.stack([blocks(part) for part in full(axis, call.sole().shape)])
        for axis in call.sole().axes
    ]
    axes = tuple(Axis(b, None, None) for b in bounds)
    return [Field(tuple(outputs[0].shape), axes)]
