"""Argument checks shared by the package: one clear sentence for every wrong input."""

from collections.abc import Iterable
from numbers import Integral, Real

from coursekit._base.words import given


def plain(value: object) -> object:
    """Unwrap a scalar of numpy or torch; leave everything else as it is."""
    size = getattr(value, "numel", None) or getattr(value, "size", None)
    count = size() if callable(size) else size
    return value.item() if hasattr(value, "item") and count == 1 else value


def integer(name: str, value: object, *, low: int, high: int | None = None) -> int:
    """Return `value` as an int within [low, high], or refuse it in one sentence.

    Args:
        name: the argument's name, for the message.
        value: what the caller gave.
        low, high: inclusive bounds; `high=None` means no upper bound.

    Raises:
        ValueError: not a whole number, or out of range.
    """
    allowed = f"a whole number ≥ {low}" if high is None else f"{low} to {high}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"`{name}` must be {allowed}; got {given(value)}")
    if value < low or (high is not None and value > high):
        raise ValueError(f"`{name}` must be {allowed}; got {value}")
    return int(value)


def number(
    name: str, value: object, *, low: float, high: float = float("inf")
) -> float:
    """Return `value` as a float within [low, high], or refuse it in one sentence.

    Raises:
        ValueError: not a real number, NaN, or out of range.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise ValueError(
            f"`{name}` must be between {low:g} and {high:g}; got {given(value)}"
        )
    return float(value)


def choice(name: str, value: object, allowed: Iterable[object]) -> object:
    """Return `value` if it is one of `allowed`, or refuse it in one sentence.

    Raises:
        ValueError: `value` is not among `allowed`.
    """
    options = list(allowed)
    if value not in options:
        listed = ", ".join(map(repr, options))
        raise ValueError(f"`{name}` must be one of {listed}; got {given(value)}")
    return value
