"""The verdicts of one sitting, side by side: what a notebook ends with.

This is the one place of the package that remembers: a kernel's history is not
there under nbval, and a list that each of twenty-five cells has to append to would
stand in the student's way. A verdict that is computed again replaces the older one.
"""

from dataclasses import dataclass

from coursekit._base.card import Displayed, Table
from coursekit._base.validate import choice
from coursekit.course.claims.claim_cards import COLOURS, SIGNS
from coursekit.course.claims.syllabus import CLAIMS, Claim
from coursekit.course.records import note

_LATEST: dict[str, object] = {}


@dataclass(frozen=True, repr=False)
class VerdictTable(Displayed):
    """One line for each claim of a session.

    Args:
        session: "01" to "08".
        verdicts: those computed so far, in the order of the claims.
        missing: claims whose cell has not been run.
    """

    session: str
    verdicts: tuple
    missing: tuple[Claim, ...]

    @property
    def _shown(self) -> Table:
        words = [verdict.verdict for verdict in self.verdicts]
        return Table(
            ("claim", "verdict", "held", "statement"),
            [_row(verdict) for verdict in self.verdicts],
            caption=_summary(self),
            left=4,
            edges=[COLOURS[word] for word in words],
        )


def remember(verdict) -> None:
    """Keep the latest verdict on its claim."""
    _LATEST[verdict.claim.id] = verdict
    note("verdicts", verdict.claim.id, verdict.verdict)


def verdict_table(
    session: str, *, first: str | None = None, last: str | None = None
) -> VerdictTable:
    """Show the verdicts that were computed in this kernel.

    Args:
        session: "01" to "08".
        first, last: only these claims, for one of two notebooks of a session.

    Raises:
        ValueError: no such session, or no such claim in it.
    """
    choice("session", session, sorted({row.session for row in CLAIMS.values()}))
    rows = [row for row in CLAIMS.values() if row.session == session]
    ids = [row.id for row in rows]
    for name, id in (("first", first), ("last", last)):
        choice(name, id, [None, *ids])
    ends = ids.index(first or ids[0]), ids.index(last or ids[-1])
    rows = rows[ends[0] : ends[1] + 1]
    done = tuple(_LATEST[row.id] for row in rows if row.id in _LATEST)
    missing = tuple(row for row in rows if row.id not in _LATEST)
    return VerdictTable(session, done, missing)


def _held(verdict) -> str:
    return f"{sum(held is True for _, held in verdict.cases)} of {len(verdict.cases)}"


def _note(verdict) -> str:
    expected = verdict.claim.syllabus_verdict
    return f" (the course expected {expected})" if verdict.surprising else ""


def _row(verdict) -> tuple[str, ...]:
    word = f"{SIGNS[verdict.verdict]} {verdict.verdict}{_note(verdict)}"
    return verdict.claim.id, word, _held(verdict), verdict.claim.statement


def _summary(table: VerdictTable) -> str:
    words = [verdict.verdict for verdict in table.verdicts]
    counts = ", ".join(f"{words.count(w)} {w}" for w in SIGNS if w in words)
    text = f"Session {table.session}: {counts or 'no verdict yet'}"
    if table.missing:
        text += f"; not run here: {', '.join(row.id for row in table.missing)}"
    return text
