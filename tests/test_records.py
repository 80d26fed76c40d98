"""The student's own file: what is written, when, and how it goes away."""

import json

import nbformat
import pytest
from nbclient import NotebookClient

from coursekit.course import forget_progress, progress
from coursekit.course.exercises import exercise, exercise_ids
from coursekit.course.records import FILE, note, recorded


def test_what_is_noted_is_read_back_and_a_right_check_stays_right(tmp_path):
    note("checks", "01.3", "wrong", folder=tmp_path)
    note("checks", "01.3", "right", folder=tmp_path)
    note("checks", "01.3", "not yet", folder=tmp_path)
    note("predictions", "01-join", {"right": False, "sure": 80}, folder=tmp_path)
    note("predictions", "01-join", {"right": True, "sure": 80}, folder=tmp_path)
    assert recorded(tmp_path) == {
        "checks": {"01.3": "right"},
        "predictions": {"01-join": {"right": True, "sure": 80}},
        "verdicts": {},
    }


def test_progress_counts_checks_hits_claims_and_the_minutes_left(tmp_path):
    note("checks", "01.3", "right", folder=tmp_path)
    note("checks", "01.2", "wrong", folder=tmp_path)
    note("predictions", "01-a", {"right": True, "sure": None}, folder=tmp_path)
    note("predictions", "01-b", {"right": False, "sure": 60}, folder=tmp_path)
    note("verdicts", "C03", "true", folder=tmp_path)
    mine = [one for one in exercise_ids() if one.startswith("01.")]
    minutes = sum(exercise(one).minutes for one in mine if one != "01.3")
    (row,) = [row for row in progress(folder=tmp_path).rows if row[0] == "01"]
    assert row == ("01", f"1 of {len(mine)}", "1 of 2", "1 of 25", str(minutes))
    assert "1 check right" in repr(progress(folder=tmp_path))
    assert "1 of 25" in progress(folder=tmp_path)._repr_html_()


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"checks": 3}', '{"x": {}}'])
def test_a_damaged_file_counts_as_empty_and_is_written_anew(tmp_path, text):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    assert recorded(tmp_path) == {"checks": {}, "predictions": {}, "verdicts": {}}
    note("verdicts", "C01", "true", folder=tmp_path)
    stored = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    assert stored["verdicts"] == {"C01": "true"}


def test_a_place_that_cannot_be_written_to_stops_no_lesson(tmp_path):
    (tmp_path / "file").write_text("in the way")
    note("verdicts", "C01", "true", folder=tmp_path / "file")
    assert recorded(tmp_path / "file")["verdicts"] == {}


def test_one_call_deletes_the_file(tmp_path):
    note("verdicts", "C01", "true", folder=tmp_path)
    assert forget_progress(folder=tmp_path) is True
    assert not (tmp_path / FILE).exists()
    assert forget_progress(folder=tmp_path) is False


LESSON = """
from coursekit import check, predict, reveal
predict("01-join", 6)
reveal("01-join", 5)
check("01.11", 200)
"""


@pytest.mark.parametrize(("wish", "written"), [("on", True), ("off", False)])
def test_a_notebook_writes_the_file_unless_it_is_a_test(
    tmp_path, monkeypatch, wish, written
):
    monkeypatch.setenv("COURSEKIT_PROGRESS", wish)
    monkeypatch.setenv("COURSEKIT_CHECKPOINTS", str(tmp_path / "kept"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LESSON)])
    NotebookClient(notebook, timeout=120).execute()
    found = recorded(tmp_path / "kept")
    assert (tmp_path / "kept" / FILE).exists() == written
    assert found["checks"] == ({"01.11": "right"} if written else {})
    assert ("01-join" in found["predictions"]) == written


def test_outside_a_notebook_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_PROGRESS", "on")
    monkeypatch.setenv("COURSEKIT_CHECKPOINTS", str(tmp_path))
    note("verdicts", "C01", "true")
    assert list(tmp_path.iterdir()) == []
