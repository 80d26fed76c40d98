"""Where one checkpoint lies, and what is said about it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from coursekit._base.lasting import checkpoint_folder, ends_with_session

# Letters, digits, spaces, _ and -, and a dot before a digit ("lr 0.1"): a name that
# every file system takes. What has a folder or a suffix ("run.pt") is a path.
NAME = re.compile(r"\w(?:[\w -]|\.(?=\d))*(?<! )")


def checkpoint_path(checkpoint: str | os.PathLike) -> Path:
    """Return the file a checkpoint is saved to.

    Args:
        checkpoint: a name such as "lenet": a file in `checkpoint_folder()`; anything
            with a folder or a suffix, and every `Path`, is taken as it is.

    Raises:
        ValueError: neither a name nor a path.
    """
    if isinstance(checkpoint, str) and NAME.fullmatch(checkpoint):
        return checkpoint_folder() / f"{checkpoint}.pt"
    try:
        return Path(checkpoint)
    except TypeError:
        raise ValueError(
            '`checkpoint` must be a name such as "lenet", the path of a file, or None; '
            f"got {checkpoint!r}"
        ) from None


def place(path: Path, resumed: str | None) -> str:
    """Return in one line where a checkpoint is and whether a run goes on from it.

    Args:
        path: of the file.
        resumed: where the run goes on, see `position`; None where there was no file.
    """
    text = resumed or "new"
    if text.startswith("epoch"):
        text = f"going on at {text}"
    if ends_with_session(path):
        text += "; this disk ends with the session (mount Drive first to keep it)"
    return f"checkpoint {path.absolute()}: {text}"


def position(state: Mapping, epochs: int) -> str:
    """Return how far a saved run has come: "epoch 3, step 12" or "finished before"."""
    done = len(state["rows"])
    if done >= epochs or state.get("stopped"):
        return "finished before"
    return f"epoch {done + 1}, step {state['step']}"
