"""What the predictions of a sitting came to, as data that a page can judge by."""

import json
from dataclasses import asdict

from coursekit._base.words import number_text
from coursekit.course.predictions import Prediction, Revealed, prediction_table

TOLD_MIME = "application/vnd.coursekit.told+json"


class Told(list):
    """Predictions as data; a notebook keeps it as an output of its own kind."""

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/plain": json.dumps(self), TOLD_MIME: list(self)}


def told(session: str) -> Told:
    """Return the predictions of a session that were revealed in this kernel.

    Args:
        session: two digits.
    """
    rows = prediction_table(session).rows
    return Told(_told(made, seen) for made, seen in rows if seen is not None)


def _told(made: Prediction, seen: Revealed) -> dict:
    """Return what was asked, what came out, and the cards of both."""
    bare = Revealed(Prediction(made.name, unit=made.unit), seen.measured, None)
    mean = getattr(seen.measured, "mean", seen.measured)
    written = getattr(seen.measured, "written", None)
    return {
        **asdict(made),
        "measured": mean,
        "text": number_text(mean),
        "exact": written("") if written else number_text(mean),
        "shown": str(bare).removeprefix("No prediction; measured ").removesuffix("."),
        "said": str(seen),
        "card": seen._repr_html_(),
        "bare": bare._repr_html_(),
    }
