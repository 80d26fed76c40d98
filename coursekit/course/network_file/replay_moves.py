"""Arithmetic and moves of an ONNX graph as torch functions.

Each is one entry of the allow-list. https://onnx.ai/onnx/operators/
"""

from __future__ import annotations

from functools import reduce
from math import prod

import torch
from onnx import TensorProto
from torch.nn import functional as F

from coursekit.course.network_file.allow_list import LARGEST, need, operator, whole

TYPES = {
    TensorProto.FLOAT: torch.float32,
    TensorProto.FLOAT16: torch.float16,
    TensorProto.BFLOAT16: torch.bfloat16,
    TensorProto.DOUBLE: torch.float64,
    TensorProto.BOOL: torch.bool,
    TensorProto.INT64: torch.int64,
    TensorProto.INT32: torch.int32,
    TensorProto.INT8: torch.int8,
    TensorProto.UINT8: torch.uint8,
}
PLAIN = {
    "Abs": torch.abs, "Neg": torch.neg, "Exp": torch.exp, "Log": torch.log,
    "Sqrt": torch.sqrt, "Reciprocal": torch.reciprocal, "Erf": torch.erf,
    "Sign": torch.sign, "Relu": torch.relu, "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh, "Softplus": F.softplus, "Softsign": F.softsign,
    "HardSwish": F.hardswish, "Mish": F.mish, "Not": torch.logical_not,
}  # fmt: skip
PAIRS = {
    "Sub": torch.sub, "Pow": torch.pow, "Equal": torch.eq, "Less": torch.lt,
    "Greater": torch.gt, "LessOrEqual": torch.le, "GreaterOrEqual": torch.ge,
    "And": torch.logical_and, "Or": torch.logical_or,
}  # fmt: skip
SEVERAL = {"Add": torch.add, "Sum": torch.add, "Mul": torch.mul,
           "Max": torch.maximum, "Min": torch.minimum}  # fmt: skip

for _name, _run in PLAIN.items():
    operator(_name, "x")(lambda x, run=_run: run(x))
for _name, _run in PAIRS.items():
    operator(_name, "xx")(lambda x, other, run=_run: run(x, other))
for _name, _run in SEVERAL.items():
    operator(_name, "x")(lambda *given, run=_run: reduce(run, given))


@operator("Div", "xx")
def _div(x, other):
    if x.is_floating_point() or other.is_floating_point():
        return x / other
    need(bool((other != 0).all()), "it divides by zero")
    return torch.div(x, other, rounding_mode="trunc")


@operator("Mod", "ss")
def _mod(x, other, *, fmod=0):
    need(bool((other != 0).all()), "it divides by zero")
    return torch.remainder(x, other)


@operator("Floor", "s")
def _floor(x):
    return x.floor()


@operator("Where", "xxx")
def _where(condition, x, other):
    return torch.where(condition, x, other)


@operator("PRelu", "xw")
def _prelu(x, slope):
    return torch.where(x < 0, x * slope, x)


@operator("Clip", "xww")
def _clip(x, low=None, high=None):
    for bound in (low, high):
        need(bound is None or bound.numel() == 1, "its bounds are several numbers")
    low, high = (None if b is None else b.item() for b in (low, high))
    return x if low is None and high is None else x.clamp(low, high)


@operator("LeakyRelu", "x")
def _leaky_relu(x, *, alpha=0.01):
    return F.leaky_relu(x, alpha)


@operator("Elu", "x")
def _elu(x, *, alpha=1.0):
    return F.elu(x, alpha)


@operator("Celu", "x")
def _celu(x, *, alpha=1.0):
    return F.celu(x, alpha)


@operator("Selu", "x")
def _selu(x, *, alpha=1.67326, gamma=1.0507):
    need((alpha, gamma) == (1.67326, 1.0507), "it is not scaled as usual")
    return F.selu(x)


@operator("HardSigmoid", "x")
def _hard_sigmoid(x, *, alpha=0.2, beta=0.5):
    return (x * alpha + beta).clamp(0, 1)


@operator("Gelu", "x")
def _gelu(x, *, approximate="none"):
    return F.gelu(x, approximate=approximate)


@operator("Identity", "x", moves=True)
def _identity(x):
    return x


@operator("Dropout", "xss", moves=True)
def _dropout(x, ratio=None, training=None, *, seed=0):
    return x


@operator("Cast", "x")
def _cast(x, *, to):
    need(to in TYPES, "it casts to an unusual type")
    needless = not x.is_meta or TYPES[to].is_floating_point or to == TensorProto.BOOL
    need(needless, "it rounds what depends on the image to whole numbers")
    return x.to(TYPES[to])


@operator("CastLike", "xo")
def _cast_like(x, like):
    need(like.is_floating_point() or not x.is_meta, "it rounds to whole numbers")
    return x.to(like.dtype)


