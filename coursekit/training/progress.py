"""Show how a run gets on in less than 20 kB of output, whatever shows it.

A notebook gets a line and curves below it that are updated in place, a terminal one
line that is rewritten, and a plain stream (a log, a pipe) one line an epoch. A front
end that is flooded cuts the output of the cell, so the bytes are budgets spent evenly
over the run, one for the line and one for the curves.
"""

import html
import json
import sys
import time
from collections.abc import Callable

from coursekit._base.notebook import in_notebook
from coursekit.training.curves import curves_html, curves_text
from coursekit.training.history import History

BUDGET = 17_000  # bytes; the frame the front end adds to a message is not counted
CURVES, ONE_EPOCH = 11_300, 1_900  # of these for curves before the last, at most
INTERVAL = 0.1  # seconds between two looks at most
LINES = 40  # lines of a plain stream at most
POINTS, LAST_POINTS = 20, 40  # of a line while the run goes on and at its end

Show = Callable[[str, float], int]  # text and share done → bytes written
Draw = Callable[[History, int], int]  # rows and points of a line → bytes written
Rows = Callable[[], History]


class Progress:
    """Tell a run's position, often at its beginning and evenly afterwards.

    Args:
        show: writes a line; None shows nothing.
        live: the line is rewritten, not followed by the next.
        draw: writes the curves.
        curves: bytes to leave for them.
    """

    def __init__(
        self,
        show: Show | None,
        *,
        live: bool = True,
        draw: Draw | None = None,
        curves: int = 0,
    ):
        self._show, self._live, self._draw = show, live, draw
        self._budget, self._curve_budget = BUDGET - curves, curves
        self._spent, self._lines, self._next = 0, 0, 0.0
        self._drawn = self._largest = 0  # bytes of all curves so far, of one at most

    def update(self, text: str, done: float, now: float) -> None:
        """Show `text` if it is time and the budget allows it.

        Args:
            done: share of the run that is over, 0 to 1.
            now: `time.perf_counter()`.
        """
        if self._show is None or not self._live or now < self._next:
            return
        if self._spent <= self._budget * (0.1 + 0.8 * done):
            self._spent += self._show(text, done)
        self._next = now + INTERVAL

    def epoch(self, text: str, done: float, rows: Rows) -> None:
        """Show the end of an epoch: curves, or on a plain stream a line of at most 40.

        Args:
            done: share of the run that is over, 0 to 1.
            rows: returns the history so far; asked only if it is drawn.
        """
        if self._draw is not None and done < 1:
            wanted = self._drawn + self._largest
            if wanted <= self._curve_budget * (0.4 + 0.6 * done):
                self._curves(rows(), POINTS)
        if self._show is None or self._live:
            return
        if done * LINES >= self._lines + 1 or done >= 1:
            self._lines = int(done * LINES)
            self._show(text, done)

    def close(self, text: str, rows: Rows) -> None:
        """Show the last curves and the last word on a live display."""
        if self._draw is not None:
            self._curves(rows(), LAST_POINTS)
        if self._show is not None and self._live:
            self._show(text, 1.0)
            if self._show is _terminal:
                sys.stdout.write("\n")

    def _curves(self, history: History, points: int) -> None:
        size = self._draw(history, points) if len(history) > 1 else 0
        self._drawn, self._largest = self._drawn + size, max(self._largest, size)


def open_progress(wanted: bool, epochs: int = 1, first: str = "") -> Progress:
    """Choose the display for where this process runs.

    Args:
        wanted: show anything at all.
        epochs: of the whole run.
        first: a line to write above the display.
    """
    if not wanted:
        return Progress(None)
    if first:
        _plain(first, 0.0)
    if in_notebook():
        curves = min(CURVES, ONE_EPOCH * (epochs - 1))
        return Progress(_notebook(), draw=_notebook_curves(), curves=curves)
    if sys.stdout.isatty():
        return Progress(_terminal)
    return Progress(_plain, live=False)


def left(start: float, done: float) -> str:
    """Return the time left in words, from the time a share of the run has taken."""
    seconds = (time.perf_counter() - start) * (1 - done) / max(done, 1e-9)
    if seconds < 90:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left"


def _notebook() -> Show:
    update = _updated({"text/plain": ""})

    def show(text: str, done: float) -> int:
        bar = f'<progress value="{done:.3f}" aria-label="training"></progress>'
        return update({"text/plain": text, "text/html": f"{bar} {html.escape(text)}"})

    return show


def _notebook_curves() -> Draw:
    update = _updated()

    def draw(history: History, points: int) -> int:
        drawing = curves_html(history, points)
        return update({"text/plain": curves_text(history), "text/html": drawing})

    return draw


def _updated(first: dict[str, str] | None = None) -> Callable[[dict[str, str]], int]:
    """Return a function that shows a bundle in one place and gives its bytes.

    Args:
        first: makes the place now; None waits for the first bundle.
    """
    from IPython.display import display

    handles = [display(first, raw=True, display_id=True)] if first else []

    def update(bundle: dict[str, str]) -> int:
        if handles:
            handles[0].update(bundle, raw=True)
        else:
            handles.append(display(bundle, raw=True, display_id=True))
        return len(json.dumps(bundle, ensure_ascii=False).encode())

    return update


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
