"""Reductions and sizes of an ONNX graph as torch functions.

Each is one entry of the allow-list. https://onnx.ai/onnx/operators/
"""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from torch import Tensor

from coursekit.course.network_file.allow_list import LARGEST, need, operator, whole


def _reduced(run):
    def reduction(x, axes=None, *, keepdims=1, noop_with_empty_axes=0):
        dims = range(x.dim()) if axes is None else whole(axes)
        dims = [dim % x.dim() for dim in dims]
        need(len(dims) > 0, "it names no axis")
        return run(x, tuple(dims), bool(keepdims))

    return reduction


def _product(x: Tensor, dims: tuple, keep: bool) -> Tensor:
    for dim in sorted(dims, reverse=True):
        x = x.prod(dim, keepdim=keep)
    return x


for _name, _run in {
    "ReduceMean": torch.mean,
    "ReduceSum": torch.sum,
    "ReduceMax": torch.amax,
    "ReduceMin": torch.amin,
    "ReduceProd": _product,
    "ReduceLogSumExp": torch.logsumexp,
    "ReduceSumSquare": lambda x, dims, keep: x.pow(2).sum(dims, keep),
    "ReduceL1": lambda x, dims, keep: x.abs().sum(dims, keep),
    "ReduceL2": lambda x, dims, keep: x.pow(2).sum(dims, keep).sqrt(),
}.items():
    operator(_name, "xs")(_reduced(_run))


@operator("Shape", "x")
def _shape(x, *, start=0, end=None):
    return torch.tensor(tuple(x.shape)[start:end], dtype=torch.int64)


@operator("Size", "x")
def _size(x):
    return torch.tensor(x.numel())


@operator("ConstantOfShape", "s")
def _constant_of_shape(shape, *, value=None):
    need(prod(whole(shape)) <= LARGEST, "it makes too many numbers of one")
    value = np.zeros(1, np.float32) if value is None else value
    return torch.from_numpy(np.array(value)).expand(whole(shape)).clone()


@operator("Range", "sss")
def _range(first, last, step):
    numbers = [one.item() for one in (first, last, step)]
    need(numbers[2] != 0, "its step is 0")
    need((numbers[1] - numbers[0]) / numbers[2] <= LARGEST, "it makes too many numbers")
    return torch.arange(*numbers, dtype=first.dtype)
