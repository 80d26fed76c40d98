"""How much memory this process may still take, and how much a session needs."""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

GIB = 2**30
ENOUGH = 2 * GIB  # for a session, once torch is loaded
MORE_ROOM = "close other programs and other notebooks' kernels"
CGROUP = Path("/sys/fs/cgroup")  # limits of a container, on Linux
STATM = Path("/proc/self/statm")  # pages of this process; the first number is all


def in_words(free: int) -> str:
    """Return free memory in words, and what is needed where it is too little."""
    needed = f" of the {ENOUGH // GIB} that a session needs" if free < ENOUGH else ""
    return f"{free / GIB:.1f} GiB free{needed}"


def free_memory() -> int | None:
    """Return free bytes: the least that system, container and `ulimit -v` leave."""
    amounts = (_free_of_system(), _free_of_container(), _free_of_addresses())
    return min((one for one in amounts if one is not None), default=None)


def _free_of_system() -> int | None:
    """psutil comes with every Jupyter kernel, POSIX can do without."""
    if find_spec("psutil") is not None:
        return import_module("psutil").virtual_memory().available
    if "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _free_of_container() -> int | None:
    """Return what the limit of a cgroup (version 2) leaves; files' cache is not used.

    Source: docs.kernel.org/admin-guide/cgroup-v2.html, memory interface files.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        limit, used, stat = (
            (CGROUP / f"memory.{name}").read_text(encoding="ascii")
            for name in ("max", "current", "stat")
        )
        cached = int(dict(line.split() for line in stat.splitlines())["inactive_file"])
        return max(0, int(limit) - int(used) + cached)
    except (OSError, ValueError, KeyError):  # no such files, or the limit is "max"
        return None


def _free_of_addresses() -> int | None:
    """Return what a limit of addresses (`ulimit -v`, RLIMIT_AS) leaves this process."""
    if find_spec("resource") is None or not STATM.exists():
        return None
    resource = import_module("resource")
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    pages = int(STATM.read_text(encoding="ascii").split()[0])
    return max(0, limit - pages * resource.getpagesize())
