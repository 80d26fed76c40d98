"""A rehearsal: a class of hand-ins, some hostile, in two shards that are killed on the
way, gone on with and merged.

`COURSEKIT_CLASS=300 pytest tests/test_grading_class.py` is the whole class, for nights.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coursekit import cli
from coursekit.course.exercises.registry import load
from tests.hostile_handins import ALL, notebook

SIZE = int(os.environ.get("COURSEKIT_CLASS", "10"))
HOSTILE = max(2, SIZE * 40 // 300)
IDS = ("01.3", "01.1", "02.6")
HEAD = (
    "import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn"
)
TOML = "".join(f'[[part]]\nexercise = "{one}"\npoints = 2\n' for one in IDS)


def hand_in(draw: random.Random) -> tuple[bytes, int]:
    """Write a hand-in of right and known wrong answers; return its points, too."""
    cells, points = [HEAD], 0
    for one in map(load, IDS):
        right = draw.random() < 0.7
        mistake = draw.choice(one.mistakes)
        source = Path(sys.modules[one.solution.__module__].__file__).read_text("utf-8")
        name = one.solution.__name__ if right else mistake.answer.__name__
        cells += [source, f"{one.answer_name} = {name}", f"# {draw.random()}"]
        points += 2 * right
    return notebook(*cells), points


@pytest.fixture(scope="module")
def graded_class(tmp_path_factory, sandbox):
    """Grade a class through the command, killed now and then; return what it should
    have got and the folder."""
    home = tmp_path_factory.mktemp("class")
    (home / "a.toml").write_text(TOML, encoding="utf-8")
    (home / "course.secret").write_text("of the rehearsal", encoding="utf-8")
    draw, want = random.Random(7), {}
    bad = [case for case in ALL if not case.points]
    for number in range(SIZE):
        student = f"s{number:03}"
        if number < HOSTILE:
            data, want[student] = bad[number * 7 % len(bad)].data, 0
        else:
            data, want[student] = hand_in(draw)
        (home / "in" / student).mkdir(parents=True)
        (home / "in" / student / "a.ipynb").write_bytes(data)
    roster = "id\n" + "\n".join(want) + "\n"
    (home / "roster.csv").write_text(roster, encoding="utf-8")
    given = ["collect", str(home / "a.toml"), str(home / "class"), str(home / "in")]
    assert cli.main([*given, "--roster", str(home / "roster.csv")]) == 0
    shards = [home / f"class-{number}" for number in (1, 2)]
    for number, shard in enumerate(shards, 1):  # as if copied to two machines
        shutil.copytree(home / "class", shard)
        stop_after_some(number, home, SIZE // 2 // (number + 1))
    finish(home, "class-1", "--shard", "1/2")
    merge = ["merge", str(home / "a.toml"), str(home / "class")]
    assert cli.main([*merge, *map(str, shards)]) == 0
    finish(home, "class")  # what the second one left
    assert cli.main(["feedback", str(home / "a.toml"), str(home / "class")]) == 0
    return want, home / "class"


def command(folder: str, *more: str) -> list[str]:
    """Return the command that grades a folder."""
    return [sys.executable, "-m", "coursekit.cli", "grade", "a.toml", folder, *more]


def finish(home: Path, folder: str, *more: str) -> None:
    """Grade what is left, with two processes where the class is large."""
    jobs = ["--jobs", "2"] if SIZE > 50 else []
    given = command(folder, *more, *jobs)
    done = subprocess.run(given, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def stop_after_some(number: int, home: Path, count: int) -> None:
    """Start a shard and kill it, with all it started, when `count` are graded."""
    process = subprocess.Popen(
        command(f"class-{number}", "--shard", f"{number}/2"),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    done = home / f"class-{number}"
    while len(list(done.glob("grades/*.json"))) < count and process.poll() is None:
        process.stdout.readline()
    assert process.poll() is None, "the shard ended before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def grades(folder: Path) -> dict[str, dict]:
    """Return the grades by student."""
    texts = (one.read_text(encoding="utf-8") for one in folder.glob("grades/*.json"))
    return {grade["student"]: grade for grade in map(json.loads, texts)}


def test_everybody_gets_what_the_answers_deserve(graded_class):
    want, folder = graded_class
    got = {student: grade["points"] for student, grade in grades(folder).items()}
    assert got == want


def test_no_zero_is_silent(graded_class):
    _, folder = graded_class
    for grade in grades(folder).values():
        for part in grade["parts"]:
            assert part["points"] or part["message"]
        missing = all(part["status"] == "missing" for part in grade["parts"])
        assert bool(grade["person"]) == missing


def test_nothing_is_half_written(graded_class):
    _, folder = graded_class
    assert not [path.name for path in folder.rglob("*.part")]
    assert len(list((folder / "feedback").glob("*.html"))) == SIZE
