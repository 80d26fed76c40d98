"""A course on convolutional networks as a package.

Importing `coursekit` imports neither torch nor matplotlib: every public name below is
loaded from its module on first use (PEP 562), so `import coursekit` costs nothing.
"""

from coursekit._base.lazy import lazy

__version__ = "1.0.0"

_HOMES = {
    "anatomy": "coursekit.anatomy",
    "cutout": "coursekit.augment",
    "digits": "coursekit.data",
    "photos": "coursekit.data",
    "shapes": "coursekit.data",
    "Batches": "coursekit.data",
    "fit": "coursekit.training",
    "evaluate": "coursekit.training",
    "check": "coursekit.course",
    "hint": "coursekit.course",
    "solution": "coursekit.course",
    "predict": "coursekit.course",
    "reveal": "coursekit.course",
    "claim": "coursekit.course",
    "verdict": "coursekit.course",
}
__all__ = [*sorted(_HOMES), "__version__"]
__getattr__, _names = lazy(__name__, _HOMES)


def __dir__() -> list[str]:
    return [*_names(), "__version__"]
