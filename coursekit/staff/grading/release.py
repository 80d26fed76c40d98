"""Makes a student's notebook of an assignment, and proves it before it goes out."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.values import is_value
from coursekit.staff.build.convert import KERNEL
from coursekit.staff.build.setup_cell import setup_source
from coursekit.staff.grading.assignment import Assignment, Part
from coursekit.staff.grading.grade import WRITE_HERE, grade
from coursekit.staff.grading.sandbox import Sandbox
from coursekit.staff.proof.score import prove

IMPORTS = """\
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from coursekit import check, hint"""
TELLING = 24  # letters from which a line of a solution tells something


@dataclass(frozen=True)
class Release:
    """A notebook that was proven: its path, and what its two versions scored."""

    path: Path
    student_points: int
    solution_points: int
    of: int


def release(
    assignment: Assignment, folder: Path, sandbox: Sandbox, secret: bytes
) -> Release:
    """Write the student's notebook, when the proof holds.

    The student's version must score 0 and the solved one all points, in the sandbox
    that will grade; no line of a solution may stand in what goes out; an instructor's
    own exercise must catch its wrong answers and mutants, as the course's do.

    Args:
        folder: where the notebook goes, named after the assignment's id.
        secret: of the course; only the proof uses it.

    Raises:
        ValueError: the proof fails, or the notebook is there and differs.
    """
    for part in assignment.exercises:
        _proven(part.exercise)
    student, solved = (notebook_text(assignment, solved=s) for s in (False, True))
    _without_solutions(student, assignment)
    scores = [_score(text, assignment, sandbox, secret) for text in (student, solved)]
    most = sum(part.points for part in assignment.exercises)
    if scores != [0, most]:
        raise ValueError(
            f"the student's version scores {scores[0]} and the solved one {scores[1]}; "
            f"0 and {most} are right: nothing was released"
        )
    path = folder / f"{assignment.id}.ipynb"
    if path.exists() and path.read_text(encoding="utf-8") != student:
        raise ValueError(f"`{path}` is there and differs; move it away first")
    write_whole(path, student)
    return Release(path, *scores, most)


def notebook_text(assignment: Assignment, *, solved: bool) -> str:
    """Return a version of the notebook as the text of its file.

    Args:
        solved: with the right answers, for the proof; not for students.
    """
    import nbformat
    from nbformat import v4

    cells = [v4.new_markdown_cell(_opening(assignment)), v4.new_code_cell(IMPORTS)]
    cells.insert(1, v4.new_code_cell(setup_source()))
    cells.append(v4.new_code_cell('STUDENT = ""  # your name or number'))
    for part in assignment.parts:
        cells += _cells(v4, part, solved)
    for number, cell in enumerate(cells, 1):
        cell.id = f"{assignment.id}-{number:03d}"
    information = {"assignment": assignment.id, "digest": assignment.digest}
    metadata = {"kernelspec": dict(KERNEL), "coursekit": information}
    return nbformat.writes(v4.new_notebook(cells=cells, metadata=metadata)) + "\n"


def _opening(assignment: Assignment) -> str:
    due = f"Due {assignment.due:%d %B %Y, %H:%M %Z}. " if assignment.due else ""
    return (
        f"# {assignment.title}\n\n{due}{assignment.points} points. Write your answers "
        "in place of `...`; keep the names of functions and variables, by which they "
        "are found. `check` says at once what it sees; the grade comes from other "
        "inputs."
    )


def _cells(v4, part: Part, solved: bool) -> list:
    if part.question:
        asked = f"**{part.id} ({_points(part)}).** {part.question}"
        answer = f'answer_{part.id} = """\n{WRITE_HERE}\n"""'
        return [v4.new_markdown_cell(asked), v4.new_code_cell(answer)]
    if part.exercise:
        one = part.exercise
        asked = f"**Exercise {one.id}, {one.title} ({_points(part)}).** {one.statement}"
        answer = v4.new_code_cell(_answer(part, solved))
        checked = v4.new_code_cell(f'check("{one.id}", {part.answer_name})')
        return [v4.new_markdown_cell(asked + _options(one)), answer, checked]
    makers = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell}
    return [makers[cell.kind](cell.text) for cell in part.cells]


def _points(part: Part) -> str:
    return f"{part.points} point{'s' if part.points > 1 else ''}"


def _options(exercise: Exercise) -> str:
    rows = [f"\n- {letter}: {text}" for letter, text in exercise.options.items()]
    told = all(f"{letter}: " in exercise.statement for letter in exercise.options)
    return "" if told else "\n" + "".join(rows)


def _answer(part: Part, solved: bool) -> str:
    if is_value(part.exercise):
        return (
            f"{part.answer_name} = {part.exercise.solution!r}"
            if solved
            else (f"{part.answer_name} = ...")
        )
    return part.exercise.solution_text if solved else part.exercise.stub


def _proven(exercise: Exercise) -> None:
    """Raise where a check lets a wrong answer or a mutant through."""
    proof = prove(exercise)
    wrong = [*proof.faults, *(f"mutant {name} passes" for name in proof.survivors)]
    if wrong:
        said = textwrap.shorten(wrong[0], 200)
        raise ValueError(f"exercise {exercise.id} is not proven: {said}")


def _without_solutions(text: str, assignment: Assignment) -> None:
    """Raise where a line that only a solution has stands in the student's version."""
    for part in assignment.exercises:
        if is_value(part.exercise):
            continue
        given = f"{part.exercise.stub}\n{part.exercise.statement}"
        for line in map(str.strip, part.exercise.solution_text.splitlines()):
            if len(line) >= TELLING and line not in given and line in text:
                raise ValueError(
                    f"the notebook would tell a line of {part.id}'s solution: {line!r}"
                )


def _score(text: str, assignment: Assignment, sandbox: Sandbox, secret: bytes) -> int:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder, "proof.ipynb")
        path.write_text(text, encoding="utf-8")
        return grade(path, "proof", assignment, sandbox, secret).points
