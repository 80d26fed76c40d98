"""A task per student: an exercise's question, asked with numbers of one's own.

    [[part]]
    personal = "02.6"
    points = 2

The numbers come from the course's secret and the student's id. They are drawn until
every known wrong answer gives another value than the right one, and until the task is
as long as everybody's.
"""

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from numbers import Real

from coursekit.course.exercises.agreement import first_difference
from coursekit.course.exercises.draw import derived_seed
from coursekit.course.exercises.exercise import Exercise, Mistake
from coursekit.course.exercises.tried_calls import calls, leaves
from coursekit.course.exercises.values import is_value

SEEDS = 40  # draws of an exercise's cases until one fits


@dataclass(frozen=True)
class Question:
    """A call of an exercise that tells all its known mistakes apart."""

    args: tuple
    right: Real
    wrong: tuple[Mistake, ...]

    @property
    def length(self) -> int:
        """Return how many numbers are given."""
        return len(list(leaves(self.args)))


def personal_exercise(base: Exercise, seed: int) -> Exercise:
    """Ask an exercise's question with numbers of one's own.

    Args:
        base: a function of numbers that returns a number.
        seed: of the student, as `hidden_seed` gives it.

    Raises:
        ValueError: the exercise is of another kind, or no numbers tell all its known
            mistakes apart.
    """
    usual = usual_length(base)
    for number in range(SEEDS):
        for question in _questions(base, derived_seed("personal", seed, number)):
            if question.length == usual:
                return _asked(base, question)
    raise ValueError(_unfit(base))


@lru_cache(maxsize=64)
def usual_length(base: Exercise) -> int:
    """Return how many numbers a task has: the same for all students.

    Raises:
        ValueError: as `personal_exercise`.
    """
    pool = [one for seed in range(SEEDS // 4) for one in _questions(base, seed)]
    if not pool:
        raise ValueError(_unfit(base))
    return Counter(question.length for question in pool).most_common(1)[0][0]


def _unfit(base: Exercise) -> str:
    return (
        f"exercise {base.id} cannot be personal: no numbers tell the right value from "
        "those of all its known mistakes"
    )


def _questions(base: Exercise, seed: int) -> Iterator[Question]:
    """Yield the calls of a seed in which each known mistake gives another value."""
    if is_value(base) or base.kind != "function" or base.observe:
        return
    fixed = {repr(call.args) for call in calls(base, seed + 1)}
    for call in calls(base, seed):
        drawn = call.mode == "value" and repr(call.args) not in fixed
        if not drawn or not all(isinstance(one, Real) for one in leaves(call.args)):
            continue  # the same for every seed: it stands in the statement
        right = base.oracle(*deepcopy(call.args))
        if isinstance(right, bool) or not isinstance(right, Real):
            return
        wrong = tuple(_wrong(base, call.args))
        told = (first_difference(one.answer, right) for one in wrong)
        if len(wrong) == len(base.mistakes) and all(told):
            yield Question(call.args, right, wrong)


def _wrong(base: Exercise, args: tuple) -> Iterator[Mistake]:
    """Yield the known mistakes with the value that each gives."""
    for mistake in base.mistakes:
        try:
            value = mistake.answer(*deepcopy(args))
        except Exception:  # noqa: BLE001 (a mistake that raises has no value)
            return
        if not isinstance(value, Real):
            return
        yield replace(mistake, answer=value)


def _asked(base: Exercise, question: Question) -> Exercise:
    call = f"{base.answer_name}({', '.join(map(repr, question.args))})"
    asked = f"Work it out for your own numbers: what does `{call}` return?"
    return asked_as_number(base, asked, question.right, question.wrong)


def asked_as_number(
    base: Exercise, asked: str, right: Real, wrong: tuple[Mistake, ...]
) -> Exercise:
    """Make an exercise of kind "number", which the checks know how to judge.

    Args:
        base: the exercise whose function is applied.
        asked: the question, behind the exercise's statement.
        right, wrong: the value, and those that known mistakes give.
    """
    return replace(
        base,
        kind="number",
        statement=f"{base.statement} {asked}",
        solution=right,
        oracle=right,
        wrong=wrong,
        right=(right,),
        cases=None,
        corners=None,
        gradient=(),
        forbids=(),
        device=False,
    )
