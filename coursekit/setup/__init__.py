"""Getting the course to run on a machine, and saying why where it does not."""

from coursekit._base.lazy import lazy

_HOMES = {"doctor": "coursekit.setup.doctor", "show": "coursekit.setup.doctor"}
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy(__name__, _HOMES)
