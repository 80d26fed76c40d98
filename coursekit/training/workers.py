"""Data-parallel training under `torchrun`: one process a device, one model in each.

Every worker draws the same batch, takes its share, and the gradients are added up, so
the step is that of one process with the whole batch. (Batch norm is the exception: it
normalises each worker's share by itself, as everywhere without SyncBatchNorm.)
Method: Goyal et al. 2017, section 3, https://arxiv.org/abs/1706.02677.
"""

import atexit
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from coursekit.training.meter import Meter
from coursekit.training.random_state import State

# A group that is never destroyed can abort its process at the end ("terminate called
# without an active exception"):
#
#   main thread     all_reduce ── last line ── Python ends ─────────────── aborted
#   gloo's thread       └─ done; to drop its tensor it waits for the GIL ─┘
#
# Python ends a thread that asks for the GIL after that by force, here in a destructor
# that must not fail. `destroy_process_group` joins the threads, if nobody else refers
# to the group. But torch.distributed.nn has functions whose default is "the group when
# this module was imported", and the first optimizer imports it: a group that is older
# stays for ever. Imported here, before any group is made, the default is None.
if distributed.is_available():
    import torch.distributed.nn.functional


@dataclass
class Workers:
    """This process among the workers of a run; alone where there is no `torchrun`.

    Attributes:
        rank: number of this worker, from 0; worker 0 writes and shows.
        world: how many there are.
        weight: this worker's part of the current batch, 0 to 1.
        idle: whether the current batch is too small to be divided and another worker
            counts it.
    """

    device: torch.device
    rank: int = 0
    world: int = 1
    weight: float = 1.0
    idle: bool = False

    def share(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return this worker's part of a batch.

        A batch with less than two images a worker goes whole to everybody and counts
        for worker 0 only: batch norm cannot work on a single image.
        """
        n = len(labels)
        self.idle = n < 2 * self.world and self.rank > 0
        if self.world == 1 or n < 2 * self.world:
            self.weight = 0.0 if self.idle else 1.0
            return images, labels
        first, last = (n * r // self.world for r in (self.rank, self.rank + 1))
        self.weight = (last - first) / n
        return images[first:last], labels[first:last]

    def backward(self, loss: Tensor, model: nn.Module) -> None:
        """Leave in `.grad` the gradient of the mean loss over the whole batch."""
        if self.world == 1:
            loss.backward()
            return
        (loss * self.weight).backward()
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        with _talking():
            distributed.all_reduce(flat)
        parts = flat.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def total(self, meter: Meter) -> Meter:
        """Return the sums over all workers, exact: counts, not means of means."""
        if self.world == 1:
            return meter
        sums = [meter.loss, meter.correct, meter.n]
        sums = torch.tensor(sums, dtype=torch.float64, device=self.device)
        with _talking():
            distributed.all_reduce(sums)
        loss, correct, n = sums.tolist()
        return Meter(loss, int(correct), int(n))

    def agree(self, answer: bool) -> bool:
        """Return the answer of worker 0 to everybody."""
        return bool(self.tell(answer))

    def gather(self, states: dict[str, State]) -> list[dict[str, State]]:
        """Return the states of all workers, in their order."""
        if self.world == 1:
            return [states]
        everyone: list = [None] * self.world
        with _talking():
            distributed.all_gather_object(everyone, states)
        return everyone

    def tell(self, thing: object) -> object:
        """Return what worker 0 has to everybody."""
        if self.world == 1:
            return thing
        box = [thing]
        with _talking():
            distributed.broadcast_object_list(box, src=0, device=self.device)
        return box[0]


def copy_from_first(workers: Workers, tensors: Iterable[Tensor]) -> None:
    """Give every worker the values that worker 0 has in `tensors`."""
    if workers.world > 1:
        with _talking():
            for tensor in tensors:
                distributed.broadcast(tensor.data, src=0)


def join_workers(device: torch.device | str | None) -> Workers:
    """Find the other workers, if `torchrun` started any, and choose the device.

    Raises:
        ValueError: no such device here.
    """
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ
    if distributed.is_available() and (distributed.is_initialized() or several):
        device = _usable(device, int(os.environ.get("LOCAL_RANK", "0")))
        if not distributed.is_initialized():
            backend = "nccl" if device.type == "cuda" else "gloo"
            distributed.init_process_group(backend)
            atexit.register(_leave)
        rank, world = distributed.get_rank(), distributed.get_world_size()
        return Workers(device, rank, world)
    return Workers(_usable(device, 0))


def _usable(device: torch.device | str | None, index: int) -> torch.device:
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(device)
        if device.type == "cuda":
            device = torch.device(
                "cuda", index if device.index is None else device.index
            )
            torch.cuda.set_device(device)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"`device` {device} cannot be used here: {reason}") from None
    return device


def _leave() -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()


@contextmanager
def _talking() -> Iterator[None]:
    """Say in words what a broken connection means."""
    try:
        yield
    except RuntimeError as error:
        raise RuntimeError(
            "another worker of this run ended, so the run cannot go on; start it again "
            "and it resumes from the last checkpoint, on any number of workers "
            f"({str(error).splitlines()[0]:.120})"
        ) from error
