"""An assignment: a TOML file that names exercises, questions and own cells.

id = "a1"
title = "What a unit sees"
due = 2026-12-04T23:59:00+01:00
points = 14                     # must be the sum: a check against slips

[[part]]
exercise = "01.3"               # of the course …
points = 4

[[part]]
exercise_file = "my_sum.py"     # … or an own one, in the form of the course's
points = 1

[[part]]
personal = "01.6"               # for every student with other numbers or pictures
points = 2

[[part]]
challenge = "digits-20k"        # a network, handed in as the file of `submit`
points = 5
reference = "my_net.zip"        # one that meets it; `network_part` knows more keys

[[part]]
question = "Why does the field of a unit at the border look smaller?"
id = "border"
points = 2                      # a short answer, graded by a person

[[part]]
cells = "before_you_begin.py"   # own cells, jupytext percent, no points
"""

import hashlib
import hmac
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from coursekit._base.validate import integer
from coursekit._base.words import did_you_mean
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.registry import load
from coursekit.course.exercises.values import is_value
from coursekit.staff.build.notebook_source import Cell, read_source
from coursekit.staff.grading.diagnosis import (
    diagnosis_cells,
    diagnosis_exercise,
    patient,
)
from coursekit.staff.grading.network_part import NetworkTask, read_network_task
from coursekit.staff.grading.own_exercise import own_exercise
from coursekit.staff.grading.own_images import picture_exercise, takes_pictures
from coursekit.staff.grading.personal import personal_exercise

KEYS = ("id", "title", "due", "points", "predictions", "part")
KINDS = (
    *("exercise", "exercise_file", "personal", "diagnosis"),
    *("challenge", "question", "cells"),
)
FILES = ("exercise_file", "cells", "reference", "images", "rules")


@dataclass(frozen=True)
class Part:
    """One part of an assignment; what it is not stays empty.

    Args:
        id: of the exercise, or the question's own; "" for own cells.
        points: what a right answer gives, ≥ 0.
        personal: whether each student gets other numbers or pictures, or another
            budget.
        diagnosis: whether it is a network of one's own that does not learn.
        is_own: whether it is an instructor's, which `check` does not know.
    """

    id: str
    points: int = 0
    exercise: Exercise | None = None
    question: str = ""
    network: NetworkTask | None = None
    personal: bool = False
    diagnosis: bool = False
    is_own: bool = False
    cells: tuple[Cell, ...] = ()

    @property
    def answer_name(self) -> str:
        """Return the name that the hand-in gives to the answer."""
        if self.exercise is None or self.personal or is_value(self.exercise):
            return f"answer_{self.id.replace('.', '_').replace('-', '_')}"
        return self.exercise.answer_name


@dataclass(frozen=True)
class Assignment:
    """What `read_assignment` read.

    `digest` is the sha256 of all its files; `predictions`: whether students are asked
    if what they predicted may travel with the hand-in.
    """

    id: str
    title: str
    due: datetime | None
    parts: tuple[Part, ...]
    digest: str
    predictions: bool = False

    @property
    def points(self) -> int:
        """Return what all right answers give together."""
        return sum(part.points for part in self.parts)

    @property
    def is_personal(self) -> bool:
        """Say whether every student gets a notebook of their own."""
        return any(part.personal for part in self.parts)

    def of_student(self, student: str, secret: bytes) -> "Assignment":
        """Return the assignment with the student's own numbers and networks."""
        seeds = (hidden_seed(secret, student, one.id) for one in self.parts)
        parts = map(_own, self.parts, seeds)
        return replace(self, parts=tuple(parts))

    @property
    def exercises(self) -> tuple[Part, ...]:
        """Return the parts that are checked by code."""
        return tuple(part for part in self.parts if part.exercise)

    @property
    def networks(self) -> tuple[Part, ...]:
        """Return the parts that the network judge grades."""
        return tuple(part for part in self.parts if part.network)

    @property
    def judged(self) -> tuple[Part, ...]:
        """Return the parts that need no person."""
        alone = (p for p in self.networks if not p.network.needs_reader)
        return (*self.exercises, *alone)

    @property
    def by_person(self) -> tuple[Part, ...]:
        """Return the parts that a person may have to look at."""
        forbids = (p for p in self.exercises if p.exercise.forbids)
        return (*self.questions, *self.networks, *forbids)

    @property
    def questions(self) -> tuple[Part, ...]:
        """Return the parts that a person grades."""
        return tuple(part for part in self.parts if part.question)


