"""Exact loss and accuracy of an epoch, at almost no cost per step."""

import math

import torch
from torch import Tensor

WAITING_STEPS = 64  # joined at the latest after so many steps …
WAITING_NUMBERS = 1 << 20  # … or so many logits


def steps_between_folds(batch_size: int, classes: int) -> int:
    """Return after how many steps the waiting tensors are joined."""
    return max(1, min(WAITING_STEPS, WAITING_NUMBERS // (batch_size * classes)))


class Meter:
    """Sum loss and right answers over batches of any size.

    The tensors of a step only wait in a list and are joined now and then, so a step
    costs an append instead of a comparison, a sum and a wait for the device.
    """

    def __init__(self, loss: float = 0.0, correct: int = 0, n: int = 0):
        self.loss, self.correct, self.n = loss, correct, n
        self._waiting: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Note one batch.

        Args:
            loss: mean loss of the batch.
            logits: (n, classes).
            labels: (n,), or shares (n, classes), of which the largest is asked for.
        """
        self._waiting.append((loss.detach(), logits.detach(), labels))

    def fold(self) -> int | None:
        """Join what waits.

        Returns:
            How many steps ago the loss stopped being finite (1: the last), else None.
        """
        if not self._waiting:
            return None
        losses, logits, labels = zip(*self._waiting, strict=True)
        self._waiting = []
        sizes = [batch.shape[0] for batch in labels]
        losses = torch.stack(losses).tolist()
        for loss, size in zip(losses, sizes, strict=True):
            self.loss += loss * size  # one by one: the same bits however often joined
        labels = torch.cat(labels)
        labels = labels.argmax(1) if labels.ndim == 2 else labels
        right = torch.cat(logits).argmax(1) == labels
        self.correct += int(right.sum())
        self.n += sum(sizes)
        broken = (i for i, loss in enumerate(losses) if not math.isfinite(loss))
        first = next(broken, None)
        return None if first is None else len(losses) - first

    @property
    def mean_loss(self) -> float:
        return self.loss / self.n if self.n else math.nan

    @property
    def accuracy(self) -> float:
        return self.correct / self.n if self.n else math.nan
