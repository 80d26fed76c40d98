"""03.5 Softmax with a temperature (claim C48)."""

import torch

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def tempered(logits, temperature):
    """Return softmax(logits / temperature), row by row."""
    return (logits / temperature).softmax(1)


def by_logsumexp(logits, temperature):
    scaled = logits / temperature
    return (scaled - scaled.logsumexp(1, keepdim=True)).exp()


def by_powers(logits, temperature):
    """Shares to the power 1/T, made to add up to 1 again."""
    powers = (logits.log_softmax(1) / temperature).exp()
    return powers / powers.sum(1, keepdim=True)


def by_rows(logits, temperature):
    return torch.stack([torch.softmax(row * (1 / temperature), 0) for row in logits])


@slip("inverse")
def multiplies(logits, temperature):
    """You multiply by the temperature; a high temperature makes the shares more equal,
    so divide."""
    return (logits * temperature).softmax(1)


@slip("ignored")
def ignores_it(logits, temperature):
    """Your result does not depend on the temperature."""
    return logits.softmax(1)


@slip("overflow")
def overflows(logits, temperature):
    """Large logits at a low temperature give NaN: e^1000 is infinite. Let `softmax` do
    it, or subtract the largest logit of the row first."""
    powers = (logits / temperature).exp()
    return powers / powers.sum(1, keepdim=True)


@slip("logits")
def scales_the_shares(logits, temperature):
    """You divide the shares by the temperature; divide the logits, before softmax."""
    return logits.softmax(1) / temperature


@slip("axes")
def over_the_batch(logits, temperature):
    """You normalise over the batch; each row adds up to 1: axis 1."""
    return (logits / temperature).softmax(0)


def squared(logits, temperature):
    """You divide by the temperature twice (or by its square)."""
    return (logits / temperature**2).softmax(1)


@slip("divisor")
def not_renormalised(logits, temperature):
    """You take the shares to the power 1/T and stop; they no longer add up to 1."""
    return logits.softmax(1) ** (1 / temperature)


@slip("logits")
def logarithm(logits, temperature):
    """You return logarithms; asked are the shares."""
    return (logits / temperature).log_softmax(1)


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for temperature in (0.5, 2.0, draw.number(0.2, 5.0)):
            shape = draw.integer(2, 4), draw.integer(3, 6)
            yield (2 * draw.normal(*shape)).to(dtype), temperature
    yield scattered(draw.normal(3, 4)), 10.0
    yield draw.normal(5, 3).T, 0.25


def corners(draw):
    for style, shape in corner_shapes(3, 4):
        yield draw.unusual(style, *shape), draw.choice([1.0, 3.0])
    yield (100 * draw.normal(4, 3)).float(), 1.0
    yield (3 * draw.normal(3, 3)).float(), 1.0


EXERCISE = Exercise(
    id="03.5",
    title="Softmax with a temperature",
    statement=(
        "Return the shares of each row of `logits` (n, classes) at a temperature: high "
        "temperatures make them more equal, low ones let the winner take all, and 1 "
        "is plain softmax."
    ),
    minutes=5,
    difficulty=1,
    importance=3,
    solution=tempered,
    oracle=by_logsumexp,
    right=(by_powers, by_rows),
    wrong=(
        multiplies,
        ignores_it,
        overflows,
        scales_the_shares,
        over_the_batch,
        squared,
        not_renormalised,
        logarithm,
    ),
    hints=(
        "Smaller differences between logits give more equal shares. How does a "
        "temperature of 10 make differences smaller?",
        "Divide the logits by the temperature before softmax.",
    ),
    takeaway=(
        "The order of the classes never changes, only how sure the network sounds."
    ),
    cases=cases,
    corners=corners,
    never={
        "`temperature` is 0": "a temperature is above 0",
        "`temperature` below 0": "a temperature is above 0",
    },
    gradient=(0,),
    device=True,
)
