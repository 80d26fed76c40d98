"""The cards of claims and verdicts, as HTML for a notebook and as text for anywhere.

Each verdict has its own sign and its word beside its colour.
"""

from coursekit._base.card import GREEN, ORANGE, PURPLE, VERMILLION, Card
from coursekit._base.words import number_text

SIGNS = {"true": "✓", "false": "✗", "depends": "◐", "not separable": "≈"}
COLOURS = {
    "true": GREEN,
    "false": VERMILLION,
    "depends": ORANGE,
    "not separable": PURPLE,
}
CASE = {True: "holds", False: "fails", None: "open"}


def claim_card(claim) -> Card:
    """Return a claim as a card, its statement and no verdict."""
    return Card(f"Claim {claim.id}", [("", claim.statement)])


def verdict_card(verdict) -> Card:
    """Return a verdict as a card, the prediction among what was measured."""
    word = f"{SIGNS[verdict.verdict]} {verdict.verdict}"
    return Card(
        f"{verdict.claim.id} {word}",
        _rows(verdict),
        COLOURS[verdict.verdict],
        f"Verdict on claim {verdict.claim.id}: {verdict.verdict}",
    )


def _rows(verdict) -> list[tuple[str, str]]:
    measured = [f"{name} = {number_text(value)}" for name, value in verdict.measured]
    cases = [f"{CASE[held]}: {name}" for name, held in verdict.cases]
    rows = [("claim", verdict.claim.statement)]
    rows += [("predicted", verdict.predicted)] * bool(verdict.predicted)
    rows += [("measured", line) for line in measured]
    rows += [("case", line) for line in cases]
    rows += [("why", verdict.why)]
    return rows + [("note", note) for note in _notes(verdict)]


def _notes(verdict) -> list[str]:
    expected = verdict.claim.syllabus_verdict
    if verdict.surprising:
        return [f"measured verdict differs from the course's expectation ({expected})"]
    if verdict.verdict == "not separable":
        return [f"these runs leave it open; the course expects: {expected}"]
    return []
