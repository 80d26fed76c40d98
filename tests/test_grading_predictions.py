"""Predictions travel where a student says so, and only what is shown."""

import json

import pytest

from coursekit.course import predict, predictions, reveal, share_predictions
from coursekit.course.sharing import NOTHING
from coursekit.staff.grading import notebook_answers
from coursekit.staff.grading.assignment import read_assignment
from coursekit.staff.grading.class_predictions import believed, shared_guesses
from coursekit.staff.grading.feedback import class_page
from coursekit.staff.grading.grade import grade
from coursekit.staff.grading.release import notebook_text
from tests.hostile_handins import notebook

SECRET = b"of the tests"
TOML = 'predictions = true\n[[part]]\nexercise = "01.11"\npoints = 1\n'


@pytest.fixture
def said(monkeypatch):
    """Make two predictions, one of them wrong, and forget them afterwards."""
    for kept in ("_MADE", "_SEEN"):
        monkeypatch.setattr(predictions, kept, {})
    predict("01-join", 6, unit="pixels", sure=80)
    reveal("01-join", 5)
    predict("01-rows", 5)
    reveal("01-rows", 5)
    predict("01-open", 3)


def assignment(tmp_path, text=TOML):
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    return read_assignment(tmp_path / "a.toml")


def with_output(shared) -> bytes:
    """Return a notebook as Jupyter saves it after the sharing cell was run."""
    data = {"text/plain": [repr(shared)], "text/html": shared._repr_html_()}
    output = {"output_type": "execute_result", "data": data, "metadata": {}}
    return notebook("share_predictions(True)", outputs=[output])


def test_nothing_travels_without_a_yes(said, tmp_path):
    assert repr(share_predictions(False)) == NOTHING
    text = notebook_text(assignment(tmp_path), solved=False)
    assert "share_predictions(False)" in text
    assert "share" not in notebook_text(
        assignment(tmp_path, TOML.replace("true", "false")), solved=False
    )
    with pytest.raises(ValueError, match="`consent` must be"):
        share_predictions("yes")


def test_what_travels_is_what_is_shown(said):
    shared = share_predictions(True)
    page = shared._repr_html_()
    for word in ("01-join", "6", "80 %", "✗", "01-rows", "✓"):
        assert word in page
    assert "01-open" not in repr(shared)  # not judged yet
    read = notebook_answers.read(with_output(shared), {})["shared"]
    assert shared_guesses(read) == {
        "01-join": {"right": False, "sure": 80.0, "guess": 6},
        "01-rows": {"right": True, "sure": None, "guess": 5},
    }


@pytest.mark.parametrize("asked", [True, False])
def test_a_grade_keeps_them_only_where_the_assignment_asks(
    asked, said, sandbox, tmp_path
):
    path = tmp_path / "hand-in.ipynb"
    path.write_bytes(with_output(share_predictions(True)))
    given = assignment(tmp_path, TOML.replace("true", str(asked).lower()))
    got = grade(path, "s1", given, sandbox, SECRET)
    assert bool(got.predictions) == asked
    assert got.points == 0


FORGED = [
    "[]", "7", "{", "[" * 9999, '{"x": 1}',
    '{"01-a": {"guess": 1, "right": 1, "sure": null}}',
    '{"01-a": {"guess": [1], "right": false, "sure": null}}',
    '{"01-a": {"guess": 1, "right": false, "sure": 900}}',
    '{"01-a": {"guess": 1, "right": false, "sure": null, "more": 1}}',
    '{"<b>": {"guess": 1, "right": false, "sure": null}}',
    json.dumps({"01-a": {"guess": "x" * 81, "right": False, "sure": None}}),
]  # fmt: skip


@pytest.mark.parametrize("text", FORGED, ids=range(len(FORGED)))
def test_what_is_no_prediction_is_left_out(text):
    assert shared_guesses(text) == {}


def test_the_class_page_shows_what_most_believed_and_escapes_it(tmp_path):
    def one(guess, right, sure=None):
        return {"guess": guess, "right": right, "sure": sure}

    shared = [
        {"01-a": one("never", False, 90), "01-b": one(1, True), "01-c": one(1, False)},
        {"01-a": one("never", False, 80), "01-b": one(2, False)},
        {"01-a": one("<b>5", False, 70), "01-b": one(1, True)},
        {"01-a": one("15", True)},
        {},
    ]
    rows = believed([{"predictions": guesses} for guesses in shared]).rows
    assert rows == [
        ("01-a", "never", "3", "4", "80 %"),
        ("01-b", "2", "1", "3", "–"),  # 01-c: one student's guess is not told
    ]
    part = {"id": "01.11", "status": "wrong", "points": 0, "mistake": "", "code": ""}
    grade = {"points": 0, "parts": [part], "person": []}
    grade["predictions"] = {"01-a": one("<b>", False)}
    grades = [grade | {"student": name} for name in ("s1", "s2", "s3")]
    page = class_page(grades, assignment(tmp_path))
    assert "&lt;b&gt;" in page
    assert "Nothing about learning" in page


@pytest.mark.parametrize(
    "outputs", [7, [7], [{"data": 7}], [{"data": {"text/plain": 7}}]]
)
def test_outputs_that_are_none_cost_no_points(outputs, sandbox, tmp_path):
    path = tmp_path / "hand-in.ipynb"
    given = assignment(tmp_path)
    right = notebook_text(given, solved=True)
    cells = json.loads(right)["cells"]
    cells[0]["outputs"] = outputs
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert grade(path, "s1", given, sandbox, SECRET).points == 1
