"""What judge and sandbox agree on: what an answer may use, what a frame is."""

from dataclasses import dataclass

# Open a process for an answer, ask it, end it; what it says.
OPEN, ASK, END, SAYS = b"O", b"Q", b"E", b"S"


@dataclass(frozen=True)
class Limits:
    """What one answer may use.

    Args:
        seconds: time for all its calls.
        memory: bytes, of all its processes together.
        files: bytes it may write.
        processes: how many it may have at a time.
        alone: whether it gets namespaces of its own.
    """

    seconds: float = 15.0
    memory: int = 3 * 2**30
    files: int = 64 * 2**20
    processes: int = 32
    alone: bool = True
