"""Values that depend on others, by the names of their arguments.

`lambda photo, size: len(photo) - size` depends on `photo` and `size`.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from inspect import signature

Names = Mapping[str, object]


@lru_cache(maxsize=1024)
def _arguments(function: Callable) -> tuple[str, ...]:
    return tuple(signature(function).parameters)


def needs(*values: object) -> tuple[str, ...]:
    """Return the names that values depend on: those of their arguments."""
    return tuple(name for v in values if callable(v) for name in _arguments(v))


def known(value: object, names: Names) -> object:
    """Return a value, computed if it depends on something."""
    return value(*(names[n] for n in needs(value))) if callable(value) else value
