"""Measure a network on images it does not learn from."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit._base import validate as _validate
from coursekit._base.modes import device_of, evaluating
from coursekit.data import Batches, ImageSet
from coursekit.metrics import confusion_matrix
from coursekit.training.by_class import ByClass, by_class
from coursekit.training.history import History
from coursekit.training.sources import (
    as_batches,
    check_outputs,
    first_batch,
    norm_of,
)


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """Loss, accuracy and every answer of a network on a set.

    Attributes:
        loss: mean cross-entropy over all images, in nats.
        accuracy: share of right answers, 0 to 1: right / n, not a mean of batches.
        n: number of images.
        logits: (n, classes) float32 on the CPU, in the order of the set.
        labels: (n,) int64 on the CPU.
        classes: the names of the classes.
    """

    loss: float
    accuracy: float
    n: int
    logits: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    @property
    def predictions(self) -> Tensor:
        """The class with the largest logit, (n,)."""
        return self.logits.argmax(1)

    @property
    def probabilities(self) -> Tensor:
        """Softmax of the logits, (n, classes)."""
        return self.logits.softmax(1)

    @property
    def correct(self) -> Tensor:
        """Which images were answered rightly, (n,) bool."""
        return self.predictions == self.labels

    @property
    def by_class(self) -> ByClass:
        """The accuracy of every class with its interval, and the worst pairs."""
        classes = len(self.classes)
        counts = confusion_matrix(self.predictions, self.labels, classes)
        return by_class(counts, self.classes)

    def __repr__(self) -> str:
        right = int(self.correct.sum())
        return (
            f"accuracy {self.accuracy:.2%} ({right:,} of {self.n:,}), "
            f"loss {self.loss:.4f}"
        )


def evaluate(
    model: nn.Module,
    data: ImageSet | Batches,
    *,
    batch_size: int = 512,
    device: torch.device | str | None = None,
    like: ImageSet | Batches | History | None = None,
) -> Evaluation:
    """Return loss, accuracy and all logits of `model` on `data`.

    The model is put into eval mode for the measurement and given back as it was.

    Args:
        data: the images; a set is normalised as `like` says, `Batches` as they are.
        device: default: where the model is.
        like: the set, batches or history whose mean and deviation normalise `data`.
            Default: those that `fit` trained this model with; failing that, the set's
            own.

    Raises:
        ValueError: empty set, images the model refuses, or more classes than outputs.
    """
    _validate.integer("batch_size", batch_size, low=1)
    device = torch.device(device) if device is not None else device_of(model)
    norm = norm_of(like, model)
    batches = as_batches("data", data, batch_size=batch_size, device=device, norm=norm)
    model.to(device)
    check_outputs("data", model, batches, first_batch(batches))
    with evaluating(model):
        answers = [(model(x).float().cpu(), y.cpu()) for x, y in batches]
    logits, labels = (torch.cat(parts) for parts in zip(*answers, strict=True))
    loss = F.cross_entropy(logits.double(), labels).item()
    correct = int((logits.argmax(1) == labels).sum())
    n = len(labels)
    return Evaluation(loss, correct / n, n, logits, labels, classes_of(data))


def classes_of(data: ImageSet | Batches) -> tuple[str, ...]:
    return getattr(data, "data", data).classes
