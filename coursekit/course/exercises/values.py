"""Judges answers that are values: a number, a choice, a design checked by rules."""

from numbers import Real

from torch import Tensor

from coursekit.course.exercises.agreement import first_difference
from coursekit.course.exercises.describe import kind_of, shown
from coursekit.course.exercises.exercise import Exercise

JUDGED_AS_VALUES = ("number", "choice", "design")


def is_value(exercise: Exercise) -> bool:
    """Say whether the answer is a value and not a function or class."""
    return exercise.kind in JUDGED_AS_VALUES


def judge_value(exercise: Exercise, answer: object) -> tuple[str, str, str]:
    """Return status, message and the name of the known mistake, if it is one."""
    judged = {"number": _number, "choice": _choice, "design": _design}
    return judged[exercise.kind](exercise, answer)


def _number(exercise: Exercise, answer: object) -> tuple[str, str, str]:
    if isinstance(answer, Tensor) and answer.numel() == 1 and not answer.is_complex():
        answer = answer.item()
    if isinstance(answer, bool) or not isinstance(answer, Real):
        text = f"You gave {kind_of(answer)}, {shown(answer)}; give a number."
        return "could not be checked", text, ""
    if _same_number(exercise, answer, exercise.oracle):
        return "right", exercise.takeaway, ""
    for mistake in exercise.mistakes:
        if _same_number(exercise, answer, mistake.answer):
            return "wrong", mistake.message, mistake.name
    return "wrong", f"It is not {shown(answer)}. {_help(exercise)}", ""


def _same_number(exercise: Exercise, one: Real, other: Real) -> bool:
    return not first_difference(float(one), float(other), tolerance=exercise.tolerance)


def _choice(exercise: Exercise, answer: object) -> tuple[str, str, str]:
    letters = ", ".join(map(repr, exercise.options))
    key = answer.strip().upper() if isinstance(answer, str) else answer
    if key not in list(exercise.options):
        text = f"You gave {shown(answer)}; give one of {letters}."
        return "could not be checked", text, ""
    if key == exercise.oracle:
        return "right", exercise.takeaway, ""
    for mistake in exercise.mistakes:
        if key == mistake.answer:
            return "wrong", mistake.message, mistake.name
    return "wrong", f"It is not {key}. {_help(exercise)}", ""


def _design(exercise: Exercise, answer: object) -> tuple[str, str, str]:
    """Ask the oracle for the first broken rule; a design of the wrong sort raises."""
    try:
        broken = exercise.oracle(answer)
    except ValueError as error:
        return "could not be checked", str(error), ""
    if broken:
        names = (one.name for one in exercise.mistakes if one.message == broken)
        return "wrong", broken, next(names, "")
    return "right", exercise.takeaway, ""


def _help(exercise: Exercise) -> str:
    return f'`hint("{exercise.id}")` gives a first nudge.'
