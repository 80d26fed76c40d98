"""Runs a student's function so that the kernel stays usable whatever it does.

Time: a signal in the main thread of Linux and macOS, an asynchronous exception
elsewhere (Windows, other threads). Neither can end a single call outside Python, such
as `sum(iter(int, 1))`: then only restarting the kernel helps, and `check` says so in
its documentation. Memory: a limit on the address space, on Linux without CUDA.
Printing: caught, with an upper bound. Global settings: put back, and told.
"""

import ctypes
import io
import os
import signal
import sys
import threading
import warnings
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import FrameType

import torch

from coursekit.course.exercises.global_settings import restored_settings
from coursekit.course.exercises.non_results import Stopped

SECONDS = 10.0
MEMORY_BYTES = 4 * 2**30
THREAD_BYTES = 2**28
PRINTED_CHARACTERS = 1_000_000
AGAIN_SECONDS = 0.05
OURS = str(Path(__file__).parent)


class Printed(io.TextIOBase):
    """Takes what an answer prints; keeps the beginning, refuses a flood."""

    def __init__(self, limit: int = PRINTED_CHARACTERS) -> None:
        super().__init__()
        self.limit, self.count, self.start = limit, 0, ""

    def writable(self) -> bool:
        """Say that text can be written."""
        return True

    def write(self, text: str) -> int:
        """Count the text and keep its beginning.

        Raises:
            Stopped: more than `limit` characters were printed.
        """
        self.count += len(text)
        self.start += text[: max(0, 200 - len(self.start))]
        if self.count > self.limit:
            raise Stopped(f"it printed more than {self.limit:,} characters")
        return len(text)

    def note(self) -> str:
        """Return one sentence on what was printed, or ""."""
        if not self.count:
            return ""
        first = self.start.strip().splitlines()[0][:80] if self.start.strip() else ""
        return f"your code printed {self.count:,} characters, first line: {first}"


@contextmanager
def guarded(seed: int, *, seconds: float = SECONDS):
    """Bound time, memory and printing; put global settings back.

    Yields:
        A list that holds, after the block, one sentence per thing worth telling.

    Raises:
        Stopped: the block ran out of time or printed too much.
    """
    notes: list[str] = []
    printed = Printed()
    with ExitStack() as stack:
        stack.callback(lambda: notes.extend(filter(None, [printed.note()])))
        stack.enter_context(restored_settings(seed, notes))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(redirect_stdout(printed))
        stack.enter_context(redirect_stderr(printed))
        stack.enter_context(limited_memory())
        stack.enter_context(limited_time(seconds))
        yield notes


@contextmanager
def limited_memory(extra: int = MEMORY_BYTES):
    """Let the process grow by about `extra` bytes, where the platform can do it."""
    if not sys.platform.startswith("linux") or torch.cuda.is_available():
        yield
        return
    import resource  # absent on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    # Threads that torch starts reserve address space each, which they hardly use.
    limit = used + extra + (os.cpu_count() or 1) * THREAD_BYTES
    if soft != resource.RLIM_INFINITY:
        limit = min(limit, soft)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def limited_time(seconds: float):
    """Return the way of bounding time that works in this thread on this platform."""
    in_main = threading.current_thread() is threading.main_thread()
    by_signal = hasattr(signal, "setitimer") and in_main
    return _time_by_signal(seconds) if by_signal else _time_by_thread(seconds)


@contextmanager
def _time_by_signal(seconds: float):
    armed, swallowed = True, False
    stopped = Stopped(f"it did not end within {seconds:g} seconds")
    traced = sys.gettrace()

    def stop(_: int, frame: FrameType) -> None:
        nonlocal swallowed
        if armed and swallowed:
            _raise_at_every_line(frame, stopped)
        swallowed = True
        if armed:
            raise stopped

    before = signal.signal(signal.SIGALRM, stop)
    # Again and again: a bare `except:` in a loop may swallow the first one.
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS)
    try:
        yield
    finally:
        armed = False
        sys.settrace(traced)
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)


def _raise_at_every_line(frame: FrameType | None, stopped: Stopped) -> None:
    """Let every line that the answer still runs raise, in its handlers too.

    A loop may swallow one exception after the other:

        while True:
            try: work()       ← Stopped is raised here, and swallowed below
            except: pass      ← so it is raised here too, where nothing catches it
    """

    def trace(at: FrameType, event: str, _: object) -> object:
        if at.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            raise stopped
        return trace

    while frame is not None:
        if not frame.f_code.co_filename.startswith(OURS):
            frame.f_trace = trace
        if frame.f_code.co_filename == __file__:
            break
        frame = frame.f_back
    sys.settrace(trace)


@contextmanager
def _time_by_thread(seconds: float):
    target = ctypes.c_ulong(threading.get_ident())
    done, lock = threading.Event(), threading.Lock()
    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            wait = AGAIN_SECONDS
            with lock:
                if not done.is_set():
                    throw(target, ctypes.py_object(OutOfTime))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except OutOfTime:
        raise Stopped(f"it did not end within {seconds:g} seconds") from None
    finally:
        with lock:
            done.set()
            throw(target, None)
        watcher.join()


class OutOfTime(Stopped):
    """Thrown into a thread, where an exception cannot carry text."""
