"""What judge and sandbox agree on: what an answer may use, what a frame is."""

from dataclasses import dataclass

# Open a process for an answer, ask it, end it; what it says.
OPEN, ASK, END, SAYS = b"O", b"Q", b"E", b"S"
# What an answer's processes are told by: namespaces of its own; a user whose they all
# are, but for the server's; the session it begins with, which they may leave.
NAMESPACE, USER, SESSION = "namespace", "user", "session"


@dataclass(frozen=True)
class Limits:
    """What one answer may use.

    Args:
        seconds: of computing, for all its calls and processes.
        memory: bytes, of all its processes together.
        files: bytes it may write.
        processes: how many it may have at a time.
        own: what its processes are told by, as above.
    """

    seconds: float = 15.0
    memory: int = 3 * 2**30
    files: int = 64 * 2**20
    processes: int = 32
    own: str = NAMESPACE

    @property
    def wall(self) -> float:
        """Return the seconds that may pass, computing or not: other work on the
        machine must not end a right answer."""
        return 3 * self.seconds
