"""A command's output where nobody reads it, or a letter is missing."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def usable_streams() -> Iterator[None]:
    """Let a command write, whatever its streams are.

    - A letter that a stream lacks becomes "?": Windows' pipes lack → and −.
    - A stream that was closed before the start (`>&-`) is None: nobody reads it.
    - A reader that has gone in between, as `head` does, ends the command quietly.
    """
    with Path(os.devnull).open("w", encoding="utf-8") as nobody:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:
                setattr(sys, name, nobody)
            elif hasattr(getattr(sys, name), "reconfigure"):
                getattr(sys, name).reconfigure(errors="replace")
        try:
            yield
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(nobody.fileno(), sys.stdout.fileno())
            sys.exit(1)
