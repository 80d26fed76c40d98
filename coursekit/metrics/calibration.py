"""Whether an answer given with 80 % confidence is right in 80 % of the cases.

Guo et al. 2017, "On Calibration of Modern Neural Networks", sections 2 and 4.2,
https://arxiv.org/abs/1706.04599
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit._base import validate as _validate
from coursekit.metrics.inputs import check_scores

COLDEST, HOTTEST = 0.01, 100.0  # temperatures tried


@dataclass(frozen=True, eq=False)
class Reliability:
    """Confidence against accuracy, bin by bin.

    Attributes:
        edges: (bins + 1,) borders of the bins of confidence, from 0 to 1.
        counts: (bins,) images in each bin.
        confidence: (bins,) mean confidence in a bin, NaN where it is empty.
        accuracy: (bins,) share of right answers in a bin, NaN where it is empty.
        error: expected calibration error: mean of |accuracy − confidence| over images.
    """

    edges: Tensor
    counts: Tensor
    confidence: Tensor
    accuracy: Tensor
    error: float


def reliability(probabilities: Tensor, labels: Tensor, bins: int = 15) -> Reliability:
    """Sort the answers by confidence into equal bins and measure each bin's accuracy.

    A bin holds its upper border, as in the paper: (0, 1/bins], (1/bins, 2/bins], …

    Args:
        probabilities: rows that add up to 1. bins: 1 or more.

    Shape:
        probabilities (n, classes), labels (n,).

    Raises:
        ValueError: shapes or labels that do not fit, or rows that are no probabilities.
    """
    check_scores("probabilities", probabilities, labels)
    bins = _validate.integer("bins", bins, low=1)
    probabilities = probabilities.double()
    sums = probabilities.sum(1)
    if probabilities.min() < 0 or (sums - 1).abs().max() > 1e-3:
        raise ValueError(
            "`probabilities` must be rows of numbers from 0 that add up to 1 (take the "
            f"softmax of logits); got a row with the sum {sums[0]:.3g}"
        )
    confidence, answers = probabilities.max(1)
    right = (answers == labels).double()
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64)
    place = torch.bucketize(confidence, edges[1:-1].contiguous())
    counts, mean_confidence, accuracy = (
        torch.bincount(place, weights=weights, minlength=bins)
        for weights in (torch.ones_like(right), confidence, right)
    )
    error = (accuracy - mean_confidence).abs().sum().item() / len(labels)
    shares = mean_confidence / counts, accuracy / counts
    return Reliability(edges, counts.long(), *shares, error)


def expected_calibration_error(
    probabilities: Tensor, labels: Tensor, bins: int = 15
) -> float:
    """Return the mean gap between confidence and accuracy; see `reliability`."""
    return reliability(probabilities, labels, bins).error


def best_temperature(logits: Tensor, labels: Tensor) -> float:
    """Return the temperature T for which softmax(logits / T) has the lowest loss.

    Fit it on validation images, never on the test set. The loss is convex in 1 / T, so
    the one place where its slope is 0 is found by halving. T is kept within 0.01 to 100
    (where every answer is right, colder is always better).

    Shape:
        logits (n, classes), labels (n,).

    Raises:
        ValueError: shapes or labels that do not fit.
    """
    check_scores("logits", logits, labels)
    logits = logits.double()
    of_label = logits.gather(1, labels[:, None]).mean()
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(60):
        middle = (low * high) ** 0.5
        expected = ((logits * middle).softmax(1) * logits).sum(1).mean()
        low, high = (low, middle) if expected > of_label else (middle, high)
    return 1 / (low * high) ** 0.5
