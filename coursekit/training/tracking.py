"""A quiet line of progress for a loop that takes more than a few seconds."""

import html
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

from coursekit._base.notebook import in_notebook
from coursekit.training.progress import left

INTERVAL = 0.5  # seconds between two updates at least: a flooded cell gets cut

Item = TypeVar("Item")
Show = Callable[[int], None]  # turns done


def track(items: Iterable[Item], words: str, *, total: int | None = None):
    """Go through `items` and say how far the loop is, in one line that goes at its end.

    Inside the loop train with `fit(…, progress=False)`. Nothing is shown where neither
    a notebook nor a terminal shows the output.

    Args:
        items: what to go through.
        words: what is going on, "training nets".
        total: number of items, for a generator.

    Raises:
        ValueError: `items` cannot be gone through, or `words` is no text.

    Example: `for seed in track(range(3), "training nets"): …`
    """
    if not isinstance(items, Iterable):
        raise ValueError(f"`items` must be something to go through; got {items!r}")
    if not isinstance(words, str) or not words.strip():
        raise ValueError(f"`words` must say what is going on; got {words!r}")
    if total is None and isinstance(items, Sized):
        total = len(items)
    return _turns(items, words, total)


def _turns(items: Iterable[Item], words: str, total: int | None) -> Iterator[Item]:
    show, clear = _line(words, total)
    due = 0.0
    try:
        for done, item in enumerate(items):
            if (now := time.perf_counter()) >= due:
                show(done)
                due = now + INTERVAL
            yield item
    finally:
        clear()


def _line(words: str, total: int | None) -> tuple[Show, Callable[[], None]]:
    """Return what shows the line and what takes it away."""
    began = time.perf_counter()

    def text(done: int) -> str:
        if total is None:
            return f"{words}: {done} done"
        soon = f", about {left(began, done / total)}" if done else ""
        return f"{words}: {done + 1} of {total}{soon}"

    if in_notebook():
        return _in_notebook(text, total)
    if sys.stderr.isatty():
        return _on_terminal(text)
    return lambda done: None, lambda: None


def _in_notebook(text: Callable[[int], str], total: int | None):
    from IPython.display import display

    line = display({"text/plain": ""}, raw=True, display_id=True)

    def show(done: int) -> None:
        share = f' value="{done / total:.3f}"' if total else ""
        bar = f'<progress{share} aria-label="{html.escape(text(done))}"></progress>'
        shown = {"text/html": f"{bar} {html.escape(text(done))}"}
        line.update({"text/plain": text(done), **shown}, raw=True)

    def clear() -> None:
        line.update({"text/plain": "", "text/html": ""}, raw=True)

    return show, clear


def _on_terminal(text: Callable[[int], str]):
    def show(done: int) -> None:
        sys.stderr.write(f"\r{text(done):<79.79}")
        sys.stderr.flush()

    def clear() -> None:
        sys.stderr.write(f"\r{'':<79}\r")
        sys.stderr.flush()

    return show, clear
