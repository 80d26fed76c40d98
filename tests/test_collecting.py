"""Hand-ins from anywhere: whose they are, and nothing lost, overwritten or run."""

import os
import subprocess
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coursekit import cli
from coursekit.staff.grading.collecting import collect
from coursekit.staff.grading.manifest import read_manifest
from coursekit.staff.grading.roster import named, read_roster
from tests.hostile_handins import RIGHT, notebook

ROSTER = (
    "id,name,canvas,group\n"
    "s1,Jane Doe,4711,A\ns2,Li Wei,4712,A\ns3,Ana van Dam,4713,B\ns4,José Díaz,4714,B\n"
)
DUE = datetime(2026, 12, 4, 23, 59, tzinfo=UTC)


def roster(folder: Path, text: str = ROSTER) -> dict[str, str]:
    """Return the roster of a text."""
    path = folder / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return read_roster(path)


@pytest.fixture
def people(tmp_path):
    """Return the roster of `ROSTER`."""
    return roster(tmp_path)


def put(folder: Path, *names: str) -> Path:
    """Write a hand-in, each with other bytes, under each name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notebook(RIGHT, name))
    return folder


def packed(path: Path, files: dict[str, bytes]) -> Path:
    """Write a zip."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def flags(rows) -> dict[str, str]:
    """Return the flags by where a hand-in was."""
    return {row.came_as: row.flags for row in rows}


NAMES = {
    "doejane_LATE_4711_90210_a1.ipynb": ("s1", "late"),
    "vandamana_4713_90211_a1-2.ipynb": ("s3", ""),
    "somebody_4712_90212_my_1_2_work.ipynb": ("s2", ""),  # renamed: the number counts
    "Li Wei_881_assignsubmission_file/a1.ipynb": ("s2", ""),
    "Li Wei_881_assignsubmission_file_a1.ipynb": ("s2", ""),
    "Jose\u0301 Di\u0301az_882_assignsubmission_file/a1.ipynb": ("s4", ""),
    "Eva_4711_assignsubmission_file/a1.ipynb": ("", "not on the roster"),
    "s3/work.ipynb": ("s3", ""),
    "Ana van Dam.ipynb": ("s3", ""),
    "S1.IPYNB": ("s1", ""),
    "somebody.ipynb": ("", "not on the roster"),
    # what students name themselves does not make it another student's
    "Li Wei_881_assignsubmission_file/s1.ipynb": ("s2", ""),
    "Li Wei_881_assignsubmission_file_s1_7_assignsubmission_x.ipynb": ("s2", ""),
    "weili_4712_9_doejane_4711_8_a1.ipynb": ("s2", ""),
    "s2/s1.ipynb": ("", "names s1 and s2"),
    "group A.ipynb": ("", "not on the roster"),
}


@pytest.mark.parametrize("name", NAMES)
def test_whose_a_file_is_stands_in_its_name(name, people):
    said = named(name, people)
    assert (said.student, " · ".join(said.flags)) == NAMES[name]


def test_without_a_roster_names_are_taken_as_they_come():
    names = ("s1.ipynb", "s2/a.ipynb", "in/s3/a.ipynb", "doejane_4711_2_a.ipynb")
    assert [named(one, {}).student for one in names] == ["s1", "s2", "s3", "doejane"]


def test_a_file_is_copied_as_it_is(tmp_path, people):
    given = put(tmp_path / "in", "s1/a.ipynb", "doejane_4711_1_b.ipynb", "s2.py")
    rows = collect([given], tmp_path / "class", people, None)
    assert len(rows) == 3
    for row in rows:
        kept = tmp_path / "class" / "files" / row.file
        assert kept.read_bytes() == (given / row.came_as).read_bytes()


