"""04.8 One step of SGD with momentum (claim C61)."""

import torch

from coursekit.course.exercises.draw import corner_shapes
from coursekit.course.exercises.exercise import Exercise, slip


def sgd_step(weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False):
    """Return (new weight, new velocity) as `torch.optim.SGD` computes them."""
    gradient = gradient + decay * weight
    velocity = momentum * velocity + gradient
    step = gradient + momentum * velocity if nesterov else velocity
    return weight - lr * step, velocity


def by_torch(weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False):
    """torch's SGD; without momentum it keeps no velocity, so it is added here."""
    leaf = torch.nn.Parameter(weight.clone())
    leaf.grad = gradient.clone()
    options = {"momentum": momentum, "weight_decay": decay, "nesterov": nesterov}
    optimizer = torch.optim.SGD([leaf], lr=lr, **options)
    optimizer.state[leaf]["momentum_buffer"] = velocity.clone()
    optimizer.step()
    if momentum == 0:
        return leaf.detach(), gradient + decay * weight
    return leaf.detach(), optimizer.state[leaf]["momentum_buffer"]


def by_branches(
    weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False
):
    pull = torch.add(gradient, weight, alpha=decay)
    moved = velocity.mul(momentum).add(pull)
    if nesterov:
        return weight - lr * pull - lr * momentum * moved, moved
    return weight.sub(moved, alpha=lr), moved


def by_expansion(
    weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False
):
    """Nesterov's step is the plain one seen one step further."""
    pull = gradient + weight * decay
    later = velocity
    for _ in range(2 if nesterov else 1):
        later = later * momentum + pull
    return [weight - later * lr, velocity * momentum + pull]


def _step(weight, pull, velocity, lr, momentum, nesterov):
    velocity = momentum * velocity + pull
    step = pull + momentum * velocity if nesterov else velocity
    return weight - lr * step, velocity


def plain_sgd(weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False):
    """You ignore the velocity: the step is lr · (momentum · velocity + gradient)."""
    return weight - lr * (gradient + decay * weight), velocity.clone()


@slip("sign")
def ascends(weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False):
    """You add the step; downhill is against the gradient: subtract it."""
    new, moved = by_torch(weight, gradient, velocity, lr, momentum, decay, nesterov)
    return 2 * weight - new, moved


@slip("mean or sum")
def averages(weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False):
    """You weigh the gradient by 1 − momentum; torch's SGD adds it with full weight."""
    pull = gradient + decay * weight
    moved = momentum * velocity + (1 - momentum) * pull
    step = pull + momentum * moved if nesterov else moved
    return weight - lr * step, moved


def rate_in_the_velocity(
    weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False
):
    """You put the learning rate into the velocity; torch multiplies by it only when the
    weight moves."""
    pull = gradient + decay * weight
    moved = momentum * velocity + lr * pull
    step = lr * pull + momentum * moved if nesterov else moved
    return weight - step, moved


def old_velocity(
    weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False
):
    """You move the weight with the old velocity; update the velocity first."""
    pull = gradient + decay * weight
    step = pull + momentum * velocity if nesterov else velocity
    return weight - lr * step, momentum * velocity + pull


@slip("ignored")
def ignores_decay(
    weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False
):
    """You ignore the weight decay: add decay · weight to the gradient."""
    return _step(weight, gradient, velocity, lr, momentum, nesterov)


def decoupled_decay(
    weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False
):
    """You shrink the weight directly, as AdamW does; SGD adds decay · weight to the
    gradient, so it goes into the velocity too."""
    shrunk = weight * (1 - lr * decay)
    return _step(shrunk, gradient, velocity, lr, momentum, nesterov)


@slip("sign")
def decay_with_wrong_sign(
    weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False
):
    """Your decay makes weights grow; decay · weight is added to the gradient."""
    pull = gradient - decay * weight
    return _step(weight, pull, velocity, lr, momentum, nesterov)


