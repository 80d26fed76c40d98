"""Challenges in an assignment: judged by the graph, measured on images nobody has."""

import csv
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from coursekit.staff.grading.assignment import Assignment, read_assignment
from coursekit.staff.grading.class_grading import jobs_of
from coursekit.staff.grading.collecting import collect
from coursekit.staff.grading.feedback import give_back
from coursekit.staff.grading.grade import grade
from coursekit.staff.grading.release import notebook_text, release
from coursekit.staff.grading.spread import spread
from tests.handin_files import handed_in, here, network, packed  # noqa: F401 (a fixture)
from tests.hostile_handins import notebook

SECRET = b"of the tests"
PEOPLE = {name: name for name in (f"s{number}" for number in range(10))}
RULES = """
[bright]
title = "Four brightnesses"
data = "digits"
input_shape = [1, 8, 8]
parameters_below = 20
test_accuracy = 90
layers = ["no dense layer except after global average pooling"]
"""
TOML = """
id = "n1"
points = 6
[[part]]
challenge = "bright"
points = 5
reference = "ours.zip"
images = "held.npz"
rules = "rules.toml"
[[part]]
exercise = "01.11"
points = 1
"""


def bright_net(path: Path, *, slopes=(0, 8, 16, 24), wide=0, more=(), **says) -> Path:
    """Write a net that tells four brightnesses apart: the largest of a·x − a²/48."""
    slope = np.array(slopes, np.float32)
    weights = {
        "w": slope.reshape(4, 1, 1, 1),
        "b": -(slope**2) / 48,
        **({"u": np.eye(wide, 4, dtype=np.float32)} if wide else {}),
    }
    nodes = [
        ("Conv", "images w b", "maps"),
        ("GlobalAveragePool", "maps", "mean"),
        ("Flatten", "mean", "logits" if not more else "flat"),
        *more,
    ]
    return handed_in(path, network(nodes, weights), **{"challenge": "bright", **says})


