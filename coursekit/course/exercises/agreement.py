"""The first thing in which an observation differs from the oracle's, as a sentence."""

import operator
from numbers import Integral, Real

import torch
from torch import Tensor

from coursekit._base.words import many
from coursekit.course.exercises.describe import apart, cut, kind_of, shown
from coursekit.course.exercises.modules import Ways
from coursekit.course.exercises.non_results import NoGradient, OnDevice, Raised, Skipped

# (relative, absolute) by dtype; sums of a few hundred products keep well inside.
TOLERANCES = {
    torch.float64: (1e-8, 1e-9),
    torch.float32: (1e-4, 1e-5),
    torch.float16: (3e-2, 1e-2),
    torch.bfloat16: (2e-2, 1e-2),
}


def first_difference(got: object, want: object, *, tolerance: float = 1.0) -> str:
    """Return a sentence on the first difference, or "" if there is none.

    The order is type, dtype, shape, value; inside a tuple or dict, part by part.
    """
    if isinstance(got, Skipped) or isinstance(want, Skipped):
        return ""
    if isinstance(want, Ways):
        return _of_ways(got, want.first, tolerance)
    if isinstance(want, Raised) or isinstance(got, Raised):
        return _raised(got, want)
    if isinstance(want, OnDevice) and isinstance(got, OnDevice):
        if got.device == want.device:
            return ""
        where = got.refused or f"the result is on {got.device}"
        return f"{where}; {ON_DEVICE}"
    if isinstance(want, NoGradient) or isinstance(got, NoGradient):
        return "" if type(got) is type(want) else NO_GRADIENT
    if isinstance(want, dict):
        return _parts(got, want, tolerance)
    if isinstance(want, (tuple, list)):
        return _sequence(got, want, tolerance)
    if isinstance(want, Tensor):
        return _tensor(got, want, tolerance)
    if isinstance(want, bool):
        return _same(got, want, isinstance(got, bool), "True or False")
    if isinstance(want, Integral):
        whole = isinstance(got, Integral) and not isinstance(got, bool)
        return _same(got, want, whole, "an int")
    if isinstance(want, Real):
        return _number(got, want, tolerance)
    return _same(got, want, type(got) is type(want), kind_of(want))


ON_DEVICE = (
    "the input is on a GPU: pass `device=` of the input to what you create, and do not "
    "move to the CPU"
)
NO_GRADIENT = (
    "no gradient flows back through the result; `.item()`, `.detach()`, "
    "`torch.tensor(...)` and numpy cut it off"
)


def _raised(got: object, want: object) -> str:
    if isinstance(got, Raised) and isinstance(want, Raised):
        return "" if got.type == want.type else f"{got.type} instead of {want.type}"
    if isinstance(got, Raised):
        where = f" in {got.where}" if got.where else ""
        said = f": {got.text}" if got.text else ""
        return f"it raises {got.type}{where}{said}"
    return f"the result is {shown(got)}; {want.type} is right"


def _of_ways(got: object, want: dict, tolerance: float) -> str:
    """Compare every way of filling a module; one that agrees is enough."""
    if not isinstance(got, Ways):
        return first_difference(got, want, tolerance=tolerance)
    sentences = (first_difference(one, want, tolerance=tolerance) for one in got)
    first = next(sentences)
    return first if first and all(sentences) else ""


def _parts(got: object, want: dict, tolerance: float) -> str:
    if not isinstance(got, dict):
        return first_difference(got, next(iter(want.values())), tolerance=tolerance)
    for key, part in want.items():
        if key not in got:
            return f"{key} is missing"
        sentence = first_difference(got[key], part, tolerance=tolerance)
        if sentence:
            return f"{key}: {sentence}"
    return ""


def _sequence(got: object, want: tuple | list, tolerance: float) -> str:
    if not isinstance(got, (tuple, list)):
        return f"the result is {kind_of(got)}; {_are_right(many(len(want), 'value'))}"
    if len(got) != len(want):
        return f"the result has {many(len(got), 'value')}; {_are_right(len(want))}"
    for number, (one, other) in enumerate(zip(got, want, strict=True), start=1):
        sentence = first_difference(one, other, tolerance=tolerance)
        if sentence:
            return f"value {number} of {len(want)}: {sentence}"
    return ""


def _are_right(count: object) -> str:
    """Return "2 values are right", "1 is right"."""
    return f"{count} {'is' if str(count).split()[0] == '1' else 'are'} right"


def _same(got: object, want: object, type_fits: bool, words: str) -> str:
    if not type_fits:
        return f"the result is {kind_of(got)}, {shown(got)}; {words} is right"
    whole = isinstance(want, Integral)
    equal = plain_integer(got) == want if whole else got == want
    return "" if equal else f"the result is {shown(got)}; {shown(want)} is right"


def _number(got: object, want: Real, tolerance: float) -> str:
    if isinstance(got, Tensor) and got.dim() == 0 and not got.is_complex():
        got = got.item()
    if isinstance(got, bool) or not isinstance(got, Real):
        return f"the result is {kind_of(got)}, {shown(got)}; a number is right"
    try:
        pair = torch.tensor([float(got), float(want)], dtype=torch.float64)
    except OverflowError:
        return f"the result is too large; {shown(float(want))} is right"
    if torch.isclose(pair[0], pair[1], rtol=1e-6 * tolerance, atol=1e-9).item():
        return ""
    wrong, right = apart(float(got), float(want))
    return f"the result is {wrong}; {right} is right"


def plain_integer(number: Integral) -> int:
    """Return a whole number without what a class of one's own makes of `==`."""
    if isinstance(number, int):
        return int.__index__(number)
    return operator.index(number)


def _tensor(got: object, want: Tensor, tolerance: float) -> str:
    if not isinstance(got, Tensor):
        return f"the result is {kind_of(got)}, {shown(got)}; a tensor is right"
    with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
        if got.dtype != want.dtype:
            return f"the dtype is {_name(got)}; {_name(want)} is right{_why(got)}"
        if got.shape != want.shape:
            shape, right = tuple(got.shape), tuple(want.shape)
            return f"the shape is {shape}; {right} is right"
        if got.device.type != want.device.type:
            return f"the result is on {got.device.type}; the input is on {want.device}"
        return "" if want.is_meta else _values(got, want, tolerance)


def _values(got: Tensor, want: Tensor, tolerance: float) -> str:
    if want.is_floating_point():
        rtol, atol = (tolerance * part for part in TOLERANCES[want.dtype])
        close = torch.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)
    else:
        close = got == want
    if close.all():
        return ""
    index = tuple((~close).nonzero()[0].tolist())
    wrong, right = apart(got[index].item(), want[index].item())
    at = f"at index {list(index)} " if index else ""
    share = f" ({(~close).sum().item()} of {close.numel()} values differ)"
    tail = share if close.numel() > 1 else ""
    return cut(f"{at}the value is {wrong}; {right} is right{tail}", 200)


def _why(got: Tensor) -> str:
    if got.dtype != torch.float32:
        return ""
    return " (new tensors are float32 unless you pass the `dtype` of the input)"


def _name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
