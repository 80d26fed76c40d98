"""The first cell of every notebook: it completes a hosted runtime, changes nothing."""

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

import coursekit
from coursekit.course import start as start_module
from coursekit.staff.build.repository import Repository
from coursekit.staff.build.setup_cell import badge, setup_source, with_badge

MINE = Repository("me/BRANCH", "dev")


def test_the_setup_cell_is_short_python():
    compile(setup_source(), "cell", "exec")
    assert len(setup_source().splitlines()) <= 24
    assert max(map(len, setup_source().splitlines())) <= 88


def test_a_fork_is_named_in_setup_cell_and_badges():
    assert '"git+https://github.com/me/BRANCH@dev"' in setup_source(MINE)
    at = "me/BRANCH/blob/dev/notebooks/01_x.ipynb"
    assert badge("notebooks/01_x.ipynb", MINE) == (
        "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
        f"(https://colab.research.google.com/github/{at}) "
        "[![Open in Kaggle](https://kaggle.com/static/images/open-in-kaggle.svg)]"
        f"(https://kaggle.com/kernels/welcome?src=https://github.com/{at})"
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


def test_extras_that_cannot_be_had_are_named_and_nothing_stops(monkeypatch):
    lacking = {("extras",): ["grad-cam>=1.5"], (): []}
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    monkeypatch.setattr(
        start_module, "missing", lambda extras=("extras",): lacking[extras]
    )
    monkeypatch.setattr(start_module, "install", refusing)
    line = start_module.start()
    assert line.endswith(" · without grad-cam>=1.5")
    assert "\n" not in line


def test_a_need_that_cannot_be_had_is_one_sentence_and_no_traceback(monkeypatch):
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
    monkeypatch.setattr(start_module, "missing", lambda extras=(): ["torch>=2.4"])
    monkeypatch.setattr(start_module, "install", refusing)
    with pytest.raises(SystemExit, match=r"^The course needs torch>=2\.4\. .* no way$"):
        start_module.start()


def refusing(requirements):
    """Fail as an installation without a network does."""
    raise OSError("could not install: no way")


def test_of_a_package_that_is_there_twice_the_first_is_held(monkeypatch):
    def found(name, version):
        return SimpleNamespace(metadata={"Name": name}, version=version)

    there = [found("Blinker", "1.9"), found("blinker", "1.4"), found("broken", None)]
    there += [found(None, "1"), found("typing_extensions", "4.1")]
    monkeypatch.setattr(start_module.metadata, "distributions", lambda: there)
    assert start_module.held() == ["blinker==1.9", "typing-extensions==4.1"]


def test_a_course_that_only_lies_in_the_working_folder_lacks_nothing():
    assert start_module.missing("no-such-package") == []


@pytest.mark.parametrize(
    ("cuda", "mps", "hosted", "shown"),
    [
        (True, False, True, "gpu (long experiments)"),
        (False, True, False, "gpu (long experiments)"),
        (False, False, True, "hosted (short experiments)"),
        (False, False, False, "laptop (short experiments)"),
    ],
)
def test_the_profile_follows_from_the_machine(cuda, mps, hosted, shown, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    for name in start_module.HOSTED:
        monkeypatch.delenv(name, raising=False)
    if hosted:
        monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    found = start_module.profile()
    assert str(found) == shown
    assert found.device == ("cuda" if cuda else "mps" if mps else "cpu")


def test_the_line_names_versions_device_data_and_profile(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    line = start_module.summary()
    assert line.startswith(f"coursekit {coursekit.__version__} · Python 3.")
    for name in ("torch", "torchvision", "ipywidgets"):
        assert f"· {name} {metadata.version(name)} ·" in line
    assert re.search(r" · data: embedded · profile: \w+ \((long|short) exp", line)


def test_a_set_that_lies_here_is_named(monkeypatch, tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (raw / f"{part}-{kind}-ubyte").touch()
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    assert start_module.data_at_hand() == ["embedded", "MNIST"]


def test_a_data_folder_that_is_a_file_is_the_doctor_s_affair(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path / "file"))
    assert start_module.data_at_hand() == ["embedded"]


def without_course(folder: Path, **environment) -> subprocess.CompletedProcess:
    """Run the set-up cell in a Python that sees no installed package (-S).

    git asks a folder that does not exist instead of GitHub; the pip that the cell
    starts is the real one.
    """
    instead = {"KEY_0": "url./nowhere/.insteadOf", "VALUE_0": "https://github.com/"}
    git = {f"GIT_CONFIG_{name}": value for name, value in instead.items()}
    kept = {k: v for k, v in os.environ.items() if k not in start_module.HOSTED}
    return subprocess.run(
        [sys.executable, "-S", "-c", setup_source(MINE)],
        cwd=folder,
        env={**kept, **git, "GIT_CONFIG_COUNT": "1", **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("folder", ["elsewhere", "coursekit"])
def test_a_kernel_without_the_course_is_told_what_to_do(tmp_path, folder):
    (tmp_path / folder).mkdir()  # a clone beside the notebook is not the package
    done = without_course(tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "This kernel has no coursekit: start the course with `make lab`.\n"
    )


@pytest.mark.skipif(shutil.which("git") is None, reason="pip needs git for this")
def test_without_a_way_to_the_repository_one_sentence_says_so(tmp_path):
    done = without_course(tmp_path, COLAB_RELEASE_TAG="release")
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(
        "Could not install git+https://github.com/me/BRANCH@dev. Is the network on "
        "(Kaggle: Settings), and the repository public? fatal: "
    )


def test_the_setup_cell_installs_the_course_and_nothing_else_on_colab(monkeypatch):
    commands = []

    def pip(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("subprocess.run", pip)
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    monkeypatch.setattr(start_module, "missing", lambda: [])
    exec(setup_source(MINE), {})
    (command,) = commands
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert command[-2:] == ["--no-deps", "git+https://github.com/me/BRANCH@dev"]


def test_where_the_course_is_the_setup_cell_prints_one_line_and_starts_nothing(
    monkeypatch, capsys
):
    monkeypatch.setattr("subprocess.run", pytest.fail)
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    monkeypatch.delenv("KAGGLE_KERNEL_RUN_TYPE", raising=False)
    exec(setup_source(), {})
    assert len(capsys.readouterr().out.splitlines()) == 1
