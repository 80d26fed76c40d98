"""Downloads from servers that fail in every way a student's network knows."""

import errno
import fcntl
import hashlib
import io
import subprocess
import sys
from contextlib import ExitStack, nullcontext

import pytest
from filelock import FileLock, Timeout

from coursekit.data.catalogue import SETS, Remote, from_mirror
from coursekit.data.download import DownloadError, Patience, fetch
from coursekit.data.download_progress import Bar
from coursekit.data.locking import locked
from tests import misbehaving_server as server
from tests.misbehaving_server import Server

CONTENT = hashlib.shake_256(b"coursekit").digest(400_000)
PATIENT = Patience(timeout=30.0, attempts=2, slow=0.0)
# For servers that never end an answer by themselves.
HASTY = Patience(timeout=1.0, attempts=2, slow=0.0)


def remote(*urls: str, content: bytes = CONTENT) -> Remote:
    return Remote(
        "file.bin", len(content), hashlib.sha256(content).hexdigest(), tuple(urls)
    )


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def from_servers(folder, *behaviours, patience=PATIENT, **options):
    """Download from one server for each list of answers; return bytes and requests."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(Server.running(CONTENT, *answers))
            for answers in behaviours
        ]
        wanted = remote(*(each.url for each in servers))
        target = folder / "file.bin"
        try:
            fetch(wanted, target, patience=patience, **options)
        finally:
            requests = [each.ranges for each in servers]
    return target.read_bytes(), requests


def leftovers(folder) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def test_a_good_server_is_asked_once(tmp_path):
    content, requests = from_servers(tmp_path, [server.good])
    assert content == CONTENT
    assert requests == [[None]]
    assert leftovers(tmp_path) == {"file.bin"}


def test_a_file_that_is_there_and_right_is_not_asked_for(tmp_path):
    (tmp_path / "file.bin").write_bytes(CONTENT)
    assert from_servers(tmp_path, [server.good]) == (CONTENT, [[]])


def test_a_file_that_is_there_but_wrong_is_replaced(tmp_path):
    (tmp_path / "file.bin").write_bytes(b"rubbish")
    assert from_servers(tmp_path, [server.good])[0] == CONTENT


def test_a_broken_connection_is_resumed_where_it_broke(tmp_path):
    content, requests = from_servers(tmp_path, [server.half, server.half, server.good])
    assert content == CONTENT
    assert requests == [[None, "bytes=200000-", "bytes=300000-"]]


def test_an_interrupted_download_is_continued_by_the_next_run(tmp_path):
    def stop(name, done, total):
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        from_servers(tmp_path, [server.good], progress=stop)
    have = (tmp_path / "file.bin.part").stat().st_size
    assert have > len(CONTENT) // 2
    content, requests = from_servers(tmp_path, [server.good])
    assert content == CONTENT
    assert requests == [[f"bytes={have}-"]]


def test_the_next_mirror_continues_what_the_first_began(tmp_path):
    answers = [server.half, server.hangs_up]
    content, requests = from_servers(tmp_path, answers, [server.good])
    assert content == CONTENT
    assert requests[1] == ["bytes=200000-"]


def test_a_server_that_cannot_resume_starts_over(tmp_path):
    answers = [server.half_without_ranges, server.without_ranges]
    content, requests = from_servers(tmp_path, answers)
    assert content == CONTENT
    assert requests == [[None, "bytes=200000-"]]


def test_a_server_that_answers_with_another_range_starts_over(tmp_path):
    answers = [server.half, server.wrong_range]
    assert from_servers(tmp_path, answers)[0] == CONTENT


@pytest.mark.parametrize(
    "answer",
    [server.promises_too_much, server.promises_too_little, server.sends_more],
)
def test_a_lie_about_the_length_does_no_harm(tmp_path, answer):
    assert from_servers(tmp_path, [answer])[0] == CONTENT


@pytest.mark.parametrize(
    "answer",
    [
        server.wrong_bytes,
        server.wrong_half,
        server.error_page,
        server.missing,
        server.hangs_up,
        server.says_nothing,
        server.half_without_ranges,
    ],
)
def test_a_bad_mirror_is_left_for_a_good_one(tmp_path, answer):
    patience = HASTY if answer is server.says_nothing else PATIENT
    content, requests = from_servers(
        tmp_path, [answer], [server.good], patience=patience
    )
    assert content == CONTENT
    assert 1 <= len(requests[0]) <= 4
    assert leftovers(tmp_path) == {"file.bin"}


@pytest.mark.parametrize(
    "answer", [server.one_byte, server.drips_headers, server.drips_bytes]
)
@pytest.mark.parametrize("alone", [False, True])
def test_patience_with_a_mirror_has_an_end(tmp_path, answer, alone):
    others = [] if alone else [[server.good]]
    with pytest.raises(DownloadError) if alone else nullcontext():
        content, requests = from_servers(tmp_path, [answer], *others, patience=HASTY)
        assert content == CONTENT
        assert 1 <= len(requests[0]) <= 4


def test_what_a_server_says_does_not_steer_the_terminal(tmp_path):
    with pytest.raises(DownloadError, match=r"answered 503 \?\[31mBusy\?\]0;mine\?"):
        from_servers(tmp_path, [server.steers_the_terminal])


def test_wrong_bytes_of_the_first_mirror_are_not_blamed_on_the_second(tmp_path):
    answers = [server.wrong_half, server.missing]
    content, requests = from_servers(tmp_path, answers, [server.good])
    assert content == CONTENT
    assert requests[1] == ["bytes=200000-", None]


def test_a_slow_mirror_is_left_for_another_and_its_bytes_are_kept(tmp_path):
    patience = Patience(timeout=5.0, slow=1e12, watch=0.0)
    content, requests = from_servers(
        tmp_path, [server.drips], [server.good], patience=patience
    )
    assert content == CONTENT
    assert requests[0][0] is None
    assert requests[1][0].startswith("bytes=")


def test_a_slow_mirror_serves_when_there_is_no_better_one(tmp_path):
    patience = Patience(timeout=5.0, slow=1e12, watch=0.0)
    content, requests = from_servers(
        tmp_path, [server.drips], [server.missing], patience=patience
    )
    assert content == CONTENT
    assert len(requests[0]) == 2


def test_the_only_mirror_may_be_slow(tmp_path):
    patience = Patience(timeout=5.0, slow=1e12, watch=0.0)
    content, requests = from_servers(tmp_path, [server.drips], patience=patience)
    assert content == CONTENT
    assert requests == [[None]]


def test_a_leftover_longer_than_the_file_is_thrown_away(tmp_path):
    (tmp_path / "file.bin.part").write_bytes(CONTENT + b"more")
    assert from_servers(tmp_path, [server.good])[0] == CONTENT


def test_a_leftover_of_another_file_is_thrown_away(tmp_path):
    (tmp_path / "file.bin.part").write_bytes(bytes(1000))
    assert from_servers(tmp_path, [server.good])[0] == CONTENT


def test_the_error_says_what_happened_at_each_mirror(tmp_path):
    with pytest.raises(DownloadError) as caught:
        from_servers(tmp_path, [server.missing], [server.wrong_bytes], [server.half])
    message = str(caught.value)
    assert message.startswith("could not download file.bin (")
    assert "answered 404 Not Found" in message
    assert "served other bytes than the published ones" in message
    assert "\n" not in message


def test_nothing_wrong_ever_gets_the_files_name(tmp_path):
    with pytest.raises(DownloadError):
        from_servers(tmp_path, [server.wrong_bytes])
    assert leftovers(tmp_path) == set()


def test_a_name_that_does_not_resolve_is_a_sentence(tmp_path):
    wanted = remote("http://nowhere.invalid/file.bin")
    with pytest.raises(DownloadError, match=r"could not download file\.bin \(nowhere"):
        fetch(wanted, tmp_path / "file.bin", patience=HASTY)


def test_two_processes_download_once(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from coursekit.data.catalogue import Remote\n"
        "from coursekit.data.download import fetch\n"
        "name, size, sum, url, target = sys.argv[1:]\n"
        "fetch(Remote(name, int(size), sum, (url,)), Path(target))\n"
    )
    with Server.running(CONTENT, server.drips) as source:
        wanted = remote(source.url)
        arguments = [wanted.name, str(wanted.size), wanted.sha256, source.url]
        command = [sys.executable, "-c", code, *arguments, str(tmp_path / "file.bin")]
        running = [subprocess.Popen(command) for _ in range(2)]
        assert [process.wait(timeout=100) for process in running] == [0, 0]
    assert source.ranges == [None]
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


HOLDER = (
    "import sys; from pathlib import Path\n"
    "from coursekit.data.locking import locked\n"
    "with locked(Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_a_lock_ends_with_a_process_that_is_killed(tmp_path):
    path = tmp_path / ".set.lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Timeout):
            FileLock(path, timeout=0).acquire()
        holder.kill()
    with locked(path), pytest.raises(BlockingIOError), path.open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.filterwarnings("ignore:flock not supported on this filesystem")
@pytest.mark.parametrize("reason", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_folder_without_locks_is_used_without(tmp_path, monkeypatch, reason):
    def refuse(*_):
        raise OSError(reason, "no locks here")

    monkeypatch.setattr("fcntl.flock", refuse)
    for _ in range(2):
        with locked(tmp_path / ".set.lock"):
            (tmp_path / "file.bin").write_bytes(CONTENT)


def test_progress_counts_every_byte_and_ends_at_the_whole(tmp_path):
    seen = []
    from_servers(
        tmp_path,
        [server.half, server.good],
        progress=lambda name, done, total: seen.append((name, done, total)),
    )
    done = [count for _, count, _ in seen]
    assert done == sorted(done)
    assert seen[-1] == ("file.bin", len(CONTENT), len(CONTENT))


def test_an_unwritable_folder_is_an_error_of_the_disk_not_of_the_network(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        from_servers(tmp_path / "file", [server.good])


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_ends_the_download_and_keeps_what_is_there(tmp_path):
    (tmp_path / "file.bin.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        from_servers(tmp_path, [server.good])


# ---- the bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_shows_share_size_and_speed():
    stream, clock = Terminal(), iter([0.0, 1.0, 2.0]).__next__
    bar = Bar(stream, clock)
    for done in (0, 3_000_000, 9_900_000):
        bar("mnist", done, 9_900_000)
    lines = [line.strip() for line in stream.getvalue().split("\r") if line]
    assert lines == [
        "mnist: 0 % of 9.9 MB",
        "mnist: 30 % of 9.9 MB, 3.0 MB/s",
        "mnist: 100 % of 9.9 MB, 5.0 MB/s",
    ]


def test_the_bar_is_short_in_a_terminal_and_in_a_log():
    for stream in (Terminal(), io.StringIO()):
        time = iter(k / 10_000 for k in range(10_001))
        bar = Bar(stream, time.__next__)
        for done in range(10_001):
            bar("cifar", done * 17_000, 170_000_000)
        assert "100 %" in stream.getvalue()
        assert len(stream.getvalue()) < 1500


# ---- the catalogue


@pytest.mark.parametrize("name", SETS)
def test_every_file_has_two_mirrors_and_a_sum(name):
    for archive in SETS[name].archives:
        assert len(archive.urls) >= 2
        assert all(url.endswith("/" + archive.name) for url in archive.urls)
        assert len(archive.sha256) == 64
        assert int(archive.sha256, 16)
    assert all(len(md5) == 32 and int(md5, 16) for md5 in SETS[name].sums.values())


def test_files_and_sums_are_those_of_torchvision():
    from torchvision import datasets

    assert SETS["cifar10"].folder == datasets.CIFAR10.base_folder
    lists = datasets.CIFAR10.train_list + datasets.CIFAR10.test_list
    for file, md5 in lists:
        assert SETS["cifar10"].sums[file] == md5
    assert SETS["cifar10"].sums["batches.meta"] == datasets.CIFAR10.meta["md5"]
    for name, theirs in (("mnist", datasets.MNIST), ("fashion-mnist", None)):
        theirs = theirs or datasets.FashionMNIST
        assert SETS[name].folder == f"{theirs.__name__}/raw"
        packed = {remote.name for remote in SETS[name].archives}
        assert packed == {file for file, _ in theirs.resources}


def test_one_mirror_can_be_chosen_by_host_or_address():
    archive = SETS["cifar10"].archives[0]
    assert from_mirror(archive, "www.cs.toronto.edu") == (archive.urls[-1],)
    assert from_mirror(archive, "http://10.0.0.1:8000/") == (
        "http://10.0.0.1:8000/cifar-10-python.tar.gz",
    )


@pytest.mark.parametrize("mirror", ["example.org", "", 3, "ftp://host/"])
def test_an_unknown_mirror_is_refused_with_the_known_ones(mirror):
    with pytest.raises(ValueError, match=r"`mirror` must be .*toronto.*got"):
        from_mirror(SETS["cifar10"].archives[0], mirror)
