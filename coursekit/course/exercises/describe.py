"""Words for values: short, safe for any object, without addresses."""

import re

import torch
from torch import Tensor

LONGEST = 120


def shown(value: object, *, longest: int = LONGEST) -> str:
    """Return a short text for any value, whatever its own `repr` does."""
    if isinstance(value, Tensor):
        return _tensor(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple) and len(value) < 20:
        inside = ", ".join(shown(item, longest=40) for item in value)
        return cut(f"({inside})", longest)
    try:
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(repr(value).split()))
        return cut(text, longest)
    except Exception as error:  # noqa: BLE001 (a student's __repr__ may raise anything)
        return f"a {type(value).__name__} whose repr raises {type(error).__name__}"


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
