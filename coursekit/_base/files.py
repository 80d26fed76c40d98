"""A file is written whole or not at all: beside its place first, then moved there."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a new file to write to; it takes the place of `path` when all went well.

    The new file has a name of its own, so two writers never share it; the one that ends
    last wins. What stood at `path` stays until then, and its permissions stay.

    Args:
        path: where the file belongs; its folder is made where there is none.

    Raises:
        OSError: disk full, no permission; nothing has changed and nothing is left.

    Example:
        `with whole(path) as part: part.write_bytes(data)`
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{token_hex(4)}.part")
    part.touch(exist_ok=False)
    try:
        if path.exists():
            part.chmod(path.stat().st_mode)
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes | str) -> None:
    """Write bytes, or text as UTF-8 with its line ends as they are; see `whole`."""
    data = content.encode() if isinstance(content, str) else content
    with whole(path) as part:
        part.write_bytes(data)


def keep_beside(path: Path, content: bytes, word: str) -> str:
    """Keep bytes beside a file, under a name that nothing has yet; return the name.

    Args:
        path: of the file; who may read it may read what is kept.
        content: what is kept; where it lies there already, it is not written again.
        word: "original" gives NAME.original.ipynb, then NAME.original2.ipynb …

    Raises:
        OSError: disk full, no permission; nothing is left.
    """
    number = 1
    while True:
        more = "" if number == 1 else number
        beside = path.with_name(f"{path.stem}.{word}{more}{path.suffix}")
        if not beside.exists():
            with whole(beside) as part:
                part.chmod(stat.S_IMODE(path.stat().st_mode))
                part.write_bytes(content)
            return beside.name
        if beside.read_bytes() == content:
            return beside.name
        number += 1
