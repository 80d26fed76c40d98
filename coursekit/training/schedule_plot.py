"""A schedule as a picture, before a step is taken."""

from collections.abc import Mapping

from coursekit._base.validate import integer
from coursekit.training.schedule import Schedule, check_schedule, find_schedule

POINTS = 400  # of a line, about


def plot_schedule(
    schedule: str | Schedule | Mapping[str, str | Schedule] = "one_cycle",
    steps: int = 1000,
    *,
    words: str | None = None,
):
    """Draw the learning rate of every step of a run, and the momentum where it moves.

    Args:
        schedule: what `fit` takes, or name → schedule for several in one figure. A
            plateau is drawn as it begins; where it falls is decided by the losses.
        steps: of the run: epochs times batches an epoch.
        words: the caption.

    Raises:
        ValueError: no such schedule, or one that gives no finite share.
    """
    from coursekit.figures import curves

    integer("steps", steps, low=1)
    lines = {}
    asked = schedule if isinstance(schedule, Mapping) else {"learning rate": schedule}
    places = range(0, steps, max(1, steps // POINTS))
    for name, one in asked.items():
        check_schedule(one, steps)
        one = find_schedule(one)
        lines[name] = [one(step, steps) for step in places]
        if hasattr(one, "momentum_at"):
            named = "momentum" if len(asked) == 1 else f"momentum of {name}"
            lines[named] = [one.momentum_at(step, steps) for step in places]
    return curves(
        list(places),
        lines,
        xlabel="step",
        ylabel="share of the highest rate",
        title=f"What a run of {steps:,} steps does to the learning rate",
        words=words,
    )
