"""The hand-in file: one zip with a network, its training history and a manifest.

`submit` writes it on the student's machine; `inspect_submission` reads it on somebody
else's as hostile data, in a process with bounds, and judges it by the graph alone.
Nothing heavy loads before one of the two is asked for.
"""

from coursekit._base.lazy import lazy

_HOMES = {
    "submit": "coursekit.course.handin.submitting",
    "Submission": "coursekit.course.handin.packing",
    "inspect_submission": "coursekit.course.handin.inspecting",
    "Inspection": "coursekit.course.handin.inspection",
    "Ruled": "coursekit.course.handin.inspection",
}
__all__ = [*sorted(_HOMES)]
__getattr__, __dir__ = lazy(__name__, _HOMES)
