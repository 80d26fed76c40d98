"""An instructor's own exercise: a Python file beside the assignment."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from coursekit.course.exercises.exercise import Exercise


def own_exercise(path: Path) -> Exercise:
    """Import an instructor's exercise: a file in the form of the course's own.

    Raises:
        ValueError: there is no such file, it cannot be run, or has no `EXERCISE`.
    """
    if not path.is_file():
        raise ValueError(f"there is no file `{path.name}` beside the assignment")
    spec = spec_from_file_location(f"own_exercise_{path.stem}", path)
    module = sys.modules[spec.name] = module_from_spec(spec)  # the proof looks there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise ValueError(f"`{path.name}` cannot be run: {said}") from error
    exercise = getattr(module, "EXERCISE", None)
    if not isinstance(exercise, Exercise):
        raise ValueError(f"`{path.name}` must define `EXERCISE`, an `Exercise`")
    return exercise
