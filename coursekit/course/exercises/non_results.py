"""What a call may give besides a result."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Raised:
    """An exception instead of a result; kept as text, so that nothing leaks."""

    type: str
    text: str
    where: str = ""


@dataclass(frozen=True)
class NoGradient:
    """A result that is cut off from its inputs in the graph."""


@dataclass(frozen=True)
class Skipped:
    """A result that could not be had for reasons that are not the student's."""


@dataclass(frozen=True)
class OnDevice:
    """Where a result lies, or what a GPU refuses, instead of the result."""

    device: str
    refused: str = ""


class Stopped(BaseException):
    """Ends an answer; not an `Exception`, so that `except Exception` lets it pass."""
