"""What an answer's processes use, read from /proc by their keeper in the sandbox."""

import os
import resource
from pathlib import Path
from typing import NamedTuple

from coursekit.staff.grading.limits import SESSION, USER

PAGE = resource.getpagesize()
TICKS = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """A process of an answer: whether it is over, and the seconds it computed."""

    pid: int
    over: bool
    seconds: float


def own_processes(own: str, child: int) -> list[Process]:
    """Return every process of an answer.

    All that can be seen but the server, its keeper and the sandbox's first one; where
    others can be seen, those of this user, or of the session.
    """
    trusted, found = {1, os.getpid(), os.getppid()}, []
    for entry in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            text = Path("/proc", str(entry), "stat").read_bytes()
            said = Path("/proc", str(entry), "status").read_bytes()
        except OSError:
            continue  # it has ended
        state, _, _, session, *rest = text.rpartition(b")")[2].split()
        user = said.partition(b"Uid:")[2].split(maxsplit=1)[0]
        left = own == SESSION and int(session) != child
        other = own == USER and int(user) != os.getuid()
        if entry not in trusted and not left and not other:
            used = sum(map(int, rest[7:11])) / TICKS
            found.append(Process(entry, state == b"Z", used))
    return found


def in_use(processes: list[Process]) -> tuple[int, int]:
    """Return how many processes there are and the bytes that they use.

    The system's own bound on processes does not hold where the grader is root.
    """
    total = 0
    for one in processes:
        try:
            pages = Path("/proc", str(one.pid), "statm").read_text(encoding="ascii")
        except OSError:
            continue  # it has ended
        own = int(pages.split()[1]) - int(pages.split()[2])  # what it shares is ours
        total += own * PAGE
    return len(processes), total
