"""Calls an answer on the exercise's random inputs and records what it did."""

import copy
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from coursekit.course.exercises.agreement import NoGradient, Raised, Skipped
from coursekit.course.exercises.describe import cut
from coursekit.course.exercises.draw import Draw, derived_seed, scattered
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.sums import weighted_sum

GRADIENT_CALLS = 3
OURS = str(Path(__file__).parent)


@dataclass(frozen=True)
class Call:
    """One call: its arguments; `mode` is "value", "corner", "gradient" or "device"."""

    args: tuple
    mode: str = "value"


@dataclass(frozen=True)
class Record:
    """What one call did: the result, or what it raised, and the argument it changed."""

    call: Call
    value: object
    changed: str = ""


@lru_cache(maxsize=64)
def calls(exercise: Exercise, seed: int) -> tuple[Call, ...]:
    """Return the calls of an exercise for a seed; the same seed, the same calls."""
    draw = Draw(derived_seed(exercise.id, seed))
    plain = [Call(tuple(args)) for args in exercise.cases(draw)]
    found = list(plain)
    if exercise.gradient:
        found += [Call(call.args, "gradient") for call in _smooth(exercise, plain)]
    if exercise.device:
        found.append(Call(plain[0].args, "device"))
    found += [Call(args, "corner") for args in _layouts(exercise, plain[0].args)]
    if exercise.corners:
        found += [Call(tuple(args), "corner") for args in exercise.corners(draw)]
    return tuple(found)


@lru_cache(maxsize=64)
def expected(exercise: Exercise, seed: int) -> tuple[Record, ...]:
    """Return what the oracle does on the calls of a seed."""
    return tuple(records(exercise, exercise.oracle, seed))


def records(exercise: Exercise, answer: object, seed: int) -> Iterator[Record]:
    """Call `answer` on every call of the seed, one after the other."""
    start = derived_seed(exercise.id, seed)
    for call in calls(exercise, seed):
        torch.default_generator.manual_seed(start)
        yield run(exercise, answer, call)


def run(exercise: Exercise, answer: object, call: Call) -> Record:
    """Call `answer` once on copies of the arguments."""
    args = [fresh(value, call.mode) for value in call.args]
    try:
        if call.mode == "gradient":
            return Record(call, _gradients(exercise, answer, args))
        value = _observe(exercise, answer, args)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever students raise)
        return Record(call, _raised(error, call.mode))
    changed = None if call.mode == "device" else _changed(call, args)
    return Record(call, value, _name(exercise, changed))


def fresh(value: object, mode: str = "value") -> object:
    """Copy an argument: same values and strides, so that non-contiguous stays so."""
    if isinstance(value, Tensor):
        if mode == "device":
            return value.to("meta")
        twin = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype)
        return twin.copy_(value)
    if isinstance(value, (list, tuple)):
        return type(value)(fresh(item, mode) for item in value)
    return copy.deepcopy(value)


def _layouts(exercise: Exercise, args: tuple) -> Iterator[tuple]:
    """Yield the same arguments with other memory, and in half precision."""
    if not any(isinstance(value, Tensor) for value in _leaves(args)):
        return
    yield _mapped(args, scattered)
    if any(isinstance(value, Tensor) and value.dim() == 4 for value in _leaves(args)):
        yield _mapped(args, _channels_last)
    if "half precision" not in exercise.never:
        yield _mapped(args, lambda x: x.half() if x.is_floating_point() else x)


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _mapped(value: object, change: Callable[[Tensor], Tensor]) -> object:
    if isinstance(value, (list, tuple)):
        return type(value)(_mapped(item, change) for item in value)
    return change(value) if isinstance(value, Tensor) else value


def _channels_last(value: Tensor) -> Tensor:
    is_map = value.dim() == 4
    return value.to(memory_format=torch.channels_last) if is_map else value


def _observe(exercise: Exercise, answer: object, args: list) -> object:
    if exercise.observe is None:
        return answer(*args)
    return exercise.observe(answer, *args)


def _smooth(exercise: Exercise, plain: list[Call]) -> list[Call]:
    """Choose the calls on which gradients are compared: float64 ones first."""
    places = exercise.gradient
    double = [
        call
        for call in plain
        if all(call.args[place].dtype == torch.float64 for place in places)
    ]
    return (double or plain)[:GRADIENT_CALLS]


def _gradients(exercise: Exercise, answer: object, args: list) -> object:
    leaves = [args[place].requires_grad_() for place in exercise.gradient]
    total = weighted_sum(_observe(exercise, answer, args))
    if not isinstance(total, Tensor) or not total.requires_grad:
        return NoGradient()
    found = torch.autograd.grad(total, leaves, allow_unused=True)
    names = [exercise.argument_names[place] for place in exercise.gradient]
    zeros = [torch.zeros_like(leaf) for leaf in leaves]
    return {
        f"gradient with respect to `{name}`": zero if gradient is None else gradient
        for name, gradient, zero in zip(names, found, zeros, strict=True)
    }


def _changed(call: Call, args: list) -> int | None:
    """Return the position of the first argument that is no longer the same."""
    pairs = enumerate(zip(call.args, args, strict=True))
    return next((i for i, (before, after) in pairs if not _equal(before, after)), None)


def _equal(before: object, after: object) -> bool:
    if isinstance(before, (list, tuple)):
        same = len(before) == len(after)
        return same and all(map(_equal, before, after))
    if not isinstance(before, Tensor):
        return before == after
    with torch.no_grad():
        same = before.shape == after.shape and before.dtype == after.dtype
        return same and torch.equal(before, after.detach())


def _name(exercise: Exercise, place: int | None) -> str:
    return "" if place is None else exercise.argument_names[place]


def _raised(error: BaseException, mode: str) -> object:
    text = cut(" ".join(str(error).split()), 160)
    if mode == "device" and "device" not in text:
        return Skipped()  # such as `.item()`, which the stand-in device cannot do
    if mode == "corner" and "not implemented for 'Half'" in text:
        return Skipped()  # older versions of torch cannot do it on the CPU
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if not _is_ours(frame.filename)]
    where = f"`{outside[-1].line}`" if outside and outside[-1].line else ""
    return Raised(type(error).__name__, text, where)


def _is_ours(file_name: str) -> bool:
    return file_name.startswith(OURS) or "site-packages" in file_name
