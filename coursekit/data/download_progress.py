"""A progress bar in plain text: a terminal, a notebook and a log file can show it."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Show nothing."""


class Bar:
    """Write "MNIST 45 % of 9.9 MB, 3.1 MB/s" to a stream, at most five times a second.

    A stream that is not a terminal gets a line at each tenth instead, so that a log
    stays short.

    Args:
        stream: where to write; None is standard error.
        clock: returns seconds; for tests.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._clock = clock
        self._what, self._shown, self._tenth = "", -1.0, -1
        self._start, self._first = 0.0, 0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` bytes of `what` are there."""
        now = self._clock()
        if what != self._what:
            self._what, self._start, self._first = what, now, done
            self._shown, self._tenth = -1.0, -1
        if self._wanted(now, done, total):
            self._shown, self._tenth = now, 10 * done // max(total, 1)
            self._write(self._line(now, done, total), last=done >= total)

    def _wanted(self, now: float, done: int, total: int) -> bool:
        if done >= total:
            return self._tenth < 10
        if self._stream.isatty():
            return self._shown < 0 or now - self._shown >= 0.2
        return 10 * done // max(total, 1) > self._tenth

    def _line(self, now: float, done: int, total: int) -> str:
        seconds = now - self._start
        speed = (done - self._first) / seconds if seconds > 0 else 0.0
        share = 100 * done // max(total, 1)
        rate = f", {speed / 1e6:.1f} MB/s" if speed else ""
        return f"{self._what}: {share} % of {total / 1e6:.1f} MB{rate}"

    def _write(self, line: str, last: bool) -> None:
        if self._stream.isatty():
            self._stream.write(f"\r{line:<70}" + ("\n" if last else ""))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()
