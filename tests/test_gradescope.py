"""An autograder's zip, run in a container's layout where there is no bubblewrap.

`COURSEKIT_AUTOGRADER=9` runs all hand-ins, for nights; else the first.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from coursekit.staff.grading.gradescope import CLOSE, autograder
from coursekit.staff.grading.walls import ANSWERER
from tests.conftest import require_namespaces
from tests.hostile_handins import ALL, RIGHT, body, notebook

SYSTEM = ("bin", "lib", "lib32", "lib64", "sbin", "usr", "var")
COUNT = int(os.environ.get("COURSEKIT_AUTOGRADER", "1"))
TOML = '[[part]]\nexercise = "01.3"\npoints = 1\n'
READS = body(
    "import pathlib",
    "seen = []",
    "for one in ('source/files/course.secret', 'submission', 'results', 'source',",
    "            'course/coursekit/course/exercises/bank'):",
    "    path = pathlib.Path('/autograder', one)",
    "    try: seen.append(list(path.iterdir()) if path.is_dir() else path.read_text())",
    "    except OSError as error: seen.append(error.errno)",
    "try: pathlib.Path('/autograder/results/results.json').write_text('{}')",
    "except OSError as error: seen.append(error.errno)",
    "raise ValueError(f'{seen}')",
)
NAMES = (
    "endless loop",
    "fork bomb",
    "five gigabytes",
    "kills what it sees",
    "background process",
    "reads the answers' file",
    "forges a grade's file",
)
HANDINS = [
    ("sees and changes nothing", READS, 0, "[13, 13, 13, 13, 13, 13]"),
    ("as it should be", notebook(RIGHT), 1, ""),
    *((one.name, one.data, one.points, "") for one in ALL if one.name in NAMES),
]


def inside(home: Path, script: str) -> subprocess.CompletedProcess:
    """Run a script as root in a file system like the container's."""
    show = ["--tmpfs", "/", "--proc", "/proc", "--dev", "/dev"]
    show += ["--perms", "1777", "--tmpfs", "/tmp"]
    for name in SYSTEM:
        show += ["--ro-bind-try", f"/{name}", f"/{name}"]
    for parent in reversed(Path(sys.base_prefix, "opt").parents[1:-1]):
        show += ["--perms", "0755", "--dir", parent]
    show += ["--perms", "0755", "--dir", "/opt"]
    show += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    show += ["--ro-bind", sys.prefix, "/opt/answers", "--ro-bind", home / "etc", "/etc"]
    show += ["--ro-bind", "/dev/null", shutil.which("bwrap")]  # not to be had in there
    show += ["--bind", home / "autograder", "/autograder"]
    own = ("--cap-add", "ALL", "--unshare-pid", "--die-with-parent")
    command = ["bwrap", *own, *map(str, show), "bash", "-euc", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def container(tmp_path_factory):
    """Return a folder as an image has it when `setup.sh` is done."""
    require_namespaces()
    if os.geteuid():
        pytest.skip("only root can start processes of another user")
    home = tmp_path_factory.mktemp("gradescope")
    (home / "a.toml").write_text(TOML, encoding="utf-8")
    grader = home / "autograder"
    with zipfile.ZipFile(BytesIO(autograder(home / "a.toml", b"secret"))) as archive:
        archive.extractall(grader / "source")
    shutil.copytree(grader / "source" / "course", grader / "course")
    (home / "etc").mkdir()
    users = f"root:x:0:0::/:/bin/sh\n{ANSWERER}:x:990:990::/:/bin/sh\n"
    (home / "etc" / "passwd").write_text(users, encoding="utf-8")
    for name in ("results", "submission"):
        (grader / name).mkdir()
    said = {"users": [{"email": "s1@example.org"}]}
    (grader / "submission_metadata.json").write_text(json.dumps(said), "utf-8")
    bank = "/autograder/course/coursekit/course/exercises/bank"
    done = inside(home, "cd /autograder\n" + CLOSE.format(user=ANSWERER, bank=bank))
    assert done.returncode == 0, done.stderr
    return home


@pytest.mark.parametrize(
    ("data", "points", "said"),
    [one[1:] for one in HANDINS[:COUNT]],
    ids=[one[0].replace(" ", "-") for one in HANDINS[:COUNT]],
)
def test_an_autograder_gives_what_a_hand_in_deserves(data, points, said, container):
    grader = container / "autograder"
    shutil.rmtree(grader / "results")
    (grader / "results").mkdir(mode=0o700)
    (grader / "submission" / "a.ipynb").write_bytes(data)
    done = inside(container, "bash /autograder/source/run_autograder")
    assert done.returncode == 0, done.stderr
    got = json.loads((grader / "results" / "results.json").read_text(encoding="utf-8"))
    assert got["score"] == points
    assert said in got["tests"][0]["output"]
    assert got["tests"][0]["output"]
