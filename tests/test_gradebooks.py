"""Points as the platforms import them, and what changed since the last time."""

import json

import pytest

from coursekit.course.exercises.registry import load
from coursekit.staff.grading.assignment import Assignment, Part
from coursekit.staff.grading.class_statistics import discrimination
from coursekit.staff.grading.earlier import write_and_keep
from coursekit.staff.grading.feedback import _safe, give_back
from coursekit.staff.grading.gradebooks import changes, gradebook
from coursekit.staff.grading.manifest import Row, write_manifest

GIVEN = Assignment("a1", "Fields, seen", None, (Part("01.3", 4, load("01.3")),), "d")
CAME = {
    "s1": "doejane_LATE_4711_90210_a1.ipynb",
    "s2": "Li Wei_881_assignsubmission_file/a1.ipynb",
    "=s3": "s3.ipynb",
}
ROWS = [
    Row(one, f"{one}.ipynb", f"sha {one}", came, "", "late" if one == "s1" else "")
    for one, came in CAME.items()
]
GRADES = [
    {
        "student": one,
        "file": f"{one}.ipynb",
        "points": points,
        "of": 4,
        "person": ["look"] * (one == "s2"),
        "parts": [{"id": "01.3", "points": points}],
    }
    for points, one in zip((4, 0, 2), CAME, strict=True)
]


def test_canvas_gets_its_columns_and_the_users_number():
    assert gradebook(GRADES, "canvas", GIVEN, ROWS) == (
        'Student,ID,SIS User ID,SIS Login ID,Section,"Fields, seen"\n'
        "    Points Possible,,,,,4\n"
        "s1,4711,s1,,,4\n"
        "s2,,s2,,,0\n"
        "'=s3,,'=s3,,,2\n"
    )


def test_moodle_gets_a_grading_worksheet_with_the_participants_number():
    assert gradebook(GRADES, "moodle", GIVEN, ROWS) == (
        "Identifier,Full name,Grade,Maximum Grade,Last modified (grade)\n"
        ",s1,4,4,-\n"
        "Participant 881,s2,0,4,-\n"
        ",'=s3,2,4,-\n"
    )


def test_the_plain_table_says_the_parts_and_the_flags():
    assert gradebook(GRADES, "plain", GIVEN, ROWS) == (
        "student,01.3,points,of,needs a person,flags\n"
        "s1,4,4,4,0,late\n"
        "s2,0,0,4,1,\n"
        "'=s3,2,2,4,0,\n"
    )


def test_what_grading_again_changed_is_one_line_a_part():
    def part(name: str, points: int, status: str, message: str = "m") -> dict:
        return {"id": name, "points": points, "status": status, "message": message}

    before = {"student": "s1", "parts": [part("1", 0, "wrong"), part("2", 1, "right")]}
    new = [
        part("1", 2, "right", "It agrees."),
        part("2", 1, "right"),
        part("3", 0, "x"),
    ]
    assert changes([(before, before), (before, {"student": "s1", "parts": new})]) == (
        "student,part,points before,points now,why now\n"
        "s1,1,0,2,It agrees.\n"
        "s1,3,,0,m\n"
    )


@pytest.mark.parametrize(
    ("tried", "index"),
    [
        ([(i >= 5, i) for i in range(11)], 1.0),  # the better half has it right
        ([(i < 5, i) for i in range(11)], -1.0),
        ([(True, i) for i in range(11)], 0.0),
        ([(i % 2 == 0, 3) for i in range(12)], 0.0),  # all are equal elsewhere
        # best three of eleven: 10, 9, 8; last three: 2, 1, 0
        ([(i in (10, 9, 0), i) for i in range(11)], 1 / 3),
        ([(True, 1), (False, 0)], None),
    ],
)
def test_the_index_of_an_exercise_compares_the_best_with_the_last(tried, index):
    got = discrimination(tried)
    assert got == (None if index is None else pytest.approx(index))


def test_feedback_after_grading_again_says_what_changed_and_keeps_the_old_points(
    tmp_path,
):
    row = Row("s1", "s1-0.ipynb", "0", "s1.ipynb", "2026", "names s1 and s2")
    write_manifest(tmp_path, [row])
    for points, status in ((0, "wrong"), (4, "right")):
        part = {"id": "01.3", "points": points, "of": 4, "status": status, "cells": []}
        part |= {"message": status, "mistake": "", "notes": [], "code": ""}
        grade = {"student": "s1", "file": row.file, "sha256": "0", "points": points}
        grade |= {"of": 4, "person": [], "parts": [part], "networks": []}
        write_and_keep(tmp_path / "grades" / "s1-0.json", json.dumps(grade))
        give_back(tmp_path, GIVEN)
    said = (tmp_path / "changes.csv").read_text(encoding="utf-8")
    assert said.endswith("\ns1,01.3,0,4,right\n")
    now = (tmp_path / "gradebook-plain.csv").read_text(encoding="utf-8")
    old = (tmp_path / "earlier" / "gradebook-plain.1.csv").read_text(encoding="utf-8")
    assert ("s1,4,4,4" in now, "s1,0,0,4" in old) == (True, True)
    assert "names s1 and s2" in (tmp_path / "class.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("change", [{"of": 5}, {"parts": [{"id": "02.3"}]}])
def test_grades_of_other_parts_or_points_are_refused(change, tmp_path):
    write_manifest(tmp_path, ROWS[:1])
    (tmp_path / "grades").mkdir()
    text = json.dumps(GRADES[0] | change)
    (tmp_path / "grades" / "s1.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"run `coursekit grade --again`"):
        give_back(tmp_path, GIVEN)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["grades", "manifest.csv"]


def test_no_two_students_share_a_page():
    names = ["a b", "a_b", "a/b", "../b", "x" * 90, "x" * 91, "Ä"]
    assert len({_safe(name) for name in names}) == len(names)
    assert _safe("s1") == "s1"
    assert "/" not in "".join(map(_safe, names))
