"""A lock that two processes share through a file; it ends with its process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of this file; wait while another process holds it.

    Where the file system has no locks (some network folders) nothing is held: files
    still arrive whole, since they are renamed into place.

    Args:
        path: the lock file; it is created and stays.
    """
    with path.open("a+b") as handle:
        held = _acquire(handle.fileno())
        try:
            yield
        finally:
            if held:
                _release(handle.fileno())


if os.name == "nt":
    import msvcrt
    import time

    def _acquire(descriptor: int) -> bool:
        while True:
            try:
                os.lseek(descriptor, 0, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except PermissionError:  # held by another process
                time.sleep(0.2)
            except OSError:
                return False
            else:
                return True

    def _release(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _acquire(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            return False
        return True

    def _release(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
