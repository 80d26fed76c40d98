"""How long a run has taken, and when to look at it again."""

import math
import time

from coursekit.training.progress import INTERVAL


class Clock:
    """The seconds of an epoch, and the steps at which a run is looked at.

    Args:
        look_every: look at the latest after so many steps.
        alone: whether time may decide, too; several workers must look together, so
            they look at fixed steps only.
    """

    def __init__(self, look_every: int, alone: bool):
        self.look_every, self._alone = look_every, alone
        self.opened = self._since = time.perf_counter()
        self._before = 0.0  # seconds of the epoch before `_since`, of a resumed run
        self._look_at = 0.0

    def says_look(self, step: int) -> bool:
        """Return whether it is time to look after a step."""
        return step % self.look_every == 0 or time.perf_counter() >= self._look_at

    def looked(self) -> float:
        """Note that the run was looked at; return the time."""
        now = time.perf_counter()
        self._look_at = now + INTERVAL if self._alone else math.inf
        return now

    def seconds(self) -> float:
        """Return the seconds spent in the current epoch."""
        return self._before + time.perf_counter() - self._since

    def begin_epoch(self, seconds: float = 0.0) -> None:
        """Count from here on, with the seconds that a resumed epoch has taken."""
        self._before, self._since = seconds, time.perf_counter()
