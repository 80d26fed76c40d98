"""Rules for operators that read a window at every place: convolution and pooling."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from coursekit.anatomy import carry
from coursekit.anatomy import window as windows
from coursekit.anatomy.field import Field
from coursekit.anatomy.rules.operators import Operands, UnknownOperatorError, rule
from coursekit.anatomy.window import Window


@rule(
    "convolution _convolution cudnn_convolution mkldnn_convolution "
    "convolution_overrideable"
)
def convolution(call: Operands, outputs: list[Tensor]) -> Field:
    """Read a window of every channel of the group."""
    if call.field_of(call.get("weight")) is not None:
        raise UnknownOperatorError(f"{call.func} with a kernel computed from the input")
    field, weight, out = call.sole(), call.get("weight"), outputs[0]
    dims = range(2, weight.dim())
    stride, padding, dilation = (
        _per_dim(call.get(name), len(dims))
        for name in ("stride", "padding", "dilation")
    )
    transposed = bool(call.get("transposed"))
    taps = carry.transposed_taps_of if transposed else carry.taps_of
    change = windows.spread if transposed else windows.slide
    settings = {
        d: (weight.shape[d], stride[i], padding[i], dilation[i])
        for i, d in enumerate(dims)
    }
    field = carry.mix(field, 1, out.shape[1], call.get("groups"))
    return _through_taps(field, out, settings, taps, change)


def _through_taps(
    field: Field, out: Tensor, settings: dict, taps: Callable, change: Callable
) -> Field:
    """Return the field after reading (kernel, stride, padding, dilation) windows."""
    settings = {
        d: s for d, s in settings.items() if s[:3] != (1, 1, 0)
    }  # its own place
    if not settings:
        return field
    field = carry.rewindow(
        field, lambda d, w: change(w, *settings[d]) if d in settings else w
    )
    for dim, setting in settings.items():
        index, valid = taps(field.shape[dim], out.shape[dim], *setting)
        field = carry.gather(field, dim, index, valid)
    return field


def _per_dim(value: object, count: int) -> list[int]:
    values = list(value) if isinstance(value, list | tuple) else [value]
    return values * count if len(values) == 1 else values


@rule(
    "max_pool1d max_pool2d max_pool3d max_pool2d_with_indices "
    "max_pool3d_with_indices max_pool1d_with_indices avg_pool1d avg_pool2d "
    "avg_pool3d mkldnn_max_pool2d"
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
    return [_through_taps(field, outputs[0], settings, carry.taps_of, windows.slide)]


@rule(
    "_adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_avg_pool1d "
    "adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d "
    "adaptive_max_pool2d adaptive_max_pool3d"
)
def adaptive_pooling(call: Operands, outputs: list[Tensor]) -> list[Field]:
    field, out = call.sole(), outputs[0]
    count = int(call.func._schema.name.split("pool")[1][0])
    dims = range(len(field.shape) - count, len(field.shape))

    def change(dim: int, window: Window) -> Window | None:
        size, to = field.shape[dim], out.shape[dim]
        if (to == 1 and size > 1) or size % to:
            return None  # the whole map, or windows that belong to this size only
        return windows.slide(window, size // to, size // to, 0, 1)

    after = carry.rewindow(field, change)
    for dim in dims:
        after = carry.gather(
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
