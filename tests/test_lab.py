"""`coursekit lab` opens session 00, and says what to do where it cannot."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from coursekit.setup import lab, working_copy
from coursekit.setup.contents import complete


def test_the_command_serves_the_folder_and_opens_session_00(tmp_path: Path):
    line = lab.command(tmp_path, ["--no-browser"])
    assert line[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tmp_path}" in line
    where = "/lab/workspaces/coursekit/tree/00_start_here.ipynb"
    assert f"--LabApp.default_url={where}" in line
    assert line[-1] == "--no-browser"


def test_a_folder_without_the_course_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    nowhere = tmp_path / "coursekit" / "setup" / "working_copy.py"
    monkeypatch.setattr(working_copy, "__file__", str(nowhere))
    monkeypatch.setattr(working_copy, "_installed", lambda: iter(()))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="go to the folder of the course"):
        working_copy.notebooks_folder()


def test_missing_jupyterlab_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    assert lab.main([]) == 1
    assert "pip install" in capsys.readouterr().err


def test_help_shows_an_example():
    done = subprocess.run(
        [sys.executable, "-m", "coursekit.setup.lab", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "example: coursekit lab --no-browser" in done.stdout


def test_the_workspace_of_a_student_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", str(tmp_path))
    lab.prepare_workspace()
    (file,) = tmp_path.iterdir()
    moved = file.read_text(encoding="utf-8").replace("toc:plugin", "filebrowser")
    file.write_text(moved, encoding="utf-8")
    lab.prepare_workspace()
    assert file.read_text(encoding="utf-8") == moved


def test_a_notebook_is_completed_for_this_python_and_no_other():
    mine = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    complete(mine, "Python 3 (ipykernel)")
    assert mine["kernelspec"]["display_name"] == "Python 3 (ipykernel)"
    assert mine["language_info"]["version"] == platform.python_version()
    for other in ({}, {"kernelspec": {"name": "ir", "display_name": "R"}}):
        before = repr(other)
        complete(other, "Python 3 (ipykernel)")
        assert repr(other) == before
