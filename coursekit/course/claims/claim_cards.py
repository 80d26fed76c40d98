"""The cards of claims and verdicts, as HTML for a notebook and as text for anywhere.

Colours are Okabe and Ito's palette and never stand alone: each verdict has its own sign
and its word. Text keeps the page's own colour, so that light and dark themes both work.
"""

import textwrap
from html import escape
from itertools import groupby
from numbers import Integral

from coursekit.metrics.runs import Interval

SIGNS = {"true": "✓", "false": "✗", "depends": "◐", "not separable": "≈"}
COLOURS = {
    "true": "#009E73",
    "false": "#D55E00",
    "depends": "#E69F00",
    "not separable": "#CC79A7",
}
CASE = {True: "holds", False: "fails", None: "open"}
NEUTRAL = "#0072B2"

CARD = (
    "border:1px solid rgba(128,128,128,.5);border-left:6px solid {colour};"
    "border-radius:4px;padding:.6em .9em;margin:.4em 0;max-width:48em;line-height:1.45"
)
TABLE = (
    "border:none;margin:.3em 0 0;color:inherit;font-size:inherit;"
    "border-collapse:collapse"
)
LABEL = "text-align:left;vertical-align:top;padding:.1em 1em .1em 0;white-space:nowrap"
VALUE = "text-align:left;vertical-align:top;padding:.1em 0;font-weight:normal"


def number_text(value: int | float | str | Interval) -> str:
    """Write a measurement: 1,234 for whole numbers, 4 significant digits otherwise."""
    if isinstance(value, str | Interval):
        return str(value)
    if isinstance(value, Integral):
        return f"{int(value):,}"
    short = float(f"{float(value):.4g}")
    if 1e4 <= abs(short) < 1e15:
        return f"{short:,.0f}"
    return f"{short:.4g}"


def claim_text(claim) -> str:
    """Write a claim as text, its statement and no verdict."""
    return _row_text(f"Claim {claim.id}", claim.statement)


def claim_html(claim) -> str:
    """Write a claim as a card, its statement and no verdict."""
    return card(
        f"Claim {claim.id}",
        NEUTRAL,
        f"<strong>Claim {claim.id}</strong><br>{escape(claim.statement)}",
    )


def verdict_rows(verdict) -> list[tuple[str, str]]:
    """Give the rows that both cards show, as (label, text)."""
    measured = [f"{name} = {number_text(value)}" for name, value in verdict.measured]
    cases = [f"{CASE[held]}: {name}" for name, held in verdict.cases]
    rows = [("claim", verdict.claim.statement)]
    rows += [("predicted", verdict.predicted or "no prediction made")]
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


def verdict_text(verdict) -> str:
    """Write a verdict as a block of lines."""
    head = f"{verdict.claim.id} {SIGNS[verdict.verdict]} {verdict.verdict}"
    return "\n".join([head, *(_row_text(*row) for row in verdict_rows(verdict))])


def verdict_html(verdict) -> str:
    """Write a verdict as a card, the prediction beside the verdict."""
    word = f"{SIGNS[verdict.verdict]} {verdict.verdict}"
    by_label = groupby(verdict_rows(verdict), key=lambda row: row[0])
    rows = "".join(
        _row_html(label, [text for _, text in run]) for label, run in by_label
    )
    return card(
        f"Verdict on claim {verdict.claim.id}: {verdict.verdict}",
        COLOURS[verdict.verdict],
        f"<strong>{verdict.claim.id} &nbsp; {word}</strong>"
        f'<table style="{TABLE}"><tbody>{rows}</tbody></table>',
    )


def _row_html(label: str, lines: list[str]) -> str:
    value = "<br>".join(escape(line) for line in lines)
    return (
        f'<tr style="background:transparent"><th scope="row" style="{LABEL}">'
        f'{label}</th><td style="{VALUE}">{value}</td></tr>'
    )


def card(name: str, colour: str, inside: str) -> str:
    """Frame HTML as a card.

    Args:
        name: what a screen reader calls it.
        colour: of its left edge.
        inside: HTML.
    """
    style = CARD.format(colour=colour)
    return (
        f'<div role="group" aria-label="{escape(name)}" style="{style}">{inside}</div>'
    )


def _row_text(label: str, text: str) -> str:
    lead = f"  {label:<10} " if not label.startswith("Claim") else f"{label}: "
    return textwrap.fill(
        text,
        width=88,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )
