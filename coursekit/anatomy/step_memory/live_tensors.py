"""Which tensors are alive: every storage from the operator that makes it to its end.

A `TorchDispatchMode` sees every tensor an operator returns; a weak reference to its
storage tells when the last tensor, view or saved value that uses it is gone. Views and
in-place results share a storage and are counted once. The tensors need no data.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

KINDS = (
    "weights",
    "half copies",
    "gradients",
    "optimizer",
    "images",
    "activations",
    "working",
)


@dataclass(eq=False)
class Block:
    """The storage of one or more tensors.

    Args:
        bytes: its size, rounded up to what the allocator hands out.
        asked: its size before that.
        kind: what it is used for, one of `KINDS`.
        layer: the layer that first saved it for backward.
        born, gone: moments of the run, counted in tensors that came and went; `gone` is
            None as long as it is alive.
    """

    bytes: int
    kind: str = "working"
    layer: str | None = None
    asked: int = 0
    born: int = 0
    gone: int | None = None


class LiveTensors(TorchDispatchMode):
    """Keeps the live storages and those that were alive at the peak.

    Args:
        granule: bytes every storage is rounded up to.
    """

    def __init__(self, granule: int = 1):
        super().__init__()
        self.granule = granule
        self.blocks: dict[int, tuple[weakref.ref, Block]] = {}
        self.all: list[Block] = []
        self.total = self.peak = self.now = self.peak_at = self.restarted = 0
        self.phase = self.peak_phase = "forward"

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.prim.device.default:  # asked for at every turn
            return args[0].fake_device
        out = func(*args, **(kwargs or {}))
        kind = "working"
        if func is torch.ops.aten._to_copy.default and self._is_weight(args[0]):
            kind = "half copies"
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                self._enter(tensor, kind)
        if self.total > self.peak:
            self.peak, self.peak_phase = self.total, self.phase
            self.peak_at = self.now
        return out

    def _is_weight(self, tensor: Tensor) -> bool:
        block = self.block(tensor)
        return block is not None and block.kind == "weights"

    def _enter(self, tensor: Tensor, kind: str) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self.blocks:
            return
        asked = storage.nbytes()
        size = -(-asked // self.granule) * self.granule
        ended = weakref.ref(storage, lambda _: self._leave(key))
        self.now += 1
        block = Block(size, kind, asked=asked, born=self.now)
        self.blocks[key] = (ended, block)
        self.all.append(block)
        self.total += size

    def _leave(self, key: int) -> None:
        block = self.blocks.pop(key)[1]
        self.now += 1
        block.gone = self.now
        self.total -= block.bytes

    def block(self, tensor: Tensor) -> Block | None:
        """Return the block a tensor lies in, None if no operator made it."""
        entry = self.blocks.get(tensor.untyped_storage()._cdata)
        return entry and entry[1]

    def alive(self) -> list[Block]:
        """Return every live block."""
        return [block for _, block in self.blocks.values()]

    @property
    def at_peak(self) -> list[Block]:
        """The blocks that were alive when most bytes were."""
        moment = self.peak_at
        born = (block for block in self.all if block.born <= moment)
        return [block for block in born if block.gone is None or block.gone > moment]

    def mark(self, tensors: Iterable[Tensor], kind: str) -> None:
        """Say what the storages of some tensors are used for."""
        for tensor in tensors:
            if block := self.block(tensor):
                block.kind = kind

    def restart(self) -> None:
        """Forget the peak so far: what follows is measured."""
        self.peak, self.peak_at = 0, self.now
        self.restarted = self.now


def bytes_by_kind(blocks: Iterable[Block]) -> dict[str, int]:
    """Return the bytes of each of `KINDS`, in that order."""
    sums = Counter()
    for block in blocks:
        sums[block.kind] += block.bytes
    return {kind: sums[kind] for kind in KINDS}
