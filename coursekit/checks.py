"""The old address of the exercises and challenges: they stand in `coursekit.course`."""

from coursekit.course.challenges import Challenge, challenge
from coursekit.course.challenges import all_challenges as challenges
from coursekit.course.exercises import Exercise, check, exercise, hint, solution

__all__ = [
    "Challenge",
    "Exercise",
    "challenge",
    "challenges",
    "check",
    "exercise",
    "hint",
    "solution",
]