def _own(part: Part, seed: int) -> Part:
    if part.diagnosis:
        one = patient(seed)
        exercise = diagnosis_exercise(part.id, one)
        return replace(part, exercise=exercise, cells=diagnosis_cells(one))
    if part.personal and part.network:
        return replace(part, network=part.network.of_student(seed))
    if part.personal and takes_pictures(part.exercise):
        exercise, cells = picture_exercise(part.exercise, seed)
        return replace(part, exercise=exercise, cells=cells)
    if part.personal:
        return replace(part, exercise=personal_exercise(part.exercise, seed))
    return part


def hidden_seed(secret: bytes, student: str, part_id: str) -> int:
    """Return the seed of a student's own and hidden inputs.

    Nobody guesses it without the course's secret.
    """
    text = f"{student}\n{part_id}".encode()
    return int.from_bytes(hmac.new(secret, text, hashlib.sha256).digest()[:6], "big")


def read_assignment(path: str | Path) -> Assignment:
    """Read an assignment.

    Args:
        path: a TOML file as above; files that it names lie beside it.

    Raises:
        ValueError: no TOML, an unknown key or exercise, a part twice, points that do
            not add up; the message names the file.
        OSError: a file cannot be read.
    """
    path = Path(path)
    data = path.read_bytes()
    try:
        return _assignment(tomllib.loads(data.decode("utf-8-sig")), path, data)
    except ValueError as error:  # tomllib's and Unicode's errors are ValueErrors
        raise ValueError(f"`{path.name}`: {error}") from None


def _assignment(table: dict, path: Path, data: bytes) -> Assignment:
    _check_keys(table, KEYS)
    rows = table.get("part", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("each part begins with `[[part]]`, in two brackets")
    for row in rows:
        _check_keys(row, (*KINDS, *FILES, "points", "id"), " of a part")
    parts = tuple(_part(row, path.parent) for row in rows)
    if not any(part.points for part in parts):
        raise ValueError("at least one `[[part]]` with points is needed")
    names = [part.id for part in parts if part.id]
    names += [part.answer_name for part in parts if part.id]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"{name!r} stands twice; each part needs a name of its own"
            )
    given = Assignment(
        str(table.get("id", path.stem)),
        str(table.get("title", path.stem)),
        _due(table),
        parts,
        _digest(data, rows, path.parent),
        table.get("predictions") is True,
    )
    said = integer("points", table.get("points", given.points), low=1)
    if said != given.points:
        raise ValueError(f"`points` says {said}; the parts give {given.points}")
    return given


def _check_keys(table: dict, known: Sequence[str], where: str = "") -> None:
    for key in table:
        if key not in known:
            raise ValueError(f"unknown key {key!r}{where}; {did_you_mean(key, known)}")


def _due(table: dict) -> datetime | None:
    due = table.get("due")
    if due is not None and not (isinstance(due, datetime) and due.tzinfo):
        raise ValueError(
            "`due` must be a time with its zone: 2026-12-04T23:59:00+01:00"
        )
    return due


def _digest(data: bytes, rows: Sequence[dict], folder: Path) -> str:
    """Return the sha256 of an assignment and of all files that it names."""
    digest = hashlib.sha256(data)
    for row in rows:
        for key in FILES:
            if key in row:
                digest.update((folder / str(row[key])).read_bytes())
    return digest.hexdigest()


def _part(row: dict, folder: Path) -> Part:
    said = row.get("personal")
    beside = "challenge" in row and isinstance(said, bool)  # "personal" is no kind
    kinds = [k for k in KINDS if k in row and not (beside and k == "personal")]
    if len(kinds) != 1:
        named = ", ".join(KINDS)
        raise ValueError(
            f"a part has exactly one of {named}, and a challenge may be "
            f"`personal = true`; got {sorted(row)}"
        )
    (kind,) = kinds
    if kind == "cells":
        return Part("", cells=read_source(folder / str(row["cells"])))
    points = integer("points", row.get("points"), low=1)
    if kind in ("question", "diagnosis"):
        name = row.get("id", "") if kind == "question" else row["diagnosis"]
        if not str(name).isidentifier():
            raise ValueError(f"a {kind} needs an `id` of letters; got {name!r}")
        if kind == "question":
            return Part(name, points, question=str(row["question"]))
        return _own(Part(name, points, personal=True, diagnosis=True), 0)
    if kind == "challenge":
        task = read_network_task(row, folder)
        return Part(task.challenge.name, points, network=task, personal=said is True)
    own = kind == "exercise_file"
    exercise = own_exercise(folder / row[kind]) if own else load(row[kind])
    personal = kind == "personal"
    made = Part(exercise.id, points, exercise, personal=personal, is_own=own)
    _own(made, 0)  # refuses what cannot be asked so
    return made
