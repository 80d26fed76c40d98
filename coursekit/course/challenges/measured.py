"""What a rule is judged by: the model, its history, its answers, collected once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from coursekit.anatomy.arguments import checked_model
from coursekit.course.challenges.census import census
from coursekit.course.challenges.count_learnt import Count, count
from coursekit.course.challenges.notes import Census
from coursekit.metrics.proportion import Proportion
from coursekit.training import History
from coursekit.training.history import Epoch


@dataclass(frozen=True)
class Measured:
    """All that is known about a hand-in.

    Args:
        model: the network.
        input_shape: (c, h, w) of one image.
        census: what it does, operator by operator; None where that is not known.
        problem: why there is no census.
        count: the numbers it has learnt.
        epochs: the rows of its training; None where no history was given.
        test: the accuracy on the test images; None where it was not measured.
        no_test: why it was not.
        baseline: the same of the network it is compared with.
    """

    model: nn.Module
    input_shape: tuple[int, ...]
    census: Census | None
    problem: str
    count: Count
    epochs: tuple[Epoch, ...] | None = None
    no_history: str = "no history was given: `report(model, history)`"
    test: Proportion | None = None
    no_test: str = "the test images come with `report`"
    baseline: Measured | None = None

    @property
    def seconds(self) -> float:
        """Seconds of training."""
        return sum(row.seconds for row in self.epochs)


def examine(model: nn.Module, input_shape: tuple[int, ...], **more) -> Measured:
    """Collect what can be told from the model alone; `more` are further fields.

    Raises:
        ValueError: no module, or images of this shape do not go through it.
    """
    seen, problem = None, ""
    try:
        seen = census(checked_model(model), input_shape)
    except ValueError as error:
        if "has no rule for the operator" not in str(error):
            raise
        problem = str(error)
    counted = count(model, seen)
    return Measured(model, input_shape, seen, problem, counted, **more)


def rows_of(history: object) -> tuple[Epoch, ...] | None:
    """Return the rows of one history, or of several runs of one model in order.

    Raises:
        ValueError: neither.
    """
    if history is None:
        return None
    several = [history] if isinstance(history, History) else history
    if (
        not isinstance(several, Sequence)
        or not several
        or not all(isinstance(one, History) for one in several)
    ):
        kind = type(history).__name__
        raise ValueError(
            "`history` must be what `fit` returned, or a list of those if it was "
            f"called several times; got {kind}"
        )
    return tuple(row for one in several for row in one)