@pytest.fixture
def home(tmp_path, here):  # noqa: F811
    """Return a folder with an assignment and its files."""
    (tmp_path / "n1.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    labels = np.arange(64) % 4
    levels = np.array([10, 88, 170, 245], np.uint8)[labels]
    images = np.broadcast_to(levels[:, None, None, None], (64, 1, 8, 8))
    np.savez(tmp_path / "held.npz", images=images, labels=labels)
    bright_net(tmp_path / "ours.zip")
    return tmp_path


def graded(home: Path, sandbox, *networks: Path):
    """Grade an empty notebook and these networks."""
    path = home / "hand-in.ipynb"
    path.write_bytes(notebook("answer_01_11 = ..."))
    given = read_assignment(home / "n1.toml")
    return grade(path, "s1", given, sandbox, SECRET, networks)


def test_what_goes_out_asks_for_the_network_and_is_proven(home, sandbox):
    given = read_assignment(home / "n1.toml")
    made = release(given, home, sandbox, SECRET)
    assert (made.student_points, made.solution_points, made.of) == (0, 6, 6)
    text = made.paths[0].read_text(encoding="utf-8")
    assert "fewer than 20 parameters" in text
    assert "n1-bright.zip" in text


LARGE = {"wide": 4, "more": [("MatMul", "flat u", "logits")]}  # 24 parameters
CASES = {
    "meets it": ({}, "right", 5, "100"),
    "guesses": ({"slopes": (24, 16, 8, 0)}, "wrong", 0, "✗ not met: at least 90 %"),
    "too many numbers": (
        LARGE,
        "wrong",
        0,
        "✗ not met: fewer than 20 parameters",
    ),
    "for another challenge": ({"challenge": "other"}, "missing", 0, "bright"),
    "changed after writing": (
        {"members": {"model.onnx": {"sha256": "0" * 64}}},
        "could not be checked",
        0,
        "changed after writing",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_network_gets_what_the_judge_says(case, home, sandbox):
    how, status, points, word = CASES[case]
    got = graded(home, sandbox, bright_net(home / "theirs.zip", **how)).parts[0]
    assert (got.status, got.points) == (status, points), got.message
    assert word in got.message


def collected(home: Path, sandbox, *names: str) -> Path:
    """Collect what lies in these places and grade it; return the class's folder."""
    given, folder = read_assignment(home / "n1.toml"), home / "class"
    collect([home / name for name in names], folder, PEOPLE, None)
    for job in jobs_of(folder, given, (1, 1)):
        found = grade(job.path, job.student, given, sandbox, SECRET, job.networks)
        found.write(job.target)
    give_back(folder, given)
    return folder


def points(folder: Path) -> dict[str, str]:
    """Return the points of a plain gradebook."""
    text = (folder / "gradebook-plain.csv").read_text(encoding="utf-8")
    return {row["student"]: row["points"] for row in csv.DictReader(io.StringIO(text))}


def test_a_network_goes_beside_its_notebook_and_a_later_one_takes_its_place(
    home, sandbox
):
    solved = notebook_text(read_assignment(home / "n1.toml"), solved=True)
    for student in ("s1", "s2"):
        (home / "in" / student).mkdir(parents=True)
        bright_net(home / "in" / student / "n1-bright.zip", slopes=(24, 16, 8, 0))
    (home / "in" / "s1" / "n1.ipynb").write_text(solved, encoding="utf-8")
    folder = collected(home, sandbox, "in")
    assert points(folder) == {"s1": "1", "s2": "0"}
    bright_net(home / "s1.zip")
    with zipfile.ZipFile(home / "more.zip", "w") as archive:  # a platform's download
        entry = zipfile.ZipInfo("s2/x.zip", (2099, 1, 1, 0, 0, 0))
        archive.writestr(entry, bright_net(home / "x.zip").read_bytes())
    rows = len(list((folder / "files").iterdir()))
    folder = collected(home, sandbox, "s1.zip", "more.zip")
    assert points(folder) == {"s1": "6", "s2": "5"}
    assert len(list((folder / "files").iterdir())) == rows + 2  # nothing overwritten


def test_what_only_a_reader_judges_waits_for_one(home, sandbox):
    with (home / "rules.toml").open("a", encoding="utf-8") as file:
        file.write('by_eye = ["the report tells what was tried"]\n')
    given = read_assignment(home / "n1.toml")
    assert release(given, home, sandbox, SECRET).of == 1  # the other points are theirs
    bright_net(home / "s1.zip")
    folder = collected(home, sandbox, "s1.zip")
    sheet = folder / "answers-bright.txt"
    text = sheet.read_text(encoding="utf-8")
    assert "✓ met: fewer than 20 parameters" in text
    assert points(folder) == {"s1": "0"}
    sheet.write_text(text.replace("points: ", "points: 4"), encoding="utf-8")
    assert points(collected(home, sandbox, "s1.zip")) == {"s1": "4"}
    bright_net(home / "ours.zip", slopes=(24, 16, 8, 0))
    with pytest.raises(ValueError, match="not met: at least 90 %"):
        release(read_assignment(home / "n1.toml"), home / "new", sandbox, SECRET)


def bombs(path: Path) -> dict[str, bytes]:
    """Return zips that would do harm to who believes them."""
    honest = bright_net(path / "honest.zip").read_bytes()
    deep = packed(path / "deep.zip", {"model.onnx": b"", "manifest.json": b"[" * 9**6})
    huge = packed(path / "huge.zip", {"model.onnx": b"", "manifest.json": bytes(2**28)})
    climbs = bright_net(path / "climbs.zip", challenge="../../bright")
    return {
        "cut off": honest[:-30],
        "lists in lists": deep.read_bytes(),
        "a manifest of zeros": huge.read_bytes(),
        "a name that climbs": climbs.read_bytes(),
        "two manifests": honest + honest,
        "a pickle": b"\x80\x04K\x01.",
    }


def test_zips_that_mean_harm_get_nothing_and_a_neighbour_all(home, sandbox):
    (home / "in").mkdir()
    for number, data in enumerate(bombs(home).values()):
        (home / "in" / f"s{number}.zip").write_bytes(data)
    bright_net(home / "in" / "s9.zip")
    folder = collected(home, sandbox, "in")
    # what stands before a zip is no part of it: the file of s4 is the honest one
    honest = {"s4": "5", "s9": "5"}
    assert points(folder) == dict.fromkeys(("s0", "s1", "s2", "s3", "s5"), "0") | honest
    assert all(one.parent == folder / "files" for one in folder.rglob("*.zip"))


WRONG = {
    'reference = "none.zip"': ('reference = "ours.zip"', "needs a `reference`"),
    'challenge = "brigth"': ('challenge = "bright"', "did you mean 'bright'"),
    'images = "rules.toml"': ('images = "held.npz"', "must be an .npz"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_challenge_that_cannot_be_asked_is_one_sentence(wrong, home):
    right, sentence = WRONG[wrong]
    path = home / "n1.toml"
    path.write_text(TOML.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^`n1\.toml`: ") as caught:
        read_assignment(path)
    assert sentence in str(caught.value)


def test_a_reference_that_does_not_meet_the_challenge_stops_the_release(home, sandbox):
    bright_net(home / "ours.zip", slopes=(24, 16, 8, 0))
    with pytest.raises(ValueError, match=r"\(bright: .* not met: at least 90 %"):
        release(read_assignment(home / "n1.toml"), home, sandbox, SECRET)
    assert not (home / "n1.ipynb").exists()


STUDENTS = [f"s{number}" for number in range(200)]


def with_own_budgets(home: Path, usual: int = 25, title: str = "") -> Assignment:
    """Return the assignment with budgets near the usual one."""
    rules = RULES.replace("below = 20", f"below = {usual}")
    rules = rules.replace("Four brightnesses", title or "Four brightnesses")
    (home / "rules.toml").write_text(rules, encoding="utf-8")
    toml = TOML.replace("points = 5", "points = 5\npersonal = true")
    (home / "n1.toml").write_text(toml, encoding="utf-8")
    return read_assignment(home / "n1.toml")


def asked_of(given: Assignment, student: str) -> tuple[int, str]:
    """Return the budget that a student reads, and everything else that is asked."""
    text = notebook_text(given.of_student(student, SECRET), solved=False)
    (budget,) = set(re.findall(r"fewer than ([\d,]+) parameters", text))
    return int(budget.replace(",", "")), text.replace(budget, "…")


def test_everybody_gets_a_budget_within_a_tenth_and_the_same_other_rules(home):
    title = "Digits with fewer than 20,000 parameters"
    given = with_own_budgets(home, 20_000, title)
    asked = [asked_of(given, student) for student in STUDENTS]
    budgets = [budget for budget, _ in asked]
    assert 18_000 <= min(budgets) < 18_500
    assert 21_500 < max(budgets) <= 22_000
    assert len(set(budgets)) > 150
    assert len({other for _, other in asked}) == 1
    assert asked == [asked_of(given, student) for student in STUDENTS]


def test_a_neighbours_net_is_not_met_where_ones_own_budget_is_smaller(home, sandbox):
    given = with_own_budgets(home)
    budgets = {student: asked_of(given, student)[0] for student in STUDENTS}
    assert set(budgets.values()) == {23, 24, 25, 26, 27}
    pair = [min(s for s in STUDENTS if budgets[s] == n) for n in (25, 24)]
    made = release(given, home, sandbox, SECRET, pair)
    assert (made.student_points, made.solution_points, made.of) == (0, 6, 6)
    for path, student in zip(made.paths, pair, strict=True):
        text = path.read_text(encoding="utf-8")
        assert f"fewer than {budgets[student]} parameters" in text
        assert "The budget of parameters is your own." in text
    larger = bright_net(home / "theirs.zip", **LARGE)
    path, seen = home / "theirs.zip", []
    for student in pair:
        got = grade(path, student, given, sandbox, SECRET, [larger]).parts[0]
        seen.append((got.status, got.points, got.message.partition(";")[0]))
    assert seen == [
        ("right", 5, "✓ met: fewer than 25 parameters"),
        ("wrong", 0, "✗ not met: fewer than 24 parameters"),
    ]
    assert spread(given, pair, SECRET)[0] == (
        *("bright", "2 budgets of 2", "fewer than 24 to 25 parameters", "1 of 2"),
    )


def test_a_reference_that_is_too_large_for_some_budget_stops_the_release(home, sandbox):
    bright_net(home / "ours.zip", **LARGE)
    given = with_own_budgets(home)
    lucky = next(s for s in STUDENTS if asked_of(given, s)[0] == 25)  # it would fit
    with pytest.raises(ValueError, match=r"has 24 parameters; .* fewer than 23"):
        release(given, home, sandbox, SECRET, [lucky])
    assert not list(home.glob("*.ipynb"))


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("parameters_below = 20", "", "'bright' cannot be personal: .* no such rule"),
        ("= 20", "= 9", "'bright' cannot be personal: .* 10 or more, .*; got 9"),
        ("true", '"02.6"', "a challenge may be `personal = true`; got"),
    ],
    ids=["no budget", "a budget too small", "two kinds at once"],
)
def test_a_challenge_that_cannot_be_personal_is_refused_when_it_is_read(
    right, wrong, sentence, home
):
    with_own_budgets(home, 20)
    for path in (home / "rules.toml", home / "n1.toml"):
        text = path.read_text(encoding="utf-8").replace(right, wrong)
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"^`n1\.toml`: .*{sentence}"):
        read_assignment(home / "n1.toml")
