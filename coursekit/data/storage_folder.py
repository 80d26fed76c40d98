"""Where data sets lie on this computer."""

import os
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2] / "data"


def data_folder(root: str | os.PathLike | None = None) -> Path:
    """Return the folder that data sets are read from and downloaded to.

    In this order: `root`, the environment variable COURSEKIT_DATA, the `data` folder of
    the course where coursekit runs from a copy of it, `.cache/coursekit` in the home
    folder. It need not exist yet.

    Raises:
        ValueError: the path is there but is not a folder.
    """
    chosen = root if root is not None else os.environ.get("COURSEKIT_DATA") or None
    if chosen is None:
        return _CHECKOUT if (_CHECKOUT / "README.md").exists() else _home()
    try:
        folder = Path(chosen).expanduser()
    except TypeError:
        raise ValueError(f"`root` must be a folder; got {chosen!r}") from None
    if folder.exists() and not folder.is_dir():
        name = "`root`" if root is not None else "COURSEKIT_DATA"
        raise ValueError(f"{name} must be a folder; got {str(folder)!r}, a file")
    return folder


def cache_folder() -> Path | None:
    """Return a folder to keep decoded pictures in, or None where none is writable."""
    folder = _home() / "pictures"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


def _home() -> Path:
    return Path.home() / ".cache" / "coursekit"
