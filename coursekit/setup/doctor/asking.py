"""What the doctor's questions share: versions, reasons, and the order of repair."""

from collections.abc import Callable
from functools import wraps
from importlib import import_module, metadata

from coursekit.setup.doctor.doctor_report import Line

# What an import of a broken, half-installed or mismatched package really raises.
BROKEN = (ImportError, OSError, RuntimeError, AttributeError, ValueError, TypeError)
RESTART = "then restart the kernel"


def why(error: BaseException) -> str:
    """Return an exception in one short line."""
    first = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {''.join(first)[:160]}"


def version(package: str) -> str | None:
    """Return the installed version by its metadata, without importing the package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def major(package: str) -> int | None:
    """Return the first number of the installed version; None where there is none."""
    first = (version(package) or "").partition(".")[0]
    return int(first) if first.isdigit() else None


def after_torch(name: str) -> Callable:
    """Make a question wait until PyTorch starts: `coursekit.data` needs it.

    Args:
        name: of the line that says so.
    """

    def decorate(question: Callable[[], Line]) -> Callable[[], Line]:
        @wraps(question)
        def asked() -> Line:
            try:
                import_module("torch")
            except BROKEN:
                remedy = "repair PyTorch first (see above)"
                return Line(name, False, "could not be looked at", remedy, needed=False)
            return question()

        return asked

    return decorate