def test_a_second_hand_in_supersedes_and_overwrites_nothing(tmp_path):
    people, folder = roster(tmp_path), tmp_path / "class"
    for number, text in enumerate(("one", "two")):
        given = tmp_path / f"in{number}" / "s1.ipynb"
        given.parent.mkdir()
        given.write_bytes(notebook(text))
        os.utime(given, (1_800_000_000 + number, 1_800_000_000 + number))
        rows = collect([given.parent], folder, people, datetime(2030, 1, 1, tzinfo=UTC))
    assert [row.flags for row in rows] == ["superseded", ""]
    assert len(list((folder / "files").iterdir())) == 2
    assert collect([tmp_path / "in1"], folder, people, None) == rows


def test_a_newer_script_never_takes_the_notebooks_place(tmp_path):
    given = put(tmp_path / "in" / "s1", "a1.ipynb", "helper.py")
    os.utime(given / "a1.ipynb", (1_800_000_000, 1_800_000_000))
    os.utime(given / "helper.py", (1_800_000_001, 1_800_000_001))
    rows = collect([tmp_path / "in"], tmp_path / "class", roster(tmp_path), None)
    assert {Path(row.file).suffix: row.flags for row in rows} == {
        ".ipynb": "",
        ".py": "superseded",
    }


def test_a_notebook_that_release_wrote_for_somebody_is_theirs(tmp_path, people):
    given = put(tmp_path / "in", "a1-s1.ipynb", "a1-s2.ipynb")
    for known in (people, {}):
        folder = tmp_path / f"class{len(known)}"
        rows = collect([given], folder, known, None, "a1")
        assert [row.student for row in rows] == ["s1", "s2"]


def test_two_strangers_with_one_file_are_two_rows(tmp_path, people):
    given = tmp_path / "in"
    for name in ("nobody", "someone"):
        (given / name).mkdir(parents=True)
        (given / name / "a1.ipynb").write_bytes(notebook(RIGHT))
    rows = collect([given], tmp_path / "class", people, None)
    assert len(rows) == 2
    assert collect([given], tmp_path / "class", people, None) == rows


def test_a_zips_times_are_those_of_this_machines_zone(tmp_path, people, monkeypatch):
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    try:
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            entry = zipfile.ZipInfo("s1/a1.ipynb", (2026, 12, 4, 23, 30, 0))
            archive.writestr(entry, notebook(RIGHT))
        due = datetime.fromisoformat("2026-12-04T23:59:00+01:00")
        (row,) = collect([path], tmp_path / "class", people, due)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "late" not in row.flags


def test_a_zip_is_read_and_never_unpacked(tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../s1.ipynb", notebook(RIGHT))
        archive.writestr("__MACOSX/s2.ipynb", b"x")
    (row,) = collect([path], tmp_path / "class", roster(tmp_path), None)
    assert row.student == "s1"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "all.zip",
        "class",
        "roster.csv",
    ]


def test_a_link_is_named_and_not_followed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "s1.ipynb").symlink_to("/etc/passwd")
    (row,) = collect([tmp_path / "in"], tmp_path / "class", roster(tmp_path), None)
    assert (row.student, row.flags) == ("s1", "link")
    assert not (tmp_path / "class" / "files" / row.file).read_bytes()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name\nJane\n", "a column `id`"),
        ("", "a column `id`"),
        ("id,name\n", "needs a line for each student"),
        ("id,name\ns1,Jane\ns1,Li\n", "2 lines with the id 's1'"),
        ('id,name\ns1,"Jane\n', "is no CSV"),
        ("id,name\ns1,Jane Doe\ns2,Doe Jane\n", "stands for s1 and for s2"),
        ("id\n\ns1\n,x\n", "a line without an id"),
    ],
)
def test_a_roster_that_cannot_tell_students_apart_is_one_sentence(
    text, sentence, tmp_path
):
    with pytest.raises(ValueError, match=sentence):
        roster(tmp_path, text)


def test_a_roster_in_another_encoding_is_one_sentence(tmp_path):
    (tmp_path / "roster.csv").write_bytes("id,name\ns1,José\n".encode("cp1252"))
    with pytest.raises(ValueError, match="is not UTF-8; save the roster as that"):
        read_roster(tmp_path / "roster.csv")


