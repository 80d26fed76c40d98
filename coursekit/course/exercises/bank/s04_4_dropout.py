"""04.4 Dropout with given random numbers (claim C56)."""

import torch

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def dropout(values, uniform, p, training=True):
    """Drop `values` where `uniform` < p in training and scale the rest up."""
    if not training:
        return values
    return values * (uniform >= p) / (1 - p)


def by_where(values, uniform, p, training=True):
    kept = torch.where(uniform < p, torch.zeros_like(values), values / (1 - p))
    return kept if training else values.clone()


def by_masked_fill(values, uniform, p, training=True):
    if training:
        return values.masked_fill(uniform < p, 0.0) * (1 / (1 - p))
    return values * 1


def by_loop(values, uniform, p, training=True):
    flat = values.reshape(-1)
    chances = uniform.reshape(-1).tolist()
    drop = [training and chance < p for chance in chances]
    factor = 1 / (1 - p) if training else 1.0
    kept = [0.0 if gone else factor for gone in drop]
    return (flat * values.new_tensor(kept)).reshape(values.shape)


@slip("left out")
def not_scaled(values, uniform, p, training=True):
    """You do not scale the rest up; in training what is kept is divided by 1 − p, so
    that the mean stays the same."""
    return values * (uniform >= p) if training else values


@slip("training")
def scales_at_evaluation(values, uniform, p, training=True):
    """You scale at evaluation instead of training; with inverted dropout, as in torch,
    evaluation changes nothing and training divides by 1 − p."""
    return values * (uniform >= p) if training else values * (1 - p)


@slip("training")
def drops_at_evaluation(values, uniform, p, training=True):
    """You drop units at evaluation too; dropout works in training only."""
    return by_where(values, uniform, p)


@slip("training")
def never_drops(values, uniform, p, training=True):
    """Nothing is dropped in training; where `uniform` < p the value becomes 0."""
    return values.clone()


@slip("inverse")
def scales_by_p(values, uniform, p, training=True):
    """You divide by p; a share of 1 − p is kept, so divide by that."""
    return values * (uniform >= p) / p if training else values


@slip("inverse")
def multiplies(values, uniform, p, training=True):
    """You multiply by 1 − p; what is kept has to grow: divide."""
    return values * (uniform >= p) * (1 - p) if training else values


@slip("sign")
def keeps_what_should_go(values, uniform, p, training=True):
    """You keep a share of p; p is the share that is dropped."""
    return values * (uniform < p) / (1 - p) if training else values


@slip("inverse")
def p_is_kept(values, uniform, p, training=True):
    """You take p for the share that is kept; in torch it is the share that is
    dropped."""
    return values * (uniform < p) / p if training else values


@slip("training")
def reversed_mode(values, uniform, p, training=True):
    """Your `training` is the wrong way round: units are dropped when it is True."""
    return by_where(values, uniform, p, not training)


@slip("in place")
def in_place(values, uniform, p, training=True):
    """Your function changes the values it was given (`values[mask] = 0`, `*=`); work on
    a new tensor."""
    if training:
        values[uniform < p] = 0
        values /= 1 - p
    return values


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for p, training in ((0.3, (True,)), (0.4, (False,)), (0.5, ()), (0.2, ())):
            shape = draw.integer(2, 4), draw.integer(3, 6), draw.integer(2, 5)
            values, uniform = draw.normal(*shape), draw.uniform(*shape)
            yield values.to(dtype), uniform.to(dtype), p, *training
    yield scattered(draw.normal(4, 5)), draw.uniform(4, 5), 0.6
    yield draw.normal(5, 4).T, draw.uniform(4, 5), 0.0


def corners(draw):
    for style, shape in corner_shapes(2, 4, 4):
        quarters = draw.labels(*shape, classes=4).double() / 4
        yield draw.unusual(style, *shape), quarters, draw.choice([0.25, 0.5])
    yield draw.normal(3, 4), draw.uniform(3, 4), 0.0


EXERCISE = Exercise(
    id="04.4",
    title="Dropout",
    statement=(
        "`uniform` holds a random number in 0 … 1 for each of `values`. In training "
        "set the values to 0 where `uniform` is smaller than p (0 ≤ p < 1), and scale "
        "the others so that the expected value stays the same; in evaluation return "
        "the values as they are."
    ),
    minutes=8,
    difficulty=2,
    importance=4,
    solution=dropout,
    oracle=by_where,
    right=(by_masked_fill, by_loop),
    wrong=(
        not_scaled,
        scales_at_evaluation,
        drops_at_evaluation,
        never_drops,
        scales_by_p,
        multiplies,
        keeps_what_should_go,
        p_is_kept,
        reversed_mode,
        in_place,
    ),
    hints=(
        "What is the mean of a unit that is 0 with probability p and x otherwise?",
        "The mean is (1 − p)·x; what must x be multiplied by to make it x again?",
        "`values * (uniform >= p) / (1 - p)`, and only in training.",
    ),
    takeaway="Scaled up in training, so that evaluation needs no change at all.",
    cases=cases,
    corners=corners,
    never={
        "`uniform`: beyond 20": "random numbers lie between 0 and 1",
        "`uniform`: beyond 100": "random numbers lie between 0 and 1",
        "`uniform`: all below -20": "random numbers lie between 0 and 1",
        "`uniform`: all above 20": "random numbers lie between 0 and 1",
        "`uniform`: large mean": "random numbers lie between 0 and 1",
        "`p` is 1": "p is below 1",
        "`p` below 0": "p is at least 0",
    },
    gradient=(0,),
    device=True,
)
