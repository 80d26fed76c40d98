"""03.3 Log-softmax in one go (claim C51)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def log_softmax(logits):
    """Return the natural logarithm of the softmax of each row of (n, classes)."""
    shifted = logits - logits.amax(1, keepdim=True)
    return shifted - shifted.exp().sum(1, keepdim=True).log()


def by_torch(logits):
    return F.log_softmax(logits, dim=1)


def by_logsumexp(logits):
    return logits - logits.logsumexp(1, keepdim=True)


def by_folding(logits):
    """Add the classes one after the other with `logaddexp`."""
    total = logits[:, 0]
    for column in logits[:, 1:].unbind(1):
        total = torch.logaddexp(total, column)
    return (logits.T - total).T


@slip("logits")
def softmax_then_log(logits):
    """You take softmax and then the logarithm: a share too small for the dtype becomes
    0, and log 0 is −∞. Do it in one step: logit − log of the sum of powers."""
    return F.softmax(logits, dim=1).log()


@slip("overflow")
def clamped(logits):
    """You add a small number to the softmax (or clamp it) before the logarithm; large
    differences are then cut off at log of that number."""
    return (F.softmax(logits, dim=1) + 1e-8).log()


@slip("overflow")
def overflows(logits):
    """You take e^logit without subtracting the largest logit; for logits of 1000 that
    is infinite."""
    return logits - logits.exp().sum(1, keepdim=True).log()


def base_two(logits):
    """You take logarithms to base 2; losses are in natural logarithms."""
    return F.log_softmax(logits, dim=1) / 0.6931471805599453


def base_ten(logits):
    """You take logarithms to base 10; losses are in natural logarithms."""
    return F.log_softmax(logits, dim=1) / 2.302585092994046


@slip("axes")
def over_the_batch(logits):
    """You sum over the batch; each row is normalised on its own: axis 1."""
    return F.log_softmax(logits, dim=0)


@slip("logits")
def forgets_the_logarithm(logits):
    """You return the softmax; asked is its logarithm."""
    return F.softmax(logits, dim=1)


@slip("sign")
def negative(logits):
    """Your sign is turned round; log-softmax is never positive, the loss is its
    negative."""
    return -F.log_softmax(logits, dim=1)


@slip("sign")
def adds_the_sum(logits):
    """You add the logarithm of the sum; dividing by the sum means subtracting its
    logarithm."""
    return logits + logits.logsumexp(1, keepdim=True)


@slip("overflow")
def shift_only(logits):
    """You subtract the largest logit and stop; the logarithm of the sum is missing."""
    return logits - logits.amax(1, keepdim=True)


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for scale in (1.0, 4.0, 200.0, 1000.0):
            n, k = draw.integer(2, 5), draw.integer(3, 7)
            yield ((scale * draw.normal(n, k)).to(dtype),)
    yield (scattered(draw.normal(3, 4)),)
    yield (draw.normal(5, 3).T,)


def corners(draw):
    for style, shape in corner_shapes(3, 4):
        yield (draw.unusual(style, *shape),)
    yield (draw.normal(3, 3),)


EXERCISE = Exercise(
    id="03.3",
    title="Log-softmax in one go",
    statement=(
        "Return the natural logarithm of the softmax of each row of `logits` "
        "(n, classes), so that logits of ±200 or ±1000 give the right finite numbers."
    ),
    minutes=8,
    difficulty=3,
    importance=5,
    solution=log_softmax,
    oracle=by_torch,
    right=(by_logsumexp, by_folding),
    wrong=(
        softmax_then_log,
        clamped,
        overflows,
        base_two,
        base_ten,
        over_the_batch,
        forgets_the_logarithm,
        negative,
        adds_the_sum,
        shift_only,
    ),
    hints=(
        "log(a / b) = log a − log b. What is log e^x?",
        "log-softmax = logit − log(sum of e^logit). Which part can overflow?",
        "Subtract the row's largest logit first, then subtract the logarithm of the "
        "sum.",
    ),
    takeaway="Softmax then log breaks in float32; in one step it does not.",
    cases=cases,
    corners=corners,
    gradient=(0,),
    device=True,
)