def test_columns_that_several_share_name_nobody(tmp_path):
    text = "ID;First name;Surname;Group\n1;Ana;Dam;A\n2;Ana;Roth;A\n"
    known = roster(tmp_path, text)
    assert known == {"1": "1", "2": "2", "dam": "1", "roth": "2"} | {
        "anadam": "1", "damana": "1", "anaroth": "2", "rothana": "2"
    }  # fmt: skip


def test_lateness_is_what_the_platform_says_and_not_when_it_was_downloaded(
    tmp_path, people
):
    given = put(
        tmp_path / "in",
        "doejane_4711_1_a.ipynb",
        "weili_LATE_4712_2_a.ipynb",
        "Ana van Dam_3_assignsubmission_file/a.ipynb",
        "s4.ipynb",
    )
    rows = collect(
        [given], tmp_path / "class", people, datetime(2020, 1, 1, tzinfo=UTC)
    )
    assert [row.flags for row in rows] == ["", "", "late", "late"]


def test_a_zip_in_a_zip_is_read_and_a_broken_or_encrypted_one_is_for_a_person(
    tmp_path, people, monkeypatch
):
    inner = packed(
        tmp_path / "i.zip", {"deep/work.ipynb": notebook(RIGHT)}
    ).read_bytes()
    bomb = packed(tmp_path / "b.zip", {"a.ipynb": b"0" * 3000}).read_bytes()
    files = {
        "doejane_4711_1_a.zip": inner,
        "weili_4712_1_a.zip": inner[:-30],
        "vandamana_4713_1_a.zip": bomb,
        "díazjosé_4714_1_a.zip": encrypted(inner),
    }
    monkeypatch.setattr("coursekit.staff.grading.collecting.MOST_BYTES", 10_000)
    given = packed(tmp_path / "all.zip", files)
    rows = collect([given], tmp_path / "class", people, None)
    assert [row.student for row in rows] == ["s1", "s2", "s3", "s4"]
    assert rows[0].came_as == "doejane_4711_1_a.zip/deep/work.ipynb"
    said = [row.flags for row in rows]
    assert said[0] == ""
    assert "is a broken zip" in said[1]
    assert "at most 20,000 and 2,000 are read" in said[2]
    assert "cannot be unpacked" in said[3]


def encrypted(data: bytes) -> bytes:
    """Set the bit of a zip that says its entries need a password."""
    data = bytearray(data)
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize("harm", ["cut", "bomb", "no zip"])
def test_a_download_that_cannot_be_read_is_one_sentence_and_changes_nothing(
    harm, tmp_path, people, capsys, monkeypatch
):
    (tmp_path / "a.toml").write_text('[[part]]\nexercise = "01.3"\npoints = 1\n')
    collect([put(tmp_path / "in", "s1.ipynb")], tmp_path / "class", people, None)
    before = (tmp_path / "class" / "manifest.csv").read_bytes()
    path = packed(tmp_path / "all.zip", {"s2.ipynb": notebook(RIGHT) * 20})
    if harm == "cut":
        data = bytearray(path.read_bytes())
        data[60] ^= 255
        path.write_bytes(data)
    elif harm == "no zip":
        path.write_bytes(b"no zip")
    else:
        monkeypatch.setattr("coursekit.staff.grading.collecting.MOST_BYTES", 10)
    given = ["collect", str(tmp_path / "a.toml"), str(tmp_path / "class"), str(path)]
    assert cli.main(given) == 1
    said = capsys.readouterr().err
    assert said.startswith("coursekit collect: `")
    assert said.count("\n") == 1
    assert (tmp_path / "class" / "manifest.csv").read_bytes() == before


