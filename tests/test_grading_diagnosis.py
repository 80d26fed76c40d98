"""Nets that do not learn: the planted fault is why, and nobody's answer is another's.

`COURSEKIT_PATIENTS=200` is for nights; a few go with every change.
"""

import contextlib
import io
import math
import os
from itertools import combinations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from coursekit.course.exercises.values import judge_value
from coursekit.staff.grading.assignment import hidden_seed, read_assignment
from coursekit.staff.grading.diagnosis import (
    FAULTS,
    code_of,
    diagnosis_exercise,
    patient,
)
from coursekit.staff.grading.grade import grade
from coursekit.staff.grading.release import notebook_text, release
from coursekit.staff.grading.spread import spread

COUNT = int(os.environ.get("COURSEKIT_PATIENTS", "20"))
SECRET = b"of the tests"
STUDENTS = [f"s{number}" for number in range(200)]
TOML = """
id = "d1"
[[part]]
diagnosis = "patient"
points = 3
[[part]]
personal = "02.6"
points = 2
"""


def trained(code: str, cure: str = "") -> dict:
    """Run the student's cell, with a cure before the training."""
    before, loop, after = code.partition("for step in")
    names = {"torch": torch, "nn": nn, "F": F, "math": math}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(before + cure + loop + after, names)
    return names


def cure(fault: str, layer: str) -> str:
    """Return the line that takes a fault out of a layer, and nothing else."""
    group = f"optimizer.param_groups[layers.index(model[{layer}])]"
    return {
        "dead units": f"nn.init.zeros_(model[{layer}].bias)",
        "weights too large": f"nn.init.kaiming_normal_(model[{layer}].weight, "
        "generator=generator)",
        "steps too long": f"{group}['lr'] = 0.1",
        "weight decay": f"{group}['weight_decay'] = 0",
        "softmax before the loss": f"model[{layer}] = nn.Identity()"
        if layer == "8"
        else "",
    }[fault] + "\n"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", range(-(-COUNT // len(FAULTS))))
def test_a_net_learns_when_what_the_answer_names_is_cured_and_not_before(fault, number):
    one = patient(hidden_seed(SECRET, f"s{number}", "patient"), fault)
    guessing = math.log(one.classes)
    ill = trained(code_of(one))["loss"].item()
    assert not ill < 0.5 * guessing  # nan is ill, too
    well = trained(code_of(one), cure(fault, one.layer))["loss"].item()
    assert well < 0.5 * guessing


def measured(fault: str, layer: int, names: dict) -> float:
    """Read a fault's value off the network itself, before it was trained."""
    module = names["model"][layer]
    settings = dict(zip(map(id, names["layers"]), names["settings"].T, strict=True))
    if fault == "softmax before the loss":  # all the weight on the right class
        sure = F.one_hot(torch.tensor([0]), len(names["classes"])).float()
        return F.cross_entropy(sure, torch.tensor([0])).item()
    if fault == "dead units":
        return module.bias.mean().item()
    if fault == "weights too large":
        return module.weight.std().item()
    return float(settings[id(module)][int(fault == "weight decay")])


@pytest.mark.parametrize("student", STUDENTS[:COUNT])
def test_the_answer_is_right_and_every_known_wrong_one_is_not(student):
    one = patient(hidden_seed(SECRET, student, "patient"))
    exercise = diagnosis_exercise("patient", one)
    untrained = code_of(one).partition("for step in")[0]
    names = {"torch": torch, "nn": nn, "F": F, "math": math}
    exec(untrained, names)
    value = measured(one.fault, int(one.layer), names)
    assert judge_value(exercise, (one.fault, one.layer, value))[0] == "right"
    assert len(exercise.mistakes) >= 16
    for mistake in exercise.mistakes:
        status, message, _ = judge_value(exercise, mistake.answer)
        assert (status, message) == ("wrong", mistake.message), mistake


@pytest.mark.parametrize(
    "answer", [7, "dead units", ("dead units", "3"), ("tired", "3", 1.0), ("a", 1, "b")]
)
def test_what_is_no_diagnosis_is_said_to_be_none(answer):
    exercise = diagnosis_exercise("patient", patient(3))
    assert judge_value(exercise, answer)[0] == "could not be checked"


@pytest.fixture
def assignment(tmp_path):
    """Return the assignment of `TOML`."""
    (tmp_path / "d1.toml").write_text(TOML, encoding="utf-8")
    return read_assignment(tmp_path / "d1.toml")


def test_a_neighbours_answers_to_all_of_it_fail(assignment):
    owns = [assignment.of_student(one, SECRET).exercises for one in STUDENTS]
    alike = sum(
        all(
            judge_value(mine.exercise, theirs.exercise.solution)[0] == "right"
            for mine, theirs in zip(one, other, strict=True)
        )
        for one, other in combinations(owns, 2)
    )
    assert alike <= 0.01 * math.comb(len(owns), 2)


def test_everybody_has_as_much_to_do(assignment):
    patients = [patient(hidden_seed(SECRET, one, "patient")) for one in STUDENTS]
    works = [trained_work(one) for one in patients]
    middle = (max(works) + min(works)) / 2
    assert all(abs(work - middle) <= 0.1 * middle for work in works)
    rows = {row[0]: row for row in spread(assignment, STUDENTS[:20], SECRET)}
    assert rows["patient"][1] == "5 of 5 faults"
    assert rows["all"][-1] == "0 of 380"


def trained_work(one) -> int:
    """Count the multiply-adds of one image: the sizes of the weights, written out."""
    names: dict = {"torch": torch, "nn": nn, "F": F, "math": math}
    exec(code_of(one).partition("optimizer =")[0], names)
    return sum(layer.weight.numel() for layer in names["layers"])


def test_a_notebook_of_ones_own_tells_no_fault_and_is_graded(
    assignment, sandbox, tmp_path
):
    made = release(assignment, tmp_path, sandbox, SECRET, ["s1", "s2"])
    assert (made.student_points, made.solution_points) == (0, 5)
    own = assignment.of_student("s1", SECRET)
    fault, _, value = own.exercises[0].exercise.solution
    text = made.paths[0].read_text(encoding="utf-8")
    assert text.count(f'"{fault}\\"') <= 1  # in the list of all of them
    assert str(value) not in text
    path = tmp_path / "hand-in.ipynb"
    path.write_text(notebook_text(own, solved=True), encoding="utf-8")
    assert grade(path, "s1", assignment, sandbox, SECRET).points == 5
    assert grade(path, "s2", assignment, sandbox, SECRET).points == 0
