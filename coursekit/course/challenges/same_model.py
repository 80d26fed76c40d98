"""Does a history belong to a model? Three things would give a wrong one away."""

from __future__ import annotations

from math import sqrt

from torch import nn

from coursekit.course.challenges.sets import load
from coursekit.course.challenges.task import Task
from coursekit.metrics.proportion import percent
from coursekit.training import History, evaluate

FAR = 5.0  # standard errors between two measurements of the same accuracy


def not_of_this_model(
    challenge: Task, model: nn.Module, histories: tuple[History, ...]
) -> str:
    """Return why the histories cannot be those of the model, "" if they can.

    The number of parameters and the normalisation that `fit` noted, and the accuracy of
    the last row on validation images, measured again where they are at hand.
    """
    own = f"{sum(p.numel() for p in model.parameters()):,}"
    for history in histories:
        said = history.settings.get("parameters", own)
        if said != own:
            return (
                f"this history is of a model with {said} parameters, and yours has "
                f"{own}: give the history of this model"
            )
    norm = getattr(model, "_coursekit_norm", None)
    last = histories[-1]
    if norm is not None and last.mean and norm != (last.mean, last.std):
        return (
            "this history normalised its images otherwise than your model's training "
            "did: give the history of this model"
        )
    return _other_accuracy(challenge, model, last)


def _other_accuracy(challenge: Task, model: nn.Module, history: History) -> str:
    said = history.final.valid_accuracy if len(history) else None
    if said is None:
        return ""
    try:
        valid = load(challenge).valid
    except ValueError:  # the data set is not at hand
        return ""
    found = evaluate(model, valid, like=history if history.mean else None)
    errors = [p * (1 - p) / found.n for p in (said, found.accuracy)]
    if abs(said - found.accuracy) <= FAR * sqrt(sum(errors)) + 1 / found.n:
        return ""
    return (
        f"the last row of this history says {percent(said)} of the validation images, "
        f"but your model answers {percent(found.accuracy)} of them: give the history "
        "of this model as it is now"
    )
