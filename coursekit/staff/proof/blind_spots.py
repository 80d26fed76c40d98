"""The proof of the cases: the reference, spoiled in one place, has to be noticed.

For each place where a wrong answer could hide (an axis of length 1, ties, stride 3, an
empty list …) the reference answers wrongly there and only there. If the check still
says *right*, its cases never go there: the exercise is blind. What a statement does
not allow stands in the exercise's `never`, with the reason.
"""

import inspect
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.course.exercises.checker import judge
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.tried_calls import calls
from coursekit.course.exercises.values import is_value
from coursekit.staff.proof.predicates import KINDS, Place, is_no_size, places

NOTICED, NOT_ALLOWED, BLIND = "noticed", "not allowed", "blind"
STATES = (NOTICED, NOT_ALLOWED, BLIND)
SIGNS = {NOTICED: "✓", NOT_ALLOWED: "·", BLIND: "✗", "": ""}


@dataclass(frozen=True)
class Verdict:
    """Whether an exercise notices one place; `reason` says why it need not."""

    exercise_id: str
    place: Place
    state: str
    reason: str = ""


def blind_spots(exercise: Exercise) -> list[Verdict]:
    """Return one verdict for each place of an exercise; none for numbers and choices.

    Raises:
        ValueError: the exercise excludes a place that it does not have, or one that
            its cases go to.
    """
    if is_value(exercise):
        return []
    named = [naming(exercise, call.args) for call in calls(exercise, 0)]
    verdicts = [_verdict(exercise, place) for place in places_of(exercise, named)]
    excluded = [one.place for one in verdicts if one.state == NOT_ALLOWED]
    unused = set(exercise.never) - {_key(exercise, place) for place in excluded}
    if unused:
        raise ValueError(
            f"`never` of {exercise.id} names {sorted(unused)}, which none of its "
            "arguments can be, or which its cases are"
        )
    return verdicts


def places_of(exercise: Exercise, named: list[dict]) -> list[Place]:
    """Return the places of an exercise; a module has a second picture size too."""
    found = places(named)
    if exercise.kind == "module":
        label = "`images` of a second size"
        found.append(Place("second size", label, lambda named: "second size" in named))
    return found


def naming(exercise: Exercise, args: tuple) -> dict[str, object]:
    """Return the arguments of a call by name; a module's settings one by one."""
    named = dict(zip(exercise.argument_names, args, strict=False))
    if exercise.kind == "module":
        settings = inspect.signature(exercise.solution).bind(*named.pop("settings"))
        return settings.arguments | named
    return named


def _verdict(exercise: Exercise, place: Place) -> Verdict:
    answer = spoiled(exercise, place.holds)
    noticed = judge(exercise, answer, explain=False).status != "right"
    reason = exercise.never.get(_key(exercise, place), "")
    if is_no_size(place):
        reason = "a size or a count is at least 1"
    if reason and not noticed:
        return Verdict(exercise.id, place, NOT_ALLOWED, reason)
    return Verdict(exercise.id, place, NOTICED if noticed else BLIND)


def _key(exercise: Exercise, place: Place) -> str:
    """Return the entry of `never` that excludes a place: its label or its kind."""
    return next((one for one in (place.label, place.kind) if one in exercise.never), "")


def spoiled(exercise: Exercise, holds: Callable[[dict], bool]) -> object:
    """Return the reference, wrong where a predicate of its arguments holds."""
    right = exercise.solution
    if exercise.kind == "module":
        return _spoiled_module(exercise, holds)

    def answer(*args: object) -> object:
        wrong = holds(naming(exercise, args))
        result = right(*args)
        return _spoil(result) if wrong else result

    return answer


def _spoiled_module(exercise: Exercise, holds: Callable[[dict], bool]) -> type:
    class Spoiled(exercise.solution):
        def __init__(self, *settings: object) -> None:
            super().__init__(*settings)
            self.settings, self.sizes = settings, set()

        def forward(self, images: Tensor) -> Tensor:
            named = naming(exercise, (self.settings, images))
            self.sizes.add(images.shape[2:])
            if len(self.sizes) > 1:
                named["second size"] = True
            result = super().forward(images)
            return _spoil(result) if holds(named) else result

    return Spoiled


def _spoil(result: object) -> object:
    """Return something like a result that no comparison takes for it."""
    if isinstance(result, Tensor):
        return ~result if result.dtype == torch.bool else result * 2 + 1
    if isinstance(result, (tuple, list)):
        return [_spoil(result[0]), *result[1:]] if result else [0]
    return result + 1


def table(verdicts: Iterable[Verdict]) -> str:
    """Return the table exercise × kind of place as markdown, and what was counted."""
    verdicts = list(verdicts)
    kinds = [kind for kind in KINDS if any(v.place.kind == kind for v in verdicts)]
    ids = list(dict.fromkeys(verdict.exercise_id for verdict in verdicts))
    lines = [_row("exercise", kinds), "|---" * (len(kinds) + 1) + "|"]
    for one in ids:
        cells = [SIGNS[_cell(verdicts, one, kind)] for kind in kinds]
        lines.append(_row(one, cells))
    counts = Counter(verdict.state for verdict in verdicts)
    words = [f"{counts[state]} {state} ({SIGNS[state]})" for state in STATES]
    total = f"{len(verdicts)} places in {len(ids)} exercises: {', '.join(words)}"
    return "\n".join([*lines, "", total])


def _row(first: str, cells: list[str]) -> str:
    return f"| {first} | {' | '.join(cells)} |"


def _cell(verdicts: list[Verdict], exercise_id: str, kind: str) -> str:
    """Return the worst state of the places of one kind; "" where there are none."""
    states = {
        v.state
        for v in verdicts
        if v.exercise_id == exercise_id and v.place.kind == kind
    }
    return next((one for one in (BLIND, NOTICED, NOT_ALLOWED) if one in states), "")
