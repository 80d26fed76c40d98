"""The first cell of every notebook: it completes a hosted runtime, changes nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from coursekit.authoring import start as start_module
from coursekit.authoring.setup_cell import badge, setup_source, with_badge


def test_the_setup_cell_is_short_python():
    compile(setup_source(), "cell", "exec")
    assert len(setup_source().splitlines()) <= 20
    assert max(map(len, setup_source().splitlines())) <= 88


def test_a_fork_is_named_in_setup_cell_and_badge():
    assert "git+https://github.com/me/mine@dev" in setup_source("me/mine", "dev")
    assert badge("notebooks/01_x.ipynb", "me/mine", "dev") == (
        "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
        "(https://colab.research.google.com/github/me/mine/blob/dev/notebooks/01_x.ipynb)"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# T\n\nWhy?", "# T\n\nBADGE\n\nWhy?"),
        ("# T", "# T\n\nBADGE"),
        ("# T\nWhy?\n\nSo.", "# T\n\nBADGE\n\nWhy?\n\nSo."),
    ],
)
def test_the_badge_stands_under_the_title(before, after):
    assert with_badge(before, "BADGE") == after


def test_start_leaves_a_student_s_own_machine_alone(monkeypatch):
    for name in start_module.HOSTED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(start_module, "install", pytest.fail)
    line = start_module.start()
    assert line.startswith("coursekit 0")
    assert "torch 2" in line
    assert "\n" not in line


def test_start_installs_on_colab_only_what_is_missing(monkeypatch):
    asked = []
    requirements = ["torch>=2.4", "no-such-thing>=1", 'absent>=2; extra == "extras"']
    requirements += ['lab-only; extra == "lab"']
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    monkeypatch.setattr(start_module.metadata, "requires", lambda name: requirements)
    monkeypatch.setattr(start_module, "install", asked.append)
    start_module.start()
    assert asked == [["no-such-thing>=1", "absent>=2"]]


def test_what_is_installed_is_held_while_installing(monkeypatch):
    seen = {}

    def pip(command, **_):
        kept = command[command.index("-c") + 1]
        seen["held"] = Path(kept).read_text(encoding="utf-8").splitlines()
        seen["asked"] = command[command.index("-c") + 2 :]
        return subprocess.CompletedProcess(command, 1, "", "a\nERROR: no such thing\n")

    monkeypatch.setattr(start_module.subprocess, "run", pip)
    with pytest.raises(OSError, match="could not install absent>=2: ERROR: no such"):
        start_module.install(["absent>=2"])
    assert seen["asked"] == ["absent>=2"]
    assert any(line.startswith("torch==2") for line in seen["held"])


@pytest.fixture
def no_course(monkeypatch):
    """Hide coursekit from the set-up cell; collect the commands it runs."""
    commands = []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(
        "subprocess.run", lambda command, check: commands.append(command)
    )
    for name in start_module.HOSTED:
        monkeypatch.delenv(name, raising=False)
    return commands


def test_the_setup_cell_says_what_to_do_in_a_kernel_without_the_course(no_course):
    with pytest.raises(ModuleNotFoundError, match="start with `make lab`"):
        exec(setup_source(), {})
    assert no_course == []


def test_the_setup_cell_installs_the_course_and_nothing_else_on_colab(
    no_course, monkeypatch
):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    monkeypatch.setattr(start_module, "missing", lambda: [])
    exec(setup_source("me/mine", "dev"), {})
    (command,) = no_course
    assert command[1:4] == ["-m", "pip", "install"]
    assert command[-2:] == ["--no-deps", "git+https://github.com/me/mine@dev"]


def test_the_setup_cell_runs_here_and_prints_one_line():
    done = subprocess.run(
        [sys.executable, "-c", setup_source()], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
