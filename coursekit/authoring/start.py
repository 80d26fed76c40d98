"""The old address of `coursekit.course.start`."""

from coursekit.course.start import start

__all__ = ["start"]
