"""A class in a folder: nothing forged, nothing lost, no zero without a reason."""

import csv
import inspect
import io
import json
import os
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from coursekit import cli
from coursekit.course.exercises.registry import load
from coursekit.staff.grading import notebook_answers, wire
from coursekit.staff.grading.assignment import (
    Assignment,
    Part,
    hidden_seed,
    read_assignment,
)
from coursekit.staff.grading.class_grading import jobs_of
from coursekit.staff.grading.collecting import collect
from coursekit.staff.grading.feedback import _with_points, give_back, without_inputs
from coursekit.staff.grading.grade import grade
from coursekit.staff.grading.gradebooks import read_sheet
from coursekit.staff.grading.limits import Limits
from coursekit.staff.grading.release import notebook_text, release
from coursekit.staff.grading.roster import read_roster
from coursekit.staff.grading.sandbox import Sandbox
from coursekit.staff.grading.walls import PACKAGE
from tests.hostile_handins import ALL, CHECK, RIGHT, STUB, notebook

SHORT = Limits(seconds=1.5)  # for what ends only because it is stopped
SECRET = b"of the tests"
TOML = """
id = "a1"
title = "What a unit sees"
due = 2026-12-04T23:59:00+01:00
points = 12

[[part]]
exercise = "01.3"
points = 4

[[part]]
exercise = "01.11"
points = 1

[[part]]
exercise = "02.5"
points = 1

[[part]]
exercise = "02.3"
points = 4

[[part]]
question = "Why does the field at the border look smaller?"
id = "border"
points = 2
"""


@pytest.fixture
def assignment(tmp_path):
    """Return the assignment of `TOML`."""
    (tmp_path / "a1.toml").write_text(TOML, encoding="utf-8")
    return read_assignment(tmp_path / "a1.toml")


ONE = Assignment("a0", "One", None, (Part("01.3", 1, load("01.3")),), "digest")


def graded(data: bytes, given: Assignment, sandbox: Sandbox, folder: Path):
    """Grade a hand-in with these bytes."""
    path = folder / "hand-in.ipynb"
    path.write_bytes(data)
    return grade(path, "s1", given, sandbox, SECRET)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name.replace(" ", "-"))
def test_a_hand_in_gets_what_it_deserves_and_a_reason(
    case, sandbox, tmp_path, monkeypatch
):
    if not case.points:
        monkeypatch.setattr(sandbox, "limits", SHORT)
    got = graded(case.data, ONE, sandbox, tmp_path)
    said = " ".join([got.parts[0].message, *got.person])
    assert got.points == case.points, said
    assert case.word in said
    assert bool(got.person) == case.person, said
    assert said  # nothing is 0 without a sentence


@pytest.mark.parametrize("name", ["a1 (2).ipynb", "Ä ö’.IPYNB", "a1.py", "a1"])
def test_a_renamed_file_gets_the_same(name, sandbox, tmp_path):
    path = tmp_path / name
    path.write_bytes(notebook(RIGHT))
    assert grade(path, "s1", ONE, sandbox, SECRET).points == 1


def test_a_notebook_of_a_hundred_megabytes_is_not_read(sandbox, tmp_path):
    path = tmp_path / "large.ipynb"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    got = grade(path, "s1", ONE, sandbox, SECRET)
    assert got.points == 0
    assert got.person == ("the file has 100 MB; at most 60 are read",)


@pytest.mark.parametrize(
    "name", ["kills its parent", "mounts", "forges a grade's file"]
)
def test_a_neighbour_of_hostile_hand_ins_is_not_touched(name, sandbox, tmp_path):
    before = sorted(path.name for path in PACKAGE.rglob("*.py"))
    (case,) = (one for one in ALL if one.name == name)
    graded(case.data, ONE, sandbox, tmp_path)
    assert graded(notebook(RIGHT), ONE, sandbox, tmp_path).points == 1
    assert sorted(path.name for path in PACKAGE.rglob("*.py")) == before
    assert not any(Path(p, "forged.json").exists() for p in ("grades", "/tmp", "/"))


