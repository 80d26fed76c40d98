"""Errors as a student needs them: the sentence, their own lines, the layer.

    Cell In[2], line 1
    ----> 1 anatomy(Broken(), (1, 28, 28))
    ValueError: an input … does not go through the model: layer `head` was given …
    24 steps through the packages are left out; …

Every frame of the student's own code stays, whatever raised. Only frames of installed
packages and of Python itself are left out, and only where a line of the student's is
left to show.
"""

import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

from coursekit._base.notebook import shell

_PYTHON = sysconfig.get_path("stdlib")
_PACKAGES = ("site-packages", "dist-packages")
_HOUSE = str(Path(__file__).resolve().parents[1])
_CELL = ("<ipython-input", "ipykernel_")  # how IPython and ipykernel name a cell
CALLS = ("_call_impl", "_wrapped_call_impl")  # torch's own steps between two layers
_LAST: list[BaseException] = []  # the error of this kernel that was shown last


def use_short_errors() -> bool:
    """Show short errors from now on in this notebook; say whether there is one."""
    running = shell()
    if running is None:
        return False
    running.set_custom_exc((Exception,), _show)
    return True


def whole_error() -> None:
    """Print the last error with every line of the packages between yours."""
    if not _LAST:
        sys.stdout.write("No error has been shown in this notebook.\n")
        return
    sys.stdout.write("".join(traceback.format_exception(_LAST[0])))


def _show(ipython, kind, value, story, tb_offset=None) -> list[str] | None:
    """Write an error for IPython: a list of texts, as its own writer gives them."""
    if isinstance(value, SyntaxError):
        return ipython.showsyntaxerror()
    _LAST[:] = [value]
    texts = _texts(ipython, kind, value, story, tb_offset)
    ipython._showtraceback(kind, value, texts)
    return texts


def _texts(ipython, kind, value, story, tb_offset) -> list[str]:
    """Format an error, its story and those of its causes cut to the student's steps."""
    errors = list(_chain(value))
    whole = [error.__traceback__ for error in errors]
    hidden = 0
    try:
        for error in errors:
            kept = _own(error.__traceback__)
            if kept is not None:
                hidden += _hidden(error.__traceback__)
                error.__traceback__ = kept
        cut = value.__traceback__ is not whole[0]
        shown, offset = (value.__traceback__, 0) if cut else (story, tb_offset)
        write = ipython.InteractiveTB.structured_traceback
        texts = write(kind, value, shown, tb_offset=offset)
    finally:
        for error, story_of_it in zip(errors, whole, strict=True):
            error.__traceback__ = story_of_it
    return texts + _notes(value, whole, hidden)


def _chain(value: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that IPython shows before it."""
    seen: set[int] = set()
    while value is not None and id(value) not in seen:
        seen.add(id(value))
        yield value
        value = value.__cause__ or (
            None if value.__suppress_context__ else value.__context__
        )


def _own(story: TracebackType | None) -> TracebackType | None:
    """Return the student's steps of a story; None where there are none, or all are."""
    steps = list(_steps(story))
    mine = [step for step in steps if is_own(step.tb_frame.f_code.co_filename)]
    if not mine or len(mine) == len(steps):
        return None
    kept = None
    for step in reversed(mine):
        kept = TracebackType(kept, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return kept


def is_own(file: str) -> bool:
    """Say whether code of this file is the student's: a cell, or a file of theirs.

    Args:
        file: as a frame names it.
    """
    if any(mark in file for mark in _CELL):
        return True
    packaged = any(f"{name}/" in file.replace("\\", "/") for name in _PACKAGES)
    return not (packaged or file.startswith(("<", _HOUSE, _PYTHON)))


def _steps(story: TracebackType | None) -> Iterator[TracebackType]:
    while story is not None:
        yield story
        story = story.tb_next


def _hidden(story: TracebackType | None) -> int:
    """Count the steps of packages after the first of the student's own."""
    own = [is_own(step.tb_frame.f_code.co_filename) for step in _steps(story)]
    return own[own.index(True) :].count(False)


def _notes(value: BaseException, stories: list, hidden: int) -> list[str]:
    notes = []
    if (layer := _layer(stories)) and layer not in str(value):
        notes.append(f"in {layer}")
    if isinstance(value, NameError) or _misses_a_key(value, stories[0]):
        notes.append(
            "After the kernel was restarted, run the cells above once more (Run → Run "
            "All Above)."
        )
    if hidden:
        steps = (
            "1 step through packages is"
            if hidden == 1
            else (f"{hidden} steps through packages are")
        )
        notes.append(
            f"{steps} left out. To see more: from coursekit.course import whole_error; "
            "whole_error()"
        )
    return notes


def _misses_a_key(value: BaseException, story: TracebackType | None) -> bool:
    """Say whether the student's own code missed a key that a cell above may fill."""
    files = [step.tb_frame.f_code.co_filename for step in _steps(story)]
    return isinstance(value, KeyError) and bool(files) and is_own(files[-1])


def _layer(stories: list) -> str:
    """Name the innermost layer that was at work, "" where no network was."""
    models = [
        model
        for story in stories
        for step in _steps(story)
        if (model := _module_of(step.tb_frame)) is not None
    ]
    if not models:
        return ""
    outer, inner = models[0], models[-1]
    names = [name for name, one in outer.named_modules() if one is inner and name]
    called = f"layer {names[0]!r}, " if names else ""
    return f"{called}{str(inner).splitlines()[0].rstrip('(')}"


def _module_of(frame: FrameType) -> object | None:
    """Return the torch module whose call this frame is."""
    if frame.f_code.co_name not in CALLS:
        return None
    return frame.f_locals.get("self")
