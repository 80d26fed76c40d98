"""Where checkpoints lie: in a folder that outlives the session, where there is one.

Nothing here asks for permission or mounts anything: Google Drive is used only when the
student has mounted it before.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from coursekit._base.hosted import hosted_by

# Folders of hosted runtimes; on another computer they do not exist.
DRIVE = Path("/content/drive/MyDrive")
COLAB = Path("/content")
KAGGLE = Path("/kaggle/working")
# Letters, digits, spaces, _ and -, and a dot before a digit ("lr 0.1"): a name that
# every file system takes. What has a folder or a suffix ("run.pt") is a path.
NAME = re.compile(r"\w(?:[\w -]|\.(?=\d))*(?<! )")


def checkpoint_folder() -> Path:
    """Return the folder of checkpoints that are given by a name; it need not exist yet.

    In this order: the environment variable COURSEKIT_CHECKPOINTS; on Colab the
    student's Drive if it is mounted; Kaggle's working folder; on Colab without Drive
    /content, which ends with the session; else the user's own data folder (Windows:
    %LOCALAPPDATA%, macOS: Library/Application Support, Linux: ~/.local/share).

    Raises:
        ValueError: COURSEKIT_CHECKPOINTS is a file.
    """
    chosen = os.environ.get("COURSEKIT_CHECKPOINTS")
    if chosen:
        return _wanted(Path(chosen).expanduser())
    if DRIVE.is_dir():
        return DRIVE / "coursekit" / "checkpoints"
    if KAGGLE.is_dir():
        return KAGGLE / "checkpoints"
    if on_colab():
        return COLAB / "checkpoints"
    home = _user_folder(sys.platform, os.environ, _home())
    return home / "coursekit" / "checkpoints"


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


def place(path: Path, state: Mapping | None, epochs: int) -> str:
    """Return in one line where a checkpoint is and whether a run goes on from it.

    Args:
        path: of the file.
        state: what was read from it; None where there was no file.
        epochs: of the whole run.
    """
    text = "new" if state is None else position(state, epochs)
    if text.startswith("epoch"):
        text = f"going on at {text}"
    if on_colab() and DRIVE not in path.absolute().parents:
        text += "; this disk ends with the session (mount Drive first to keep it)"
    return f"checkpoint {path.absolute()}: {text}"


def position(state: Mapping, epochs: int) -> str:
    """Return how far a saved run has come: "epoch 3, step 12" or "finished before"."""
    done = len(state["rows"])
    if done >= epochs:
        return "finished before"
    return f"epoch {done + 1}, step {state['step']}"


def on_colab() -> bool:
    """Say whether this runs on Google Colab."""
    return hosted_by() == "Colab" and COLAB.is_dir()


def _wanted(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            f"COURSEKIT_CHECKPOINTS must be a folder; got {str(folder)!r}, a file"
        )
    return folder


def _home() -> Path:
    """Return the home folder; the current one where a user has none (containers)."""
    try:
        return Path.home()
    except RuntimeError:
        return Path.cwd()


def _user_folder(system: str, variables: Mapping[str, str], home: Path) -> Path:
    """Return where a user's programs keep data that nobody else should see.

    Args:
        system: as `sys.platform`.
        variables: as `os.environ`.
        home: the user's home folder.
    """
    if system == "win32":
        return Path(variables.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if system == "darwin":
        return home / "Library" / "Application Support"
    return Path(variables.get("XDG_DATA_HOME") or home / ".local" / "share")
