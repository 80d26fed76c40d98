"""The first thing in which an observation differs from the oracle's, as a sentence."""

from dataclasses import dataclass
from numbers import Integral, Real

import torch
from torch import Tensor

from coursekit.course.exercises.describe import cut, kind_of, shown

# (relative, absolute) by dtype; sums of a few hundred products keep well inside.
TOLERANCES = {
    torch.float64: (1e-8, 1e-9),
    torch.float32: (1e-4, 1e-5),
    torch.float16: (3e-2, 1e-2),
    torch.bfloat16: (2e-2, 1e-2),
}


@dataclass(frozen=True)
class Raised:
    """An exception instead of a result; kept as text, so that nothing leaks."""

    type: str
    text: str
    where: str = ""


@dataclass(frozen=True)
class NoGradient:
    """A result that is cut off from its inputs in the graph."""


@dataclass(frozen=True)
class Skipped:
    """A result that could not be had for reasons that are not the student's."""


def first_difference(got: object, want: object, *, tolerance: float = 1.0) -> str:
    """Return a sentence on the first difference, or "" if there is none.

    The order is type, dtype, shape, value; inside a tuple or dict, part by part.
    """
    if isinstance(got, Skipped) or isinstance(want, Skipped):
        return ""
    if isinstance(want, Raised) or isinstance(got, Raised):
        return _raised(got, want)
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


def _parts(got: object, want: dict, tolerance: float) -> str:
    if not isinstance(got, dict):
        return f"the result is {kind_of(got)}; a dict is right"
    missing = [key for key in want if key not in got]
    if missing:
        return f"{missing[0]} is missing"
    for key, part in want.items():
        sentence = first_difference(got[key], part, tolerance=tolerance)
        if sentence:
            return f"{key}: {sentence}"
    return ""


def _sequence(got: object, want: tuple | list, tolerance: float) -> str:
    if not isinstance(got, (tuple, list)):
        return f"the result is {kind_of(got)}; {len(want)} values are right"
    if len(got) != len(want):
        return f"the result has {len(got)} values; {len(want)} are right"
    for place, (one, other) in enumerate(zip(got, want, strict=True), start=1):
        sentence = first_difference(one, other, tolerance=tolerance)
        if sentence:
            return f"value {place} of {len(want)}: {sentence}"
    return ""


def _same(got: object, want: object, type_fits: bool, words: str) -> str:
    if not type_fits:
        return f"the result is {kind_of(got)}, {shown(got)}; {words} is right"
    equal = int(got) == int(want) if isinstance(want, Integral) else got == want
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
    return f"the result is {shown(float(got))}; {shown(float(want))} is right"


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
    wrong, right = shown(got[index]), shown(want[index])
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
