"""03.2 Softmax that does not overflow (claims C48, C50)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def softmax(logits):
    """Turn logits (n, classes) into probabilities, row by row."""
    shifted = logits - logits.amax(1, keepdim=True)
    powers = shifted.exp()
    return powers / powers.sum(1, keepdim=True)


def by_torch(logits):
    return F.softmax(logits, dim=-1)


def by_logsumexp(logits):
    return (logits - torch.logsumexp(logits, -1, keepdim=True)).exp()


def by_rows(logits):
    rows = [(row - row.max()).exp() for row in logits]
    return torch.stack([row / row.sum() for row in rows])


@slip("overflow")
def overflows(logits):
    """Large logits give NaN: e^1000 is infinite. Subtract the largest logit of the row
    first; softmax does not notice."""
    powers = logits.exp()
    return powers / powers.sum(1, keepdim=True)


@slip("axes")
def over_the_batch(logits):
    """You divide by the sum over the batch; the probabilities of one row add up to 1,
    so sum over axis 1."""
    return F.softmax(logits, dim=0)


@slip("axes")
def over_everything(logits):
    """You divide by one sum for all rows; each row has its own."""
    return F.softmax(logits.reshape(-1), dim=0).reshape(logits.shape)


@slip("logits")
def logarithm(logits):
    """You return logarithms; asked are the probabilities themselves."""
    return F.log_softmax(logits, dim=1)


@slip("logits")
def sigmoid(logits):
    """You use the sigmoid of each logit; its values do not add up to 1 in a row."""
    return logits.sigmoid()


@slip("logits")
def without_exponential(logits):
    """You divide the logits by their sum; softmax takes the exponential first, so that
    all shares are positive."""
    return logits / logits.sum(1, keepdim=True)


def by_absolute_size(logits):
    """You take absolute values; a logit of −3 stands for a small share."""
    return F.softmax(logits.abs(), dim=1)


@slip("divisor")
def unnormalised(logits):
    """You never divide by the sum; the shares of a row add up to 1."""
    return (logits - logits.amax(1, keepdim=True)).exp()


@slip("logits")
def one_hot(logits):
    """You give everything to the largest logit; that is the arg max. Softmax is soft:
    all classes get a share."""
    return F.one_hot(logits.argmax(1), logits.shape[1]).to(logits.dtype)


def base_two(logits):
    """You take powers of 2; softmax takes powers of e."""
    return F.softmax(logits * 0.6931471805599453, dim=1)


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for scale in (1.0, 3.0):
            n, k = draw.integer(2, 5), draw.integer(2, 7)
            yield ((scale * draw.normal(n, k)).to(dtype),)
        yield ((1000 * draw.normal(3, 5)).to(dtype),)
    yield (scattered(draw.normal(3, 4)),)
    yield (draw.normal(5, 3).T,)


def corners(draw):
    for style, shape in corner_shapes(3, 4):
        yield (draw.unusual(style, *shape),)
    yield (draw.normal(3, 3),)


EXERCISE = Exercise(
    id="03.2",
    title="Softmax that does not overflow",
    statement=(
        "Turn `logits` (n, classes) into probabilities: in each row e^logit, divided "
        "by the sum of the row. It has to work for logits of ±1000 too."
    ),
    minutes=8,
    difficulty=2,
    importance=5,
    solution=softmax,
    oracle=by_torch,
    right=(by_logsumexp, by_rows),
    wrong=(
        overflows,
        over_the_batch,
        over_everything,
        logarithm,
        sigmoid,
        without_exponential,
        by_absolute_size,
        unnormalised,
        one_hot,
        base_two,
    ),
    hints=(
        "What is e^1000 in float32? Adding the same number to all logits of a row "
        "changes nothing in the result: use that.",
        "Subtract the largest logit of each row: then every power is at most 1.",
        "`powers / powers.sum(1, keepdim=True)` with `powers` of the shifted logits.",
    ),
    takeaway="Softmax only sees differences: adding a constant changes nothing.",
    cases=cases,
    corners=corners,
    gradient=(0,),
    device=True,
)
