"""A course on convolutional networks as a package.

Importing `coursekit` imports neither torch nor matplotlib: every public name below is
loaded from its module on first use (PEP 562), so `import coursekit` costs nothing.
"""

from coursekit._base.lazy import lazy

__version__ = "1.0.0"

__getattr__, _, _names = lazy(
    __name__,
    {
        ".anatomy": "anatomy",
        ".augment": "cutout",
        ".course": "check claim hint predict reveal solution verdict",
        ".data": "Batches digits photos shapes",
        ".training": "evaluate fit",
    },
)
__all__ = [*_names, "__version__"]


def __dir__() -> list[str]:
    return __all__
