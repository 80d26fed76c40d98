"""Judges answers that are values: a number, a choice, a design checked by rules."""

import math
from numbers import Integral, Real

from torch import Tensor

from coursekit.course.exercises.agreement import first_difference, plain_integer
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
    """Compare exactly where the right answer is a whole number, else nearly."""
    if isinstance(exercise.oracle, Integral):
        return _plain(one) == other
    near = first_difference(_plain(one), float(other), tolerance=exercise.tolerance)
    return not near


def _plain(number: Real) -> int | float:
    """Return a plain number, whatever a class of one's own makes of `==`."""
    if isinstance(number, Integral):
        number = plain_integer(number)
    try:
        return number if isinstance(number, int) else float.__add__(float(number), 0.0)
    except OverflowError:
        return math.inf


def _choice(exercise: Exercise, answer: object) -> tuple[str, str, str]:
    letters = ", ".join(map(repr, exercise.options))
    key = _plain_text(answer).strip().upper() if isinstance(answer, str) else ""
    if key not in exercise.options:
        text = f"You gave {shown(answer)}; give one of {letters}."
        return "could not be checked", text, ""
    if key == exercise.oracle:
        return "right", exercise.takeaway, ""
    for mistake in exercise.mistakes:
        if key == mistake.answer:
            return "wrong", mistake.message, mistake.name
    return "wrong", f"It is not {key}. {_help(exercise)}", ""


def _plain_text(word: object) -> object:
    """Return plain text for text of a class of one's own; all else as it is."""
    return "".join((word,)) if isinstance(word, str) else word


def _design(exercise: Exercise, answer: object) -> tuple[str, str, str]:
    """Ask the oracle for the first broken rule; a design of the wrong sort raises."""
    if isinstance(answer, (list, tuple)):  # plain words, which compare as they should
        answer = [_plain_text(word) for word in answer]
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
