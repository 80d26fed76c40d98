"""The peak of a training step at any batch size, from two steps that were watched.

Whatever the batch, the same tensors come and go in the same order; each is as large as
before or grows with the images. Where two steps show otherwise, they tell nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.anatomy.step_memory.live_tensors import LiveTensors


@dataclass(frozen=True, eq=False)
class Lifetimes:
    """When every storage of a step came and went, and how large it was.

    Args:
        images: in the batch.
        bytes: of each storage, before they are rounded up to `granule`.
        born, gone: moments, counted in storages that came or went.
        start: the moment from which the peak counts.
        granule: bytes every storage is rounded up to.
    """

    images: int
    bytes: Tensor
    born: Tensor
    gone: Tensor
    start: int
    granule: int

    @classmethod
    def of(cls, live: LiveTensors, images: int) -> Lifetimes:
        """Return those of a step that has been watched."""
        end = live.now + 1
        rows = [(b.asked, b.born, end if b.gone is None else b.gone) for b in live.all]
        columns = torch.tensor(rows).view(-1, 3).T
        return cls(images, *columns, live.restarted, live.granule)

    def peak(self, sizes: Tensor) -> int:
        """Return the most bytes alive at one moment if the storages had these sizes."""
        rounded = -(-sizes // self.granule) * self.granule
        change = torch.zeros(int(self.gone.max()) + 1, dtype=torch.long)
        change.index_add_(0, self.born, rounded).index_add_(0, self.gone, -rounded)
        return int(change.cumsum(0)[self.start :].max())


def peak_by_batch(one: Lifetimes, other: Lifetimes) -> Callable[[int], int] | None:
    """Return a function batch size → peak in bytes; None where the two do not tell."""
    moments = torch.stack([one.born, one.gone])
    if not torch.equal(moments, torch.stack([other.born, other.gone])):
        return None
    fixed = one.bytes == other.bytes
    grows = one.bytes * other.images == other.bytes * one.images
    if not (fixed | grows).all():
        return None
    return lambda images: one.peak(
        torch.where(fixed, one.bytes, one.bytes * images // one.images)
    )
