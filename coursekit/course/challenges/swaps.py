"""Try a change of a network on a copy without numbers: built, run and counted.

Advice is worth as much as its arithmetic, so none is given that was not carried out: a
copy of the network on the meta device gets the new layers, and the copy is examined
like a hand-in.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from coursekit.course.challenges.measured import Measured, examine

Make = Callable[[], nn.Module]
AND = ", and "


@dataclass(frozen=True)
class Edit:
    """A change of some layers.

    Args:
        says: what to do, as an order.
        swaps: layer → function that makes what takes its place, without numbers.
        adds: parameters it adds; negative where it saves.
        changes: how many layers it changes; 0 where the answers stay the same.
        kind: changes of one kind are alternatives of each other.
    """

    says: str
    swaps: Mapping[str, Make]
    adds: int
    changes: int = 1
    kind: str = ""


def joined(edits: Sequence[Edit]) -> Edit:
    """Return several edits as one; of more than three, the first two are spelt out."""
    says = AND.join(one.says for one in edits[: 3 if len(edits) <= 3 else 2])
    if len(edits) > 3:
        says += f"{AND}{len(edits) - 2} more like these"
    swaps = {name: make for one in edits for name, make in one.swaps.items()}
    changes = sum(one.changes for one in edits)
    return Edit(says, swaps, sum(one.adds for one in edits), changes, edits[-1].kind)


def edit(
    kind: str,
    says: str,
    model: nn.Module,
    swaps: Mapping[str, Make],
    changes: int | None = None,
) -> Edit:
    """Return an edit with its parameters counted on the layers it changes.

    Args:
        kind, says, swaps: as in `Edit`.
        model: what is to be changed; it stays as it is.
        changes: as in `Edit`; None for the number of layers swapped.
    """
    before = {id(p): p.numel() for name in swaps for p in _layer(model, name)}
    with torch.device("meta"):
        after = sum(p.numel() for make in swaps.values() for p in make().parameters())
    changes = len(swaps) if changes is None else changes
    return Edit(says, swaps, after - sum(before.values()), changes, kind)


def _layer(model: nn.Module, name: str) -> list[nn.Parameter]:
    return list(model.get_submodule(name).parameters())


def tried(change: Edit, measured: Measured) -> Measured | None:
    """Return the measured of the changed network, None where it cannot be built."""
    try:
        other = hollow(measured.model)
        with torch.device("meta"):
            for name, make in change.swaps.items():
                _swap(other, name, make())
        after = examine(other, measured.input_shape)
    except (RuntimeError, ValueError, TypeError, AttributeError, NotImplementedError):
        return None  # a layer used in a way of its own: no advice rather than a guess
    if after.census is None:
        return None
    return replace(after, epochs=measured.epochs, baseline=measured.baseline)


def hollow(model: nn.Module) -> nn.Module:
    """Return a copy of a model whose parameters and buffers hold no numbers."""
    memo = {}
    for tensor in (*model.parameters(), *model.buffers()):
        empty = torch.empty_like(tensor, device="meta")
        if isinstance(tensor, nn.Parameter):
            empty = nn.Parameter(empty, tensor.requires_grad)
        memo[id(tensor)] = empty
    return copy.deepcopy(model, memo)


def _swap(model: nn.Module, name: str, new: nn.Module) -> None:
    """Put a module in the place of another, wherever that one stands."""
    old = model.get_submodule(name)
    for parent in list(model.modules()):
        for key, child in list(parent._modules.items()):
            if child is old:
                parent._modules[key] = new
