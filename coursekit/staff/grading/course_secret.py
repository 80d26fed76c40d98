"""The secret of a course, from which hidden inputs and personal tasks come."""

import hashlib
import os
from pathlib import Path
from secrets import token_hex

from coursekit._base.files import write_whole

FILE = "course.secret"  # beside the assignment
MARK = "secret.sha256"  # beside the grades: with which secret they were made


def read_secret(folder: Path, *, make: bool = False) -> bytes:
    """Read the secret that lies in a folder.

    Args:
        make: whether one is made where there is none.

    Raises:
        ValueError: there is none.
    """
    path = folder / FILE
    if make and not path.exists():
        write_whole(path, token_hex(32))
        os.chmod(path, 0o600)
    if not path.is_file() or not path.read_bytes().strip():
        raise ValueError(f"`{path}` is missing: hidden inputs come from it; restore it")
    return path.read_bytes().strip()


def same_secret(folder: Path, secret: bytes) -> None:
    """Refuse a secret that is not the one the first grades were made with."""
    mark, path = hashlib.sha256(b"mark" + secret).hexdigest(), folder / MARK
    if not path.exists():
        write_whole(path, mark)
    elif path.read_text(encoding="utf-8") != mark:
        raise ValueError(
            f"`{FILE}` is not the one that graded `{folder}` before: restore it, or "
            "begin a new folder"
        )
