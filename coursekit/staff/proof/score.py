"""The proof: every right answer passes, every wrong one is caught, mutants counted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor

from coursekit.course.exercises.checker import judge
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.tried_calls import calls
from coursekit.course.exercises.values import is_value
from coursekit.staff.proof.mutate import Mutant, mutants

MUTANT_SECONDS = 5.0


@dataclass(frozen=True)
class Proof:
    """What the check of one exercise told apart.

    `faults` lists right answers that fail and wrong ones that pass or get another
    sentence than their own; `loud` counts mutants that raise or never end, which any
    check would notice; `survivors` are mutants that pass and are not known to be
    right; `stale` are mutants listed as right that are caught or do not exist.
    """

    exercise_id: str
    title: str
    right: int
    wrong: int
    mutants: int
    loud: int
    equivalent: int
    faults: tuple[str, ...] = ()
    survivors: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()

    @property
    def caught(self) -> int:
        """Count the mutants that were told apart."""
        return self.mutants - self.equivalent - len(self.survivors)

    @property
    def score(self) -> float:
        """Return caught / (mutants − equivalent); 1.0 where there are no mutants."""
        counted = self.mutants - self.equivalent
        return self.caught / counted if counted else 1.0


def prove(exercise: Exercise) -> Proof:
    """Run all right answers, wrong answers and mutants of an exercise."""
    right = _distinct([exercise.solution, *exercise.right])
    statuses = _mutants(exercise)
    survived = {label for label, status in statuses.items() if status == "right"}
    known = set(exercise.equivalents)
    return Proof(
        exercise.id,
        exercise.title,
        right=len(right),
        wrong=len(exercise.mistakes),
        mutants=len(statuses),
        loud=sum(status == "could not be checked" for status in statuses.values()),
        equivalent=len(survived & known),
        faults=(*_rejected(exercise, right), *_missed(exercise)),
        survivors=tuple(sorted(survived - known)),
        stale=tuple(sorted(known - survived)),
    )


def _distinct(answers: Iterable[object]) -> list[object]:
    return list({repr(answer): answer for answer in answers}.values())


def _rejected(exercise: Exercise, right: Iterable[object]) -> list[str]:
    said = []
    for answer in right:
        outcome = judge(exercise, answer)
        if outcome.status != "right":
            name = getattr(answer, "__name__", repr(answer))
            said.append(f"right answer {name}: {outcome!r}")
    return said


def _missed(exercise: Exercise) -> list[str]:
    said = []
    for mistake in exercise.mistakes:
        outcome = judge(exercise, mistake.answer)
        if (outcome.status, outcome.message) != ("wrong", mistake.message):
            said.append(f"wrong answer {mistake.name}: {outcome!r}")
    return said


def _mutants(exercise: Exercise) -> dict[str, str]:
    """Return the status of each mutant of the solution by its label."""
    if is_value(exercise):
        return {}
    return {
        mutant.label: judge(
            exercise, mutant.answer, seconds=MUTANT_SECONDS, explain=False
        ).status
        for mutant in wrong_forms(exercise, exercise.solution)
    }


def wrong_forms(exercise: Exercise, answer: Callable) -> list[Mutant]:
    """Return the mutants of a right answer that the exercise has a reason to refuse."""
    is_module = exercise.kind == "module"
    arguments = [value for call in calls(exercise, 0) for value in call.args]
    return mutants(
        answer,
        gradient=is_module or bool(exercise.gradient),
        in_place=any(isinstance(value, Tensor) for value in arguments),
    )


HEAD = ("right", "wrong", "mutants", "raise", "equal", "caught")


def table(proofs: Iterable[Proof]) -> str:
    """Return the score as a text table: one line an exercise, and the sum."""
    proofs = list(proofs)
    names = "".join(f"{name:>8}" for name in HEAD)
    lines = [f"{'id':6}{'exercise':40}{names}{'score':>8}"]
    lines += [_line(one.exercise_id, one.title, [one]) for one in proofs]
    return "\n".join([*lines, _line("all", f"{len(proofs)} exercises", proofs)])


def total_score(proofs: Iterable[Proof], *, quiet: bool = False) -> float:
    """Return caught / (mutants − equivalent) over all exercises.

    Args:
        quiet: leave out mutants that raise or never end.
    """
    proofs = list(proofs)
    loud = sum(one.loud for one in proofs) if quiet else 0
    counted = sum(one.mutants - one.equivalent for one in proofs) - loud
    return (sum(one.caught for one in proofs) - loud) / counted if counted else 1.0


def _line(exercise_id: str, title: str, proofs: list[Proof]) -> str:
    names = ("right", "wrong", "mutants", "loud", "equivalent", "caught")
    sums = [sum(getattr(one, name) for one in proofs) for name in names]
    cells = "".join(f"{number:8}" for number in sums)
    score = f"{total_score(proofs):8.1%}" if sums[2] else f"{'–':>8}"
    return f"{exercise_id:6}{title[:39]:40}{cells}{score}"
