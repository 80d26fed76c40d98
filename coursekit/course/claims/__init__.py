"""The syllabus as data, and verdicts that are computed from what a notebook measured.

A notebook shows `claim("C03")`, the student predicts, the experiment runs, and
`verdict("C03", cases=…, measured=…, predicted=…, why=…)` shows a card. Nobody types a
verdict: all cases true make "true", all false "false", anything else "depends".
`verdict_table("03")` sums up a sitting; `listing(paths)` reads the verdicts back from
the solution notebooks' stored outputs.
"""

from coursekit.course.claims.board import VerdictTable, verdict_table
from coursekit.course.claims.syllabus import CLAIMS, Claim
from coursekit.course.claims.verdict_listing import listing
from coursekit.course.claims.verdicts import (
    VERDICT_MIME,
    ClaimCard,
    Verdict,
    claim,
    verdict,
)

__all__ = [
    "CLAIMS",
    "VERDICT_MIME",
    "Claim",
    "ClaimCard",
    "Verdict",
    "VerdictTable",
    "claim",
    "listing",
    "verdict",
    "verdict_table",
]
