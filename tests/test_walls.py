"""What keeps students' code away: commands as data, and what is refused."""

import os
import sys
from itertools import pairwise
from types import SimpleNamespace

import pytest

from coursekit import cli
from coursekit.course.exercises.non_results import Stopped
from coursekit.course.exercises.registry import load
from coursekit.staff.grading import walls as walls_module
from coursekit.staff.grading import wire
from coursekit.staff.grading.assignment import Assignment, Part
from coursekit.staff.grading.grade import grade
from coursekit.staff.grading.limits import Limits
from coursekit.staff.grading.sandbox import AnswerProcess, Sandbox
from coursekit.staff.grading.walls import IMAGE, walls
from tests.hostile_handins import before, body

SMALL = Limits(seconds=4.0, memory=2**31, files=2**20, processes=8)
ONE = Assignment("a0", "One", None, (Part("01.3", 1, load("01.3")),), "digest")


def built(kind: str, monkeypatch) -> tuple[str, ...]:
    """Return the command of a kind on a machine that has all tools."""
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    return walls(kind, SMALL).start


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_a_container_has_the_limits_of_an_answer(engine, monkeypatch):
    command = built(engine, monkeypatch)
    options, inside = command[: command.index(IMAGE)], command[command.index(IMAGE) :]
    assert options[:2] == (f"/usr/bin/{engine}", "run")
    assert inside[1:3] == ("python", "-P")
    pairs = set(pairwise(options))
    assert {
        ("--network", "none"),
        ("--memory", "3221225472"),  # 2 GiB, and 1 for the server
        ("--memory-swap", "3221225472"),
        ("--pids-limit", "32"),
        ("--tmpfs", "/tmp:rw,nosuid,nodev,size=1048576,mode=1777"),
        ("--user", "65534:65534"),
        ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"),
        ("--ulimit", "nofile=256:256"),
        ("--log-driver", "none"),
    } <= pairs
    assert "--read-only" in options
    assert "--privileged" not in options
    assert not [one for one in options if one.startswith(("-v", "--volume", "--mount"))]


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_every_container_has_a_name_of_its_own_by_which_it_is_ended(
    engine, monkeypatch
):
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    one, other = walls(engine, SMALL), walls(engine, SMALL)
    assert one.end == (
        f"/usr/bin/{engine}",
        "kill",
        one.start[one.start.index("--name") + 1],
    )
    assert one.end != other.end
    assert one.once  # a hand-in, a container


def test_bubblewrap_shows_no_answers_and_no_home(monkeypatch):
    command = built("bwrap", monkeypatch)
    pairs = set(pairwise(command))
    assert "--unshare-all" in command
    assert ("--tmpfs", str(walls_module.SECRET)) in pairs
    assert ("--ro-bind", "/home") not in pairs
    assert ("--ro-bind", "/") not in pairs
    assert "--bind" not in command


@pytest.mark.parametrize("kind", ["bwrap", "docker", "podman"])
def test_a_tool_that_is_missing_is_named(kind, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ValueError, match=f"in {kind}, which is not installed: install"):
        walls(kind, SMALL)


def test_another_user_needs_root_closed_answers_and_a_user(monkeypatch, tmp_path):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(ValueError, match="be root"):
        walls("user", SMALL)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(walls_module, "SECRET", tmp_path)
    tmp_path.chmod(0o755)
    with pytest.raises(ValueError, match="every user can read the answers: chmod"):
        walls("user", SMALL)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(walls_module, "ANSWERER", "nobody-of-this-name")
    with pytest.raises(ValueError, match="useradd --system nobody-of-this-name"):
        walls("user", SMALL)
    monkeypatch.setattr(walls_module, "ANSWERER", "root")
    assert walls("user", SMALL).user == 0


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_told_at_the_start_what_works(
    system, monkeypatch, tmp_path, capsys
):
    (tmp_path / "a.toml").write_text(
        '[[part]]\nexercise = "01.3"\npoints = 1\n', encoding="utf-8"
    )
    monkeypatch.setattr(sys, "platform", system)
    assert cli.main(["release", str(tmp_path / "a.toml")]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("coursekit: on ")
    assert "`collect`, `merge`, `recipe` and `feedback` work" in first
    assert "use Linux, WSL 2 or a virtual machine" in second


def test_containers_are_for_macos_too_and_not_for_windows(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert walls("docker", SMALL).start[1] == "run"
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ValueError, match="needs Linux"):
        walls("docker", SMALL)


def test_without_walls_trusted_code_is_graded_and_its_processes_end(tmp_path):
    fork = "import os\nif not os.fork():\n    while True: pass\nreturn 1"
    with Sandbox("none", SMALL) as sandbox:
        path = tmp_path / "a.ipynb"
        path.write_bytes(before(fork))
        assert grade(path, "s", ONE, sandbox, b"x").points == 1
        path.write_bytes(body("return 3"))
        assert grade(path, "s", ONE, sandbox, b"x").points == 0


@pytest.mark.parametrize(
    "frame", [b'{"ended": ["x"]}', b"[", b'{"x": 1}', b'{"ended": "memory"}', b"S[]"]
)
def test_frames_that_an_answer_forges_end_that_answer(frame, monkeypatch):
    """Behind some walls an answer could write what the server writes."""
    pretended = SimpleNamespace(
        limits=SMALL, _frame=lambda _: frame, _send=lambda _: None, restarted=0
    )
    process = AnswerProcess(pretended)
    with pytest.raises(Stopped):
        process.ask("read", {})
    times = iter(range(0, 1000, 5))
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    pretended.restart = lambda: setattr(pretended, "restarted", 1)
    process.finish()  # ends, however much is sent
    assert pretended.restarted


def test_a_frame_without_end_is_not_waited_for():
    ours, theirs = os.pipe()
    os.write(theirs, wire.LENGTH.pack(2**60) + b"x" * 100)
    with open(ours, "rb", buffering=0) as stream:
        pretended = SimpleNamespace(_process=SimpleNamespace(stdout=stream))
        pretended._exactly = lambda *given: Sandbox._exactly(pretended, *given)
        assert Sandbox._frame(pretended, 5.0) == b""
    os.close(theirs)
