"""The learning rate step by step: functions (step, total) → share of the highest rate.

All places are shares of the run, so a schedule fits runs of every length. One-cycle:
Smith and Topin 2017, "Super-convergence", https://arxiv.org/abs/1708.07120; steps: He
et al. 2016, section 4.2; triangular: Smith 2017, https://arxiv.org/abs/1506.01186;
cosine: Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983, with the warm-up
of Goyal et al. 2017, section 2.2. Each is the curve of torch's own scheduler.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coursekit._base import validate as _validate
from coursekit.training.patience import Plateau

Schedule = Callable[[int, int], float]
CHECKED = 100_000  # steps of a run that are tried before it starts, at most


def one_cycle(step: int, total: int, *, warm_up: float = 0.3) -> float:
    """Return the share of the highest learning rate to use at one step.

    Args:
        step: 0 to total − 1.
        total: number of steps of the whole run.
        warm_up: share of the run in which the rate rises, 0 to 1.

    Example: `[round(one_cycle(s, 10), 2) for s in (0, 2, 9)]` is `[0.04, 1.0, 0.0]`.
    """
    return _rise_and_fall(step, total, warm_up, (1 / 25, 1.0, 1 / 250_000))


@dataclass(frozen=True)
class OneCycle:
    """`one_cycle` with the momentum cycled against the rate, as in the paper.

    Args:
        momentum: where the rate is lowest and where it is highest, 0 to 1.
        warm_up: as in `one_cycle`.

    Example: `fit(model, train, schedule=OneCycle(momentum=(0.95, 0.85)))`.
    """

    momentum: tuple[float, float] = (0.95, 0.85)
    warm_up: float = 0.3

    def __call__(self, step: int, total: int) -> float:
        """Return the share of the highest learning rate."""
        return one_cycle(step, total, warm_up=self.warm_up)

    def momentum_at(self, step: int, total: int) -> float:
        """Return the momentum (of Adam: the first beta) of one step."""
        high, low = self.momentum
        return _rise_and_fall(step, total, self.warm_up, (high, low, high))


def _rise_and_fall(
    step: int, total: int, warm_up: float, values: tuple[float, float, float]
) -> float:
    """Go from the first value to the second and on to the third, on half cosines."""
    start, middle, end = values
    peak = max(warm_up * total - 1, 0)
    if step <= peak:
        return middle if peak == 0 else _cosine(start, middle, step / peak)
    return _cosine(middle, end, (step - peak) / (total - 1 - peak))


def _cosine(first: float, last: float, share: float) -> float:
    return last + (first - last) / 2 * (1 + math.cos(math.pi * share))


def constant(step: int, total: int) -> float:
    """Return 1: the same learning rate from the first step to the last."""
    return 1.0


def step_decay(
    step: int, total: int, *, every: float = 1 / 3, factor: float = 0.1
) -> float:
    """Multiply the rate by `factor` each time a share `every` of the run is over."""
    return factor ** int(step / (every * total) + 1e-9)  # 3 · (1/3) is over


def multi_step(
    step: int, total: int, *, at: Sequence[float] = (0.5, 0.75), factor: float = 0.1
) -> float:
    """Multiply the rate by `factor` at each of the places `at`, shares of the run."""
    return factor ** sum(step >= round(share * total) for share in at)


def triangular(
    step: int,
    total: int,
    *,
    cycles: int = 1,
    rise: float = 0.5,
    low: float = 0.0,
) -> float:
    """Go up and down on straight lines.

    Args:
        step, total: as in `one_cycle`.
        cycles: triangles in the run, ≥ 1.
        rise: share of a triangle that goes up, between 0 and 1.
        low: share of the highest rate at the triangle's feet.
    """
    share = step * cycles / total % 1
    height = share / rise if share <= rise else (1 - share) / (1 - rise)
    return low + (1 - low) * height


def cosine(step: int, total: int, *, warm_up: float = 0.0) -> float:
    """Fall on half a cosine to 0, after a linear rise in a share `warm_up` of the run.

    Example: `fit(model, train, schedule=partial(cosine, warm_up=0.05))`.
    """
    warm = round(warm_up * total)
    if step < warm:
        return (step + 1) / warm
    return _cosine(1.0, 0.0, (step - warm) / (total - warm))


SCHEDULES: dict[str, Schedule] = {
    "one_cycle": one_cycle,
    "constant": constant,
    "step": step_decay,
    "multi_step": multi_step,
    "triangular": triangular,
    "cosine": cosine,
    "plateau": Plateau(),
}


def find_schedule(schedule: str | Schedule) -> Schedule:
    """Return the function behind a schedule's name, or the function itself."""
    if callable(schedule):
        return schedule
    return SCHEDULES[_validate.choice("schedule", schedule, SCHEDULES)]


def check_schedule(schedule: str | Schedule, steps: int) -> None:
    """Try your own schedule on the steps of a run, the first and the last among them.

    Raises:
        ValueError: it cannot be called so, or gives no finite number from 0 up.
    """
    ask, every = find_schedule(schedule), -(-steps // CHECKED)
    if ask is not schedule:  # the tests have tried ours
        return
    for step in (*range(0, steps, every), steps - 1):
        try:
            share = float(ask(step, steps))
        except (TypeError, ValueError, ArithmeticError) as error:
            raise ValueError(
                f"`schedule` must take (step, steps) and return a share of `lr`; for "
                f"({step}, {steps}) it raised {type(error).__name__}: {error}"
            ) from error
        if not 0 <= share < math.inf:
            raise ValueError(
                f"`schedule` must return finite shares of `lr`, 0 or more; for step "
                f"{step} of {steps} it returned {share:g}"
            )
