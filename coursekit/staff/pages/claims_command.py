"""`coursekit claims`: every claim of the course beside the verdict last measured."""

import argparse
import json
import sys
from collections.abc import Sequence

from coursekit._base.words import number_text
from coursekit.course.claims import CLAIMS, Claim, Verdict, listing
from coursekit.staff.build.folder import notebooks_folder, sessions

NOT_TESTED = "not tested yet"


def main(argv: Sequence[str] | None = None) -> int:
    """Run `coursekit claims`; give its exit code."""
    parser = argparse.ArgumentParser(
        prog="coursekit claims",
        description="List the claims and the verdicts in the solution notebooks.",
        epilog="example: coursekit claims --session 01",
    )
    parser.add_argument("--json", action="store_true", help="as JSON, every field")
    parser.add_argument("--session", metavar="NN", help="only the claims of a session")
    parser.add_argument("--root", help="the course's folder; else found from here")
    options = parser.parse_args(argv)
    rows = chosen(options.session)
    folder = notebooks_folder(options.root)
    built = [s.solution for s in sessions(folder) if s.solution.is_file()]
    verdicts = {verdict.claim.id: verdict for verdict in listing(built)}
    write = as_json if options.json else as_table
    sys.stdout.write(write(rows, verdicts) + "\n")
    return 0


def chosen(session: str | None) -> list[Claim]:
    """List the claims of one session, or all.

    Raises:
        ValueError: no claim belongs to that session.
    """
    rows = [row for row in CLAIMS.values() if session in (None, row.session)]
    if not rows:
        known = ", ".join(sorted({row.session for row in CLAIMS.values()}))
        raise ValueError(f"`session` must be one of {known}; got {session!r}")
    return rows


def as_table(rows: Sequence[Claim], verdicts: dict[str, Verdict]) -> str:
    """Write one line a claim: id, session, verdict, numbers."""
    lines = [_line(row, verdicts.get(row.id)) for row in rows]
    tested = sum(row.id in verdicts for row in rows)
    return "\n".join([*lines, f"{tested} of {len(rows)} claims tested"])


def _line(row: Claim, verdict: Verdict | None) -> str:
    if verdict is None:
        return f"{row.id}  {row.session}  {NOT_TESTED}"
    numbers = ", ".join(f"{name} = {number_text(v)}" for name, v in verdict.measured)
    differs = f" (expected {row.syllabus_verdict})" if verdict.surprising else ""
    return f"{row.id}  {row.session}  {verdict.verdict:<7}{differs}  {numbers}".rstrip()


def as_json(rows: Sequence[Claim], verdicts: dict[str, Verdict]) -> str:
    """Write a list of objects; `verdict` is null where nothing is measured yet."""
    return json.dumps(
        [
            verdicts[row.id].as_dict() | {"statement": row.statement}
            if row.id in verdicts
            else _untested(row)
            for row in rows
        ],
        ensure_ascii=False,
        indent=1,
    )


def _untested(row: Claim) -> dict:
    return {
        "id": row.id,
        "session": row.session,
        "statement": row.statement,
        "verdict": None,
        "expected": row.syllabus_verdict,
        "cases": {},
        "measured": {},
        "predicted": None,
        "why": None,
    }
