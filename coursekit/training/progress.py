"""Show how a run gets on in less than 20 kB of output, whatever shows it.

A notebook gets one display that is updated, a terminal one line that is rewritten, and
a plain stream (a log, a pipe) one line an epoch. A front end that is flooded cuts the
output of the cell, so the bytes are a budget spent evenly over the run.
"""

import html
import sys
import time
from collections.abc import Callable

BUDGET = 17_000  # bytes; the frame the front end adds to a message is not counted
INTERVAL = 0.1  # seconds between two looks at most
LINES = 40  # lines of a plain stream at most

Show = Callable[[str, float], int]  # text and share done → bytes written


class Progress:
    """Tell a run's position, often at its beginning and evenly afterwards."""

    def __init__(self, show: Show | None, *, live: bool = True):
        self._show, self._live = show, live
        self._spent, self._lines, self._next = 0, 0, 0.0

    def update(self, text: str, done: float, now: float) -> None:
        """Show `text` if it is time and the budget allows it.

        Args:
            done: share of the run that is over, 0 to 1.
            now: `time.perf_counter()`.
        """
        if self._show is None or not self._live or now < self._next:
            return
        if self._spent <= BUDGET * (0.1 + 0.8 * done):
            self._spent += self._show(text, done)
        self._next = now + INTERVAL

    def epoch(self, text: str, done: float) -> None:
        """Show the end of an epoch: on a plain stream at most 40 of them."""
        if self._show is None or self._live:
            return
        if done * LINES >= self._lines + 1 or done >= 1:
            self._lines = int(done * LINES)
            self._show(text, done)

    def close(self, text: str) -> None:
        """Show the last word on a live display."""
        if self._show is not None and self._live:
            self._show(text, 1.0)
            if self._show is _terminal:
                sys.stdout.write("\n")


def open_progress(wanted: bool) -> Progress:
    """Choose the display for where this process runs."""
    if not wanted:
        return Progress(None)
    if _in_notebook():
        return Progress(_notebook())
    if sys.stdout.isatty():
        return Progress(_terminal)
    return Progress(_plain, live=False)


def left(start: float, done: float) -> str:
    """Return the time left in words, from the time a share of the run has taken."""
    seconds = (time.perf_counter() - start) * (1 - done) / max(done, 1e-9)
    if seconds < 90:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left"


def _in_notebook() -> bool:
    """Return whether a Jupyter kernel runs this code (without importing IPython)."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _notebook() -> Show:
    from IPython.display import display

    handle = display({"text/plain": ""}, raw=True, display_id=True)

    def show(text: str, done: float) -> int:
        bar = f'<progress value="{done:.3f}" aria-label="training"></progress>'
        bundle = {"text/plain": text, "text/html": f"{bar} {html.escape(text)}"}
        handle.update(bundle, raw=True)
        return sum(len(part.encode()) for part in bundle.values())

    return show


def _terminal(text: str, done: float) -> int:
    filled = round(20 * done)
    line = f"\r{'█' * filled}{'░' * (20 - filled)} {text:<76.76}"
    sys.stdout.write(line)
    sys.stdout.flush()
    return len(line.encode())


def _plain(text: str, done: float) -> int:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return len(text.encode()) + 1
