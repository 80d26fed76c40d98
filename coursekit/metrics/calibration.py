"""Whether an answer given with 80 % confidence is right in 80 % of the cases.

Guo et al. 2017, "On Calibration of Modern Neural Networks", sections 2 and 4.2,
https://arxiv.org/abs/1706.04599
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit._base import validate as _validate
from coursekit.metrics.inputs import scores_and_labels

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
    bins = _validate.integer("bins", bins, low=1)
    probabilities, labels = scores_and_labels("probabilities", probabilities, labels)
    _check_rows(probabilities.double())
    confidence, answers = probabilities.max(1)
    right = (answers == labels).double()
    edges = torch.arange(bins + 1, dtype=torch.float64, device=labels.device) / bins
    # In the type of the probabilities: 0.7 in float32 is less than 7/10 in float64.
    bin_of = torch.bucketize(confidence, edges[1:-1].to(confidence.dtype))
    confidence = confidence.double()
    counts, mean_confidence, accuracy = (
        torch.bincount(bin_of, weights=weights, minlength=bins)
        for weights in (torch.ones_like(right), confidence, right)
    )
    error = (accuracy - mean_confidence).abs().sum().item() / len(labels)
    shares = mean_confidence / counts, accuracy / counts
    return Reliability(edges, counts.long(), *shares, error)


def _check_rows(probabilities: Tensor) -> None:
    sums, least = probabilities.sum(1), probabilities.amin(1)
    wrong = ((sums - 1).abs() > 1e-3) | (least < 0)
    if wrong.any():
        row = int(wrong.int().argmax())
        raise ValueError(
            "`probabilities` must be rows of numbers from 0 that add up to 1 (take the "
            f"softmax of logits); row {row} has the sum {sums[row]:.4g} and the least "
            f"number {least[row]:.3g}"
        )


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

    Args:
        logits: −inf masks a class, which then has no part in it. labels: right classes.

    Shape:
        logits (n, classes), labels (n,).

    Raises:
        ValueError: shapes or labels that do not fit, NaN, or a label that is masked.
    """
    logits, labels = scores_and_labels("logits", logits, labels)
    logits = logits.double()
    of_labels = logits.gather(1, labels[:, None])
    if (masked := of_labels.isinf().flatten()).any():
        row = int(masked.int().argmax())
        raise ValueError(
            f"`labels` must be classes that are not masked; row {row} has the label "
            f"{labels[row]} with the logit −inf"
        )
    of_label, finite = of_labels.mean(), logits.masked_fill(logits.isinf(), 0)
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(60):
        middle = (low * high) ** 0.5
        expected = ((logits * middle).softmax(1) * finite).sum(1).mean()
        low, high = (low, middle) if expected > of_label else (middle, high)
    return 1 / (low * high) ** 0.5
