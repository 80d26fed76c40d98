"""The verdicts of one sitting, side by side: what a notebook ends with.

This is the one place of the package that remembers: a kernel's history is not
there under nbval, and a list that each of twenty-five cells has to append to would
stand in the student's way. A verdict that is computed again replaces the older one.
"""

from dataclasses import dataclass
from html import escape

from coursekit._base.validate import choice
from coursekit.course.claims.claim_cards import COLOURS, SIGNS
from coursekit.course.claims.syllabus import CLAIMS, Claim

_LATEST: dict[str, object] = {}


@dataclass(frozen=True, repr=False)
class VerdictTable:
    """One line for each claim of a session.

    Args:
        session: "01" to "08".
        verdicts: those computed so far, in the order of the claims.
        missing: claims whose cell has not been run.
    """

    session: str
    verdicts: tuple
    missing: tuple[Claim, ...]

    def __repr__(self) -> str:
        return "\n".join([*map(_text, self.verdicts), _summary(self)])

    def _repr_html_(self) -> str:
        rows = "".join(map(_row, self.verdicts))
        return (
            f"<table><caption style='text-align:left'>{escape(_summary(self))}"
            "</caption><thead><tr><th>claim</th><th style='text-align:left'>verdict"
            "</th><th>cases that held</th><th style='text-align:left'>statement</th>"
            f"</tr></thead><tbody>{rows}</tbody></table>"
        )


def remember(verdict) -> None:
    """Keep the latest verdict on its claim."""
    _LATEST[verdict.claim.id] = verdict


def verdict_table(session: str) -> VerdictTable:
    """Show the verdicts that were computed in this kernel.

    Args:
        session: "01" to "08".

    Raises:
        ValueError: no such session.
    """
    choice("session", session, sorted({row.session for row in CLAIMS.values()}))
    rows = [row for row in CLAIMS.values() if row.session == session]
    done = tuple(_LATEST[row.id] for row in rows if row.id in _LATEST)
    missing = tuple(row for row in rows if row.id not in _LATEST)
    return VerdictTable(session, done, missing)


def _held(verdict) -> str:
    return f"{sum(held is True for _, held in verdict.cases)} of {len(verdict.cases)}"


def _note(verdict) -> str:
    expected = verdict.claim.syllabus_verdict
    return f" (the course expected {expected})" if verdict.surprising else ""


def _text(verdict) -> str:
    word = f"{SIGNS[verdict.verdict]} {verdict.verdict:13}"
    return (
        f"{verdict.claim.id}  {word} {_held(verdict):>6}  "
        f"{verdict.claim.statement[:50]}{_note(verdict)}"
    )


def _row(verdict) -> str:
    colour = COLOURS[verdict.verdict]
    word = f"{SIGNS[verdict.verdict]} {verdict.verdict}{_note(verdict)}"
    return (
        f"<tr><td>{verdict.claim.id}</td><td style='text-align:left;white-space:nowrap;"
        f"border-left:6px solid {colour}'>{escape(word)}</td><td>{_held(verdict)}</td>"
        f"<td style='text-align:left'>{escape(verdict.claim.statement)}</td></tr>"
    )


def _summary(table: VerdictTable) -> str:
    words = [verdict.verdict for verdict in table.verdicts]
    counts = ", ".join(f"{words.count(w)} {w}" for w in SIGNS if w in words)
    text = f"Session {table.session}: {counts or 'no verdict yet'}"
    if table.missing:
        text += f"; not run: {', '.join(row.id for row in table.missing)}"
    return text
