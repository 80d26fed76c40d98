"""Predictions that travel with a hand-in, where a student says so.

They stand in the notebook's output, for all to see: what is not shown does not travel.
Nobody is graded by them.
"""

import json
from dataclasses import dataclass

from coursekit._base.card import BLUE, GREY, Card, Displayed, Table
from coursekit._base.validate import choice
from coursekit.course import predictions

MARK = "Predictions that travel with this file: "
NOTHING = "No prediction travels with this file."
HEAD = ("prediction", "you said", "sure", "")


@dataclass(frozen=True, repr=False)
class Shared(Displayed):
    """What travels; as text, one line that the grader reads.

    Args:
        guesses: by name of the prediction, "guess", "right" and "sure" (percent).
    """

    guesses: dict[str, dict]

    def __repr__(self) -> str:
        if not self.guesses:
            return NOTHING
        return MARK + json.dumps(self.guesses, ensure_ascii=False)

    @property
    def _shown(self) -> Card | Table:
        if not self.guesses:
            return Card(NOTHING, colour=GREY)
        rows = [
            (name, f"{one['guess']}", _percent(one["sure"]), "✗✓"[one["right"]])
            for name, one in self.guesses.items()
        ]
        return Table(HEAD, rows, MARK, left=2, edges=[BLUE] * len(rows))


def _percent(sure: float | None) -> str:
    return "" if sure is None else f"{sure:.0f} %"


def share_predictions(consent: bool) -> Shared:
    """Show the predictions that travel with this notebook: all or none.

    Args:
        consent: True where what you predicted in the sessions may be counted with that
            of others, by name of the prediction; False where it stays yours.

    Raises:
        ValueError: neither True nor False.
    """
    choice("consent", consent, (True, False))
    return Shared(predictions.judged_guesses() if consent else {})
