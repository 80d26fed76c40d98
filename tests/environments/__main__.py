"""make colab-twin, make floor, make newest: `python -m tests.environments twin`."""

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tests.environments import course, places
from tests.environments.judge import Difference, Row, difference, table
from tests.environments.pins import floors, listed, requirements
from tests.environments.places import TrialError, say
from tests.environments.supported import record
from tests.environments.trial import LENIENT, Trial

COLAB = Path(__file__).with_name("colab.txt")
CELL = Path(__file__).with_name("cell.py")
OWN_SECONDS = 10  # what the set-up cell may take beside pip
NOTHING = Difference({}, {}, {})
EXTRAS = ("lab", "extras", "dev")
# Tools that look at the code or drive a browser: no part of any environment.
WITHOUT = ("ruff", "playwright", "check-jsonschema")
# What the tests need and Colab lacks.
TEST_TOOLS = ("nbval", "hypothesis", "pytest-xdist")


def project() -> dict:
    """Return the table [project] of pyproject.toml."""
    text = (course.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]


def set_up(environment: Path, code: str, variables: dict) -> dict:
    """Run the set-up cell in a fresh kernel of an environment.

    Raises:
        TrialError: it failed, or what it gives is not this environment's package.
    """
    done = subprocess.run(
        [places.interpreter(environment), CELL],
        input=code,
        cwd=environment,
        env=variables,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise TrialError(f"no kernel: {done.stderr}")
    answer = json.loads(done.stdout)
    if answer["error"]:
        raise TrialError(f"the set-up cell failed:\n{answer['error']}")
    if not all(path.startswith(str(environment)) for path in answer["where"]):
        raise TrialError(f"not the environment's package: {answer['where']}")
    return answer


def hold(environment: Path) -> Path:
    """Write everything an environment has as constraints for pip; return the file."""
    lines = [f"{name}=={found}" for name, found in places.packages(environment).items()]
    path = environment / "held.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def first_cell(environment: Path, repository: Path, variables: dict) -> list[Row]:
    """Run the set-up cell as on a new Colab machine, and again with all there."""
    code = course.setup_cell(course.notebooks(repository)[0])
    address = course.ADDRESS.search(code)
    variables = variables | course.instead_of(address["url"], repository)
    before = places.packages(environment)
    first = set_up(environment, code, variables)
    change = difference(before, places.packages(environment))
    say(f"{first['text'].strip()}\n{len(before)} packages before; then:\n{change}")
    second = set_up(environment, code, variables)
    again = difference(before | change.added, places.packages(environment))
    own = first["seconds"] - first["pip"]
    counts = [len(part) for part in (change.added, change.removed, change.changed)]
    added = "{} packages added, {} removed, {} changed".format(*counts)
    return [
        Row("set-up cell", change.only_additions, first["seconds"], added),
        Row(
            "set-up cell without pip", own < OWN_SECONDS, own, f"limit {OWN_SECONDS} s"
        ),
        Row("set-up cell again", again == NOTHING, second["seconds"], str(again)),
    ]


def twin(place: Path, python: str | None, work: Path) -> tuple[Trial, list[Row]]:
    """Set up the course in Colab's versions by its own first cell."""
    python = python or places.find_python(("3.13",), "PYTHON313")
    places.bring_to(place, python, listed(COLAB.read_text(encoding="utf-8")))
    environment = places.fresh_copy(place, place.with_name(f"{place.name}-run"))
    repository = course.git_repository(course.ROOT, work / "repository")
    variables = course.clean_environment(work) | {"COLAB_RELEASE_TAG": "twin"}
    rows = first_cell(environment, repository, variables)
    places.install(environment, "-c", hold(environment), *TEST_TOOLS)
    folder = course.workplace(repository, work / "course")
    return Trial(environment, folder, variables), rows


def floor(place: Path, python: str | None, work: Path) -> tuple[Trial, list[Row]]:
    """Make an environment of the oldest versions that pyproject.toml promises."""
    python = python or places.find_python(("3.11",), "PYTHON311")
    oldest = listed("\n".join(floors(project(), EXTRAS, WITHOUT)))
    places.bring_to(place, python, oldest)
    return with_package(place, work)


def newest(place: Path, python: str | None, work: Path) -> tuple[Trial, list[Row]]:
    """Make an environment of the newest of everything."""
    versions = ("3.14", "3.13", "3.12", "3.11")
    python = python or places.find_python(versions, "NEWEST_PYTHON")
    lines = requirements(project(), EXTRAS)
    wanted = [line for line in lines if not line.startswith(WITHOUT)]
    places.make(place, python)
    say(f"Installing into {place}: minutes, and several GB the first time …")
    places.install(place, "--upgrade", "--upgrade-strategy", "eager", *wanted)
    return with_package(place, work)


def with_package(place: Path, work: Path) -> tuple[Trial, list[Row]]:
    """Install the package into an environment that has all else."""
    repository = course.git_repository(course.ROOT, work / "repository")
    places.install(place, "--force-reinstall", "--no-deps", repository)
    folder = course.workplace(repository, work / "course")
    return Trial(place, folder, course.clean_environment(work)), []


ZOO = ("-m", "zoo or not zoo")  # what takes too long for every change

# How an environment is made, the unit tests that run in it, and with which options.
TRIALS = {
    "twin": (twin, "test_explore*.py", LENIENT),
    "floor": (floor, "test_*.py", (*LENIENT, *ZOO)),
    "newest": (newest, "test_*.py", ZOO),
}


def trial_rows(chosen: argparse.Namespace, work: Path) -> list[Row]:
    """Make the environment, then run notebooks and unit tests in it."""
    make, pattern, options = TRIALS[chosen.trial]
    trial, rows = make(chosen.at.absolute(), chosen.python, work)
    trial.check_installed()
    rows += trial.notebook_rows(tuple(chosen.sessions.split()) or ("",))
    rows += [trial.unit_row(chosen.units or pattern, *options)]
    if chosen.record:
        place = trial.environment
        record(chosen.trial, places.python_of(place), places.packages(place), rows)
    return rows


def main(arguments: list[str]) -> int:
    """Run one trial and print its table; 0 when everything passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.environments")
    parser.add_argument("trial", choices=TRIALS)
    parser.add_argument("--at", type=Path, required=True, help="the environment")
    parser.add_argument("--python", help="the interpreter that makes it")
    parser.add_argument("--sessions", default="", help='such as "00 08"')
    parser.add_argument("--units", help='unit tests, such as "test_anatomy*.py"')
    parser.add_argument(
        "--record", action="store_true", help="write its line into the README"
    )
    chosen = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="coursekit-") as work:
            rows = trial_rows(chosen, Path(work).resolve())
    except TrialError as problem:
        sys.stderr.write(f"Stopped. {problem}\n")
        return 1
    say(f"\n{table(rows)}")
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
