"""What a training step on fake CPU tensors must do differently to stand for a GPU.

Fake tensors cannot run backward on a GPU that is not there, so the step is taken on the
CPU and the few choices torch makes otherwise on a GPU are made here: drop-out keeps a
mask of one byte a value (`native_dropout`), autocast is to float16 and takes more
operators back to float32 (https://docs.pytorch.org/docs/stable/amp.html), and the
allocator hands out multiples of 512 bytes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map_only

GRANULES = {"cpu": 1, "cuda": 512}

# Operators that autocast runs in float32 on a GPU, and not on the CPU.
FLOAT32_ON_GPU = {
    *("layer_norm", "group_norm", "softmax", "softmin", "log_softmax", "logsumexp"),
    *("cross_entropy", "kl_div", "cosine_similarity", "softplus", "norm"),
    *("exp", "expm1", "log", "log10", "log1p", "log2", "reciprocal", "rsqrt"),
    *("pow", "__pow__", "__rpow__", "sum", "cumsum", "cumprod"),
}


class _OnGPU(TorchFunctionMode):
    """Makes the choices of a GPU while a model runs on the CPU."""

    def __init__(self, mixed: bool):
        super().__init__()
        self.mixed = mixed

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name == "dropout" and (fused := _fused_dropout(*args, **kwargs)) is not None:
            return fused
        if self.mixed and name in FLOAT32_ON_GPU:
            args, kwargs = tree_map_only(Tensor, _float32, (args, kwargs))
        return func(*args, **kwargs)


def _fused_dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor | None:
    if inplace or not training or not 0 < p < 1 or input.numel() == 0:
        return None
    return torch.native_dropout(input, p, True)[0]


def _float32(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype == torch.float16 else tensor


def operators_of(device: str, precision: str) -> AbstractContextManager:
    """Return the context in which operators choose as on that device."""
    return _OnGPU(precision == "mixed") if device == "cuda" else nullcontext()


def autocast(device: str, precision: str) -> AbstractContextManager:
    """Return autocast to the half precision usual on that device, if mixed."""
    half = torch.float16 if device == "cuda" else torch.bfloat16
    return torch.autocast("cpu", half, enabled=precision == "mixed")
