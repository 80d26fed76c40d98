"""The hand-in file: one zip with a network, its training history and a manifest.

`submit` writes it on the student's machine; `inspect_submission` reads it on somebody
else's as hostile data, in a process with bounds, and judges it by the graph alone.
Nothing heavy loads before one of the two is asked for.
"""

from coursekit._base.lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        ".inspecting": "inspect_submission",
        ".inspection": "Inspection Ruled",
        ".packing": "Submission",
        ".submitting": "submit",
    },
)
