"""A course on convolutional networks as a package.

Importing `coursekit` imports neither torch nor matplotlib: every public name below is
loaded from its module on first use (PEP 562), so `import coursekit` costs nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME_OF = {
    "anatomy": "coursekit.anatomy",
    "cutout": "coursekit.augment",
    "digits": "coursekit.data",
    "photos": "coursekit.data",
    "shapes": "coursekit.data",
    "Batches": "coursekit.data",
    "fit": "coursekit.training",
    "evaluate": "coursekit.training",
    "check": "coursekit.checks",
    "hint": "coursekit.checks",
    "solution": "coursekit.checks",
    "predict": "coursekit.course",
    "reveal": "coursekit.course",
    "claim": "coursekit.claims",
    "verdict": "coursekit.claims",
}

__all__ = [*sorted(_HOME_OF), "__version__"]


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"module 'coursekit' has no attribute {name!r}")
    home = import_module(_HOME_OF[name])
    # `coursekit.anatomy` is both the package and the function: the package is callable.
    return home if name == "anatomy" else getattr(home, name)


def __dir__() -> list[str]:
    return __all__
