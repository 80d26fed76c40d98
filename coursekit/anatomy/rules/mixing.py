"""Rules for operators whose outputs depend on everything along a dimension."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from coursekit.anatomy import carry, joining
from coursekit.anatomy.field import Axis, Field, full
from coursekit.anatomy.rules.operators import (
    Operands,
    UnknownOperatorError,
    pointwise,
    rule,
)


@rule(
    "sum mean amax amin prod logsumexp std var any all nansum linalg_vector_norm "
    "norm argmax argmin count_nonzero"
)
def reduction(call: Operands, outputs: list[Tensor]) -> Field:
    dims = call.get("dim")
    dims = [dims] if isinstance(dims, int) else list(dims or [])
    keep = bool(call.get("keepdim", False))
    return carry.reduce(call.sole(), dims, tuple(outputs[0].shape), keep)


@rule("max min median mode var_mean std_mean kthvalue aminmax")
def reduction_with_two_results(call: Operands, outputs: list[Tensor]) -> list[Field]:
    if len(call.fields) > 1:  # max(a, b) is pointwise
        return pointwise(call, outputs)
    return [reduction(call, outputs)] * len(outputs)


@rule("_softmax _log_softmax softmax log_softmax sort topk _safe_softmax")
def along_one_dimension(call: Operands, outputs: list[Tensor]) -> list[Field]:
    """Every value depends on all values along `dim`."""
    field, dim = call.sole(), call.get("dim", -1) % len(call.sole().shape)
    out = carry.mix(field, dim, outputs[0].shape[dim])
    return [out] * len(outputs)


@rule("cumsum cumprod cummax cummin logcumsumexp")
def cumulative(call: Operands, outputs: list[Tensor]) -> list[Field]:
    """Every value depends on those before it along `dim`, and on itself."""
    field, dim = call.sole(), call.get("dim") % len(call.sole().shape)
    axes = tuple(
        Axis(full(axis, field.shape).cummin(dim + 1).values, None, None)
        for axis in field.axes
    )
    return [Field(field.shape, axes)] * len(outputs)


@rule(
    "native_batch_norm _native_batch_norm_legit cudnn_batch_norm "
    "_native_batch_norm_legit_no_training _batch_norm_no_update "
    "_batch_norm_with_update _batch_norm_impl_index batch_norm "
    "_native_batch_norm_legit_functional"
)
def batch_norm(call: Operands, outputs: list[Tensor]) -> list[Field]:
    """Pointwise with stored statistics; of the whole map with the batch's own."""
    field = call.sole()
    name = call.func._schema.name
    stored = "no_training" in name or "no_update" in name
    if stored or call.get("training", call.get("train")) is False:
        return [field]
    others = [d for d in range(len(field.shape)) if d != 1]
    return [_blurred(field, others)]


def _blurred(field: Field, dims: list[int]) -> Field:
    """Return the field where every value depends on all others along `dims`."""
    return replace(carry.reduce(field, dims, field.shape, True), shape=field.shape)


@rule("native_layer_norm _fused_rms_norm rms_norm")
def layer_norm(call: Operands, outputs: list[Tensor]) -> list[Field]:
    rank = len(call.sole().shape)
    count = len(call.get("normalized_shape"))
    return [_blurred(call.sole(), list(range(rank - count, rank)))]


@rule("native_group_norm group_norm")
def group_norm(call: Operands, outputs: list[Tensor]) -> list[Field]:
    field, groups = call.sole(), call.get("group", call.get("num_groups"))
    spread = _blurred(field, list(range(2, len(field.shape))))
    return [carry.mix(spread, 1, field.shape[1], groups)]


@rule("addmm mm bmm baddbmm linear _addmm_activation")
def product(call: Operands, outputs: list[Tensor]) -> Field:
    """Every output reads a row of the left and a column of the right factor."""
    shape = tuple(outputs[0].shape)
    name = call.func._schema.name.removeprefix("aten::")
    factors = call.tensors
    bias = []
    if name in ("addmm", "baddbmm", "_addmm_activation"):
        bias, factors = factors[:1], factors[1:3]
    elif name == "linear":
        bias, factors = factors[2:], factors[:2]
    fields = [call.field_of(t) for t in bias]
    left, right = (call.field_of(t) for t in factors[:2])
    if left is not None:
        fields.append(carry.mix(left, len(left.shape) - 1, shape[-1]))
    if right is not None:
        rank = len(right.shape)
        if name == "linear":
            raise UnknownOperatorError(
                f"{call.func} with a weight computed from the input"
            )
        fields.append(carry.mix(right, rank - 2, shape[-2]))
    return joining.union([field for field in fields if field is not None], shape)


@rule(
    "_scaled_dot_product_flash_attention_for_cpu scaled_dot_product_attention "
    "_scaled_dot_product_attention_math _scaled_dot_product_efficient_attention "
    "_scaled_dot_product_flash_attention _scaled_dot_product_cudnn_attention "
    "_scaled_dot_product_fused_attention_overrideable"
)
def attention(call: Operands, outputs: list[Tensor]) -> list[Field]:
    """A query reads itself and every key and value."""
    shape = tuple(outputs[0].shape)
    query, *others = (
        call.field_of(call.get(name)) for name in ("query", "key", "value")
    )
    rank = len(shape)
    fields = [] if query is None else [carry.mix(query, rank - 1, shape[-1])]
    fields += [_blurred(f, [rank - 2, rank - 1]) for f in others if f is not None]
    return [joining.union(fields, shape)]
