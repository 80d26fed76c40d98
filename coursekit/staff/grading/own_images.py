"""Pictures of one's own: an exercise's function, applied to what only one student has.

    [[part]]
    personal = "01.6"            # an exercise that takes images, patches or a mask
    points = 2

The pictures are `shapes`, drawn without a network from a seed of the student's. The
answer is one number in which every value of the result counts with its place, so that
another shape, order or value is another number. They are drawn until every known
mistake gives one of its own.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from inspect import getsource
from math import isfinite

import torch
from torch import Tensor

from coursekit.course.exercises.agreement import first_difference
from coursekit.course.exercises.draw import derived_seed
from coursekit.course.exercises.exercise import Exercise, Mistake
from coursekit.course.exercises.tried_calls import calls
from coursekit.course.exercises.values import is_value
from coursekit.staff.build.notebook_source import Cell
from coursekit.staff.grading.personal import asked_as_number

TAKEN = {  # odd sides, not square: what is dropped, or swapped, shows there
    "images": "pictures.images[:, :, 4:29, 3:26].double() / 127.5 - 1",
    "patches": "pictures.images[:, 0, 10:21, 9:22].double() / 127.5 - 1",
    "mask": "pictures.masks[0]",
}
SEEDS = 40  # draws of pictures until some fit
ASKED = (
    "Apply it to your own pictures, which the next cell draws: what is `number_of({})`?"
)
TOLERANCE = 100.0  # of a number's usual one: 1e-4, for results in float32


def number_of(result) -> float:
    """Return one number in which every value counts with its place."""
    values = torch.as_tensor(result).double().flatten()
    places = torch.arange(1, len(values) + 1).double()
    return (values * places.sqrt()).mean().item()


def takes_pictures(base: Exercise) -> bool:
    """Say whether an exercise is a function of pictures and of nothing else."""
    is_function = not is_value(base) and base.kind == "function" and not base.observe
    return is_function and len(base.argument_names) == 1 and _name(base) in TAKEN


def picture_exercise(base: Exercise, seed: int) -> tuple[Exercise, tuple[Cell, ...]]:
    """Ask what an exercise's function gives for pictures of one's own.

    Args:
        base: one that `takes_pictures`.
        seed: of the student, as `hidden_seed` gives it.

    Returns:
        The exercise, and the cell with the pictures that goes out with it.

    Raises:
        ValueError: no pictures tell all its known mistakes apart.
    """
    for number in range(SEEDS):
        drawn = derived_seed("pictures", seed, number) % 2**31
        code = _code(_name(base), drawn)
        given = _given(code, _name(base))
        right = number_of(base.oracle(given.clone()))
        wrong = tuple(_wrong(base, given))
        if all(isfinite(x.answer) and _differ(x.answer, right) for x in wrong):
            cell = Cell("code", code, frozenset(), 0, 0)
            asked = ASKED.format(f"{base.answer_name}({_name(base)})")
            made = asked_as_number(base, asked, right, wrong)
            return replace(made, tolerance=TOLERANCE), (cell,)
    raise ValueError(
        f"exercise {base.id} cannot be personal: no pictures tell the right result "
        "from those of all its known mistakes"
    )


def _name(base: Exercise) -> str:
    return base.argument_names[0]


def _differ(one: float, other: float) -> bool:
    return bool(first_difference(one, other, tolerance=TOLERANCE))


def _code(name: str, seed: int) -> str:
    """Return the cell that draws the pictures, shows them and makes the argument."""
    return (
        f"from coursekit.data import shapes\n\n"
        f"pictures = shapes(3, seed={seed})\n{name} = {TAKEN[name]}\n\n\n"
        f"{getsource(number_of)}\n\npictures"
    )


def _given(code: str, name: str) -> Tensor:
    names = {"torch": torch}
    exec(code, names)  # as the student does
    return names[name]


def _wrong(base: Exercise, given: Tensor) -> Iterator[Mistake]:
    """Yield the known mistakes that show in a number, with the number of each."""
    for mistake in base.mistakes:
        if mistake.name in _shown(base):
            value = _number(mistake.answer, given)
            if value is not None:  # else it raises: there is nothing to hand in
                yield replace(mistake, answer=value)


@lru_cache(maxsize=64)
def _shown(base: Exercise) -> frozenset[str]:
    """Name the mistakes whose result is another for some picture.

    The others lose a gradient, a dtype, or the picture: their values are right.
    """
    tried = [call.args[0] for call in calls(base, 0) if call.mode == "value"]
    right = [number_of(base.oracle(one.clone())) for one in tried]
    return frozenset(
        mistake.name
        for mistake in base.mistakes
        if any(
            value is None or _differ(value, want)
            for value, want in zip(
                (_number(mistake.answer, one) for one in tried), right, strict=True
            )
        )
    )


def _number(answer: Callable, given: Tensor) -> float | None:
    try:
        return number_of(answer(deepcopy(given)))
    except Exception:  # noqa: BLE001 (a mistake that raises has no value)
        return None
