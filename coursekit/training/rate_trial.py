"""Find a learning rate by trying all of them once.

Smith 2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3,
https://arxiv.org/abs/1506.01186.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import Optimizer

from coursekit._base import validate as _validate
from coursekit._base.modes import copy_of, device_of, seeded
from coursekit.training.optimizers import build_optimizer
from coursekit.training.settings import Loss
from coursekit.training.sources import Source, as_batches, check_outputs, first_batch

SMOOTHING = 0.8  # share of the old value in the running mean of the loss
EXPLODED = 3.0  # times the lowest loss


@dataclass(frozen=True)
class RateTest:
    """Loss against learning rate.

    Attributes:
        rates: the learning rates tried, rising.
        losses: the running mean of the loss at each.
        suggestion: a third of the rate with the lowest loss, a good highest rate for
            a one-cycle run.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float

    def __repr__(self) -> str:
        return (
            f"RateTest({len(self.rates)} rates from {self.rates[0]:.2g} to "
            f"{self.rates[-1]:.2g}, suggestion {self.suggestion:.2g})"
        )


def rate_test(
    model: nn.Module,
    train: Source,
    *,
    low: float = 1e-4,
    high: float = 10.0,
    steps: int = 100,
    batch_size: int = 128,
    optimizer: Callable[..., Optimizer] | None = None,
    loss: Loss | None = None,
    seed: int = 0,
) -> RateTest:
    """Raise the learning rate at every step until the loss explodes.

    A copy of `model` is trained: the model, its statistics and torch's generators stay
    as they are.

    Args:
        low, high: first and last learning rate; equal factors between them.
        steps: how many rates, 10 or more; the test ends early where the loss is three
            times its lowest value.
        optimizer, loss, batch_size, seed: as in `fit`.

    Raises:
        ValueError: an argument that cannot work.
    """
    steps = _validate.integer("steps", steps, low=10)
    low = _validate.number("low", low, low=1e-12)
    high = _validate.number("high", high, low=low * 1.01)
    device = device_of(model)
    draw = torch.Generator().manual_seed(_validate.integer("seed", seed, low=0))
    batches = as_batches(
        "train", train, batch_size=batch_size, device=device, generator=draw
    )
    check_outputs("train", model, batches, first_batch(batches))
    model = copy_of(model).train()
    stepper = build_optimizer(model, optimizer, low)
    rates = [low * (high / low) ** (i / (steps - 1)) for i in range(steps)]
    with seeded(seed + 1, device):
        losses = _rise(model, batches, stepper, rates, loss or F.cross_entropy)
    lowest = min(range(len(losses)), key=losses.__getitem__)
    return RateTest(tuple(rates[: len(losses)]), tuple(losses), rates[lowest] / 3)


def _rise(model, batches, optimizer, rates, criterion) -> list[float]:
    """Train one step at each rate; return the running mean of the loss."""
    smooth, losses, supply = 0.0, [], iter(())
    for i, rate in enumerate(rates):
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = next(supply, None)
        if batch is None:
            supply = iter(batches)
            batch = next(supply)
        loss = criterion(model(batch[0]), batch[1])
        smooth = SMOOTHING * smooth + (1 - SMOOTHING) * loss.item()
        mean = smooth / (1 - SMOOTHING ** (i + 1))
        if not math.isfinite(mean) or (losses and mean > EXPLODED * min(losses)):
            break
        losses.append(mean)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if not losses:
        raise ValueError(f"`low` is too high: the loss is infinite at {rates[0]:.2g}")
    return losses
