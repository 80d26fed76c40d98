"""Frames between the judge and the process that runs a student's code.

A frame carries values, never code: JSON, and the bytes of its arrays.

    length │ length of the JSON │ JSON: [tree, bytes of each array] │ array │ array …

The reader trusts nothing: what is not exactly such a frame is a `ValueError`.
"""

import json
import math
import struct
from collections.abc import Callable
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor

from coursekit.course.exercises.describe import shown
from coursekit.course.exercises.non_results import (
    NoGradient,
    OnDevice,
    Raised,
    Skipped,
)
from coursekit.course.exercises.operators_used import Used

MOST_BYTES = 64 * 2**20  # of a frame
DEEPEST = 12  # lists in lists
LENGTH = struct.Struct(">Q")
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.complex64, torch.complex128),
    )
}
NON_RESULTS = {
    one.__name__: one for one in (NoGradient, OnDevice, Raised, Skipped, Used)
}
SAFE_INTEGER = 2**53  # JSON's numbers are doubles elsewhere
LONGEST_TEXT = 200_000


class Foreign:
    """Stands for an object that cannot be sent: its type's name, and its text."""

    text = ""

    def __repr__(self) -> str:
        return self.text


def encode(value: object) -> bytes:
    """Write a value as a frame.

    Numbers, text, tensors, arrays, lists, tuples, dicts with text keys and what a call
    may give besides a result go whole; anything else goes as its type's name and text.

    Raises:
        ValueError: the frame would have more than `MOST_BYTES`.
    """
    arrays: list[bytes] = []
    tree = _tree(value, arrays, DEEPEST)
    head = json.dumps([tree, list(map(len, arrays))], separators=(",", ":")).encode()
    body = b"".join([LENGTH.pack(len(head)), head, *arrays])
    if len(body) > MOST_BYTES:
        raise ValueError(f"a value of {len(body):,} bytes; at most {MOST_BYTES:,} go")
    return LENGTH.pack(len(body)) + body


def decode(body: bytes) -> object:
    """Read the value of a frame, without the frame's own length.

    Raises:
        ValueError: the bytes are no such frame.
    """
    try:
        (length,) = LENGTH.unpack_from(body)
        start = LENGTH.size + length
        tree, sizes = json.loads(body[LENGTH.size : start])
        arrays = []
        for size in sizes:
            arrays.append(body[start : start + size])
            start += size
        if start != len(body) or any(size < 0 for size in sizes):
            raise ValueError("the lengths do not fit")
        return _value(tree, arrays)
    except (struct.error, TypeError, KeyError, IndexError, RecursionError) as error:
        raise ValueError(f"no frame: {type(error).__name__}") from None


