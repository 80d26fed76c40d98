"""Public names that load when they are first used (PEP 562)."""

from collections.abc import Callable, Mapping
from importlib import import_module


def lazy(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Give a package its `__getattr__` and `__dir__`.

    Args:
        package: the package's `__name__`.
        homes: public name → the module that defines it.

    Returns:
        The two functions. A name whose home is the module of that name is the module
        itself: `coursekit.anatomy`, which can be called.

    Example:
        `__getattr__, __dir__ = lazy(__name__, {"fit": "coursekit.training"})`
    """

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(homes[name])
        return module if homes[name] == f"{package}.{name}" else getattr(module, name)

    return load, lambda: sorted(homes)