def edited(cells: list[str], draw: random.Random) -> list[str]:
    """Copy, move, drop and retype cells as careless hands do; keep each answer once."""
    cells = list(cells)
    for _ in range(draw.randint(1, 6)):
        what, place = (
            draw.choice(("copy", "move", "blank", "note")),
            draw.randrange(len(cells)),
        )
        if what == "copy":
            cells.insert(draw.randrange(len(cells) + 1), cells[place])
        elif what == "move":
            cells.insert(draw.randrange(len(cells)), cells.pop(place))
        elif what == "blank":
            cells.insert(place, STUB)
        else:
            cells.insert(place, "print('here')\n# a note\nnot_defined + 1")
    return cells


@pytest.mark.parametrize("seed", range(int(os.environ.get("COURSEKIT_EDITS", "8"))))
def test_edits_of_cells_do_not_change_a_grade(seed, sandbox, tmp_path):
    right = [
        "import torch",
        RIGHT,
        CHECK,
        "def helper():\n    return 1",
        "x = helper()",
    ]
    draw = random.Random(seed)
    assert graded(notebook(*edited(right, draw)), ONE, sandbox, tmp_path).points == 1


def test_what_goes_out_scores_nothing_and_tells_nothing(sandbox, assignment, tmp_path):
    made = release(assignment, tmp_path, sandbox, SECRET)
    assert (made.student_points, made.solution_points, made.of) == (0, 10, 10)
    text = made.paths[0].read_text(encoding="utf-8")
    for part in assignment.exercises:
        if callable(part.exercise.solution):
            body = part.exercise.solution_text.splitlines()[-1].strip()
            assert body not in text or len(body) < 24
    assert "answer_01_11 = ..." in text
    assert SECRET.decode() not in text
    assert release(assignment, tmp_path, sandbox, SECRET) == made  # again: the same
    made.paths[0].write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="differs; move it away"):
        release(assignment, tmp_path, sandbox, SECRET)


def test_a_solved_notebook_gets_all_points_but_a_persons(sandbox, assignment, tmp_path):
    text = notebook_text(assignment, solved=True)
    text = text.replace("(write here)", "Part of the window is padding.")
    got = graded(text.encode(), assignment, sandbox, tmp_path)
    assert (got.points, got.of) == (10, 12)
    assert got.parts[-1].message == "Part of the window is padding."
    assert got.person == ("border: a short answer",)


def test_an_own_exercise_that_lets_a_mistake_through_is_not_released(sandbox, tmp_path):
    (tmp_path / "own.py").write_text(
        "from coursekit.course.exercises.exercise import Exercise\n"
        "def total(numbers):\n    return sum(numbers)\n"
        "def other(numbers):\n    return sum(list(numbers))\n"
        "def third(numbers):\n    return sum(tuple(numbers))\n"
        "def first(numbers):\n    'You give the first number only.'\n"
        "    return numbers[0]\n"
        "def cases(draw):\n    yield ([3],)\n"  # one number: the first is the sum
        "EXERCISE = Exercise(id='own.1', title='Sum', statement='Add.', minutes=1,\n"
        "    difficulty=1, importance=1, solution=total, oracle=other,\n"
        "    right=(other, third), wrong=(first,), hints=('Add.',), takeaway='So.',\n"
        "    cases=cases)\n",
        encoding="utf-8",
    )
    path = tmp_path / "own.toml"
    path.write_text(
        '[[part]]\nexercise_file = "own.py"\npoints = 1\n', encoding="utf-8"
    )
    with pytest.raises(ValueError, match=r"own\.1 is not proven"):
        release(read_assignment(path), tmp_path, sandbox, SECRET)
    assert not (tmp_path / "own.ipynb").exists()


WRONG_FILES = {
    "points = 13": ("points = 12", "`points` says 13; the parts give 12"),
    'exercise = "01.33"': ('exercise = "01.3"', "is not an exercise; did you mean"),
    "due = 2026-12-04": ("due = 2026-12-04T23:59:00+01:00", "time with its zone"),
    'titel = "x"': ('title = "What a unit sees"', "did you mean 'title'"),
    'exercise = "02.3"\n': ('exercise = "02.5"\n', "stands twice"),
    "points = -1": ("points = 2", "`points` must be a whole number"),
    "id = 'two words'": ('id = "border"', "an `id` of letters"),
    "[[part": ("[[part]]", ""),
    "pionts = 2": ("points = 2", "unknown key 'pionts' of a part; did you mean"),
}


