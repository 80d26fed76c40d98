"""Calls an answer on the exercise's random inputs and records what it did."""

import copy
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from coursekit.course.exercises.describe import cut
from coursekit.course.exercises.draw import derived_seed
from coursekit.course.exercises.elsewhere import Elsewhere, RaisedElsewhere
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.genuine import put_back
from coursekit.course.exercises.modules import made, observe_module
from coursekit.course.exercises.non_results import (
    NoGradient,
    OnDevice,
    Raised,
    Skipped,
    Stopped,
)
from coursekit.course.exercises.operators_used import used
from coursekit.course.exercises.stand_in_device import (
    CPU,
    DEVICE,
    OffDeviceError,
    StandInDevice,
    is_there,
    tensors_in,
    there,
)
from coursekit.course.exercises.sums import weighted_sum
from coursekit.course.exercises.tried_calls import Call, calls, leaves

OURS = str(Path(__file__).parent)


@dataclass(frozen=True)
class Record:
    """What one call did.

    `value` is the result, or what stands for it; `changed` names the argument that the
    call changed, `replaced` the functions of Python or torch that it replaced.
    """

    call: Call
    value: object
    changed: str = ""
    replaced: tuple[str, ...] = ()


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
    if isinstance(answer, Elsewhere) and exercise.observe in (None, observe_module):
        return answer.record(exercise, call)
    args = [fresh(value) for value in call.args]
    observed = {
        "gradient": _gradients,
        "device": _device,
        "operators": _operators,
    }.get(call.mode, _observe)
    try:
        value = observed(exercise, answer, args)
    except (KeyboardInterrupt, Stopped):
        raise
    except BaseException as error:  # noqa: BLE001 (whatever students raise)
        value = _raised(error, call.mode)
    replaced = tuple(put_back())
    compared = call.mode in ("value", "corner") and not isinstance(value, Raised)
    changed = _changed(call, args) if compared else None
    return Record(call, value, _name(exercise, changed), replaced)


def fresh(value: object) -> object:
    """Copy an argument: same values and strides, so that non-contiguous stays so."""
    if isinstance(value, Tensor):
        twin = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype)
        return twin.copy_(value)
    if isinstance(value, (list, tuple)):
        return type(value)(fresh(item) for item in value)
    return copy.deepcopy(value)


def _observe(exercise: Exercise, answer: object, args: list) -> object:
    if exercise.observe is None:
        return answer(*args)
    return exercise.observe(answer, *args)


def _gradients(exercise: Exercise, answer: object, args: list) -> object:
    names, tensors = [], []
    for argument in exercise.gradient:
        for number, leaf in enumerate(leaves(args[argument]), start=1):
            several = isinstance(args[argument], (list, tuple))
            which = f" number {number}" if several else ""
            names.append(
                f"gradient with respect to `{_name(exercise, argument)}`{which}"
            )
            tensors.append(leaf.requires_grad_())
    total = weighted_sum(_observe(exercise, answer, args))
    if not isinstance(total, Tensor) or not total.requires_grad:
        return NoGradient()
    found = torch.autograd.grad(total, tensors, allow_unused=True)
    pairs = zip(tensors, found, strict=True)
    gradients = (torch.zeros_like(leaf) if g is None else g for leaf, g in pairs)
    return dict(zip(names, gradients, strict=True))


def _device(exercise: Exercise, answer: object, args: list) -> object:
    """Say whether the result lies on the device of the arguments, as on a GPU."""
    if exercise.kind == "module":
        answer = made(answer, *args)
        for tensor in (*answer.parameters(), *answer.buffers()):
            there(tensor)
        args = args[1:]
    for tensor in tensors_in(args):
        there(tensor)
    with StandInDevice():
        result = answer(*args)
    off = [one for one in tensors_in(result) if not is_there(one)]
    return OnDevice(str(CPU if off else DEVICE))


def _operators(exercise: Exercise, answer: object, args: list) -> object:
    return used(exercise.forbids, lambda: _observe(exercise, answer, args), args)


def _changed(call: Call, args: list) -> int | None:
    """Return the position of the first argument that is no longer the same."""
    pairs = enumerate(zip(call.args, args, strict=True))
    return next((i for i, (before, after) in pairs if not _equal(before, after)), None)


def _equal(before: object, after: object) -> bool:
    if isinstance(before, (list, tuple)):
        same = type(before) is type(after) and len(before) == len(after)
        return same and all(map(_equal, before, after))
    if not isinstance(before, Tensor):
        return type(before) is type(after) and before == after
    if not isinstance(after, Tensor):
        return False
    with torch.no_grad():
        same = before.shape == after.shape and before.dtype == after.dtype
        return same and torch.equal(before, after.detach())


def _name(exercise: Exercise, argument: int | None) -> str:
    return "" if argument is None else exercise.argument_names[argument]


def _raised(error: BaseException, mode: str) -> object:
    if isinstance(error, RaisedElsewhere):
        return error.raised
    text = cut(" ".join(_text(error).split()), 160)
    if isinstance(error, OffDeviceError):
        return OnDevice(str(CPU), text)
    if mode == "device":
        return Skipped()  # a real GPU may do what its stand-in cannot
    if mode == "corner" and "not implemented for 'Half'" in text:
        return Skipped()  # older versions of torch cannot do it on the CPU
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if not _is_ours(frame.filename)]
    where = f"`{outside[-1].line}`" if outside and outside[-1].line else ""
    return Raised(type(error).__name__, text, where)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except (KeyboardInterrupt, Stopped):
        raise
    except BaseException as second:  # noqa: BLE001 (a student's own exception)
        return f"its text raises {type(second).__name__}"


def _is_ours(file_name: str) -> bool:
    return file_name.startswith(OURS) or "site-packages" in file_name
