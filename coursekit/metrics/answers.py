"""Which answers are right, and which are the most wrong.

Top-k error: Russakovsky et al. 2015, section 4.1, https://arxiv.org/abs/1409.0575
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit._base import validate as _validate
from coursekit.metrics.inputs import class_numbers, scores_and_labels


def top_k(logits: Tensor, labels: Tensor, k: int = 5) -> float:
    """Return the share of images whose label is among the `k` largest logits.

    Of equal logits the lower class counts as larger, so k = 1 is the usual accuracy.

    Args:
        logits: scores or probabilities. labels: right classes. k: 1 to classes.

    Shape:
        logits (n, classes), labels (n,).

    Raises:
        ValueError: shapes, labels or `k` that do not fit.

    Example: logits [[3, 1, 2]] and label 2 give 0.0 for k = 1 and 1.0 for k = 2.
    """
    logits, labels = scores_and_labels("logits", logits, labels)
    k = _validate.integer("k", k, low=1, high=logits.shape[1])
    order = logits.argsort(dim=1, descending=True, stable=True)[:, :k]
    return (order == labels[:, None]).any(1).double().mean().item()


def confusion_matrix(predictions: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Count how often each class (row) was answered as each class (column).

    Shape:
        predictions and labels (n,), whole numbers of any type;
        result (classes, classes) int64.

    Raises:
        ValueError: shapes that differ, or a class outside 0 to classes − 1.
    """
    classes = _validate.integer("classes", classes, low=1)
    predictions = class_numbers("predictions", predictions, classes)
    labels = class_numbers("labels", labels, classes).to(predictions.device)
    if len(predictions) != len(labels):
        raise ValueError(
            f"`predictions` must be as many as the {len(labels)} labels; "
            f"got {len(predictions)}"
        )
    cells = torch.bincount(labels * classes + predictions, minlength=classes**2)
    return cells.view(classes, classes)


def worst_pairs(confusion: Tensor, count: int = 5) -> list[tuple[int, int, int]]:
    """Return the classes that were confused most often: (what it is, said, how often).

    Args:
        confusion: counts as `confusion_matrix` gives them. count: pairs at most.

    Example: [[3, 2], [1, 9]] gives (0, 1, 2) and (1, 0, 1).
    """
    wrong = confusion.clone().fill_diagonal_(0).flatten()
    order = wrong.argsort(descending=True, stable=True)[:count].tolist()
    pairs = [(*divmod(place, len(confusion)), int(wrong[place])) for place in order]
    return [pair for pair in pairs if pair[2]]


def most_wrong(
    logits: Tensor, labels: Tensor, count: int = 16, *, wrong: bool = True
) -> Tensor:
    """Return the positions of the wrong answers with the highest loss, worst first.

    Args:
        logits, labels: scores and right classes. count: at most so many.
        wrong: False takes the right answers instead.

    Shape:
        logits (n, classes), labels (n,); result (at most `count`,) int64.

    Raises:
        ValueError: shapes, labels or `count` that do not fit.
    """
    logits, labels = scores_and_labels("logits", logits, labels)
    count = _validate.integer("count", count, low=1)
    losses = F.cross_entropy(logits.double(), labels, reduction="none")
    asked = ((logits.argmax(1) != labels) == wrong).nonzero().flatten()
    order = losses[asked].argsort(descending=True, stable=True)
    return asked[order[:count]]
