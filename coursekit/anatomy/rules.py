"""How each operator of torch carries what its inputs see to its output.

One rule for one family of operators: pointwise operators take the union of their
inputs, operators that only move values move the field the same way, reductions and
products take the union along a dimension, convolution and pooling read a few units per
output. An operator without a rule raises `UnknownOperator`: a wrong number would be
worse than none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.anatomy import field as fields
from coursekit.anatomy import window as windows
from coursekit.anatomy.field import EMPTY, Axis, Field, Grid
from coursekit.anatomy.window import Window

Call = tuple  # (fields of the tensor arguments, args, kwargs, output)
RULES: dict[str, Callable] = {}


class UnknownOperator(ValueError):
    """An operator whose effect on receptive fields anatomy has no rule for."""


def rule(*names: str) -> Callable:
    """Register a function as the rule of the named aten operators."""

    def register(function: Callable) -> Callable:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


class Operands:
    """The arguments of one operator call, with the fields of those that have one."""

    def __init__(self, func, args: tuple, kwargs: dict, fields_of: Callable):
        self.func, self.args, self.kwargs, self.field_of = func, args, kwargs, fields_of
        self._names = [argument.name for argument in func._schema.arguments]

    def get(self, name: str, default: object = None) -> object:
        """Return the argument of that name, the schema's default if not given."""
        if name in self.kwargs:
            return self.kwargs[name]
        place = self._names.index(name) if name in self._names else None
        if place is not None and place < len(self.args):
            return self.args[place]
        if place is None:
            return default
        given = self.func._schema.arguments[place]
        return given.default_value if given.has_default_value() else default

    @property
    def tensors(self) -> list[Tensor]:
        """All tensors among the arguments, also those inside lists."""
        found = []
        for value in (*self.args, *self.kwargs.values()):
            members = value if isinstance(value, list | tuple) else [value]
            found += [member for member in members if isinstance(member, Tensor)]
        return found

    @property
    def fields(self) -> list[Field]:
        """The fields of the arguments that depend on the input."""
        found = (self.field_of(tensor) for tensor in self.tensors)
        return [field for field in found if field is not None]

    def sole(self) -> Field:
        """The field of the first argument, or of the only one that has one."""
        return self.fields[0]

    def replaced(self, tensor: Tensor) -> tuple:
        """The arguments with the tracked tensor replaced by `tensor`."""
        tracked = next(t for t in self.tensors if self.field_of(t) is not None)

        def swap(value: object) -> object:
            return tensor if value is tracked else value

        return tuple(map(swap, self.args)), {
            key: swap(value) for key, value in self.kwargs.items()
        }


def propagate(call: Operands, outputs: list[Tensor]) -> list[Field | None]:
    """Return the field of each output tensor of an operator call.

    Raises:
        UnknownOperator: there is no rule for this operator.
    """
    name = call.func._schema.name.removeprefix("aten::")
    found = RULES.get(name) or RULES.get(name.rstrip("_"))
    if found is not None:
        result = found(call, outputs)
    elif torch.Tag.pointwise in call.func.tags:
        result = pointwise(call, outputs)
    else:
        raise UnknownOperator(str(call.func))
    result = result if isinstance(result, list) else [result]
    return result + [None] * (len(outputs) - len(result))


@rule(
    "where",
    "clamp",
    "clamp_min",
    "clamp_max",
    "masked_fill",
    "copy",
    "lerp",
    "_prelu_kernel",
    "rrelu_with_noise",
    "native_dropout",
    "bernoulli",
    "_to_copy",
    "clone",
    "detach",
    "alias",
    "lift_fresh",
    "lift_fresh_copy",
    "contiguous",
    "_conj",
    "resolve_conj",
    "relu6",
    "hardtanh",
    "fake_quantize",
)
def pointwise(call: Operands, outputs: list[Tensor]) -> list[Field]:
    """Each value depends on the values at its own place."""
    out = fields.union(call.fields, tuple(outputs[0].shape))
    return [out for _ in outputs]


@rule("view", "_unsafe_view", "reshape", "_reshape_alias", "flatten", "unflatten")
def reshape(call: Operands, outputs: list[Tensor]) -> list[Field]:
    shape = tuple(outputs[0].shape)
    if shape == call.sole().shape:
        return [call.sole()]
    return fields.move(call.sole(), lambda values: values.reshape(shape))


