"""What students call: `check`, `hint`, `solution` and `exercise`."""

import os

from coursekit._base.validate import integer
from coursekit.course.exercises.checker import judge
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.outcomes import CheckFailed, Hint, Outcome, Solution
from coursekit.course.exercises.registry import load
from coursekit.course.records import note


def check(exercise_id: str, answer: object = ..., *, seed: int = 0) -> Outcome:
    """Compare an answer with the exercise's oracle on random inputs.

    A function may take 10 seconds altogether. What it prints is not shown, and global
    settings that it changes are put back; the outcome tells both. The arguments of the
    first call that went wrong are in `check(...).example`.

    One thing cannot be stopped inside a notebook: a single call that runs for ever
    outside Python's own code, such as `sum(iter(int, 1))`, or a thread that an answer
    starts. Then interrupt the kernel, and restart it if that does not help. And a check
    is for learning: code that changes the check itself can fool it.

    Args:
        exercise_id: such as "01.3".
        answer: what the exercise asks for: a function, a class, a number, a choice.
        seed: other inputs, same exercise; the same seed gives the same inputs.

    Raises:
        ValueError: no exercise has this id.
        CheckFailed: the answer is not right and COURSEKIT_STRICT=1 is set.
    """
    seed = integer("seed", seed, low=0)
    outcome = judge(load(exercise_id), answer, seed=seed)
    note("checks", exercise_id, outcome.status)
    if os.environ.get("COURSEKIT_STRICT") == "1" and outcome.status != "right":
        raise CheckFailed(repr(outcome))
    return outcome


_HINTED: dict[str, int] = {}  # the hint that was shown last in this kernel


def hint(exercise_id: str, level: int | None = None) -> Hint:
    """Show a hint of an exercise, the gentlest first and the next at every call.

    Args:
        exercise_id: such as "01.3".
        level: which hint, from 1; None for the next one in this kernel.

    Raises:
        ValueError: no exercise has this id, or it has fewer hints.
    """
    hints = load(exercise_id).hints
    if level is None:
        level = min(_HINTED.get(exercise_id, 0) + 1, len(hints))
    level = integer("level", level, low=1, high=len(hints))
    _HINTED[exercise_id] = level
    return Hint(exercise_id, level, len(hints), hints[level - 1])


def solution(exercise_id: str) -> Solution:
    """Show one right answer of an exercise and what to take away from it.

    Raises:
        ValueError: no exercise has this id.
    """
    exercise = load(exercise_id)
    return Solution(
        exercise_id, exercise.title, exercise.solution_text, exercise.takeaway
    )


def exercise(exercise_id: str) -> Exercise:
    """Return the exercise with this id: statement, stub, minutes, hints.

    Raises:
        ValueError: no exercise has this id.
    """
    return load(exercise_id)
