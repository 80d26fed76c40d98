"""Points as the platforms import them, and what changed since the last time."""

from coursekit.course.exercises.registry import load
from coursekit.staff.grading.assignment import Assignment, Part
from coursekit.staff.grading.gradebooks import gradebook
from coursekit.staff.grading.manifest import Row

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
