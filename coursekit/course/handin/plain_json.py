"""Plain JSON for the hand-in file: written without surprises, read with none."""

import json
from math import isfinite
from numbers import Integral, Real


def plain(value: object) -> object:
    """Return `value` as JSON knows it; of any other object only its type's name.

    What an object prints may name a folder or an address of this machine.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if isfinite(value) else None
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return type(value).__name__


def dump(value: object) -> bytes:
    """Write `value` as JSON; a number that is none (NaN) becomes null."""
    return json.dumps(plain(value), indent=1, allow_nan=False).encode()


def load(name: str, data: bytes) -> dict:
    """Read a JSON object that somebody else wrote.

    Args:
        name: of the file, for the message.
        data: UTF-8.

    Raises:
        ValueError: no JSON, no object, a key that stands twice, NaN or infinity, or
            nested too deeply.
    """
    try:
        found = json.loads(
            data.decode(),
            object_pairs_hook=_without_doubles,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0][:120]
        raise ValueError(f"{name} is no JSON that can be used: {reason}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{name} must hold one object; got {type(found).__name__}")
    return found


def _without_doubles(pairs: list[tuple[str, object]]) -> dict:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{text} is too large")
    return value
