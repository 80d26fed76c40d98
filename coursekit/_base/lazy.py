"""Public names that load when they are first used (PEP 562)."""

from collections.abc import Callable, Mapping
from importlib import import_module


def lazy(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Give a package its `__getattr__`, `__dir__` and `__all__`.

    Args:
        package: the package's `__name__`.
        homes: module → the public names it defines, with spaces between; ".loop" is a
            module of the package. No module bears the name of a thing inside it, which
            it would hide once it is imported.

    Returns:
        The three of them. A name whose home is the module of that name is the module
        itself: `coursekit.anatomy`, which can be called.

    Example:
        `__getattr__, __dir__, __all__ = lazy(__name__, {".loop": "fit"})`
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}
    public = sorted(home_of)

    def load(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(home_of[name], package)
        return module if home_of[name] == f".{name}" else getattr(module, name)

    return load, lambda: public, public