@slip("ignored")
def ignores_nesterov(
    weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False
):
    """You ignore `nesterov`, or look ahead with the old velocity: its step is
    gradient + momentum · new velocity."""
    pull = gradient + decay * weight
    return _step(weight, pull, velocity, lr, momentum, False)


@slip("ignored")
def always_nesterov(
    weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False
):
    """You always take Nesterov's step; without `nesterov` the step is the velocity."""
    pull = gradient + decay * weight
    return _step(weight, pull, velocity, lr, momentum, True)


@slip("question")
def returns_the_step(
    weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False
):
    """For Nesterov you store the step as velocity; the velocity stays
    momentum · old + gradient."""
    pull = gradient + decay * weight
    new, moved = _step(weight, pull, velocity, lr, momentum, nesterov)
    return new, pull + momentum * moved if nesterov else moved


@slip("in place")
def in_place(weight, gradient, velocity, lr, momentum=0.9, decay=0.0, nesterov=False):
    """Your function changes the tensors it was given (`-=`, `add_`); return new
    ones."""
    pull = gradient + decay * weight
    velocity.mul_(momentum).add_(pull)
    weight -= lr * (pull + momentum * velocity if nesterov else velocity)
    return weight, velocity


def cases(draw):
    plain = ((), (0.8,), (0.9, 0.05), (0.7, 0.1, True), (0.9, 0.0, True))
    for dtype in (torch.float64, torch.float32):
        for settings in plain:
            shape = draw.integer(2, 4), draw.integer(2, 5)
            tensors = [draw.normal(*shape).to(dtype) for _ in range(3)]
            yield (*tensors, draw.number(0.01, 0.5), *settings)
    yield draw.normal(4, 3).T, draw.normal(3, 4), draw.normal(3, 4), 0.1, 0.9, 0.01


def corners(draw):
    for style, shape in corner_shapes(3, 4):
        tensors = [draw.unusual(style, *shape) for _ in range(3)]
        yield *tensors, 0.1, 0.9, 0.01, False
    for numbers in (
        (0.0, 0.0),
        (0.1, 0.0, 0.1),
        (1.0, 1.0, 1.0),
        (0.1, 1.0, 1.0, True),
    ):
        yield *(draw.normal(3, 3) for _ in range(3)), *numbers


EXERCISE = Exercise(
    id="04.8",
    title="One step of SGD with momentum",
    statement=(
        "Return (new weight, new velocity). First `decay` · weight is added to the "
        "gradient; the new velocity is momentum · velocity + gradient; the weight "
        "moves by −lr times the new velocity or, with `nesterov`, by −lr times "
        "(gradient + momentum · new velocity)."
    ),
    minutes=12,
    difficulty=3,
    importance=4,
    solution=sgd_step,
    oracle=by_torch,
    right=(by_branches, by_expansion),
    wrong=(
        plain_sgd,
        ascends,
        averages,
        rate_in_the_velocity,
        old_velocity,
        ignores_decay,
        decoupled_decay,
        decay_with_wrong_sign,
        ignores_nesterov,
        always_nesterov,
        returns_the_step,
        in_place,
    ),
    hints=(
        "Three lines: the gradient with decay, the velocity, the weight. In this "
        "order.",
        "`velocity = momentum * velocity + gradient` makes a new tensor and leaves the "
        "one you were given alone.",
        "Nesterov's step: gradient + momentum · velocity, with the new velocity.",
    ),
    takeaway="The learning rate multiplies the step, not what the velocity remembers.",
    cases=cases,
    device=True,
    corners=corners,
    never={
        "`lr` below 0": "rates, momenta and decays are never negative",
        "`momentum` below 0": "rates, momenta and decays are never negative",
        "`decay` below 0": "rates, momenta and decays are never negative",
    },
    equivalents={
        "gradient + momentum * velocity → gradient.add_(momentum * velocity)": (
            "`gradient` is a new tensor by then"
        ),
    },
)
