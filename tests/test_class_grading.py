"""A class is graded to the end: whatever one hand-in does, and wherever it stopped."""

import errno
import hashlib
import json
import multiprocessing
import os
import signal
import time
from itertools import chain
from pathlib import Path

import pytest

from coursekit import cli
from coursekit.staff.grading import class_grading
from coursekit.staff.grading.class_grading import Job, grade_class, jobs_of
from coursekit.staff.grading.earlier import latest_before, write_and_keep
from coursekit.staff.grading.manifest import Row, read_manifest, write_manifest
from coursekit.staff.grading.merging import merge

TOML = '[[part]]\nexercise = "01.3"\npoints = 1\n'


def opened(*_: object) -> None:
    """Stand for what a grading process opens."""


def graded(job: Job) -> str:
    """Stand for grading: what happens stands in the student's name."""
    if job.student.startswith("kills"):
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGKILL)
    if job.student.startswith("full"):
        raise OSError(errno.ENOSPC, "No space left on device", "grades/x.json")
    if job.student.startswith("refused"):
        raise ValueError("grading needs bubblewrap")
    return "not graded: KeyError: 'x'" if job.student.startswith("odd") else ""


@pytest.fixture
def said(monkeypatch):
    """Return a function that grades students of these names."""
    fork = multiprocessing.get_context("fork")
    monkeypatch.setattr(class_grading, "get_context", lambda _: fork)
    monkeypatch.setattr(class_grading, "_open", opened)
    monkeypatch.setattr(class_grading, "_grade", graded)

    def grade(*names: str) -> dict[str, str]:
        jobs = [Job(Path(name), name, Path(name)) for name in names]
        found = grade_class(jobs, Path("a.toml"), b"x", processes=2)
        return {job.student: why for job, why in found}

    return grade


FORKS = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@FORKS
def test_a_hand_in_that_takes_its_process_along_is_found_and_the_others_go_on(said):
    names = [f"s{i}" for i in range(9)]
    names[4:4] = ["kills 1"]
    names += ["kills 2", "odd"]
    got = said(*names)
    assert set(got) == set(names)
    ended = "its grading process ended; grade it by hand"
    assert {name for name, why in got.items() if why == ended} == {"kills 1", "kills 2"}
    assert got["odd"] == "not graded: KeyError: 'x'"
    assert sum(not why for why in got.values()) == 9


@FORKS
@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("full", OSError, "No space left on device"),
        ("refused", ValueError, "grading needs bubblewrap"),
    ],
)
def test_what_no_hand_in_can_help_stops_the_class_with_one_sentence(
    name, error, sentence, said
):
    with pytest.raises(error, match=sentence):
        said(name, *(f"{name} {i}" for i in range(20)))


def test_without_walls_grading_is_refused_before_it_begins(
    tmp_path, monkeypatch, capsys
):
    folder = made(tmp_path / "class", "s1")
    (tmp_path / "a.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "course.secret").write_text("x", encoding="utf-8")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert cli.main(["grade", str(tmp_path / "a.toml"), str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(
        "coursekit grade: grading runs students' code in bwrap, which"
    )
    assert said.count("\n") == 1


def made(folder: Path, *students: str, points: int = 1, secret: str = "m") -> Path:
    """Write a folder as `collect` and `grade` leave it."""
    rows = []
    for student in students:
        data = student.encode()
        digest = hashlib.sha256(data).hexdigest()
        name = f"{student}-{digest[:12]}"
        (folder / "files").mkdir(parents=True, exist_ok=True)
        (folder / "files" / f"{name}.ipynb").write_bytes(data)
        rows.append(Row(student, f"{name}.ipynb", digest, student, "2026", ""))
        grade = {"student": student, "points": points, "seconds": time.monotonic()}
        write_and_keep(folder / "grades" / f"{name}.json", json.dumps(grade))
    write_manifest(folder, rows)
    (folder / "secret.sha256").write_text(secret, encoding="utf-8")
    return folder


def everything(folder: Path) -> dict[str, bytes]:
    """Return what a folder holds."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_shards_are_put_together_and_once_more_changes_nothing(tmp_path):
    one, other = made(tmp_path / "1", "s1", "s2"), made(tmp_path / "2", "s2", "s3")
    assert merge(tmp_path / "all", [one, other]) == 3
    rows = read_manifest(tmp_path / "all")
    assert [row.student for row in rows] == ["s1", "s2", "s3"]
    before = everything(tmp_path / "all")
    assert {path.split("/")[0] for path in before} == {
        "files",
        "grades",
        "manifest.csv",
        "secret.sha256",
    }
    assert (
        merge(tmp_path / "all", [other, one]) == 3
    )  # the time a grade took may differ
    assert everything(tmp_path / "all") == before


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda part: made(part, "s1", points=0), "differs from another grade"),
        (lambda part: made(part, "s2", secret="n"), "made with another secret"),
        (lambda part: next(part.glob("files/*")).write_text("x"), "copy it again"),
        (lambda part: next(part.glob("grades/*")).write_text("{"), "is no grade"),
        (lambda part: (part / "manifest.csv").unlink(), "has no manifest"),
    ],
)
def test_parts_that_do_not_fit_are_one_sentence_and_nothing_changes(
    harm, sentence, tmp_path
):
    folder = made(tmp_path / "all", "s1")
    part = made(tmp_path / "1", "s1")
    before = everything(folder)
    harm(part)
    with pytest.raises(ValueError, match=sentence):
        merge(folder, [part])
    assert everything(folder) == before


def test_every_hand_in_is_in_one_shard_and_a_damaged_grade_is_made_again(tmp_path):
    folder = made(tmp_path / "class", *(f"s{i}" for i in range(10)))
    given = type("Given", (), {"digest": "d"})
    shards = [[j.student for j in jobs_of(folder, given, (i, 3))] for i in (1, 2, 3)]
    assert sorted(chain(*shards)) == [f"s{i}" for i in range(10)]
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    next(folder.glob("grades/*")).write_text("{", encoding="utf-8")
    assert len(jobs_of(folder, given)) == 10


def test_what_a_file_held_is_kept_in_order(tmp_path):
    path = tmp_path / "g.csv"
    for text in ("one", "two", "two", *map(str, range(12))):
        write_and_keep(path, text)
    assert path.read_text(encoding="utf-8") == "11"
    assert latest_before(path).read_text(encoding="utf-8") == "10"
    kept = {one.read_text(encoding="utf-8") for one in (tmp_path / "earlier").iterdir()}
    assert kept == {"one", "two", *map(str, range(11))}


def test_a_full_disk_keeps_the_gradebook_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "g.csv"
    write_and_keep(path, "one")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_and_keep(path, "two")
    assert everything(tmp_path) == {"g.csv": b"one"}
