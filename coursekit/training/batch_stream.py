"""The batches of a run, epoch after epoch, from any step of an epoch on."""

from collections.abc import Iterator

import torch
from torch import Tensor

from coursekit.data import Batches
from coursekit.training.random_state import RandomState, State
from coursekit.training.workers import Workers

GATHERED = 1 << 16  # numbers


class BatchStream:
    """Give a worker its share of every batch, in the memory format that was chosen."""

    def __init__(
        self, batches: Batches, memory_format: torch.memory_format, workers: Workers
    ):
        self._batches, self._format, self._workers = batches, memory_format, workers
        self._random = RandomState(batches.generator, workers.device)

    def __len__(self) -> int:
        """Return the steps of an epoch."""
        return len(self._batches)

    def left(self, step: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield what is left of the epoch when `step` batches of it are done.

        Small batches are gathered many at a time where no augmentation draws in
        between.
        """
        self._random.begin_epoch()
        order = self._batches.order()
        self._random.order_drawn(step)
        size = self._batches.batch_size
        places = order[step * size : len(self) * size]
        for indices in places.split(size * self._at_once()):
            images, labels = self._batches.batch(indices)
            images = images.contiguous(memory_format=self._format)
            for batch in zip(images.split(size), labels.split(size), strict=True):
                yield batch if self._workers.world == 1 else self._workers.share(*batch)

    def _at_once(self) -> int:
        """Return how many batches to gather: at most 256 kB, 1 if augmented."""
        numbers = self._batches.batch_size * self._batches.data.images[0].numel()
        augmented = self._batches.augment is not None
        return 1 if augmented else max(1, GATHERED // numbers)

    def saved(self, step: int) -> list[dict[str, State]]:
        """Return every worker's random state at the epoch's beginning and now."""
        epoch, now = self._random.save(step)
        return self._workers.gather({"epoch": epoch, "now": now})

    def restore(self, saved: list[dict[str, State]]) -> None:
        """Go on from what `saved` returned, on any number of workers."""
        if self._workers.rank < len(saved):
            self._random.resume(**saved[self._workers.rank])
        else:
            own = self._random.save(0)[1]
            now = {**own, "batches": saved[0]["now"].get("batches")}
            self._random.resume(saved[0]["epoch"], now)
