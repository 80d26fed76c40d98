"""The calls on which an answer is tried: what an exercise draws, and other layouts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from coursekit.course.exercises.draw import Draw, derived_seed, scattered
from coursekit.course.exercises.exercise import Exercise

GRADIENT_CALLS = 3


@dataclass(frozen=True)
class Call:
    """One call: its arguments, and what is looked at.

    `mode` is "value"; "corner": a value too, which only decides between right and
    wrong; "gradient"; "device"; or "operators": what the statement forbids.
    """

    args: tuple
    mode: str = "value"


@lru_cache(maxsize=64)
def calls(exercise: Exercise, seed: int) -> tuple[Call, ...]:
    """Return the calls of an exercise for a seed; the same seed, the same calls."""
    draw = Draw(derived_seed(exercise.id, seed))
    plain = [tuple(args) for args in exercise.cases(draw)]
    tried = [Call(args) for args in plain]
    if exercise.gradient:
        tried += [Call(args, "gradient") for args in _smooth(exercise, plain)]
    corners = list(_layouts(exercise, plain[0]))
    if exercise.corners:
        corners += map(tuple, exercise.corners(draw))
    if exercise.forbids:
        tried += [Call(args, "operators") for args in (*plain, *corners)]
    if exercise.device:
        tried.append(Call(plain[0], "device"))
    tried += [Call(args, "corner") for args in corners]
    return tuple(tried)


def _smooth(exercise: Exercise, plain: list[tuple]) -> list[tuple]:
    """Choose the calls on which gradients are compared: float64 ones first."""
    double = [args for args in plain if _is_double(exercise, args)]
    return (double or plain)[:GRADIENT_CALLS]


def _is_double(exercise: Exercise, args: tuple) -> bool:
    tensors = leaves([args[argument] for argument in exercise.gradient])
    return all(one.dtype == torch.float64 for one in tensors)


def _layouts(exercise: Exercise, args: tuple) -> Iterator[tuple]:
    """Yield the same arguments with other memory, and in half precision."""
    tensors = [value for value in leaves(args) if isinstance(value, Tensor)]
    if not tensors:
        return
    yield _mapped(args, scattered)
    if any(one.dim() == 4 for one in tensors):
        yield _mapped(args, _channels_last)
    if "half precision" not in exercise.never:
        yield _mapped(args, lambda x: x.half() if x.is_floating_point() else x)


def leaves(value: object) -> Iterator[object]:
    """Yield what stands inside nested lists and tuples."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def _mapped(value: object, change: Callable[[Tensor], Tensor]) -> object:
    if isinstance(value, (list, tuple)):
        return type(value)(_mapped(item, change) for item in value)
    return change(value) if isinstance(value, Tensor) else value


def _channels_last(value: Tensor) -> Tensor:
    is_map = value.dim() == 4
    return value.to(memory_format=torch.channels_last) if is_map else value
