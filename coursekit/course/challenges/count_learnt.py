"""What a network has learnt, counted wherever it is kept.

Parameters, whether they are frozen, shared or unused; numbers in buffers other than
the statistics of batch norm, since a weight may hide there; and numbers in plain
attributes that the forward pass reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from coursekit.course.challenges.notes import Census, is_learnable

STATISTICS = ("running_mean", "running_var")


@dataclass(frozen=True)
class Count:
    """The numbers of a model by where they are kept.

    Args:
        parameters: each once, however many layers share it.
        frozen: those among them that are not trained.
        buffers: name → numbers that look learnt.
        loose: layer → numbers in attributes that are neither.
        unused: parameter → numbers that no operator reads.
    """

    parameters: int
    frozen: int
    buffers: Mapping[str, int]
    loose: Mapping[str, int]
    unused: Mapping[str, int]

    @property
    def total(self) -> int:
        """All that counts."""
        hidden = sum(self.buffers.values()) + sum(self.loose.values())
        return self.parameters + hidden

    def notes(self) -> list[str]:
        """Say what a plain count of the parameters would have left unsaid."""
        said = [
            f"`{name}` is a buffer, but {n:,} numbers in it look learnt: counted"
            for name, n in self.buffers.items()
        ]
        said += [
            f"{n:,} numbers read in {f'`{layer}`' if layer else 'the forward pass'} "
            "are neither parameters nor buffers: counted"
            for layer, n in self.loose.items()
        ]
        if self.frozen:
            said.append(f"{self.frozen:,} of them are frozen; they count all the same")
        if self.unused:
            names = ", ".join(f"`{name}`" for name in list(self.unused)[:3])
            more = " …" if len(self.unused) > 3 else ""
            said.append(
                f"{sum(self.unused.values()):,} of them are never used "
                f"({names}{more}); they count all the same"
            )
        return said


def count(model: nn.Module, census: Census | None) -> Count:
    """Count what a model has learnt; `census` adds what only a run can tell."""
    parameters = list(model.parameters())
    return Count(
        sum(p.numel() for p in parameters),
        sum(p.numel() for p in parameters if not p.requires_grad),
        _learnt_buffers(model, census),
        dict(census.loose) if census else {},
        dict(census.unused) if census else {},
    )


def _learnt_buffers(model: nn.Module, census: Census | None) -> dict[str, int]:
    buffers = {}
    for name, module in model.named_modules():
        statistics = _statistics(name, module, census)
        for key, buffer in module.named_buffers(recurse=False):
            is_several = is_learnable(buffer) and buffer.numel() > 1
            if is_several and key not in statistics:
                buffers[f"{name}.{key}".lstrip(".")] = buffer.numel()
    return buffers


def _statistics(name: str, module: nn.Module, census: Census | None) -> set[str]:
    """Return the buffers of a module that are the statistics of a batch norm.

    A norm written by hand keeps them under the same names, one number for each channel
    of what it gives; anything longer under these names is counted.
    """
    own = dict(module.named_buffers(recurse=False))
    if isinstance(module, _NormBase):
        sizes = {module.num_features}
    else:
        shape = census.shapes.get(name) if census else None
        sizes = {shape[0]} if shape else set()
    fits = set(own) >= set(STATISTICS) and all(
        own[key] is not None and own[key].numel() in sizes for key in STATISTICS
    )
    return set(STATISTICS) if fits else set()
