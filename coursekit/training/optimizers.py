"""What changes the weights: the default optimizer, and how one is built.

Nesterov's momentum: Sutskever et al. 2013, section 2.
"""

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.optim import Optimizer


def sgd(
    parameters: Iterable[nn.Parameter],
    lr: float = 0.1,
    *,
    momentum: float = 0.9,
    weight_decay: float = 5e-4,
) -> torch.optim.SGD:
    """Build SGD with Nesterov's momentum: the default of `fit`.

    Weight decay acts on the weights of layers only (see `is_weight`). Groups of
    parameters are taken as they are.
    """
    given = list(parameters)
    grouped = any(isinstance(one, dict) for one in given)
    groups = given if grouped else decayed(given, weight_decay)
    return torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=momentum > 0)


def set_momentum(optimizer: Optimizer, momentum: float) -> None:
    """Set the momentum of every group, of Adam and its kind the first beta.

    Raises:
        ValueError: the optimizer has no momentum.
    """
    for group in optimizer.param_groups:
        if "momentum" in group:
            group["momentum"] = momentum
        elif "betas" in group:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            kind = type(optimizer).__name__
            raise ValueError(
                f"`schedule` moves the momentum, and {kind} has none: take another "
                "`optimizer`, or a schedule of the rate alone"
            )


def is_weight(parameter: nn.Parameter) -> bool:
    """Tell weights of layers from biases, and scales and shifts of normalisation."""
    return parameter.ndim > 1


def decayed(parameters: Iterable[nn.Parameter], weight_decay: float) -> list[dict]:
    """Return two groups, weights of layers with weight decay and the rest without."""
    groups = {True: [], False: []}
    for parameter in parameters:
        groups[is_weight(parameter)].append(parameter)
    return [
        {"params": members, "weight_decay": weight_decay if weights else 0.0}
        for weights, members in groups.items()
        if members
    ]


def build_optimizer(
    model: nn.Module,
    factory: Callable[..., Optimizer] | None,
    lr: float | None,
    weight_decay: float | None = None,
    decay_all: bool = False,
) -> Optimizer:
    """Build the optimizer of all parameters of `model` that want a gradient.

    Args:
        model: whose parameters.
        factory: (parameters, lr) → optimizer; None is `sgd`.
        lr, weight_decay: None leaves them to the factory.
        decay_all: weight decay also on biases and normalisation.

    Raises:
        ValueError: nothing to train, or `optimizer` is not a function that builds one,
            or builds one without weight decay where that was asked for.
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
    if weight_decay is None:
        return (factory or sgd)(parameters, **rate)
    everything = [{"params": parameters, "weight_decay": weight_decay}]
    groups = everything if decay_all else decayed(parameters, weight_decay)
    optimizer = (factory or sgd)(groups, **rate)
    if "weight_decay" not in optimizer.defaults:
        kind = type(optimizer).__name__
        raise ValueError(
            f"`weight_decay` is nothing {kind} knows: leave it out, or take an "
            f"`optimizer` that decays weights, such as torch.optim.AdamW"
        )
    return optimizer
