"""What the rows of a history say about reaching a bar in fewer epochs, or at all."""

from __future__ import annotations

from coursekit._base.words import many
from coursekit.course.challenges.measured import Measured
from coursekit.course.challenges.network_judge import Finding
from coursekit.metrics.proportion import percent

GAP = 0.01  # of training over validation accuracy: more than that is over-fitting


def for_training(finding: Finding, measured: Measured) -> str:
    """Return the advice for a rule about training, "" for any other rule."""
    key, limit, rows = finding.rule.key, finding.rule.limit, measured.epochs
    if key in ("epochs_below", "epochs_at_most") and rows:
        return _fewer_epochs(limit - (key == "epochs_below"), rows)
    if key == "seconds_at_most" and rows:
        each = measured.seconds / len(rows)
        fit = int(limit / each)
        return (
            f"An epoch takes {each:,.1f} s: train {many(fit, 'epoch')} with a schedule "
            "that ends there."
            if fit
            else f"An epoch alone takes {each:,.1f} s: a smaller map or network first."
        )
    if key in ("test_accuracy", "valid_accuracy", "same_accuracy"):
        return _more_accuracy(limit if key != "same_accuracy" else None, measured)
    return ""


def _fewer_epochs(most: int, rows) -> str:
    judged = [r.valid_accuracy for r in rows[:most] if r.valid_accuracy is not None]
    best = f" Within {most} the best so far is {percent(max(judged))}" if judged else ""
    where = f" (epoch {1 + judged.index(max(judged))})." if judged else ""
    return (
        f"Call `fit` with `epochs={most}`: the schedule then ends there, "
        f"which is better than stopping early.{best}{where}"
    )


def _more_accuracy(limit: float | None, measured: Measured) -> str:
    rows = measured.epochs
    if not rows:
        return ""
    last = rows[-1]
    train, valid = last.train_accuracy, last.valid_accuracy
    bar = None if limit is None else limit / 100
    if bar is not None and train < bar:
        return (
            f"Training itself has only {percent(train)}: the network is too weak or "
            "was trained too little. Spend what is left of the budget on channels "
            "after the first pooling, or try another learning rate."
        )
    if valid is None:
        return (
            "The history has no validation accuracy: `fit(model, train, valid)` shows "
            "whether the network learns its images by heart or is too weak."
        )
    if train - valid > GAP:
        return (
            f"Training has {percent(train)}, validation {percent(valid)}: the network "
            "learns its images by heart. Augmentation costs no parameter: small "
            "rotations and shifts."
        )
    return (
        "Training and validation agree: a longer schedule within the budget, or other "
        "seeds, tell whether more is possible."
    )
