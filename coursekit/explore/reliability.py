"""Confidence against accuracy, bin by bin, at any temperature.

Guo et al. 2017, "On calibration of modern neural networks", sections 2 and 4.2,
https://arxiv.org/abs/1706.04599
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from coursekit._base.pixels import as_array
from coursekit.explore import svg
from coursekit.explore.charts import Chart
from coursekit.explore.declare import explorer
from coursekit.explore.setting import Real, Whole
from coursekit.explore.view import View
from coursekit.figures.style import ROLES

PRETEND_TEMPERATURE = 2.0  # at which the pretend network is honest
_HEIGHT = 356
_CHART = Chart(64, 24, 420, 280)


@dataclass(frozen=True, eq=False)
class Answers:
    """Hold a network's logits (n, classes) and the right classes (n,)."""

    logits: np.ndarray
    labels: np.ndarray


def _prepare(logits: object = None, labels: object = None) -> Answers:
    """Compare how sure a network is with how often it is right.

    Args:
        logits: of a network, such as `evaluate(net, data).logits`; None takes those of
            a pretend network that is twice as loud as it should be.
        labels: the right classes.

    Shape:
        logits (n, classes), labels (n,).

    Raises:
        ValueError: one without the other, or shapes and labels that do not fit.
    """
    if logits is None and labels is None:
        return _pretended()
    if logits is None or labels is None:
        raise ValueError("`logits` and `labels` must be given together; got one")
    scores = as_array("logits", logits).astype(float)
    classes = as_array("labels", labels)
    if scores.ndim != 2 or not np.isfinite(scores).all():
        raise ValueError(
            f"`logits` must be finite, (n, classes); got shape {scores.shape}"
        )
    allowed = classes.shape == scores.shape[:1] and classes.dtype.kind in "iu"
    if not allowed or not 0 <= classes.min() <= classes.max() < scores.shape[1]:
        raise ValueError(
            f"`labels` must be {len(scores)} whole numbers from 0 to "
            f"{scores.shape[1] - 1}; got shape {classes.shape}, {classes.dtype}"
        )
    return Answers(scores, classes)


def _pretended() -> Answers:
    """Draw logits, and labels as often as softmax(logits / 2) says."""
    random = np.random.default_rng(0)
    logits = 3 * random.standard_normal((2000, 10))
    shares = _shares(logits, PRETEND_TEMPERATURE)
    drawn = random.random((2000, 1)) > shares.cumsum(1)
    return Answers(logits, np.minimum(drawn.sum(1), 9))


@explorer("How sure, and how often right? What does a temperature change?", _prepare)
def reliability_view(
    answers: Answers,
    *,
    temperature: Annotated[float, Real("temperature", 0.2, 5.0, 0.1)] = 1.0,
    bins: Annotated[int, Whole("bins", 5, 20)] = 10,
) -> View:
    """Show the reliability diagram of a network's answers at a temperature.

    Example:
        >>> reliability_view(temperature=2.0).numbers["error"] < 0.05
        True
    """
    shares = _shares(answers.logits, temperature)
    confidence, right = shares.max(1), shares.argmax(1) == answers.labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    counts, sure, hits = (
        np.bincount(bin_of, values, bins) for values in (None, confidence, right)
    )
    of_right = shares[np.arange(len(shares)), answers.labels]
    numbers = {
        "counts": counts.astype(int).tolist(),
        "accuracy": float(right.mean()),
        "confidence": float(confidence.mean()),
        "error": float(np.abs(sure - hits).sum() / len(shares)),
        "loss": float(-np.log(np.maximum(of_right, 1e-300)).mean()),
    }
    return View.drawn(
        _HEIGHT,
        _drawing(counts, sure, hits),
        _text(temperature, numbers),
        numbers=numbers,
    )


explore_reliability = reliability_view.explore


def _shares(logits: np.ndarray, temperature: float) -> np.ndarray:
    powers = np.exp((logits - logits.max(1, keepdims=True)) / temperature)
    return powers / powers.sum(1, keepdims=True)


def _drawing(counts: np.ndarray, sure: np.ndarray, hits: np.ndarray) -> str:
    bins, most = len(counts), counts.max()
    parts = [_CHART.frame((n / 10, f"{n / 10:g}") for n in range(0, 11, 2))]
    for n in np.flatnonzero(counts):
        x, y = _CHART.at(n / bins, hits[n] / counts[n])
        _, bottom = _CHART.at(0, 0)
        wide = _CHART.width / bins - 2
        parts.append(svg.filled(x + 1, y, wide, bottom - y, ROLES["output"]))
        x, y = _CHART.at(sure[n] / counts[n], sure[n] / counts[n])
        parts.append(svg.box(x - 4, y - 4, 8, 8, svg.INK))
        share = 120 * counts[n] / most
        parts.append(svg.filled(530, 40 + 260 * n / bins, share, 200 / bins, "#999"))
    parts.append(_CHART.line([(0, 0), (1, 1)], ROLES["truth"]))
    parts.append(svg.words(190, 344, "confidence"))
    parts.append(svg.words(64, 16, "share of right answers; squares: confidence"))
    parts.append(svg.words(530, 16, "images in a bin, low to high"))
    return "".join(parts)


def _text(temperature: float, numbers: dict) -> str:
    gap = 100 * (numbers["confidence"] - numbers["accuracy"])
    judged = f"{abs(gap):.1f} points {'surer' if gap > 0 else 'less sure'} than right"
    if abs(gap) < 0.05:
        judged = "as sure as right"
    return (
        f"At temperature {temperature:g}: {numbers['accuracy']:.1%} right, on average "
        f"{numbers['confidence']:.1%} sure, so {judged}.\n"
        f"Expected calibration error {100 * numbers['error']:.1f} points, loss "
        f"{numbers['loss']:.3f} nats."
    )
