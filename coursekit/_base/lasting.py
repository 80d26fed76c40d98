"""The folder that outlives a session, where there is one.

Nothing here asks for permission or mounts anything: Google Drive is used only when the
student has mounted it before.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from coursekit._base.hosted import hosted_by

# Folders of hosted runtimes; on another computer they do not exist.
DRIVE = Path("/content/drive/MyDrive")
COLAB = Path("/content")
KAGGLE = Path("/kaggle/working")


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
    mine = _user_folder(sys.platform, os.environ, _home())
    return mine / "coursekit" / "checkpoints"


def on_colab() -> bool:
    """Say whether this runs on Google Colab."""
    return hosted_by() == "Colab" and COLAB.is_dir()


def ends_with_session(path: Path) -> bool:
    """Say whether a file is lost when Colab takes its machine back."""
    return on_colab() and DRIVE not in path.absolute().parents


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
