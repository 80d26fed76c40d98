"""Exercises that check themselves: `check`, `hint`, `solution`, `exercise`.

    check("01.3", receptive_field)   # right, wrong (why), not yet, could not be checked
    hint("01.3")                     # the gentlest hint; hint("01.3", 2) is stronger
    solution("01.3")                 # the source of a right answer

Each exercise is one small file in `coursekit/course/exercises/bank/` that carries right
answers, the wrong answers students really give, and the sentence for each of them;
`coursekit checks --score` proves that every one of those is told apart.
"""

from coursekit.course.exercises.ask import check, exercise, hint, solution
from coursekit.course.exercises.exercise import Exercise, Mistake
from coursekit.course.exercises.outcomes import CheckFailed, Hint, Outcome, Solution
from coursekit.course.exercises.registry import exercise_ids

__all__ = [
    "CheckFailed",
    "Exercise",
    "Hint",
    "Mistake",
    "Outcome",
    "Solution",
    "check",
    "exercise",
    "exercise_ids",
    "hint",
    "solution",
]
