"""A file is written whole or not at all; what stood there before stays till then."""

import stat
import sys
import threading
from pathlib import Path

import pytest

from coursekit._base.files import whole, write_whole


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def test_text_is_written_as_utf_8_with_its_own_line_ends(tmp_path):
    write_whole(tmp_path / "new" / "a.txt", "é\r\nb\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"\xc3\xa9\r\nb\n"
    assert names(tmp_path / "new") == ["a.txt"]


def write_half(path: Path, problem: BaseException) -> None:
    """Begin a new file and break off."""
    with whole(path) as part:
        part.write_text("half")
        raise problem


@pytest.mark.parametrize("problem", [OSError("disk full"), KeyboardInterrupt()])
def test_where_writing_breaks_off_the_old_file_stays_and_nothing_else(
    tmp_path, problem
):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(problem)):
        write_half(path, problem)
    assert (path.read_text(), names(tmp_path)) == ("old", ["a.txt"])


def test_the_old_file_can_be_read_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_two_writers_never_share_what_they_write(tmp_path):
    path = tmp_path / "a.txt"
    texts = [letter * 300_000 for letter in "ab"]
    writers = [threading.Thread(target=write_whole, args=(path, t)) for t in texts * 8]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_text() in texts
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_of_what_stood_there_stay(tmp_path, mode):
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(mode)
    write_whole(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
