"""The hand-in file: one zip with a network, its training history and a manifest.

`submit` writes it on the student's machine; `inspect_submission` reads it on somebody
else's as hostile data, and recounts everything from the graph alone: neither torch nor
the student's code runs. Nothing heavy loads before one of the two is asked for.
"""

from importlib import import_module

_HOME_OF = {
    "submit": "coursekit.handin.writing",
    "Submission": "coursekit.handin.packing",
    "inspect_submission": "coursekit.handin.reading",
    "Inspection": "coursekit.handin.inspection",
    "Rule": "coursekit.handin.rules",
}

__all__ = [*sorted(_HOME_OF)]


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"module 'coursekit.handin' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
