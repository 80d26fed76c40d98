"""Getting the course to run on a machine, and saying why where it does not."""

from coursekit._base.lazy import lazy

__getattr__, __dir__, __all__ = lazy(__name__, {".doctor": "doctor show"})
