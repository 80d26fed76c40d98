"""What a live model has learnt, for advice: its own numbers that a forward pass reads.

The verdict counts what stands in the file; a change tried on a copy without numbers
cannot be written as one, so it is counted here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from coursekit.course.challenges.notes import Census, is_learnable


@dataclass(frozen=True)
class Learnt:
    """The numbers of a model.

    Args:
        total: of what is read, each once, however many layers share it.
        unused: parameter → numbers that no operator reads.
    """

    total: int
    unused: Mapping[str, int]


def count(model: nn.Module, census: Census | None) -> Learnt:
    """Count what a model has learnt; `census` adds what only a run can tell."""
    parameters = sum(p.numel() for p in model.parameters())
    unused = dict(census.unused) if census else {}
    loose = sum(census.loose.values()) if census else 0
    buffers = sum(_learnt_buffers(model, census.idle if census else frozenset()))
    return Learnt(parameters - sum(unused.values()) + buffers + loose, unused)


def _learnt_buffers(model: nn.Module, idle: frozenset[str]) -> Iterator[int]:
    for name, module in model.named_modules():
        if isinstance(module, _NormBase):
            continue
        for key, buffer in module.named_buffers(recurse=False):
            if is_learnable(buffer) and f"{name}.{key}".lstrip(".") not in idle:
                yield buffer.numel()