@rule("as_strided")
def restriding(call: Operands, outputs: list[Tensor]) -> Field:
    """Only the memory layout changes, as adaptive pooling does for channels-last."""
    if tuple(outputs[0].shape) != call.sole().shape:
        raise UnknownOperator(str(call.func))
    return call.sole()


@rule(
    "new_zeros",
    "new_ones",
    "new_empty",
    "new_full",
    "zeros_like",
    "ones_like",
    "empty_like",
    "full_like",
    "rand_like",
    "randn_like",
    "new_empty_strided",
)
def fresh(call: Operands, outputs: list[Tensor]) -> list[None]:
    """A new tensor that takes only its shape from another: it sees nothing."""
    return [None]


@rule(
    "permute",
    "transpose",
    "t",
    "numpy_T",
    "unsqueeze",
    "squeeze",
    "expand",
    "slice",
    "select",
    "split",
    "split_with_sizes",
    "unsafe_split",
    "chunk",
    "unbind",
    "unsafe_split_with_sizes",
    "narrow",
    "flip",
    "roll",
    "repeat",
    "index_select",
    "index",
    "diagonal",
    "pixel_shuffle",
    "pixel_unshuffle",
    "channel_shuffle",
    "unfold",
    "movedim",
    "rot90",
    "tril",
    "triu",
    "repeat_interleave",
    "native_channel_shuffle",
    "gather",
)
def movement(call: Operands, outputs: list[Tensor]) -> list[Field]:
    """Values change places; tracked or not, an index must not depend on the input."""
    if len(call.fields) > 1:
        raise UnknownOperator(f"{call.func} with an index computed from the input")

    if sum(tensor.is_meta for tensor in call.tensors) > 1:
        raise UnknownOperator(f"{call.func} with an index whose numbers are not known")

    def again(values: Tensor) -> Tensor:
        args, kwargs = call.replaced(values)
        return call.func(*args, **kwargs)

    return fields.move(call.sole(), again)


