"""Wait for progress: what looks at the validation loss after each epoch.

Both answers are functions of the losses so far and keep nothing themselves, so a run
that is resumed waits as if it had never stopped. The rule is the one of
`torch.optim.lr_scheduler.ReduceLROnPlateau`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf

from coursekit._base.validate import integer, number
from coursekit.training.history import History

LEAST = 1e-4  # share of the lowest loss that counts as progress


@dataclass(frozen=True)
class Plateau:
    """A schedule: multiply the rate by `factor` when the validation loss stands still.

    Args:
        patience: epochs without progress that are waited for; the next one is too many.
        factor: between 0 and 1.

    Example: `fit(model, train, valid, schedule=Plateau(patience=2))`.
    """

    patience: int = 3
    factor: float = 0.1

    def __post_init__(self) -> None:
        integer("patience", self.patience, low=0)
        number("factor", self.factor, low=0.0, high=1.0)

    def __call__(self, step: int, total: int) -> float:
        """Return 1: no epoch has been judged yet."""
        return 1.0

    def after(self, history: History) -> Callable[[int, int], float]:
        """Return the schedule of the epoch that follows."""
        share = self.factor ** too_long(history["valid_loss"], self.patience)
        return lambda step, total: share


@dataclass(frozen=True)
class EarlyStop:
    """A stop: end the run when the validation loss stands still.

    Args:
        patience: epochs without progress that are waited for; the next one ends it.

    Example: `fit(model, train, valid, epochs=50, stop=EarlyStop(patience=5))`.
    """

    patience: int = 5

    def __post_init__(self) -> None:
        integer("patience", self.patience, low=0)

    def __call__(self, history: History) -> bool:
        """Say whether the last epoch was one too many."""
        return too_long(history["valid_loss"], self.patience) > 0


def too_long(losses: Iterable[float], patience: int) -> int:
    """Count how often more than `patience` epochs passed without a lower loss.

    Example: `too_long([3, 2, 2, 2], patience=1)` is 1.
    """
    lowest, waited, times = inf, 0, 0
    for loss in losses:
        better = loss < lowest * (1 - LEAST)
        lowest, waited = (loss, 0) if better else (lowest, waited + 1)
        if waited > patience:
            waited, times = 0, times + 1
    return times
