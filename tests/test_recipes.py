"""Recipes for other machines, read as those would read them."""

import io
import json
import subprocess
import zipfile
from importlib.metadata import requires
from types import SimpleNamespace

import pytest
import yaml

from coursekit import cli
from coursekit.staff.grading.gradescope import RUN, autograder, results
from coursekit.staff.grading.recipes import CONTAINERFILE, kubernetes, slurm
from coursekit.staff.grading.walls import ANSWERER, IMAGE

TOML = (
    '[[part]]\nexercise_file = "own.py"\npoints = 1\n'
    '[[part]]\nexercise = "01.3"\npoints = 2\n'
)
OWN = """\
from coursekit.course.exercises.exercise import Exercise


def total(numbers):
    return sum(numbers)


EXERCISE = Exercise(id="own.1", title="Sum", statement="Add.", minutes=1, difficulty=1,
    importance=1, solution=total, oracle=total, right=(total,), wrong=(),
    hints=("Add.",), takeaway="So.", cases=lambda draw: iter([([3],)]))
"""
ODD = "fall 2026/it's $HOME"


def parsed_by_bash(text: str) -> None:
    """Raise where bash cannot read a script."""
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)


def words(script: str, **environment: str) -> list[str]:
    """Return the command that a script runs, as bash splits it."""
    echo = script.replace("exec coursekit", "printf '%s\\n'")
    done = subprocess.run(
        ["bash"],
        input=echo,
        text=True,
        check=True,
        capture_output=True,
        env=environment,
    )
    return done.stdout.splitlines()


def test_a_slurm_array_has_a_task_for_every_shard():
    script = slurm("a1.toml", ODD, "A1!", 8)
    parsed_by_bash(script)
    options = dict(
        line.removeprefix("#SBATCH --").split("=", 1)
        for line in script.splitlines()
        if line.startswith("#SBATCH --") and "=" in line
    )
    assert options["array"] == "1-8"
    assert options["job-name"] == "grade-a1"
    shards = {words(script, SLURM_ARRAY_TASK_ID=str(i))[-1] for i in range(1, 9)}
    assert shards == {f"{i}/8" for i in range(1, 9)}
    assert words(script, SLURM_ARRAY_TASK_ID="1")[:3] == ["grade", "a1.toml", ODD]


def test_a_kubernetes_job_has_a_pod_for_every_shard_and_no_network():
    policy, job = yaml.safe_load_all(kubernetes("a1.toml", ODD, "A1!", 8))
    assert policy["kind"] == "NetworkPolicy"
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "egress" not in policy["spec"]  # none is allowed
    assert job["apiVersion"] == "batch/v1"
    spec, pod = job["spec"], job["spec"]["template"]
    assert (spec["completionMode"], spec["completions"]) == ("Indexed", 8)
    wanted = policy["spec"]["podSelector"]["matchLabels"]
    assert wanted.items() <= pod["metadata"]["labels"].items()
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["spec"]["automountServiceAccountToken"] is False
    (container,) = pod["spec"]["containers"]
    assert container["image"] == IMAGE
    secure = container["securityContext"]
    assert secure["allowPrivilegeEscalation"] is False
    assert secure["readOnlyRootFilesystem"] is True
    assert secure["capabilities"]["drop"] == ["ALL"]
    assert "memory" in container["resources"]["limits"]
    mounts = {one["name"] for one in container["volumeMounts"]}
    assert mounts == {one["name"] for one in pod["spec"]["volumes"]}
    assert container["command"] == ["/bin/sh", "-c"]
    (script,) = container["args"]
    got = [words(script, JOB_COMPLETION_INDEX=str(i)) for i in range(8)]
    assert got[0][:3] == ["grade", "/class/a1.toml", f"/class/{ODD}"]
    assert got[0][3:5] == ["--sandbox", "user"]
    assert [one[-1] for one in got] == [f"{i}/8" for i in range(1, 9)]


def test_the_image_is_the_one_that_the_sandbox_asks_for():
    assert f"-t {IMAGE} ." in CONTAINERFILE
    kinds = [
        line.split()[0]
        for line in CONTAINERFILE.replace("\\\n", "").splitlines()
        if line and not line.startswith("#")
    ]
    assert kinds == ["FROM", "RUN", "COPY", "RUN", "CMD"]
    assert f"useradd --system --no-create-home {ANSWERER}" in CONTAINERFILE
    assert "chmod -R o-rwx" in CONTAINERFILE
    for line in CONTAINERFILE.replace("\\\n", "").splitlines():
        if line.startswith("RUN "):
            parsed_by_bash(line.removeprefix("RUN "))


@pytest.fixture
def home(tmp_path):
    """Return a folder with an assignment that has a file of its own."""
    (tmp_path / "a.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    (tmp_path / "course.secret").write_text("of the tests", encoding="utf-8")
    return tmp_path


def test_an_autograder_holds_all_that_it_needs_and_is_the_same_twice(home):
    data = autograder(home / "a.toml", b"of the tests")
    assert data == autograder(home / "a.toml", b"of the tests")
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = set(archive.namelist())
    assert {
        "setup.sh",
        "run_autograder",
        "files/assignment.toml",
        "files/own.py",
        "files/course.secret",
        "course/coursekit/staff/grading/gradescope.py",
        "course/coursekit/course/exercises/bank/s01_3_receptive_field.py",
    } <= names
    assert not [name for name in names if ".." in name or name.startswith("/")]
    setup = archive.read("setup.sh").decode()
    for script in (setup, RUN):
        parsed_by_bash(script)
        assert script.startswith("#!/usr/bin/env bash\n")
    for name in ("setup.sh", "run_autograder"):
        assert archive.getinfo(name).external_attr >> 16 & 0o111
    plain = [
        one.split(";")[0].strip() for one in requires("coursekit") if ";" not in one
    ]
    assert all(one in setup for one in plain)
    assert len(data) < 20 * 2**20  # what Gradescope takes is more


def test_results_are_what_gradescope_reads_and_tell_no_hidden_input():
    part = SimpleNamespace(id="01.3", of=2, notes=("a note",))
    told = "With layers=[(3, 1, 1)]: the result is 1; 3 is right. These inputs …"
    wrong = SimpleNamespace(points=0, status="wrong", message=told, **vars(part))
    text = SimpleNamespace(points=0, status="person", message="mine", **vars(part))
    made = SimpleNamespace(
        points=0, person=["q: a short answer"], digest="d", parts=(wrong, text)
    )
    got = json.loads(json.dumps(results(made)))
    assert got["score"] == 0
    assert got["stdout_visibility"] == "hidden"
    assert "may rise" in got["output"]
    first, second = got["tests"]
    assert first == {
        "name": "01.3",
        "score": 0,
        "max_score": 2,
        "status": "failed",
        "output": "On a hidden input the result is not right.\na note",
        "visibility": "visible",
    }
    assert second["output"] == "waits for a person\na note"


@pytest.mark.parametrize("kind", ["image", "slurm", "kubernetes", "gradescope"])
def test_a_recipe_is_written_and_never_over_another(kind, home, capsys):
    given = ["recipe", str(home / "a.toml"), kind, "--to", str(home / "out")]
    assert cli.main(given) == 0
    (path,) = (home / "out").iterdir()
    assert capsys.readouterr().out == f"{path}\n"
    assert cli.main(given) == 0  # the same again
    path.write_text("mine", encoding="utf-8")
    assert cli.main(given) == 1
    assert "is there and differs" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "mine"