@rule(
    "reflection_pad1d",
    "reflection_pad2d",
    "reflection_pad3d",
    "replication_pad1d",
    "replication_pad2d",
    "replication_pad3d",
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
    before = {rank - 1 - i: pad[2 * i] for i in range(len(pad) // 2)}

    def grow(values: Tensor) -> Tensor:
        if mode == "constant":
            return F.pad(values, pad, value=EMPTY)
        return F.pad(values.double(), pad, mode=mode).long()

    bounds = []
    for axis in field.axes:
        low, high = (grow(part) for part in fields.full(axis, field.shape))
        bounds.append(torch.stack([low, high]))
    shape = tuple(bounds[0].shape[1:])
    moved = fields.rewindow(
        field, lambda dim, window: windows.reindex(window, -before.get(dim, 0), 1)
    )
    axes = [replace(a, bounds=b) for a, b in zip(moved.axes, bounds, strict=True)]
    return Field(shape, tuple(axes))


@rule("cat", "concat")
def concatenation(call: Operands, outputs: list[Tensor]) -> Field:
    shape = tuple(outputs[0].shape)
    dim = (call.get("dim") or 0) % len(shape)
    blind = _blind(call.sole())
    members = [
        call.field_of(t) or blind(tuple(t.shape)) for t in call.args[0] if t.numel()
    ]
    return fields.concatenate(members, dim, shape)


@rule("stack")
def stacking(call: Operands, outputs: list[Tensor]) -> Field:
    shape = tuple(outputs[0].shape)
    dim = (call.get("dim") or 0) % len(shape)
    blind = _blind(call.sole())
    members = [call.field_of(t) or blind(tuple(t.shape)) for t in call.args[0]]
    opened = [fields.move(m, lambda v: v.unsqueeze(dim))[0] for m in members]
    return fields.concatenate(opened, dim, shape)


def _blind(like: Field) -> Callable[[tuple[int, ...]], Field]:
    """Return a maker of fields for constants, which see nothing of the input."""

    def make(shape: tuple[int, ...]) -> Field:
        bounds = torch.full((2, *[1] * len(shape)), EMPTY)
        nothing = Axis(bounds, Window((windows.NOTHING,), 0), Grid(None))
        return Field(shape, tuple(nothing for _ in like.axes))

    return make


@rule(
    "sum",
    "mean",
    "amax",
    "amin",
    "prod",
    "logsumexp",
    "std",
    "var",
    "any",
    "all",
    "nansum",
    "linalg_vector_norm",
    "norm",
    "argmax",
    "argmin",
    "count_nonzero",
)
def reduction(call: Operands, outputs: list[Tensor]) -> Field:
    dims = call.get("dim")
    dims = [dims] if isinstance(dims, int) else list(dims or [])
    keep = bool(call.get("keepdim", False))
    return fields.reduce(call.sole(), dims, tuple(outputs[0].shape), keep)


@rule("max", "min", "median", "mode", "var_mean", "std_mean", "kthvalue", "aminmax")
def reduction_with_two_results(call: Operands, outputs: list[Tensor]) -> list[Field]:
    if len(call.fields) > 1:  # max(a, b) is pointwise
        return pointwise(call, outputs)
    return [reduction(call, outputs)] * len(outputs)


@rule(
    "_softmax",
    "_log_softmax",
    "softmax",
    "log_softmax",
    "cumsum",
    "sort",
    "topk",
    "cumprod",
    "_safe_softmax",
)
def along_one_dimension(call: Operands, outputs: list[Tensor]) -> list[Field]:
    """Every value depends on all values along `dim` (a cumulative sum at most)."""
    if "cum" in call.func._schema.name:
        raise UnknownOperator(str(call.func))
    field, dim = call.sole(), call.get("dim", -1) % len(call.sole().shape)
    out = fields.mix(field, dim, outputs[0].shape[dim])
    return [out] * len(outputs)


@rule(
    "native_batch_norm",
    "_native_batch_norm_legit",
    "cudnn_batch_norm",
    "_native_batch_norm_legit_no_training",
    "_batch_norm_no_update",
    "_batch_norm_with_update",
    "_batch_norm_impl_index",
    "batch_norm",
    "_native_batch_norm_legit_functional",
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
    return replace(fields.reduce(field, dims, field.shape, True), shape=field.shape)


@rule("native_layer_norm", "_fused_rms_norm", "rms_norm")
def layer_norm(call: Operands, outputs: list[Tensor]) -> list[Field]:
    rank = len(call.sole().shape)
    count = len(call.get("normalized_shape"))
    return [_blurred(call.sole(), list(range(rank - count, rank)))]


@rule("native_group_norm", "group_norm")
def group_norm(call: Operands, outputs: list[Tensor]) -> list[Field]:
    field, groups = call.sole(), call.get("group", call.get("num_groups"))
    spread = _blurred(field, list(range(2, len(field.shape))))
    return [fields.mix(spread, 1, field.shape[1], groups)]


@rule(
    "convolution",
    "_convolution",
    "cudnn_convolution",
    "mkldnn_convolution",
    "convolution_overrideable",
)
def convolution(call: Operands, outputs: list[Tensor]) -> Field:
    """Read a window of every channel of the group."""
    if call.field_of(call.get("weight")) is not None:
        raise UnknownOperator(f"{call.func} with a kernel computed from the input")
    field, weight, out = call.sole(), call.get("weight"), outputs[0]
    dims = range(2, weight.dim())
    stride, padding, dilation = (
        _per_dim(call.get(name), len(dims))
        for name in ("stride", "padding", "dilation")
    )
    transposed = bool(call.get("transposed"))
    taps = fields.transposed_taps_of if transposed else fields.taps_of
    change = windows.spread if transposed else windows.slide
    settings = {
        d: (weight.shape[d], stride[i], padding[i], dilation[i])
        for i, d in enumerate(dims)
    }
    field = fields.mix(field, 1, out.shape[1], call.get("groups"))
    return _through_taps(field, out, settings, taps, change)


def _through_taps(
    field: Field, out: Tensor, settings: dict, taps: Callable, change: Callable
) -> Field:
    """Return the field after reading (kernel, stride, padding, dilation) windows."""
    field = fields.rewindow(
        field, lambda d, w: change(w, *settings[d]) if d in settings else w
    )
    for dim, setting in settings.items():
        index, valid = taps(field.shape[dim], out.shape[dim], *setting)
        field = fields.gather(field, dim, index, valid)
    return field


def _per_dim(value: object, count: int) -> list[int]:
    values = list(value) if isinstance(value, list | tuple) else [value]
    return values * count if len(values) == 1 else values


@rule(
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_pool2d_with_indices",
    "max_pool3d_with_indices",
    "max_pool1d_with_indices",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "mkldnn_max_pool2d",
)
def pooling(call: Operands, outputs: list[Tensor]) -> list[Field]:
    field = call.sole()
    kernel = call.get("kernel_size")
    count = int(call.func._schema.name.split("pool")[1][0])
    dims = range(len(field.shape) - count, len(field.shape))
    kernel, padding = _per_dim(kernel, count), _per_dim(call.get("padding"), count)
    stride = _per_dim(call.get("stride") or kernel, count)
    dilation = _per_dim(call.get("dilation", 1), count)
    settings = {
        d: (kernel[i], stride[i], padding[i], dilation[i]) for i, d in enumerate(dims)
    }
    return [_through_taps(field, outputs[0], settings, fields.taps_of, windows.slide)]


@rule(
    "_adaptive_avg_pool2d",
    "_adaptive_avg_pool3d",
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
)
def adaptive_pooling(call: Operands, outputs: list[Tensor]) -> list[Field]:
    field, out = call.sole(), outputs[0]
    count = int(call.func._schema.name.split("pool")[1][0])
    dims = range(len(field.shape) - count, len(field.shape))

    def change(dim: int, window: Window) -> Window | None:
        size, to = field.shape[dim], out.shape[dim]
        if to == 1 and size > 1 or size % to:
            return None  # the whole map, or windows that belong to this size only
        return windows.slide(window, size // to, size // to, 0, 1)

    after = fields.rewindow(field, change)
    for dim in dims:
        after = fields.gather(
            after, dim, *_adaptive_taps(field.shape[dim], out.shape[dim])
        )
    return [after]


@lru_cache(maxsize=256)
def _adaptive_taps(size: int, outputs: int) -> tuple[Tensor, Tensor]:
    first = torch.arange(outputs) * size // outputs
    last = -(-torch.arange(1, outputs + 1) * size // outputs) - 1
    longest = int((last - first).max()) + 1
    places = first[:, None] + torch.arange(longest)[None, :]
    return places.clamp(max=size - 1), places <= last[:, None]


_RESIZE = {
    f"{start}{name}{end}": (name, start)
    for start in ("upsample_", "_upsample_")
    for name in (
        "nearest1d",
        "nearest2d",
        "nearest3d",
        "nearest_exact1d",
        "nearest_exact2d",
        "nearest_exact3d",
        "linear1d",
        "bilinear2d",
        "trilinear3d",
        "bicubic2d",
        "bilinear2d_aa",
        "bicubic2d_aa",
    )
    for end in ("",)
}


@rule(*_RESIZE)
def resizing(call: Operands, outputs: list[Tensor]) -> Field:
    """Read what torch's own interpolation reads, found by asking it per dimension."""
    field, out = call.sole(), outputs[0]
    for dim in range(2, len(field.shape)):
        weights = _resize_weights(call, field, dim, out.shape[dim])
        field = _through_weights(field, dim, weights, _repeats(call, field, dim, out))
    return field


def _repeats(call: Operands, field: Field, dim: int, out: Tensor) -> int | None:
    """Return the whole factor of a resize whose units repeat, else None."""
    factor, rest = divmod(out.shape[dim], field.shape[dim])
    aligned = bool(call.get("align_corners", False))
    antialiased = "_aa" in call.func._schema.name
    return None if rest or aligned or antialiased else factor


def _resize_weights(call: Operands, field: Field, dim: int, to: int) -> Tensor:
    """Return which inputs (columns) each output (rows) along `dim` is made of."""
    size, rank = field.shape[dim], len(field.shape)
    basis = torch.eye(size, dtype=torch.float64)
    view = [size, 1, *[1] * (rank - 2)]
    view[dim] = size
    sizes = list(field.shape[2:])
    target = [to if d == dim else 1 for d in range(2, rank)]
    sizes = [sizes[d - 2] if d == dim else 1 for d in range(2, rank)]
    args, kwargs = call.replaced(basis.view(size, 1, *sizes))
    scales = {k: None for k in kwargs if k.startswith("scale")}
    names = [a.name for a in call.func._schema.arguments]
    args = list(args)
    for place, name in enumerate(names[: len(args)]):
        if name == "output_size":
            args[place] = target
        elif name.startswith("scale"):
            args[place] = _scale_of(call, name, dim, rank)
    for key in list(kwargs):
        if key == "output_size":
            kwargs[key] = target
    kwargs.update({k: _scale_of(call, k, dim, rank) for k in scales})
    return call.func(*args, **kwargs).view(size, to).T != 0


def _scale_of(call: Operands, name: str, dim: int, rank: int) -> object:
    """Return the scale argument with only the scale of `dim` kept."""
    value = call.get(name)
    if name == "scale_factors":
        return (
            None
            if value is None
            else [
                v if d == dim else 1.0
                for d, v in zip(range(2, rank), value, strict=True)
            ]
        )
    places = {
        "scales": rank - 1,
        "scales_w": rank - 1,
        "scales_h": rank - 2,
        "scales_d": rank - 3,
    }
    return value if places[name] == dim else None


def _through_weights(field: Field, dim: int, used: Tensor, factor: int | None) -> Field:
    counts = int(used.sum(1).max())
    index = used.int().sort(dim=1, descending=True, stable=True).indices[:, :counts]
    valid = used.gather(1, index)

    def change(along: int, window: Window) -> Window | None:
        if (
            along != dim
            or used.shape[0] == used.shape[1]
            and bool(used.eq(torch.eye(len(used), dtype=torch.bool)).all())
        ):
            return window
        return _repeated(window, used, factor) if factor else None

    return fields.gather(fields.rewindow(field, change), dim, index, valid)


def _repeated(window: Window, used: Tensor, factor: int) -> Window | None:
    """Return the window after up-sampling, read off the middle of the map."""
    middle = used.shape[1] // 2
    rows = used[middle * factor : (middle + 1) * factor]
    inside = all(
        0 < row.nonzero().min() and row.nonzero().max() < used.shape[1] - 1
        for row in rows
    )
    if not inside and factor > 1:
        return None  # too small a map to see what happens away from its border
    taps = [[int(t) - middle for t in row.nonzero().flatten()] for row in rows]

    def reads(out: int) -> list[int]:
        turn, phase = divmod(out, factor)
        return [turn + tap for tap in taps[phase]]

    return window.through(reads, factor, 1)


@rule(
    "addmm",
    "mm",
    "bmm",
    "matmul",
    "linear",
    "baddbmm",
    "addbmm",
    "_addmm_activation",
    "dot",
    "mv",
    "addmv",
    "mkldnn_linear",
    "_linear",
)
def product(call: Operands, outputs: list[Tensor]) -> Field:
    """Every output reads a row of the left and a column of the right factor."""
    shape = tuple(outputs[0].shape)
    name = call.func._schema.name.removeprefix("aten::")
    factors = [t for t in call.tensors]
    bias = []
    if name in ("addmm", "baddbmm", "_addmm_activation", "addmv"):
        bias, factors = factors[:1], factors[1:3]
    elif name == "linear":
        bias, factors = factors[2:], factors[:2]
    found = [call.field_of(t) for t in bias]
    left, right = (call.field_of(t) for t in factors[:2])
    if left is not None:
        found.append(fields.mix(left, len(left.shape) - 1, shape[-1]))
    if right is not None:
        rank = len(right.shape)
        if rank < 2 or name in ("linear", "mv"):
            raise UnknownOperator(f"{call.func} with a weight computed from the input")
        found.append(fields.mix(right, rank - 2, shape[-2]))
    found = [replace(f, shape=f.shape) for f in found if f is not None]
    return replace(fields.union(found, shape), shape=shape)


@rule(
    "_scaled_dot_product_flash_attention_for_cpu",
    "scaled_dot_product_attention",
    "_scaled_dot_product_attention_math",
    "_scaled_dot_product_efficient_attention",
    "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_cudnn_attention",
    "_scaled_dot_product_fused_attention_overrideable",
)
def attention(call: Operands, outputs: list[Tensor]) -> list[Field]:
    """A query reads itself and every key and value."""
    shape = tuple(outputs[0].shape)
    query, *others = (
        call.field_of(call.get(name)) for name in ("query", "key", "value")
    )
    rank = len(shape)
    found = [] if query is None else [fields.mix(query, rank - 1, shape[-1])]
    found += [_blurred(f, [rank - 2, rank - 1]) for f in others if f is not None]
    return [fields.union(found, shape)]


@rule("im2col")
def sliding_blocks(call: Operands, outputs: list[Tensor]) -> list[Field]:
    names = ("kernel_size", "dilation", "padding", "stride")
    settings = {name: tuple(call.get(name)) for name in names}

    def blocks(values: Tensor) -> Tensor:
        # im2col pads with zeros: shifted so that zero means "sees nothing"
        return (F.unfold((values - EMPTY).double(), **settings) + EMPTY).long()

    bounds = [
        torch.stack([blocks(part) for part in fields.full(axis, call.sole().shape)])
        for axis in call.sole().axes
    ]
    axes = tuple(Axis(b, None, None) for b in bounds)
    return [Field(tuple(outputs[0].shape), axes)]