def _tree(value: object, arrays: list[bytes], depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return "".join((value,))[:LONGEST_TEXT]
    if value is ...:
        return {"...": 0}
    if isinstance(value, bytes):
        return {"bytes": _kept(bytes(value), arrays)}
    if isinstance(value, Integral):
        return _integer(value)
    if isinstance(value, Real):
        return _real(value)
    if isinstance(value, Tensor):
        return _tensor(value, arrays)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        data = _kept(np.ascontiguousarray(value).tobytes(), arrays)
        return {"array": [value.dtype.str, list(value.shape), data]}
    if type(value).__name__ in NON_RESULTS:
        return {"said": [type(value).__name__, dict(vars(value))]}
    return _inside(value, arrays, depth) or _foreign(value)


def _inside(value: object, arrays: list[bytes], depth: int) -> object:
    """Write a list, tuple or dict; None for what is none, or too deep."""
    if not depth:
        return None
    if isinstance(value, (list, tuple)):
        name = "list" if isinstance(value, list) else "tuple"
        return {name: [_tree(one, arrays, depth - 1) for one in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        items = value.items()
        return {"dict": [["" + key, _tree(v, arrays, depth - 1)] for key, v in items]}
    return None


def _integer(value: Integral) -> object:
    plain = value if type(value) is int else int(value)
    if abs(plain) < SAFE_INTEGER:
        return plain
    return {"integer": hex(plain)} if plain.bit_length() < 10_000 else _foreign(plain)


def _real(value: Real) -> object:
    try:
        plain = float(value)
    except OverflowError:
        plain = math.inf
    return plain if math.isfinite(plain) else {"float": str(plain)}


def _tensor(value: Tensor, arrays: list[bytes]) -> object:
    """Write a tensor with its strides, so that a non-contiguous one stays so."""
    with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
        name = str(value.dtype).removeprefix("torch.")
        plain = value.layout is torch.strided and value.device.type == "cpu"
        if not plain or name not in DTYPES:
            return _foreign(value)
        values = value.detach().resolve_conj().resolve_neg().contiguous()
        flat = values.reshape(-1).view(torch.uint8) if values.numel() else values
        data = flat.numpy().tobytes() if values.numel() else b""
        strides = None if value.is_contiguous() else list(value.stride())
        return {"tensor": [name, list(value.shape), strides, _kept(data, arrays)]}


def _kept(data: bytes, arrays: list[bytes]) -> int:
    arrays.append(data)
    return len(arrays) - 1


def _foreign(value: object) -> object:
    return {"other": [type(value).__name__[:40], shown(value)]}


def _value(tree: object, arrays: list[bytes]) -> object:
    if not isinstance(tree, dict):
        if isinstance(tree, list):
            raise ValueError("a bare list")
        return tree
    if len(tree) != 1:
        raise ValueError("a value has one form")
    ((form, content),) = tree.items()
    return READ[form](content, arrays)


def _read_tensor(content: list, arrays: list[bytes]) -> Tensor:
    name, shape, strides, number = content
    dtype = DTYPES[name]
    _fits(shape, arrays[number], dtype.itemsize)
    if not arrays[number]:
        return torch.empty(shape, dtype=dtype)
    values = torch.frombuffer(bytearray(arrays[number]), dtype=dtype).reshape(shape)
    if strides is None:
        return values
    reach = sum(abs(step) * (n - 1) for step, n in zip(strides, shape, strict=True))
    if reach * dtype.itemsize > MOST_BYTES or min(strides) < 0:
        raise ValueError("strides that reach too far")
    return torch.empty_strided(shape, strides, dtype=dtype).copy_(values)


def _read_array(content: list, arrays: list[bytes]) -> np.ndarray:
    name, shape, number = content
    dtype = np.dtype(str(name))
    if dtype.kind not in "biufc":
        raise ValueError("an array of numbers is allowed")
    _fits(shape, arrays[number], dtype.itemsize)
    return np.frombuffer(arrays[number], dtype).reshape(shape).copy()


def _fits(shape: list, data: bytes, itemsize: int) -> None:
    whole = all(type(n) is int and n >= 0 for n in shape) and len(shape) < 30
    if not whole or math.prod(shape) * itemsize != len(data):
        raise ValueError("a shape that does not fit its bytes")


def _read_said(content: list, _: list[bytes]) -> object:
    name, fields = content
    if not all(isinstance(text, str) for text in fields.values()):
        raise ValueError("words are allowed")
    return NON_RESULTS[name](**fields)


def _read_other(content: list, _: list[bytes]) -> Foreign:
    name, text = map(str, content)
    safe = "".join(letter for letter in name if letter.isalnum() or letter == "_")
    return type(safe or "object", (Foreign,), {"text": text[:200]})()


def _all(content: list, arrays: list[bytes]) -> list:
    return [_value(one, arrays) for one in content]


READ: dict[str, Callable] = {
    "...": lambda content, arrays: ...,
    "bytes": lambda content, arrays: arrays[content],
    "integer": lambda content, arrays: int(str(content)[:4000], 16),
    "float": lambda content, arrays: float(str(content)),
    "list": _all,
    "tuple": lambda content, arrays: tuple(_all(content, arrays)),
    "dict": lambda content, arrays: {str(k): _value(v, arrays) for k, v in content},
    "tensor": _read_tensor,
    "array": _read_array,
    "said": _read_said,
    "other": _read_other,
}
