"""Finds exercises by id; a file is imported when its exercise is asked for."""

import re
from functools import cache
from importlib import import_module
from importlib.resources import files

from coursekit._base.words import did_you_mean
from coursekit.course.exercises.exercise import Exercise

PACKAGE = "coursekit.course.exercises.bank"
FILE_NAME = re.compile(r"s(\d\d)_(\d+)_\w+\.py$")


def exercise_ids() -> tuple[str, ...]:
    """Return the ids of all exercises in the order of the course."""
    return tuple(sorted(_files(), key=order))


def order(exercise_id: str) -> tuple[int, ...]:
    """Sort key of an id: "01.10" comes after "01.9"."""
    return tuple(int(part) for part in exercise_id.split("."))


def load(exercise_id: str) -> Exercise:
    """Import the file of one exercise and return the exercise.

    Raises:
        ValueError: no exercise has this id.
    """
    known = _files()
    if not isinstance(exercise_id, str) or exercise_id not in known:
        hint = did_you_mean(exercise_id, sorted(known, key=order), most=3)
        raise ValueError(f"`exercise_id` {exercise_id!r} is not an exercise; {hint}")
    return import_module(f"{PACKAGE}.{known[exercise_id]}").EXERCISE


@cache
def _files() -> dict[str, str]:
    """Map id to module name, read from the file names."""
    found = {}
    for path in files(PACKAGE).iterdir():
        match = FILE_NAME.match(path.name)
        if match:
            found[f"{match[1]}.{match[2]}"] = path.name.removesuffix(".py")
    return found