def test_something_else_than_a_notebook_is_told_and_counts_for_nothing(
    tmp_path, people
):
    given = put(tmp_path / "in", "s1/a.pdf", "s2/a.ipynb", "s2/plot.png", "x.txt")
    rows = collect([given], tmp_path / "class", people, None)
    assert flags(rows) == {"s1/a.pdf": "no notebook", "s2/a.ipynb": ""}


def test_who_handed_in_nothing_is_said(tmp_path, people, capsys):
    (tmp_path / "a.toml").write_text('[[part]]\nexercise = "01.3"\npoints = 1\n')
    given = [tmp_path / "a.toml", tmp_path / "class", put(tmp_path / "in", "s1.ipynb")]
    roster_file = ["--roster", str(tmp_path / "roster.csv")]
    assert cli.main(["collect", *map(str, given), *roster_file]) == 0
    assert "nothing from s2, s3, s4\n" in capsys.readouterr().out


def test_an_id_that_a_person_wrote_into_the_manifest_stays(tmp_path, people):
    given, folder = put(tmp_path / "in", "somebody.ipynb"), tmp_path / "class"
    collect([given], folder, people, None)
    path = folder / "manifest.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\n,", "\ns2,"), encoding="utf-8")
    (row,) = collect([given], folder, people, None)
    assert row.student == "s2"


def test_a_manifest_that_is_none_is_one_sentence(tmp_path):
    (tmp_path / "manifest.csv").write_text("id;file\n", encoding="utf-8")
    with pytest.raises(ValueError, match="must have the columns student, file, sha256"):
        read_manifest(tmp_path)


def test_a_full_disk_leaves_the_manifest_as_it_was(tmp_path, people, monkeypatch):
    folder = tmp_path / "class"
    collect([put(tmp_path / "in", "s1.ipynb")], folder, people, None)
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        collect([put(tmp_path / "in", "s2.ipynb")], folder, people, None)
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before


def git(folder: Path, *words: str, **more: str) -> str:
    """Run git in a repository, with times and names of the test."""
    names = {"GIT_AUTHOR_NAME": "a", "GIT_COMMITTER_NAME": "a"}
    mails = {"GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_EMAIL": "a@b"}
    home = {"HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        env=os.environ | names | mails | home | more,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def repository(folder: Path, name: str) -> Path:
    """Make a repository in which one notebook was committed too late."""
    put(folder, name)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    when = "2026-12-05T01:00:00+01:00"  # a minute past the due time, in UTC
    git(folder, "commit", "-qm", "x", GIT_COMMITTER_DATE=when, GIT_AUTHOR_DATE=when)
    return folder


@pytest.mark.parametrize("whole_class", [True, False])
def test_of_a_repository_the_commit_says_when(whole_class, tmp_path, people):
    home = repository(tmp_path / "in" / "s1", "work/deep/a.ipynb")
    given = tmp_path / "in" if whole_class else home
    (row,) = collect([given], tmp_path / "class", people, DUE)
    assert row.time == "2026-12-05T00:00:00+00:00"
    assert "late" in row.flags


def test_nothing_that_a_repository_names_is_run(tmp_path, people):
    home = repository(tmp_path / "in" / "s1", "a.ipynb")
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n", encoding="utf-8")
    trap.chmod(0o755)
    head = git(home, "cat-file", "commit", "HEAD")
    top, _, message = head.partition("\n\n")
    signed = f"{top}\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n\n{message}"
    (home / "signed").write_text(signed, encoding="utf-8")
    made = git(home, "hash-object", "-t", "commit", "-w", "signed").strip()
    git(home, "update-ref", "HEAD", made)
    settings = {
        "log.showSignature": "true",
        "gpg.program": str(trap),
        "core.fsmonitor": str(trap),
        "core.pager": str(trap),
    }
    for name, value in settings.items():
        git(home, "config", name, value)
    (row,) = collect([tmp_path / "in"], tmp_path / "class", people, DUE)
    assert row.student == "s1"
    assert not (tmp_path / "sprung").exists()
    git(home, "log", "-1")
    assert (tmp_path / "sprung").exists()  # the trap is one
