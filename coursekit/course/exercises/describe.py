"""Words for values: short, safe for any object, without addresses."""

import re

import torch
from torch import Tensor

from coursekit.course.exercises.non_results import Stopped

LONGEST = 120


def shown(value: object, *, longest: int = LONGEST) -> str:
    """Return a short text for any value, whatever its own `repr` does."""
    try:
        return _shown(value, longest)
    except (KeyboardInterrupt, Stopped):
        raise
    except BaseException as error:  # noqa: BLE001 (a student's repr may raise anything)
        return f"a {type(value).__name__} whose repr raises {type(error).__name__}"


def _shown(value: object, longest: int) -> str:
    if isinstance(value, Tensor):
        return _tensor(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple) and len(value) < 20:
        inside = ", ".join(shown(item, longest=40) for item in value)
        return cut(f"({inside})", longest)
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(repr(value).split()))
    return cut(text, longest)


def apart(one: object, other: object) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to tell them apart."""
    if isinstance(one, float) and isinstance(other, float) and one != other:
        for digits in (6, 9, 12, 17):
            texts = f"{one:.{digits}g}", f"{other:.{digits}g}"
            if texts[0] != texts[1]:
                return texts
    return shown(one), shown(other)


def cut(text: str, longest: int = LONGEST) -> str:
    """Shorten a text to `longest` characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def kind_of(value: object) -> str:
    """Name the type of a value in words."""
    if value is None:
        return "None"
    if isinstance(value, Tensor):
        return "a tensor"
    if isinstance(value, type):
        return f"the class `{value.__name__}`"
    name = type(value).__name__
    words = {"str": "text", "ndarray": "a numpy array", "function": "a function"}
    words |= {"int": "an int", "generator": "a generator (`yield`)"}
    return words.get(name, f"a {name}")


def call_text(names: tuple[str, ...], args: tuple) -> str:
    """Describe the arguments of a call: `size=7, stride=2`."""
    pairs = zip(names, args, strict=False)
    return ", ".join(f"{name}={shown(value)}" for name, value in pairs)


def _tensor(value: Tensor) -> str:
    dtype = str(value.dtype).removeprefix("torch.")
    if value.dim() == 0 and value.device.type != "meta":
        return f"{value.item():.6g}" if value.is_floating_point() else str(value.item())
    if value.dim() == 1 and value.numel() <= 6 and value.device.type != "meta":
        if value.is_floating_point():
            return "[" + ", ".join(f"{x:.4g}" for x in value.tolist()) + "]"
        return str(value.tolist())
    if value.is_contiguous() or isinstance(value, torch.nn.Parameter):
        return f"{dtype} tensor {tuple(value.shape)}"
    return f"non-contiguous {dtype} tensor {tuple(value.shape)}"