@operator("DequantizeLinear", "www")
def _dequantised(x, scale, zero=None, *, axis=1):
    shape = [-1 if k == axis and scale.numel() > 1 else 1 for k in range(x.dim())]
    moved = x.float() if zero is None else x.float() - zero.float().view(shape)
    return moved * scale.view(shape)


@operator("Concat", "x", moves=True)
def _concat(*given, axis):
    return torch.cat(given, axis)


@operator("Flatten", "x", moves=True)
def _flatten(x, *, axis=1):
    return x.reshape(prod(x.shape[:axis]), -1)


@operator("Reshape", "xs", moves=True)
def _reshape(x, shape, *, allowzero=0):
    sizes = whole(shape)
    need(not allowzero or 0 not in sizes, "it takes a size of 0")
    return x.reshape([x.shape[k] if n == 0 else n for k, n in enumerate(sizes)])


@operator("Transpose", "x", moves=True)
def _transpose(x, *, perm=None):
    return x.permute(*(perm or range(x.dim())[::-1]))


@operator("Squeeze", "xs", moves=True)
def _squeeze(x, axes=None):
    return x.squeeze() if axes is None else x.squeeze(whole(axes))


@operator("Unsqueeze", "xs", moves=True)
def _unsqueeze(x, axes):
    rank = x.dim() + axes.numel()
    for axis in sorted(a % rank for a in whole(axes)):
        x = x.unsqueeze(axis)
    return x


@operator("Slice", "xssss", moves=True)
def slices(x, starts, ends, axes=None, steps=None):
    count = starts.numel()
    axes = range(count) if axes is None else whole(axes)
    steps = [1] * count if steps is None else whole(steps)
    for axis, first, last, step in zip(
        axes, whole(starts), whole(ends), steps, strict=True
    ):
        if step == -1:  # numpy's x[::-1], which torch writes as a flip
            need(first in (-1, x.shape[axis] - 1) and last < -(2**31), "it goes back")
            x = x.flip(axis)
        else:
            need(step > 0, "it goes back")
            index = [slice(None)] * x.dim()
            index[axis] = slice(first, last, step)
            x = x[tuple(index)]
    return x


@operator("Split", "xs", moves=True)
def _split(x, sizes=None, *, axis=0, num_outputs=0):
    if sizes is not None:
        return x.split(whole(sizes), axis)
    return x.split(-(-x.shape[axis] // num_outputs), axis)


@operator("Gather", "xx", moves=True)
def _gather(x, index, *, axis=0):
    need(not index.is_floating_point() and not index.is_meta, "its places are learnt")
    index = torch.where(index < 0, index + x.shape[axis], index)
    if index.dim() == 0:
        return x.select(axis, int(index))
    found = x.index_select(axis, index.reshape(-1))
    shape = (*x.shape[:axis], *index.shape, *x.shape[axis % x.dim() + 1 :])
    return found.reshape(shape)


@operator("Expand", "xs", moves=True)
def _expand(x, shape):
    sizes = torch.broadcast_shapes(tuple(x.shape), tuple(whole(shape)))
    need(prod(sizes) <= LARGEST, "it makes too many numbers of few")
    return x.expand(sizes)


@operator("Tile", "xs", moves=True)
def _tile(x, repeats):
    need(x.numel() * prod(whole(repeats)) <= LARGEST, "it makes too many numbers")
    return x.repeat(whole(repeats))


@operator("Pad", "xsws", moves=True)
def _pad(x, pads, value=None, axes=None, *, mode="constant"):
    sides, rank = whole(pads), x.dim()
    need(axes is None and len(sides) == 2 * rank, "it names axes of its own")
    need(not sides[0] and not sides[rank], "it pads the batch")
    need(max(sides) <= 4096, "it pads by more than 4,096")
    need(mode == "constant" or not sides[1] + sides[rank + 1], "it pads channels")
    kept = range(1 if sides[1] or sides[rank + 1] else 2, rank)
    both = [s for k in reversed(kept) for s in (sides[k], sides[rank + k])]
    fill = 0.0 if value is None or not value.numel() else value.item()
    ways = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}
    need(mode in ways, f"its way is {mode!r:.20}")
    return F.pad(x, both, ways[mode], fill if mode == "constant" else None)


@operator("DepthToSpace", "x", moves=True)
def _depth_to_space(x, *, blocksize, mode="DCR"):
    need(mode == "CRD", "it orders the channels otherwise than torch")
    return F.pixel_shuffle(x, blocksize)


@operator("SpaceToDepth", "x", moves=True)
def _space_to_depth(x, *, blocksize):
    n, c, h, w = x.shape
    x = x.view(n, c, h // blocksize, blocksize, w // blocksize, blocksize)
    x = x.permute(0, 3, 5, 1, 2, 4)
    return x.reshape(n, -1, h // blocksize, w // blocksize)
