"""How alike the personal parts of a class are: the same effort, other answers."""

from collections.abc import Sequence
from itertools import permutations

from coursekit._base.card import Table
from coursekit._base.words import many
from coursekit.course.exercises.values import judge_value
from coursekit.staff.grading.assignment import Assignment, Part, hidden_seed
from coursekit.staff.grading.diagnosis import FAULTS, LAYERS, patient

HEAD = ("part", "what differs", "effort", "right with a neighbour's answer")
MOST = 60  # students who are compared with each other; of a larger class, the first


def spread(
    assignment: Assignment, students: Sequence[str], secret: bytes
) -> list[tuple[str, ...]]:
    """Return a row for each personal part, and one for all of them together.

    The last cell says in how many ordered pairs of students the one's answer is right
    for the other, too.
    """
    students = list(students)[:MOST]
    owns = [assignment.of_student(one, secret) for one in students]
    asked = [[part for part in own.parts if part.personal] for own in owns]
    parts = [part for part in assignment.parts if part.personal]
    pairs = [
        [_fits(a, b) for a, b in zip(*pair, strict=True)]
        for pair in permutations(asked, 2)
    ]
    rows = []
    for part, mine, alike in zip(
        parts, zip(*asked, strict=True), zip(*pairs, strict=True), strict=True
    ):
        seeds = [hidden_seed(secret, one, part.id) for one in students]
        rows.append((part.id, *_said(part, mine, seeds), _of(alike)))
    return [*rows, ("all", "", "", _of([all(pair) for pair in pairs]))]


def spread_table(assignment: Assignment, students: Sequence[str], secret: bytes) -> str:
    """Return `spread` as lines for the terminal."""
    rows = spread(assignment, students, secret)
    return Table(HEAD, rows, "Personal parts", left=3).text()


def _fits(mine: Part, theirs: Part) -> bool:
    if mine.network:  # one that uses all of the neighbour's budget
        return theirs.network.budget <= mine.network.budget
    return judge_value(mine.exercise, theirs.exercise.solution)[0] == "right"


def _of(alike: Sequence[bool]) -> str:
    return f"{sum(alike):,} of {len(alike):,}"


def _said(part: Part, owns: Sequence[Part], seeds: Sequence[int]) -> tuple[str, str]:
    """Say what differs from student to student, and what does not."""
    if part.diagnosis:
        patients = [patient(seed) for seed in seeds]
        kinds = len({one.fault for one in patients})
        works = [one.multiply_adds for one in patients]
        effort = f"{LAYERS} layers, {min(works):,} to {max(works):,} multiply-adds"
        return f"{kinds} of {len(FAULTS)} faults", effort
    if part.network:
        budgets = [one.network.budget for one in owns]
        effort = f"fewer than {min(budgets):,} to {max(budgets):,} parameters"
        return f"{many(len(set(budgets)), 'budget')} of {len(owns)}", effort
    values = len({one.exercise.solution for one in owns})
    alike = "pictures of one size" if owns[0].cells else "as many numbers"
    return f"{many(values, 'value')} of {len(owns)}", f"{alike} for everybody"
