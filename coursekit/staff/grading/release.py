"""Makes a student's notebook of an assignment, and proves it before it goes out."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbformat import v4

from coursekit._base.files import write_whole
from coursekit._base.words import many
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.values import is_value
from coursekit.staff.build.convert import KERNEL
from coursekit.staff.build.setup_cell import setup_source
from coursekit.staff.grading.assignment import Assignment, Part, hidden_seed
from coursekit.staff.grading.grade import WRITE_HERE, grade
from coursekit.staff.grading.network_part import fits_every_budget
from coursekit.staff.grading.sandbox import Sandbox
from coursekit.staff.proof.score import prove

IMPORTS = """\
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from coursekit import check, hint"""
MAY_TRAVEL = (
    "What you predicted in the sessions may travel with this notebook, if you like: "
    "your teacher sees, counted together, what many believed and was not so. It is not "
    "graded, and nothing but what the next cell shows travels. It is off unless you "
    "write `True`."
)
OWN_BUDGET = (
    " The budget of parameters is your own. A challenge's `check` counts as your "
    "teacher does, but knows only the usual budget: compare its count with yours."
)
SHARE = """\
from coursekit.course import share_predictions

share_predictions(False)"""
TELLING = (
    20  # letters, blanks left out, from which a line of a solution tells something
)


@dataclass(frozen=True)
class Release:
    """Notebooks that were proven, and what their two versions scored."""

    paths: tuple[Path, ...]
    student_points: int
    solution_points: int
    of: int


def release(
    assignment: Assignment,
    folder: Path,
    sandbox: Sandbox,
    secret: bytes,
    students: Sequence[str] = (),
) -> Release:
    """Write the notebook for students, or one for each, when the proof holds.

    The student's version must score 0 and the solved one all points, in the sandbox
    that will grade; no line of a solution, no hidden seed and no secret may stand in
    what goes out; an instructor's own exercise must catch its wrong answers and
    mutants, as the course's do; the network given for a challenge must meet it, and
    fit every budget that a student may get. Of personal notebooks the first is proven
    so, and all are looked through.

    Args:
        folder: where notebooks go, named after the assignment's id and the student.
        secret: of the course.
        students: their ids; needed where parts are personal.

    Raises:
        ValueError: the proof fails, a notebook is there and differs, or personal parts
            and no students.
    """
    if assignment.is_personal and not students:
        raise ValueError("this assignment has personal parts: give the roster, too")
    for part in assignment.exercises:
        _proven(part.exercise)
    for part in assignment.networks:
        if part.personal:
            fits_every_budget(part.network)
    names = list(students) if assignment.is_personal else [""]
    texts = {name: _text(assignment, name, secret) for name in names}
    scores, why = _scores(assignment, names[0], sandbox, secret)
    most = sum(part.points for part in assignment.judged)
    if why or scores != (0, most):
        raise ValueError(
            f"the student's version scores {scores[0]} and the solved one {scores[1]}; "
            f"0 and {most} are right: nothing was released{why}"
        )
    return Release(_written(assignment, folder, texts), *scores, most)


def _text(assignment: Assignment, student: str, secret: bytes) -> str:
    """Return what a student gets; nothing that should stay here stands in it."""
    own = assignment.of_student(student, secret)
    text = notebook_text(own, solved=False, student=student)
    cells = "\n".join(cell["source"] for cell in nbformat.reads(text, 4).cells)
    _without_solutions(cells, own)
    seeds = (hidden_seed(secret, student, part.id) for part in own.parts)
    for told in (secret.decode("latin-1"), secret.hex(), *map(str, seeds)):
        if told in text:
            raise ValueError("the notebook would tell the secret or a hidden seed")
    return text


def _written(
    assignment: Assignment, folder: Path, texts: dict[str, str]
) -> tuple[Path, ...]:
    """Write all notebooks, or none where one is there and differs."""
    paths = {}
    for student, text in texts.items():
        name = "-".join(filter(None, (assignment.id, student)))
        path = paths[student] = folder / f"{name}.ipynb"
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise ValueError(f"`{path}` is there and differs; move it away first")
    for student, path in paths.items():
        write_whole(path, texts[student])
    return tuple(paths.values())


def notebook_text(assignment: Assignment, *, solved: bool, student: str = "") -> str:
    """Return a version of the notebook as the text of its file.

    Args:
        solved: with the right answers, for the proof; not for students.
        student: whose it is, where parts are personal.
    """
    cells = [v4.new_markdown_cell(_opening(assignment)), v4.new_code_cell(IMPORTS)]
    cells.insert(1, v4.new_code_cell(setup_source()))
    cells.append(v4.new_code_cell(f"STUDENT = {student!r}  # your name or number"))
    if assignment.predictions:
        cells += [v4.new_markdown_cell(MAY_TRAVEL), v4.new_code_cell(SHARE)]
    for part in assignment.parts:
        cells += _cells(part, assignment, solved)
    for number, cell in enumerate(cells, 1):
        cell.id = f"{assignment.id}-{number:03d}"
    information = {"assignment": assignment.id, "digest": assignment.digest}
    metadata = {"kernelspec": dict(KERNEL), "coursekit": information}
    return nbformat.writes(v4.new_notebook(cells=cells, metadata=metadata)) + "\n"


def _opening(assignment: Assignment) -> str:
    due = f"Due {assignment.due:%d %B %Y, %H:%M %Z}. " if assignment.due else ""
    return (
        f"# {assignment.title}\n\n{due}{many(assignment.points, 'point')}. Write your "
        "answers in place of `...`; keep the names of functions and variables, by "
        "which they are found. `check` says at once what it sees; the grade comes from "
        "other inputs."
    )


def _cells(part: Part, assignment: Assignment, solved: bool) -> list:
    if part.question:
        asked = f"**{part.id} ({_points(part)}).** {part.question}"
        answer = f'answer_{part.id} = """\n{WRITE_HERE}\n"""'
        return [v4.new_markdown_cell(asked), v4.new_code_cell(answer)]
    if part.exercise:
        one = part.exercise
        asked = f"**Exercise {one.id}, {one.title} ({_points(part)}).** {one.statement}"
        answer = v4.new_code_cell(_answer(part, solved))
        cells = [v4.new_markdown_cell(asked + _options(one)), *_given(part), answer]
        if not (part.personal or part.is_own):  # only the grader knows the answer
            cells.append(v4.new_code_cell(f'check("{one.id}", {part.answer_name})'))
        return cells
    if part.network:
        return _network_cells(part, f"{assignment.id}-{part.id}.zip")
    return _given(part)


def _given(part: Part) -> list:
    """Return the cells that a part brings with it."""
    makers = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell}
    return [makers[cell.kind](cell.text) for cell in part.cells]


def _network_cells(part: Part, file: str) -> list:
    """Return what asks for a network, and the cell that writes its file."""
    task = part.network.challenge
    rules = "".join(f"\n- {rule}" for rule in task.rules)
    own = OWN_BUDGET if part.personal else ""
    asked = (
        f"**Challenge {task.name} ({_points(part)}).** {task.title}. Hand in `{file}`, "
        f"which the next cell writes, beside this notebook.{own}\n{rules}"
    )
    return [
        v4.new_markdown_cell(asked),
        v4.new_code_cell(
            "model = ...  # your trained network\n"
            "history = ...  # what `fit` returned\n"
            "if model is not ...:\n"
            "    from coursekit.course.handin import submit\n\n"
            f"    print(submit(model, history, challenge={task.name!r}, name=STUDENT,\n"
            f"                 input_shape={task.input_shape}, path={file!r}))"
        ),
    ]


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
    """Raise where a line, or the body, that only a solution has stands in the text."""
    for part in assignment.exercises:
        if is_value(part.exercise):
            continue
        given = _bare(f"{part.exercise.stub}\n{part.exercise.statement}")
        lines = map(_bare, part.exercise.solution_text.splitlines())
        own = [line for line in lines if line not in given]
        for told in (*own, "".join(own)):
            if len(told) >= TELLING and told in _bare(text):
                raise ValueError(
                    f"the notebook would tell a line of {part.id}'s solution: {told!r}"
                )


def _bare(text: str) -> str:
    """Return a text without blanks: however it is indented or broken."""
    return "".join(text.split())


def _scores(
    assignment: Assignment, student: str, sandbox: Sandbox, secret: bytes
) -> tuple[tuple[int, int], str]:
    """Grade the student's and the solved version as hand-ins of this student.

    Returns:
        The points of both, and what the solved one did not get, in words.
    """
    own, points, lost = assignment.of_student(student, secret), [], ""
    for solved in (False, True):
        files = [part.network.reference for part in own.networks if solved]
        with TemporaryDirectory() as folder:
            path = Path(folder, "proof.ipynb")
            path.write_text(notebook_text(own, solved=solved), encoding="utf-8")
            got = grade(path, student, assignment, sandbox, secret, files)
        points.append(got.points)
        failed = (one for one in got.parts if one.status not in ("right", "person"))
        asked = {part.id for part in own.parts if not part.question}
        short = [one for one in failed if one.id in asked]
        lost = f" ({short[0].id}: {short[0].message[:300]})" if short else ""
    return (points[0], points[1]), lost
