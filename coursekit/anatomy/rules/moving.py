"""Rules for operators that only put values elsewhere: views, slices, padding, joins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.anatomy import carry, joining
from coursekit.anatomy.field import EMPTY, Field
from coursekit.anatomy.rules.operators import Operands, UnknownOperatorError, rule


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


@rule("constant_pad_nd _pad_circular")
def padding_by_mode(call: Operands, outputs: list[Tensor]) -> Field:
    mode = "circular" if "circular" in call.func._schema.name else "constant"
    return padded(call.sole(), list(call.get("pad")), mode)


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
                opened = joining.open_dim(opened, dim, field.shape[dim])
        bounds.append(torch.stack([grow(part) for part in opened]))
    shape = tuple(n + sum(sides.get(d, (0,))) for d, n in enumerate(field.shape))
    moved = carry.rewindow(
        field, lambda d, window: window.beside((-sides.get(d, (0,))[0],), 1)
    )
    axes = [replace(a, bounds=b) for a, b in zip(moved.axes, bounds, strict=True)]
    return Field(shape, tuple(axes))


@rule("cat concat")
def concatenation(call: Operands, outputs: list[Tensor]) -> Field:
    shape = tuple(outputs[0].shape)
    dim = (call.get("dim") or 0) % len(shape)
    members = [
        call.field_of(t) or joining.blind(call.sole(), tuple(t.shape))
        for t in call.args[0]
        if t.numel()
    ]
    return joining.concatenate(members, dim, shape)


@rule("stack")
def stacking(call: Operands, outputs: list[Tensor]) -> Field:
    shape = tuple(outputs[0].shape)
    dim = (call.get("dim") or 0) % len(shape)
    members = [
        call.field_of(t) or joining.blind(call.sole(), tuple(t.shape))
        for t in call.args[0]
    ]
    opened = [carry.move(m, lambda v: v.unsqueeze(dim))[0] for m in members]
    return joining.concatenate(opened, dim, shape)


@rule(
    "copy copy_ fill fill_ zero zero_ normal_ uniform_ random_ bernoulli_ exponential_ "
    "log_normal_ geometric_ cauchy_"
)
def overwriting(call: Operands, outputs: list[Tensor]) -> Field:
    """What was there is gone; what is written may see something."""
    source, shape = call.field_of(call.get("src", call.get("value"))), outputs[0].shape
    if source is None:
        return joining.blind(call.sole(), shape)
    return joining.union([source], tuple(shape))


@rule(
    "index_put _index_put_impl scatter index_copy index_fill masked_scatter put "
    "select_scatter slice_scatter diagonal_scatter"
)
def placing(call: Operands, outputs: list[Tensor]) -> Field:
    """Some units are replaced: torch is asked which, on the numbers of the units."""
    target = call.get("self")
    names = ("src", "source", "values", "value")
    source = next(value for name in names if (value := call.get(name)) is not None)
    given = source if isinstance(source, Tensor) else torch.empty(1, device="meta")
    others = [t for t in call.tensors if t is not target and t is not source]
    if call.get("accumulate") or call.get("reduce") or any(t.is_meta for t in others):
        raise UnknownOperatorError(f"{call.func} at places whose numbers are not known")
    own = torch.arange(target.numel()).view(target.shape)
    new = target.numel() + torch.arange(given.numel()).view(given.shape)
    swap = {id(target): own, id(source): new if given is source else target.numel()}
    args = (swap.get(id(value), value) for value in call.args)
    chosen = call.func(*args, **{k: swap.get(id(v), v) for k, v in call.kwargs.items()})
    fields = [
        call.field_of(tensor) or joining.blind(call.sole(), tuple(tensor.shape))
        for tensor in (target, given)
    ]

    def among(parts: Sequence[Tensor]) -> Tensor:
        return torch.cat([part.flatten() for part in parts])[chosen]

    return joining.arranged(fields, among, among)


@rule("index_add scatter_add")
def adding(call: Operands, outputs: list[Tensor]) -> Field:
    """Some units see what is added to them as well."""
    dim, index = call.get("dim"), call.get("index")
    if index.is_meta:
        raise UnknownOperatorError(f"{call.func} at places whose numbers are not known")
    source = call.get("source", call.get("src"))
    if call.get("source") is not None:  # index_add: the same places in every line
        shape = [-1 if d == dim % source.dim() else 1 for d in range(source.dim())]
        index = index.view(shape).expand(source.shape)
    fields = [
        call.field_of(tensor) or joining.blind(call.sole(), tuple(tensor.shape))
        for tensor in (call.get("self"), source)
    ]

    def met(parts: Sequence[Tensor]) -> Tensor:
        return parts[0].scatter_reduce(dim, index, parts[1], "amin")

    return joining.arranged(fields, met, None)


@rule("im2col")
def sliding_blocks(call: Operands, outputs: list[Tensor]) -> list[Field]:
    kernel, dilation, padding, stride = (
        tuple(call.get(name))
        for name in ("kernel_size", "dilation", "padding", "stride")
    )
    (up, left) = padding * 2 if len(padding) == 1 else padding
    field = padded(call.sole(), [left, left, up, up], "constant")

    def blocks(values: Tensor) -> Tensor:
        return F.unfold(values.double(), kernel, dilation, 0, stride).long()

    return carry.move(field, blocks)
