"""The old address of `coursekit.course.claims`."""

from coursekit.course.claims import CLAIMS, Claim, claim, verdict, verdict_table

__all__ = ["CLAIMS", "Claim", "claim", "verdict", "verdict_table"]