@pytest.mark.parametrize("wrong", WRONG_FILES)
def test_a_wrong_assignment_is_one_sentence(wrong, tmp_path):
    right, sentence = WRONG_FILES[wrong]
    path = tmp_path / "a1.toml"
    path.write_text(TOML.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^`a1\.toml`: ") as caught:
        read_assignment(path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_part_in_one_bracket_is_one_sentence(tmp_path):
    path = tmp_path / "a1.toml"
    path.write_text('[part]\nexercise = "01.3"\npoints = 1\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"begins with `\[\[part\]\]`"):
        read_assignment(path)


VALUES = (
    *(None, True, 3, -(2**70), 1.5, float("inf"), "text", ..., b"bytes"),
    (1, [2, {"a": 3}]),
    torch.arange(6).reshape(2, 3).T,
    torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
    torch.zeros(0, 3),
    torch.tensor(True),
    torch.randn(3, dtype=torch.bfloat16),
    np.arange(3, dtype=np.int16),
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_out_of_a_frame_as_it_went_in(value):
    got = wire.decode(wire.encode(value)[wire.LENGTH.size :])
    assert type(got) is type(value)
    if isinstance(value, torch.Tensor):
        assert got.dtype == value.dtype
        assert got.stride() == value.stride() or not value.numel()
        assert torch.equal(got, value)
    elif isinstance(value, np.ndarray):
        np.testing.assert_array_equal(got, value)
    else:
        assert got == value


def test_random_bytes_are_no_frame():
    draw = random.Random(0)
    good = wire.encode((1, [torch.ones(3), {"a": "b"}]))[wire.LENGTH.size :]
    refused = 0
    for _ in range(2000):
        bad = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            bad[draw.randrange(len(bad))] = draw.randrange(256)
        try:
            wire.decode(bytes(bad[: draw.randint(0, len(bad))]))
        except ValueError:
            refused += 1
    assert refused > 1000  # the others changed a number or a letter


@pytest.mark.parametrize(
    "tree",
    [
        '{"tensor":["float32",[4000000000],null,0]}',
        '{"tensor":["float16",[2],[1000000000000],0]}',
        '{"tensor":["object",[1],null,0]}',
        '{"array":["O",[1],0]}',
        '{"said":["Stopped",{}]}',
        '{"said":["Raised",{"type":1}]}',
        '{"float":"os.system"}',
        "[1,2]",
    ],
)
def test_a_frame_that_asks_for_more_than_it_brings_is_refused(tree):
    head = f"[{tree},[4]]".encode()
    with pytest.raises(ValueError, match=r"\w"):
        wire.decode(wire.LENGTH.pack(len(head)) + head + b"1234")


def test_the_answers_code_is_found_without_the_rest():
    cells = (
        "import math\nSIZE = 3\nfit(model, data)",
        "def area(x):\n    return SIZE * half(x)",
        "def half(x):\n    return x / 2\ntable = []\ntable.append(1)",
        'check("09.9", area)',
    )
    found = notebook_answers.read(notebook(*cells), {"09.9": "area"})["answers"]["09.9"]
    assert found["expressions"] == ["area"]
    assert found["code"] == [
        "import math",
        "SIZE = 3",
        "def area(x):\n    return SIZE * half(x)",
        "def half(x):\n    return x / 2",
    ]


def test_hidden_inputs_differ_by_student_and_secret():
    seeds = {
        hidden_seed(secret, student, part)
        for secret in (b"a", b"b")
        for student in ("s1", "s2")
        for part in ("01.3", "01.4")
    }
    assert len(seeds) == 8


@pytest.mark.parametrize(
    "exercise_id", ["02.3", "02.7", "03.8", "04.5", "01.6", "03.4"]
)
def test_modules_gradients_and_what_is_forbidden_are_judged_in_the_sandbox(
    exercise_id, sandbox, tmp_path
):
    exercise = load(exercise_id)
    head = "import torch\nimport torch.nn.functional as F\nfrom torch import nn"
    given = Assignment("a", "A", None, (Part(exercise_id, 1, exercise),), "")
    right = notebook(head, exercise.solution_text)
    assert graded(right, given, sandbox, tmp_path).points == 1
    wrong = exercise.mistakes[0]
    source = notebook_source(wrong.answer, exercise)
    got = graded(notebook(head, source), given, sandbox, tmp_path)
    assert got.points == 0
    assert got.parts[0].mistake == wrong.name


def notebook_source(answer, exercise) -> str:
    """Return the file of an exercise with a wrong answer under the answer's name."""
    file = Path(inspect.getsourcefile(answer)).read_text(encoding="utf-8")
    return f"{file}\n{exercise.answer_name} = {answer.__name__}"


ROSTER = "id,name,canvas\ns1,Jane Doe,4711\ns2,Li Wei,4712\ns3,Ana Díaz,4713\n"


def roster(folder: Path, text: str = ROSTER) -> dict[str, str]:
    """Return the roster of a text."""
    path = folder / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return read_roster(path)


def test_a_class_goes_from_release_to_feedback(tmp_path, sandbox, capsys):
    toml = tmp_path / "a1.toml"
    toml.write_text(TOML, encoding="utf-8")
    solved = notebook_text(read_assignment(toml), solved=True)
    hand_ins = {
        "s1": solved.replace("(write here)", "Padding."),
        "s2": solved.replace("dilation * ", ""),
        "s3": "{",
    }
    (tmp_path / "in").mkdir()
    for student, text in hand_ins.items():
        (tmp_path / "in" / f"{student}.ipynb").write_text(text, encoding="utf-8")
    roster(tmp_path)
    folder, people = str(tmp_path / "class"), str(tmp_path / "roster.csv")
    assert cli.main(["release", str(toml)]) == 0
    given = ["collect", str(toml), folder, str(tmp_path / "in"), "--roster", people]
    assert cli.main(given) == 0
    assert cli.main(["grade", str(toml), folder]) == 0
    assert cli.main(["feedback", str(toml), folder]) == 0
    assert points(tmp_path / "class") == {"s1": "10", "s2": "6", "s3": "0"}
    sheet = tmp_path / "class" / "answers-border.txt"
    text = sheet.read_text(encoding="utf-8")
    assert "Padding." in text
    assert "s1" not in text  # graded blind
    sheet.write_text(text.replace("points: ", "points: 2", 1), encoding="utf-8")
    assert cli.main(["feedback", str(toml), folder]) == 0
    assert points(tmp_path / "class")["s1"] == "12"
    assert "points: 2" in sheet.read_text(encoding="utf-8")
    page = (tmp_path / "class" / "feedback" / "s2.html").read_text(encoding="utf-8")
    assert "You ignore the dilation" in page
    assert "For a person" in (tmp_path / "class" / "class.html").read_text("utf-8")
    assert jobs_of(tmp_path / "class", read_assignment(toml), (1, 1)) == []
    capsys.readouterr()
    (tmp_path / "course.secret").write_text("another", encoding="utf-8")
    assert cli.main(["grade", str(toml), folder]) == 1
    assert "not the one that graded" in capsys.readouterr().err
    (tmp_path / "course.secret").unlink()
    assert cli.main(["grade", str(toml), folder]) == 1
    assert "is missing" in capsys.readouterr().err


def points(folder: Path) -> dict[str, str]:
    """Return the points of a plain gradebook."""
    text = (folder / "gradebook-plain.csv").read_text(encoding="utf-8")
    return {row["student"]: row["points"] for row in csv.DictReader(io.StringIO(text))}


def test_lines_for_the_notebook_are_left_out_and_no_arithmetic():
    cells = (
        "%matplotlib inline\nimport math",
        "def left(a, b):\n    return (\n        a\n        % b\n    )",
        'note = """\n! mind the border\n"""',
    )
    found = notebook_answers.read(notebook(*cells), {"09.9": "left"})["answers"]["09.9"]
    assert "% b" in "\n".join(found["code"])
    program, broken = notebook_answers.statements(list(cells))
    assert not broken
    assert "! mind the border" in program[-1].text


def test_no_walls_only_when_said_twice(tmp_path, capsys):
    (tmp_path / "a1.toml").write_text(TOML, encoding="utf-8")
    given = ["release", str(tmp_path / "a1.toml"), "--sandbox", "none"]
    assert cli.main(given) == 1
    assert "--unsafe" in capsys.readouterr().err
    assert not (tmp_path / "a1.ipynb").exists()


def test_a_grade_that_is_there_is_not_made_again(tmp_path, assignment):
    (tmp_path / "in").mkdir()
    for student in ("s1", "s2"):
        (tmp_path / "in" / f"{student}.ipynb").write_bytes(notebook(student))
    folder = tmp_path / "class"
    rows = collect([tmp_path / "in"], folder, roster(tmp_path), None)
    jobs = jobs_of(folder, assignment, (1, 1))
    assert [job.student for job in jobs] == [row.student for row in rows]
    assert [job.student for job in jobs_of(folder, assignment, (2, 2))] == ["s2"]


def test_a_hand_in_without_a_grade_is_said_on_the_class_page(tmp_path, assignment):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "s2.ipynb").write_bytes(notebook(RIGHT))
    collect([tmp_path / "in"], tmp_path / "class", roster(tmp_path), None)
    give_back(tmp_path / "class", assignment)
    page = (tmp_path / "class" / "class.html").read_text(encoding="utf-8")
    assert "collected, and not graded" in page
    assert "s2" in page


@pytest.mark.parametrize("command", ["grade", "feedback"])
def test_a_folder_that_collect_did_not_make_is_refused(command, tmp_path, capsys):
    (tmp_path / "a1.toml").write_text(TOML, encoding="utf-8")
    given = [command, str(tmp_path / "a1.toml"), str(tmp_path / "fal")]
    more = ["--sandbox", "none", "--unsafe"] if command == "grade" else []
    assert cli.main([*given, *more]) == 1
    assert "run `coursekit collect` first" in capsys.readouterr().err
    assert not (tmp_path / "fal").exists()


def test_feedback_names_no_hidden_input():
    told = "With size=7, stride=2: the result is 3; 4 is right. These inputs are kept …"
    assert without_inputs(told) == "On a hidden input the result is not right."
    assert without_inputs("You ignore the dilation.") == "You ignore the dilation."


@pytest.mark.parametrize("wrong", ["3", "-1", "two", "1.5", "2 of 3", "1 point"])
def test_points_on_a_sheet_that_are_no_points_are_one_sentence(wrong):
    with pytest.raises(ValueError, match="0 to 2 are allowed"):
        read_sheet(f"[0123abcd] points: {wrong}\n    text\n", 2)


@pytest.mark.parametrize(
    ("status", "before", "after"), [("person", 1, 4), ("right", 6, 6)]
)
def test_a_sheet_counts_where_a_person_judges_and_once(status, before, after):
    part = {"id": "why", "points": before - 1, "status": status}
    grade = {"sha256": "0123abcd" + "0" * 56, "points": before, "person": []}
    grade |= {"parts": [part | {"points": 0 if status == "person" else 5}]}
    for _ in range(2):
        _with_points([grade], {"why": {"0123abcd": 3}})
        assert grade["points"] == after


def test_a_grade_file_holds_what_was_seen(sandbox, tmp_path):
    got = graded(notebook(RIGHT), ONE, sandbox, tmp_path)
    got.write(tmp_path / "g.json")
    said = json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))
    assert (said["points"], said["of"], said["student"]) == (1, 1, "s1")
    assert said["parts"][0]["cells"] == [1]


def test_other_systems_are_told_why_they_cannot_grade(monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(ValueError, match=r"use Linux, WSL 2 or a virtual machine"):
        Sandbox()
