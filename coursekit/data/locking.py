"""A lock that two processes share through a file; it ends with its process."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of this file; wait while another process holds it.

    Where the file system has no locks (some network folders) nothing is held: files
    still arrive whole, since they are renamed into place.

    Args:
        path: the lock file; it is created.
    """
    lock = FileLock(path)
    with suppress(OSError, NotImplementedError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
