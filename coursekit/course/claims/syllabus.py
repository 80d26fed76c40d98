"""The syllabus, `claims.toml`, as objects: every claim the course tests."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Claim:
    """One row of the syllabus.

    Args:
        id: "C01" to "C86"; the same in notebooks, package and tests.
        session: two digits, the session that tests it.
        statement: the claim as it is usually stated, one sentence.
        syllabus_verdict: "true", "false" or "depends": what the course expects.
        experiment: what the student sees.
    """

    id: str
    session: str
    statement: str
    syllabus_verdict: str
    experiment: str


def _claims(path: Path) -> dict[str, Claim]:
    sessions = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        id: _claim(id, session, **row)
        for session, rows in sessions.items()
        for id, row in rows.items()
    }


def _claim(
    id: str, session: str, *, statement: str, expected: str, experiment: str
) -> Claim:
    texts = [" ".join(text.split()) for text in (statement, expected, experiment)]
    return Claim(id, session, *texts)


CLAIMS: dict[str, Claim] = _claims(Path(__file__).with_name("claims.toml"))
