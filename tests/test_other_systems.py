"""Windows and macOS as far as Linux can play them: files, names, clocks, limits.

Each test takes away what a system lacks, or does what it does. What only a real machine
shows runs there (`.github/workflows/platforms.yml`).
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coursekit import check, fit
from coursekit._base.files import write_whole
from coursekit.course.exercises.guard import Stopped, guarded
from coursekit.setup import working_copy
from coursekit.setup.update import update
from coursekit.setup.working_copy import bring, is_untouched
from tests.small_runs import assert_same_weights, noise_set, small_net, weights_of

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
RUN = {"epochs": 2, "batch_size": 50, "progress": False}
# Names that Windows and macOS users have in their paths.
FOLDERS = ("Jürgen & Söhne", "My Documents (old)", "课程", "a" * 100)


@pytest.fixture
def windows_holds_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to put a file in the place of one that another program has open."""

    def refused(*_: object) -> None:
        raise PermissionError(13, "The process cannot access the file")

    monkeypatch.setattr(os, "replace", refused)


def test_a_file_that_is_open_elsewhere_stays_whole_and_nothing_is_left(
    tmp_path, windows_holds_open_files
):
    path = tmp_path / "notes.md"
    path.write_bytes(b"old")
    with pytest.raises(PermissionError):
        write_whole(path, "new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_training_goes_on_where_a_checkpoint_cannot_be_replaced(
    tmp_path, windows_holds_open_files
):
    model, plain = small_net(), small_net()
    with pytest.warns(UserWarning, match="could not be written"):
        fit(model, noise_set(), **RUN, checkpoint=tmp_path / "run.pt")
    fit(plain, noise_set(), **RUN)
    assert_same_weights(model, weights_of(plain))


def test_an_update_of_a_notebook_that_is_open_elsewhere_loses_nothing(
    tmp_path, windows_holds_open_files
):
    path = tmp_path / "03c_how_sure.ipynb"
    content = json.loads((NOTEBOOKS / path.name).read_text(encoding="utf-8"))
    content["metadata"]["coursekit"]["digest"] = "of an earlier version"
    content["cells"][3]["source"] = "mine"
    path.write_text(json.dumps(content), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(PermissionError):
        update(path, NOTEBOOKS / path.name)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", FOLDERS, ids=["signs", "spaces", "Chinese", "long"])
def test_a_course_and_a_run_lie_in_any_folder(tmp_path, name):
    folder = tmp_path / name
    shutil.copytree(
        NOTEBOOKS,
        folder / "notebooks",
        ignore=shutil.ignore_patterns("src", "solutions", "0[1-8]*"),
    )
    bring(folder / "notebooks", folder / "my")
    assert is_untouched(folder / "my" / "00_start_here.ipynb")
    for epochs in (1, 2):
        path = folder / "my" / "run.pt"
        fit(small_net(), noise_set(), **(RUN | {"epochs": epochs}), checkpoint=path)
        path.unlink()


def test_git_s_line_ends_of_windows_are_no_edit_of_a_notebook(tmp_path):
    name = "03c_how_sure.ipynb"
    text = (NOTEBOOKS / name).read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / name).write_bytes(text)
    assert is_untouched(tmp_path / name)


def test_names_that_differ_in_case_only_are_one_working_copy(tmp_path, monkeypatch):
    """As on a disk that takes MY and my for the same folder."""
    place = tmp_path / "course"
    (place / "notebooks").mkdir(parents=True)
    (place / "my").mkdir()
    for folder in ("notebooks", "my"):
        shutil.copy(NOTEBOOKS / working_copy.FIRST, place / folder)
    (tmp_path / "COURSE").symlink_to(place)
    monkeypatch.chdir(tmp_path / "COURSE")
    assert working_copy.working_copy(place / "notebooks") == place / "my"


@pytest.fixture
def without_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the signals that Windows has not."""
    for name in ("setitimer", "SIGALRM", "ITIMER_REAL", "alarm"):
        monkeypatch.delattr(signal, name)


def test_an_endless_answer_ends_without_an_alarm(without_alarm):
    def endless() -> None:
        while True:
            pass

    with pytest.raises(Stopped, match="did not end"), guarded(0, seconds=0.2):
        endless()


def test_a_check_answers_without_an_alarm_and_without_limits_of_memory(
    without_alarm, monkeypatch
):
    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.setattr("sys.platform", "win32")

    def size_of(size, kernel_size, stride=1, padding=0, dilation=1):
        return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1

    assert "right" in repr(check("01.1", size_of))
    assert "wrong" in repr(check("01.1", lambda *_, **__: 0))


def test_a_hand_in_is_judged_where_a_process_cannot_be_bounded():
    """The parent bounds the time; `resource` is missing in the child, as on Windows."""
    code = (
        "import sys; sys.modules['resource'] = None\n"
        "from coursekit.course.handin.bounds import bound, bound_judging\n"
        "bound(memory=1, seconds=1, written=1); bound_judging(0)\n"
        "print(sum(bytearray(10**7)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "0\n", done.stderr
