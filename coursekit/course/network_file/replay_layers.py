"""Layers of an ONNX graph as torch functions: convolution, norm, pooling, product.

Each is one entry of the allow-list. https://onnx.ai/onnx/operators/
"""

from __future__ import annotations

import re

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.course.network_file.allow_list import need, operator, whole

EQUATION = re.compile(r"[a-zA-Z]+(,[a-zA-Z]+)*->[a-zA-Z]*")
CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
MAX_POOLS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGE_POOLS = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def _padded(x: Tensor, pads, value: float = 0.0) -> tuple[Tensor, tuple[int, ...]]:
    """Return x and the padding that torch can do itself; the rest is done here."""
    rank = x.dim() - 2
    pads = tuple(pads) or (0,) * 2 * rank
    need(len(pads) == 2 * rank and min(pads) >= 0, "its padding is negative")
    first, last = pads[:rank], pads[rank:]
    if first == last:
        return x, first
    both = [side for k in reversed(range(rank)) for side in (first[k], last[k])]
    return F.pad(x, both, value=value), (0,) * rank


def _pads(auto_pad: str, pads, x: Tensor, window: tuple) -> tuple[int, ...]:
    """Return the padding before and after each side, worked out where it is "same".

    Args:
        auto_pad, pads: the node's settings.
        x: the map.
        window: (kernel, strides, dilations), a number for each side.
    """
    rank = x.dim() - 2
    if auto_pad in ("NOTSET", "VALID"):
        return tuple(pads) or (0,) * 2 * rank
    need(auto_pad in ("SAME_UPPER", "SAME_LOWER"), f"its padding is {auto_pad!r:.20}")
    less, more = [], []
    for size, kernel, stride, dilation in zip(x.shape[2:], *window, strict=True):
        reach = (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1
        total = max(0, reach - size)
        less.append(total // 2)
        more.append(total - total // 2)
    return (*less, *more) if auto_pad == "SAME_UPPER" else (*more, *less)


def _each(setting, rank: int) -> tuple[int, ...]:
    return (setting,) * rank if isinstance(setting, int) else tuple(setting)


@operator("Conv", "xww")
def _conv(x, weight, bias=None, *, auto_pad="NOTSET", dilations=1, group=1,
          kernel_shape=None, pads=(), strides=1):  # fmt: skip
    rank = weight.dim() - 2
    window = (weight.shape[2:], _each(strides, rank), _each(dilations, rank))
    x, padding = _padded(x, _pads(auto_pad, pads, x, window))
    run = CONVOLUTIONS[rank]
    return run(x, weight, bias, strides, padding, dilations, group)


@operator("ConvTranspose", "xww")
def _conv_transpose(x, weight, bias=None, *, auto_pad="NOTSET", dilations=1, group=1,
                    kernel_shape=None, output_padding=0, pads=(),
                    strides=1):  # fmt: skip
    need(auto_pad == "NOTSET", f"its padding is {auto_pad!r:.20}")
    rank = weight.dim() - 2
    pads = tuple(pads) or (0,) * 2 * rank
    need(pads[:rank] == pads[rank:], "its padding differs from side to side")
    run = TRANSPOSED[rank]
    return run(x, weight, bias, strides, pads[:rank], output_padding, group, dilations)


@operator("BatchNormalization", "xwwtt")
def _batch_norm(x, scale, bias, mean, var, *, epsilon=1e-5, momentum=0.9,
                training_mode=0):  # fmt: skip
    return F.batch_norm(x, mean, var, scale, bias, False, 0.0, epsilon)


@operator("InstanceNormalization", "xww")
def _instance_norm(x, scale, bias, *, epsilon=1e-5):
    return F.group_norm(x, x.shape[1], scale, bias, epsilon)


@operator("GroupNormalization", "xww")
def _group_norm(x, scale, bias, *, epsilon=1e-5, num_groups=1, stash_type=1):
    need(len(scale) == x.shape[1], "its scale is not one number a channel")
    return F.group_norm(x, num_groups, scale, bias, epsilon)


@operator("LayerNormalization", "xww")
def _layer_norm(x, scale, bias=None, *, axis=-1, epsilon=1e-5, stash_type=1):
    return F.layer_norm(x, x.shape[axis % x.dim() :], scale, bias, epsilon)


@operator("LRN", "x")
def _local_response_norm(x, *, alpha=1e-4, beta=0.75, bias=1.0, size):
    return F.local_response_norm(x, size, alpha, beta, bias)


@operator("MaxPool", "x")
def _max_pool(x, *, auto_pad="NOTSET", ceil_mode=0, dilations=1, kernel_shape, pads=(),
              storage_order=0, strides=1):  # fmt: skip
    rank = len(kernel_shape)
    window = (kernel_shape, _each(strides, rank), _each(dilations, rank))
    x, padding = _padded(x, _pads(auto_pad, pads, x, window), float("-inf"))
    run = MAX_POOLS[rank]
    return run(x, kernel_shape, strides, padding, dilations, bool(ceil_mode))


@operator("AveragePool", "x")
def _average_pool(x, *, auto_pad="NOTSET", ceil_mode=0, count_include_pad=0,
                  dilations=1, kernel_shape, pads=(), strides=1):  # fmt: skip
    need(auto_pad == "NOTSET", f"its padding is {auto_pad!r:.20}")
    need(set(dilations if dilations != 1 else (1,)) == {1}, "it is dilated")
    pads = tuple(pads) or (0,) * 2 * len(kernel_shape)
    rank = len(kernel_shape)
    need(pads[:rank] == pads[rank:], "its padding differs from side to side")
    run = AVERAGE_POOLS[rank]
    own = bool(ceil_mode), bool(count_include_pad)
    return run(x, kernel_shape, strides, pads[:rank], *own)


@operator("GlobalAveragePool", "x")
def _global_average(x):
    return x.mean(tuple(range(2, x.dim())), keepdim=True)


@operator("GlobalMaxPool", "x")
def _global_max(x):
    return x.amax(tuple(range(2, x.dim())), keepdim=True)


@operator("Gemm", "xww")
def _gemm(x, weight, bias=None, *, alpha=1.0, beta=1.0, transA=0, transB=0):  # noqa: N803
    need(alpha == 1 and beta == 1 and not transA, "it scales or turns its input")
    return F.linear(x, weight if transB else weight.T, bias)


@operator("MatMul", "xx")
def _matmul(x, other):
    return torch.matmul(x, other)


@operator("Einsum", "xx")
def _einsum(*given, equation):
    equation = equation.replace(" ", "")
    plain = EQUATION.fullmatch(equation)
    need(bool(plain) and len(equation) < 60, f"its equation is {equation[:40]!r}")
    terms = equation.partition("->")[0].split(",")
    need(all(len(set(term)) == len(term) for term in terms), "an axis stands twice")
    return torch.einsum(equation, *given)


@operator("Softmax", "x")
def _softmax(x, *, axis=-1):
    return x.softmax(axis)


@operator("LogSoftmax", "x")
def _log_softmax(x, *, axis=-1):
    return x.log_softmax(axis)


@operator("Resize", "xsss")
def _resize(x, roi=None, scales=None, sizes=None, *, antialias=0,
            coordinate_transformation_mode="half_pixel", cubic_coeff_a=-0.75,
            mode="nearest", nearest_mode="round_prefer_floor"):  # fmt: skip
    size = whole(sizes) if sizes is not None and sizes.numel() else [
        int(n * float(s)) for n, s in zip(x.shape, scales.tolist(), strict=True)
    ]  # fmt: skip
    need(size[:2] == list(x.shape[:2]) and x.dim() == 4, "it resizes no map")
    need(min(size) > 0, f"it resizes to {size}")
    if tuple(x.shape[2:]) == (1, 1):
        return x.expand(size)
    way = (mode, coordinate_transformation_mode)
    if way == ("nearest", "asymmetric") and nearest_mode == "floor":
        return F.interpolate(x, size[2:], mode="nearest")
    corners = {"half_pixel": False, "pytorch_half_pixel": False, "align_corners": True}
    need(mode == "linear" and way[1] in corners and not antialias, f"its way is {way}")
    return F.interpolate(x, size[2:], mode="bilinear", align_corners=corners[way[1]])
