"""Where am I? `progress()`: a line a session, from the student's own small file."""

from pathlib import Path

from coursekit._base.card import Table
from coursekit.course.claims import CLAIMS
from coursekit.course.exercises import exercise, exercise_ids
from coursekit.course.records import Records, record_file, recorded

HEAD = ("session", "checks right", "predictions hit", "claims tested", "minutes left")


class Progress(Table):
    """A table that shows itself in a notebook."""

    __repr__ = Table.text
    _repr_html_ = Table.html


def progress(*, folder: Path | None = None) -> Progress:
    """Show what you have done: checks right, predictions hit, claims, minutes left.

    The minutes are those of the exercises that are not right yet.

    Args:
        folder: where the file lies; None for the place of the checkpoints.

    Example: `forget_progress()` deletes the file.
    """
    kept = recorded(folder)
    sessions = sorted({row.session for row in CLAIMS.values()} | {"00", "08"})
    ids = exercise_ids()
    rows = [_row(session, kept, ids) for session in sessions]
    done = sum(status == "right" for status in kept["checks"].values())
    checks = "1 check" if done == 1 else f"{done} checks"
    caption = f"{checks} right so far; kept in {record_file(folder)}"
    return Progress(HEAD, [row for row in rows if row], caption)


def _row(session: str, kept: Records, ids: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return a session's line; None where there is nothing in it yet to do or see."""
    mine = [one for one in ids if one[:2] == session]
    left = [one for one in mine if kept["checks"].get(one) != "right"]
    seen = [o for n, o in kept["predictions"].items() if n[:2] == session]
    hits = sum(bool(outcome.get("right")) for outcome in seen)
    claims = [row.id for row in CLAIMS.values() if row.session == session]
    tested = sum(id in kept["verdicts"] for id in claims)
    if not (mine or claims or seen):
        return None
    return (
        session,
        f"{len(mine) - len(left)} of {len(mine)}",
        f"{hits} of {len(seen)}" if seen else "–",
        f"{tested} of {len(claims)}" if claims else "–",
        str(sum(exercise(one).minutes for one in left)),
    )
