"""Grades on Gradescope: the zip of an autograder, and what runs in its container.

    autograder.zip   setup.sh         once, when the image is built
                     run_autograder   for every hand-in
                     files/           the assignment, its own files, course.secret
                     course/          this package

As in https://gradescope-autograders.readthedocs.io; not tried on Gradescope. Where the
container allows namespaces, answers run in bubblewrap; else as another user, who may
read neither `files` nor the exercises' answers, nor write results. That user has the
container's network, its /tmp and every file that all may read.
"""

import io
import json
import shlex
import tomllib
import zipfile
from importlib.metadata import requires
from pathlib import Path

from coursekit import __version__
from coursekit._base.files import write_whole
from coursekit.staff.grading.assignment import FILES, Assignment, read_assignment
from coursekit.staff.grading.collecting import KINDS
from coursekit.staff.grading.feedback import without_inputs
from coursekit.staff.grading.grade import Grade, PartGrade, grade
from coursekit.staff.grading.network_zip import NETWORK, is_network
from coursekit.staff.grading.sandbox import Sandbox
from coursekit.staff.grading.walls import ANSWERER, PACKAGE

HOME = Path("/autograder")  # in the container
SETUP = """\
#!/usr/bin/env bash
# Builds the image: Python 3.11 or newer, the requirements, a user for the answers.
set -euo pipefail
cd /autograder
apt-get update -qq
apt-get install -y -qq bubblewrap
apt-get install -y -qq python3.11 python3.11-venv || \\
    apt-get install -y -qq python3 python3-venv
python=$(command -v python3.11 || command -v python3)
"$python" -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 is needed"'
"$python" -m venv /opt/answers
/opt/answers/bin/pip install --quiet torch torchvision \\
    --index-url https://download.pytorch.org/whl/cpu
/opt/answers/bin/pip install --quiet {requirements}
cp -r source/course .
mkdir -p results submission
{close}
"""
CLOSE = """\
useradd --system --no-create-home {user} || id {user}
chmod -R o-rwx {bank}
chmod 700 source results submission
"""
RUN = """\
#!/usr/bin/env bash
cd /autograder
export PYTHONPATH=/autograder/course OMP_NUM_THREADS=1
exec /opt/answers/bin/python -P -m coursekit.staff.grading.gradescope
"""


def autograder(path: Path, secret: bytes) -> bytes:
    """Return the zip that Gradescope builds an autograder from.

    Args:
        path: of an assignment that can be read; what it names lies beside it.
        secret: of the course.
    """
    files = {"setup.sh": _setup(), "run_autograder": RUN.encode()}
    files["files/assignment.toml"] = path.read_bytes()
    files["files/course.secret"] = secret
    for row in tomllib.loads(path.read_text(encoding="utf-8-sig"))["part"]:
        for name in (str(row[key]) for key in FILES if key in row):
            files[f"files/{name}"] = (path.parent / name).read_bytes()
    for one in sorted(PACKAGE.rglob("*")):
        if one.suffix in (".py", ".toml", ".json", ".npz"):
            name = one.relative_to(PACKAGE.parent).as_posix()
            files[f"course/{name}"] = one.read_bytes()
    about = f"Metadata-Version: 2.1\nName: coursekit\nVersion: {__version__}\n"
    files[f"course/coursekit-{__version__}.dist-info/METADATA"] = about.encode()
    return _zipped(files)


def _zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # of 1980: the same files, the same zip
            entry.external_attr = (0o755 if "/" not in name else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return made.getvalue()


def _setup() -> bytes:
    needed = [one.partition(";") for one in requires("coursekit") or ()]
    wanted = ("", 'extra == "handin"')
    names = [name.strip() for name, _, mark in needed if mark.strip() in wanted]
    course = "/autograder/course/coursekit"
    close = CLOSE.format(user=ANSWERER, bank=f"{course}/course/exercises/bank")
    return SETUP.format(requirements=shlex.join(names), close=close).encode()


def main(home: Path = HOME) -> None:
    """Grade the hand-in of a container and write `results/results.json`."""
    files = home / "source" / "files"
    assignment = read_assignment(files / "assignment.toml")
    secret = (files / "course.secret").read_bytes()
    said = json.loads((home / "submission_metadata.json").read_text(encoding="utf-8"))
    student = str(said["users"][0]["email"])
    path, networks = _handed_in(home / "submission", assignment)
    with _sandbox() as sandbox:
        made = grade(path, student, assignment, sandbox, secret, networks)
    text = json.dumps(results(made), indent=1, ensure_ascii=False)
    write_whole(home / "results" / "results.json", text)


def _sandbox() -> Sandbox:
    try:
        return Sandbox("bwrap")
    except ValueError:  # this container allows no namespaces
        return Sandbox("user")


def _handed_in(folder: Path, assignment: Assignment) -> tuple[Path, list[Path]]:
    """Return the notebook, the newest of those named like the assignment, and the
    networks; where there is no notebook, the first network or a file that is none."""
    files = [one for one in sorted(folder.rglob("*")) if one.is_file()]
    networks = [one for one in files if one.suffix == NETWORK and is_network(one)]
    notebooks = [one for one in files if one.suffix.lower() in KINDS]
    notebooks.sort(key=lambda one: (assignment.id in one.stem, one.stat().st_mtime))
    chosen = notebooks[-1:] or networks[:1] or [folder / "none.ipynb"]
    return chosen[0], networks


def results(made: Grade) -> dict:
    """Return a grade as Gradescope shows it to a student; no hidden input in it."""
    waits = "Some parts wait for a person; the points may rise." if made.person else ""
    tests = [
        {
            "name": part.id,
            "score": part.points,
            "max_score": part.of,
            "status": "passed" if part.points == part.of else "failed",
            "output": "\n".join([_said(part), *part.notes]),
            "visibility": "visible",
        }
        for part in made.parts
    ]
    return {
        "score": made.points,
        "output": waits,
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"person": list(made.person), "digest": made.digest},
    }


def _said(part: PartGrade) -> str:
    waits = part.status == "person"
    return "waits for a person" if waits else without_inputs(part.message)


if __name__ == "__main__":
    main()
