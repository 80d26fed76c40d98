"""A built wheel is enough: installed elsewhere, without the repository, all works.

With every change the environment borrows the other packages from this one, by a path in
a `.pth` file; COURSEKIT_WHEEL=full makes it from nothing but the wheel, which takes
minutes and gigabytes.
"""

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

import coursekit
from tests.environments.course import clean_environment, copy_files, tracked
from tests.environments.places import interpreter

ROOT = Path(__file__).resolve().parent.parent
FULL = os.environ.get("COURSEKIT_WHEEL") == "full"
EXTRAS = "[lab,extras,authoring]" if FULL else ""
PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this checkout, from a copy of its files."""
    place = tmp_path_factory.mktemp("wheel")
    copy_files(ROOT, tracked(ROOT), place / "copy")
    how = [] if FULL else ["--no-build-isolation"]
    build = [*PIP, "wheel", "--no-deps", *how, "--wheel-dir", place, place / "copy"]
    subprocess.run([sys.executable, *build], check=True)
    (built,) = place.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path):
    """Install the wheel into an environment of its own; run its Python in a folder."""
    place = wheel.parent
    more = [] if FULL else ["--without-pip"]
    subprocess.run([sys.executable, "-m", "venv", *more, place / "venv"], check=True)
    python = interpreter(place / "venv")
    how = [] if FULL else ["--no-deps", "--no-index"]
    install = [*PIP, "--python", python, "install", *how, f"{wheel}{EXTRAS}"]
    variables = clean_environment(place) | {"COURSEKIT_PROGRESS": "off"}
    subprocess.run([sys.executable, *install], check=True, env=variables)
    if not FULL:
        borrow(python)
    folder = place / "folder"
    folder.mkdir()

    def run(*arguments: object) -> subprocess.CompletedProcess:
        line = [str(one) for one in (python, *arguments)]
        how = {"capture_output": True, "text": True, "cwd": folder, "env": variables}
        return subprocess.run(line, **how)

    run.folder, run.environment = folder, place / "venv"
    return run


def borrow(python: Path) -> None:
    """Let an environment find the packages of this one, after its own."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True)
    mine = Path(done.stdout.strip()) / "borrowed.pth"
    mine.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path):
    there = set(zipfile.ZipFile(wheel).namelist())
    mine = {name for name in tracked(ROOT) if name.startswith("coursekit/")}
    assert mine - there == set()


def test_every_notebook_for_students_is_in_the_wheel_and_no_solution(wheel: Path):
    names = [Path(name) for name in zipfile.ZipFile(wheel).namelist()]
    there = {name.name for name in names if name.suffix == ".ipynb"}
    assert there == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert not [name for name in names if "solutions" in name.parts]


def test_the_wheel_has_the_version_of_the_package(wheel: Path):
    assert wheel.name.startswith(f"coursekit-{coursekit.__version__}-")
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "version" not in tomllib.loads(text)["project"]


def test_the_doctor_finds_everything_in_the_installed_package(elsewhere):
    where = elsewhere("-c", "import coursekit; print(coursekit.__file__)").stdout
    assert where.startswith(str(elsewhere.environment))
    done = elsewhere("-m", "coursekit.cli", "doctor", "--offline", "--json")
    found = json.loads(done.stdout)
    assert found["ok"], done.stdout
    assert found["lines"][0]["detail"] == f"{coursekit.__version__}, installed"


def test_a_session_runs_in_the_working_copy_that_the_package_brings(elsewhere):
    made = elsewhere("-m", "coursekit.cli", "update")
    assert made.returncode == 0, made.stderr
    mine = elsewhere.folder / "my"
    assert len(list(mine.glob("*.ipynb"))) == 18
    first = mine / "00_start_here.ipynb"
    execute = "from nbclient.cli import main; main()"
    done = elsewhere("-c", execute, "--inplace", first)
    assert done.returncode == 0, done.stderr
    text = first.read_text(encoding="utf-8")
    assert f"coursekit {coursekit.__version__}" in text
