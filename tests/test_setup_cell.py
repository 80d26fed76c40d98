"""The first cell of every notebook: it completes a hosted runtime, changes nothing."""

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

import coursekit
from coursekit._base.hosted import HOSTED
from coursekit.course import start as start_module
from coursekit.staff.build.repository import Repository
from coursekit.staff.build.setup_cell import badge, preview, setup_source, with_badge

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
MINE = Repository("me/BRANCH", "dev")


def test_the_setup_cell_is_six_short_lines():
    compile(setup_source().replace("%pip", "pass  #"), "cell", "exec")
    assert len(setup_source().splitlines()) <= 6
    assert max(map(len, setup_source().splitlines())) <= 88


def test_a_fork_is_named_in_setup_cell_and_badges():
    assert " git+https://github.com/me/BRANCH@dev\n" in setup_source(MINE)
    at = "me/BRANCH/blob/dev/notebooks/01_x.ipynb"
    assert badge("notebooks/01_x.ipynb", MINE) == (
        "[![Open in Colab](pictures/open_in_colab.svg)]"
        f"(https://colab.research.google.com/github/{at}) "
        "[![Open in Kaggle](pictures/open_in_kaggle.svg)]"
        f"(https://kaggle.com/kernels/welcome?src=https://github.com/{at}) "
        "[![Read the page](pictures/read_the_page.svg)]"
        "(https://me.github.io/BRANCH/01_x.html)"
    )


def test_a_solution_s_pictures_and_page_are_those_of_its_session():
    line = badge("notebooks/solutions/01_x.ipynb", MINE)
    assert line.count("](../pictures/") == 3
    assert line.endswith("(https://me.github.io/BRANCH/01_x.html)")
    picture = preview("notebooks/solutions/01_x.ipynb", "01", MINE)
    assert picture.startswith('[<img src="../pictures/01.png" width="280" alt="The')
    assert picture.endswith("](https://me.github.io/BRANCH/01_x.html)")


@pytest.mark.parametrize("name", sorted(p.name for p in NOTEBOOKS.glob("*.ipynb")))
def test_a_notebook_s_first_cell_asks_no_machine_and_names_pictures_that_are_there(
    name,
):
    for notebook in (NOTEBOOKS / name, NOTEBOOKS / "solutions" / name):
        first = json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]
        shown = re.findall(
            r'!\[[^]]*\]\(([^)]*)\)|src="([^"]*)"', "".join(first["source"])
        )
        pictures = [one or other for one, other in shown]
        assert len(pictures) == 4
        assert [p for p in pictures if not (notebook.parent / p).is_file()] == []


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
    for name in HOSTED.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(start_module, "install", pytest.fail)
    line = start_module.start()
    assert line.startswith(f"coursekit {coursekit.__version__}")
    assert "torch 2" in line
    assert max(map(len, line.splitlines())) <= 88


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
    assert " ".join(line.split()).endswith(" · without grad-cam>=1.5")


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
    for name in HOSTED.values():
        monkeypatch.delenv(name, raising=False)
    if hosted:
        monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    found = start_module.profile()
    assert str(found) == shown
    assert found.device == ("cuda" if cuda else "mps" if mps else "cpu")


def test_the_line_names_versions_device_data_and_profile(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    shown = start_module.summary()
    assert max(map(len, shown.splitlines())) <= 88
    line = " ".join(shown.split())
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


# Runs the cell on standard input as IPython does; the course counts as not installed
# where the first argument says so, and `%pip` only notes what it was asked.
KERNEL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="NoColor")
shell.system = lambda command: print("pip:", command)
if sys.argv[1] == "without":
    sys.modules["coursekit"] = None
sys.exit(not shell.run_cell(sys.stdin.read()).success)
"""


def run_in_ipython(course: str, **environment: str) -> subprocess.CompletedProcess:
    """Run the set-up cell of a fork in a fresh IPython.

    Args:
        course: "with" or "without" the package.
        environment: variables that say which service this is.
    """
    kept = {k: v for k, v in os.environ.items() if k not in HOSTED.values()}
    return subprocess.run(
        [sys.executable, "-c", KERNEL, course],
        input=setup_source(MINE),
        env={**kept, **environment},
        capture_output=True,
        text=True,
    )


def test_on_a_machine_of_one_s_own_nothing_is_installed_and_little_is_printed():
    done = run_in_ipython("with")
    assert done.returncode == 0, done.stdout
    line, *more = done.stdout.splitlines()
    assert len(more) <= 2
    assert line.startswith(f"coursekit {coursekit.__version__} · ")


def test_a_kernel_without_the_course_is_told_what_to_do():
    done = run_in_ipython("without")
    assert done.returncode == 1
    assert "pip:" not in done.stdout
    assert "`make lab` sets the course up" in done.stdout
    assert len(done.stdout.splitlines()) <= 12


@pytest.mark.parametrize("name", HOSTED.values())
def test_a_hosted_machine_installs_the_course_and_nothing_else(name: str):
    done = run_in_ipython("with", **{name: "x"})
    assert done.returncode == 0, done.stdout
    asked = done.stdout.splitlines()[0].split()
    assert asked[2:5] == ["-m", "pip", "install"]
    assert asked[-2:] == ["--no-deps", "git+https://github.com/me/BRANCH@dev"]


def test_where_pip_fails_its_own_words_stand_before_the_error():
    done = run_in_ipython("without", KAGGLE_KERNEL_RUN_TYPE="Batch")
    assert done.returncode == 1
    assert done.stdout.index("pip:") < done.stdout.index("`make lab` sets")
