"""Tasks of one's own: nobody's answer helps a neighbour, no known mistake gets by."""

import os
from copy import deepcopy

import nbformat
import pytest
import torch

from coursekit.course.exercises.registry import load
from coursekit.course.exercises.tried_calls import leaves
from coursekit.course.exercises.values import judge_value
from coursekit.staff.grading.assignment import hidden_seed, read_assignment
from coursekit.staff.grading.grade import grade
from coursekit.staff.grading.own_images import picture_exercise
from coursekit.staff.grading.personal import personal_exercise
from coursekit.staff.grading.release import notebook_text, release

PERSONAL = ("01.1", "02.4", "02.6", "07.3", "08.3")
PICTURES = {  # the exercises, and the mistakes that leave all values right
    "01.6": {"cut_from_the_graph"},
    "01.9": {"in_place", "cancels"},
    "01.10": {"in_place"},
    "03.1": {"keeps_axes", "squeezes"},
    "05.7": set(),
}
SECRET = b"of the tests"
TOML = """
id = "p1"
[[part]]
personal = "02.6"
points = 2
[[part]]
personal = "02.4"
points = 2
[[part]]
personal = "08.3"
points = 1
"""
STUDENTS = [f"s{number}" for number in range(200)]
FEW = STUDENTS[: int(os.environ.get("COURSEKIT_PATIENTS", "20"))]


@pytest.fixture
def assignment(tmp_path):
    """Return the assignment of `TOML`."""
    (tmp_path / "p1.toml").write_text(TOML, encoding="utf-8")
    return read_assignment(tmp_path / "p1.toml")


@pytest.mark.parametrize("exercise_id", PERSONAL)
def test_every_known_mistake_is_caught_with_everybodys_numbers(exercise_id):
    base, lengths = load(exercise_id), set()
    for student in STUDENTS:
        own = personal_exercise(base, hidden_seed(SECRET, student, exercise_id))
        call = own.statement.rpartition(f"`{base.answer_name}(")[2]
        args = eval(f"({call.rpartition(')`')[0]},)")  # what the student reads
        lengths.add(len(list(leaves(args))))
        assert judge_value(own, base.solution(*deepcopy(args)))[0] == "right"
        for mistake in base.mistakes:
            status, message, _ = judge_value(own, mistake.answer(*deepcopy(args)))
            assert status == "wrong"
            assert message in {one.message for one in base.mistakes}
    assert len(lengths) == 1  # the same effort for everybody


def own_pictures(exercise_id, student):
    """Return the question, and what the student's cell makes when it is run."""
    seed = hidden_seed(SECRET, student, exercise_id)
    own, (cell,) = picture_exercise(load(exercise_id), seed)
    names = {"torch": torch}
    exec(cell.text, names)
    return own, names


@pytest.mark.parametrize("exercise_id", PICTURES)
def test_every_known_mistake_is_caught_on_everybodys_pictures(exercise_id):
    base, shapes, answers = load(exercise_id), set(), []
    for student in FEW:
        own, names = own_pictures(exercise_id, student)
        given, number_of = names[base.argument_names[0]], names["number_of"]
        shapes.add(given.shape)
        answers.append(number_of(base.solution(given.clone())))
        assert judge_value(own, answers[-1])[0] == "right"
        for mistake in base.mistakes:
            said = judge_value(own, number_of(mistake.answer(given.clone())))[:2]
            seen = mistake.name not in PICTURES[exercise_id]
            assert said[0] == ("wrong" if seen else "right"), mistake
            assert not seen or said[1] in {one.message for one in base.mistakes}
    assert len(shapes) == 1  # the same effort for everybody
    assert len(set(answers)) >= 0.9 * len(FEW)


def test_single_precision_is_exact_enough_for_pictures():
    own, names = own_pictures("01.9", "s1")
    result = load("01.9").solution(names["images"].float())
    assert judge_value(own, names["number_of"](result))[0] == "right"


def test_a_neighbours_answers_to_pictures_fail(tmp_path, sandbox):
    parts = [f'[[part]]\npersonal = "{one}"\npoints = 1\n' for one in ("01.6", "05.7")]
    (tmp_path / "i1.toml").write_text("".join(parts), encoding="utf-8")
    assignment = read_assignment(tmp_path / "i1.toml")
    made = release(assignment, tmp_path, sandbox, SECRET, ["s1", "s2"])
    notebook = nbformat.read(made.paths[0], 4)
    code = "import torch.nn.functional as F\n" + (
        "answer_01_6 = number_of(F.max_pool2d(images, 2))"
    )
    box = "y, x = mask.nonzero().T\nanswer_05_7 = number_of([*map(int, ("
    box += "x.min(), y.min(), x.max() + 1, y.max() + 1))])"
    for cell in notebook.cells:
        if cell.source.startswith("answer_01_6 ="):
            cell.source = code
        if cell.source.startswith("answer_05_7 ="):
            cell.source = box
    nbformat.write(notebook, tmp_path / "hand-in.ipynb")
    for student, points in (("s1", 2), ("s2", 0)):
        got = grade(tmp_path / "hand-in.ipynb", student, assignment, sandbox, SECRET)
        assert got.points == points, got.parts


def test_a_neighbours_answers_fail(assignment):
    answers = {
        student: [
            part.exercise.solution
            for part in assignment.of_student(student, SECRET).exercises
        ]
        for student in STUDENTS
    }
    same = sum(
        answers[one] == answers[other]
        for one in STUDENTS
        for other in STUDENTS
        if one != other
    )
    assert same <= 0.01 * len(STUDENTS) * (len(STUDENTS) - 1)


def test_everybody_gets_a_notebook_and_is_graded_by_it(assignment, sandbox, tmp_path):
    made = release(assignment, tmp_path, sandbox, SECRET, ["s1", "s2"])
    assert [path.name for path in made.paths] == ["p1-s1.ipynb", "p1-s2.ipynb"]
    texts = [path.read_text(encoding="utf-8") for path in made.paths]
    assert texts[0] != texts[1]
    own = assignment.of_student("s1", SECRET)
    path = tmp_path / "hand-in.ipynb"
    path.write_text(notebook_text(own, solved=True), encoding="utf-8")
    assert grade(path, "s1", assignment, sandbox, SECRET).points == 5
    assert grade(path, "s2", assignment, sandbox, SECRET).points == 0


def test_without_a_roster_personal_parts_are_not_released(assignment, tmp_path):
    with pytest.raises(ValueError, match="give the roster"):
        release(assignment, tmp_path, None, SECRET)


@pytest.mark.parametrize("exercise_id", ["01.5", "02.3", "03.2", "05.3"])
def test_what_is_no_question_of_numbers_is_refused_when_it_is_read(
    exercise_id, tmp_path
):
    path = tmp_path / "p.toml"
    text = f'[[part]]\npersonal = "{exercise_id}"\npoints = 1\n'
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"{exercise_id} cannot be personal"):
        read_assignment(path)
