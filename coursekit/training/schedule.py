"""What changes the weights: the default optimizer and the learning rate step by step.

One-cycle: Smith and Topin 2017, "Super-convergence", https://arxiv.org/abs/1708.07120;
the curve is the one of `torch.optim.lr_scheduler.OneCycleLR`. The momentum stays
constant here (the paper lowers it while the rate is high): one thing moves at a time.
Nesterov's momentum: Sutskever et al. 2013, section 2.
"""

import math
from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from coursekit._base import validate as _validate

Schedule = Callable[[int, int], float]


def one_cycle(step: int, total: int, *, warm_up: float = 0.3) -> float:
    """Return the share of the highest learning rate to use at one step.

    Args:
        step: 0 to total − 1.
        total: number of steps of the whole run.
        warm_up: share of the run in which the rate rises, 0 to 1.

    Example: `[round(one_cycle(s, 10), 2) for s in (0, 2, 9)]` is `[0.04, 1.0, 0.0]`.
    """
    start, end = 1 / 25, 1 / 250_000
    peak = max(warm_up * total - 1, 0)
    if step <= peak:
        return 1.0 if peak == 0 else _cosine(start, 1.0, step / peak)
    return _cosine(1.0, end, (step - peak) / (total - 1 - peak))


def _cosine(first: float, last: float, share: float) -> float:
    return last + (first - last) / 2 * (1 + math.cos(math.pi * share))


def constant(step: int, total: int) -> float:
    """Return 1: the same learning rate from the first step to the last."""
    return 1.0


SCHEDULES: dict[str, Schedule] = {"one_cycle": one_cycle, "constant": constant}


def find_schedule(schedule: str | Schedule) -> Schedule:
    """Return the function behind a schedule's name, or the function itself."""
    if callable(schedule):
        return schedule
    return SCHEDULES[_validate.choice("schedule", schedule, SCHEDULES)]


def sgd(
    parameters: Iterable[nn.Parameter],
    lr: float = 0.1,
    *,
    momentum: float = 0.9,
    weight_decay: float = 5e-4,
) -> torch.optim.SGD:
    """Build SGD with Nesterov's momentum: the default of `fit`.

    Weight decay acts on the weights of layers only, not on biases nor on the scales
    and shifts of normalisation (parameters with one axis).
    """
    weights, vectors = [], []
    for parameter in parameters:
        (weights if parameter.ndim > 1 else vectors).append(parameter)
    groups = [
        {"params": weights, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=momentum > 0)


def build_optimizer(
    model: nn.Module,
    factory: Callable[..., Optimizer] | None,
    lr: float | None,
) -> Optimizer:
    """Build the optimizer of all parameters of `model` that want a gradient.

    Raises:
        ValueError: nothing to train, or `optimizer` is not a function that builds one.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise ValueError(
            "`model` has no parameter with requires_grad=True: nothing to train"
        )
    if isinstance(factory, Optimizer) or not callable(factory or sgd):
        raise ValueError(
            "`optimizer` must be a function (parameters, lr) → optimizer, such as "
            f"torch.optim.AdamW or a functools.partial of it; got {factory!r:.80}"
        )
    rate = {} if lr is None else {"lr": lr}
    return (factory or sgd)(parameters, **rate)
