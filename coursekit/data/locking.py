"""A lock that two processes share through a file; it ends with its process."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of this file; wait while another process holds it.

    Where the file system has no locks (some network folders) nothing is held: files
    still arrive whole, since they are renamed into place.

    Args:
        path: the lock file; it is created.
        wait: until it is free; else the file is gone afterwards.

    Raises:
        filelock.Timeout: another process holds it, and nobody is to wait.
    """
    lock = FileLock(path, timeout=-1 if wait else 0)
    try:
        lock.acquire()
    except Timeout:
        raise
    except (OSError, NotImplementedError):
        pass  # no locks here
    try:
        yield
    finally:
        if not wait and lock.is_locked:
            with suppress(OSError):  # Windows removes no file that is open
                path.unlink()
        lock.release()
