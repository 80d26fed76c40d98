"""Data that a checkpoint can hold: as text to compare, packed to be written.

A checkpoint is read with `weights_only=True`, which knows tensors, numbers, text and
the plain containers. Everything else is packed as ("kind", what it holds).
"""

import random
import zlib
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

ATOMS = (bool, int, float, complex, str, bytes, type(None))
ATOMS += (torch.dtype, torch.device, torch.Size, torch.memory_format)
LISTS = {kind.__name__: kind for kind in (list, tuple, set, frozenset, deque)}
DICTS = {kind.__name__: kind for kind in (dict, OrderedDict, Counter)}
GENERATORS = (torch.Generator, random.Random, np.random.Generator)
GENERATORS += (np.random.RandomState,)
LONGEST = 60  # letters of a value that is written out


def is_plain(value: object, depth: int = 20) -> bool:
    """Return whether a value is data through and through."""
    if type(value) in LISTS.values():
        return depth > 0 and all(is_plain(one, depth - 1) for one in value)
    if type(value) in DICTS.values():
        pairs = (part for pair in value.items() for part in pair)
        return depth > 0 and all(is_plain(part, depth - 1) for part in pairs)
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "biufc"
    return type(value) in ATOMS or isinstance(value, (Tensor, *GENERATORS))


def tensors_in(value: object) -> Iterator[Tensor]:
    """Yield every tensor in plain data."""
    if isinstance(value, Tensor):
        yield value
    elif type(value) in DICTS.values():
        for one in value.values():
            yield from tensors_in(one)
    elif type(value) in LISTS.values():
        for one in value:
            yield from tensors_in(one)


def text_of(value: object) -> str:
    """Return plain data as text that is the same in the next process.

    Short values are written out; of long ones and of tensors there is a checksum.
    """
    if type(value) in LISTS.values():
        parts = [text_of(one) for one in value]
        parts = sorted(parts) if isinstance(value, set | frozenset) else parts
        text = f"({', '.join(parts)})"
    elif type(value) in DICTS.values():
        parts = [f"{text_of(key)}: {text_of(one)}" for key, one in value.items()]
        text = f"{{{', '.join(parts)}}}"
    elif isinstance(value, Tensor | np.ndarray):
        return _text_of_array(value)
    elif type(value) in ATOMS:
        text = repr(value)
    else:
        text = text_of(pack(value))
    short = len(text) <= LONGEST and "\n" not in text
    kind = type(value).__name__
    return text if short else f"{kind}, checksum {zlib.crc32(text.encode()):08x}"


def _text_of_array(value: Tensor | np.ndarray) -> str:
    shape, dtype = tuple(value.shape), str(value.dtype).removeprefix("torch.")
    if isinstance(value, Tensor):
        value = _bytes_of(value)
    check = zlib.crc32(np.ascontiguousarray(value))
    return f"{shape} {dtype} checksum {check:08x}"


def _bytes_of(value: Tensor) -> np.ndarray:
    if value.is_meta:
        return np.empty(0)
    value = value.detach().to_dense() if value.layout != torch.strided else value
    value = value.detach().cpu().resolve_conj().contiguous()
    return value.reshape(-1).view(torch.uint8).numpy() if value.numel() else np.empty(0)


def pack(value: object) -> object:
    """Return plain data as what `torch.load(weights_only=True)` gives back."""
    name = type(value).__name__
    if type(value) in LISTS.values():
        longest = value.maxlen if isinstance(value, deque) else None
        return (name, [pack(one) for one in value], longest)
    if type(value) in DICTS.values():
        return (name, [[pack(key), pack(one)] for key, one in value.items()])
    if isinstance(value, Tensor):
        device, value = value.device, value.detach().clone()
        return value if device.type == "cpu" else ("on", value.cpu(), str(device))
    if isinstance(value, np.ndarray | np.generic):
        data = torch.from_numpy(np.frombuffer(value.tobytes(), np.uint8).copy())
        single = isinstance(value, np.generic)
        return ("numpy", data, value.dtype.str, single, value.shape)
    if isinstance(value, bytes):  # torch before 2.6 takes its own bytes for code
        return ("bytes", value.decode("latin-1"))
    if isinstance(value, torch.Generator):
        return ("Generator", value.get_state(), str(value.device))
    if isinstance(value, random.Random):
        return ("Random", pack(value.getstate()))
    if isinstance(value, np.random.Generator):
        return ("bits", pack(value.bit_generator.state))
    if isinstance(value, np.random.RandomState):
        return ("RandomState", pack(value.get_state()))
    return value


def unpack(packed: object, old: object = None) -> object:
    """Return what was packed; what can be set in place is `old` afterwards.

    Args:
        old: the value it takes the place of, which others may hold, too.
    """
    if isinstance(packed, Tensor):
        if isinstance(old, Tensor) and old.shape == packed.shape:
            with torch.no_grad():
                return old.copy_(packed)
        return packed.to(old.device) if isinstance(old, Tensor) else packed
    if not isinstance(packed, tuple):
        return packed
    kind, held = packed[:2]
    if kind == "on":
        return unpack(held.to(packed[2]), old)
    if kind == "numpy":
        made = held.numpy().view(packed[2]).reshape(packed[4])
        return made[()] if packed[3] else made
    if kind == "bytes":
        return held.encode("latin-1")
    if kind in ("Generator", "Random", "bits", "RandomState"):
        return _generator(kind, held, old)
    if kind in DICTS:
        return _in_place(old, DICTS[kind]({unpack(k): unpack(v) for k, v in held}))
    parts = map(unpack, held)
    made = deque(parts, packed[2]) if kind == "deque" else LISTS[kind](parts)
    return _in_place(old, made)


def _generator(kind: str, state: object, old: object) -> object:
    if kind == "Generator":
        old = old if isinstance(old, torch.Generator) else torch.Generator()
        old.set_state(state)
    elif kind == "Random":
        old = old if isinstance(old, random.Random) else random.Random()
        old.setstate(unpack(state))
    elif kind == "RandomState":
        new = not isinstance(old, np.random.RandomState)
        old = np.random.RandomState() if new else old
        old.set_state(unpack(state))
    else:
        old = old if isinstance(old, np.random.Generator) else np.random.default_rng()
        old.bit_generator.state = unpack(state)
    return old


def _in_place(old: object, new: object) -> object:
    """Let a list, set or dict that others may hold, too, hold what `new` holds."""
    if type(old) is not type(new) or isinstance(new, tuple | frozenset):
        return new
    old.clear()
    (old.extend if isinstance(new, list | deque) else old.update)(new)
    return old
