"""Never lose a run: save everything it needs to go on, and notice what has changed.

A checkpoint is written beside its place and then renamed, so the file is always a
whole one: the old or the new. It is read with `weights_only=True`: a file from a
stranger can hold numbers, not code. One run holds it at a time.
"""

import io
import os
import pickle
import platform
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

import torch
from filelock import Timeout

from coursekit import __version__
from coursekit._base.files import write_whole
from coursekit.data.locking import locked
from coursekit.training.checkpoint_places import checkpoint_path
from coursekit.training.fingerprint import differences
from coursekit.training.outside import Outside
from coursekit.training.plain_data import text_of
from coursekit.training.settings import Settings
from coursekit.training.workers import Workers

KIND, FORM = "coursekit checkpoint ", 2
MOST_COST = 0.02  # share of the time that saving may take
PARTS = {"fingerprint": {"Python"}, "outside": {"moved", "values"}, "choice": set()}
AGAIN = "Nothing was changed; give another path, or delete the file to start again"
# What reading a file raises that is cut short, damaged inside or from elsewhere.
BROKEN = (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError)
BROKEN += (KeyError, IndexError, TypeError, AttributeError, AssertionError, zlib.error)
State = Callable[[], dict]


class Keeper:
    """Save a run to one file, now and then; with `path=None` do nothing."""

    def __init__(self, settings: Settings):
        path = settings.checkpoint
        self.path = None if path is None else checkpoint_path(path)
        self._outside: Outside | None = None
        self._fingerprint: dict[str, str] = {}
        self._seconds = settings.checkpoint_seconds
        self._epochs = settings.checkpoint_epochs
        self._saved_at, self._cost = time.perf_counter(), 0.0

    @property
    def always(self) -> bool:
        """Whether to save after every step."""
        return self.path is not None and self._seconds == 0

    def save_if_due(self, state: State, now: float, workers: Workers) -> None:
        """Save in the middle of an epoch if enough seconds have passed.

        Args:
            state: gives what is to be saved; every worker calls it, or none.
            now: `time.perf_counter()`.
            workers: who decide together.
        """
        if self.path is None:
            return
        wait = max(self._seconds, self._cost / MOST_COST) if self._seconds else 0.0
        if workers.agree(now - self._saved_at >= wait):
            self._save(state, workers)

    def save_after_epoch(
        self, state: State, epoch: int, last: bool, workers: Workers
    ) -> None:
        """Save after the last epoch, and after others if it does not cost too much."""
        if self.path is None:
            return
        wait = self._cost / MOST_COST if self._seconds else 0.0
        cheap = time.perf_counter() - self._saved_at >= wait
        due = cheap and epoch % self._epochs == 0
        if workers.agree(due or last):
            self._save(state, workers)

    def _save(self, state: State, workers: Workers) -> None:
        started = time.perf_counter()
        saved = {"kind": f"{KIND}{FORM}", "coursekit": __version__}
        saved |= {"fingerprint": self._fingerprint, **state()}
        outside = self._outside.saved() if workers.rank == 0 else None
        if outside is not None:
            try:
                write(self.path, {**saved, "outside": outside})
            except OSError as error:
                warnings.warn(_not_written(self.path, error), stacklevel=2)
        self._saved_at = time.perf_counter()
        self._cost = self._saved_at - started

    @contextmanager
    def alone(self, workers: Workers) -> Iterator[None]:
        """Hold the file's name, so that no second run writes to it.

        Raises:
            ValueError: the place cannot be written, or another run holds it.
        """
        if self.path is None or workers.rank > 0:
            yield
            return
        check_writable(self.path)
        note = self.path.with_name(f".{self.path.name}.holder")
        try:
            with locked(self.path.with_name(f".{self.path.name}.lock"), wait=False):
                now = time.strftime("%H:%M on %d %B")
                who = f"process {os.getpid()} on {platform.node()} since {now}"
                with _written(note, who):
                    yield
        except Timeout:
            who = note.read_text("utf-8") if note.exists() else "another process"
            raise ValueError(
                f"`checkpoint` {self.path} is in use by {who}, and two runs would "
                "overwrite each other. Nothing was changed; wait for it, stop it, or "
                "give another name"
            ) from None

    def read(
        self, workers: Workers, outside: Outside, fingerprint: dict[str, str]
    ) -> dict | None:
        """Return the state saved before, if there is one and it fits this run.

        Args:
            outside: what the run may change outside the model's state.
            fingerprint: what makes the run this one.

        Raises:
            ValueError: the file is no checkpoint, cut short or damaged, or the model,
                its code, the data or a setting has changed.
        """
        self._outside, self._fingerprint = outside, fingerprint
        state = workers.tell(_read(self.path) if workers.rank == 0 else None)
        if state is not None:
            moved = state["outside"]["moved"]
            changes = differences(state["fingerprint"], fingerprint, moved)
            if changes:
                raise ValueError(
                    f"`checkpoint` {self.path} belongs to another run "
                    f"({'; '.join(changes)}). Nothing was changed; go back to the old "
                    "settings, give another path, or delete the file to start again"
                )
        return state

    def putting(self, saved: dict) -> Callable[[], None]:
        """Return what puts back the values outside the model's state.

        Raises:
            ValueError: there is no place for one of them.
        """
        try:
            return self._outside.putting(saved)
        except ValueError as error:
            raise self.damaged(str(error)) from None

    def damaged(self, what: str) -> ValueError:
        """Return the error for a file of which a part is not as it was written."""
        return _damaged(self.path, what)


def write(path: Path, state: dict) -> None:
    """Write `state` to `path` in one step: all of it or nothing.

    Raises:
        OSError: disk full, no permission; what was at `path` is untouched.
    """
    buffer = io.BytesIO()
    torch.save({**state, "seal": _seal(state)}, buffer)
    write_whole(path, buffer.getvalue())


def _seal(state: Mapping) -> dict[str, str]:
    """Return a checksum of each part: a file that can be read may be damaged inside."""
    return {name: text_of(part) for name, part in state.items() if name != "seal"}


@contextmanager
def _written(note: Path, text: str) -> Iterator[None]:
    """Let a note lie there for a while; where it cannot be written there is none."""
    try:
        with suppress(OSError):
            note.write_text(text, encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Refuse a checkpoint path at which no file can be made.

    Raises:
        ValueError: with the reason.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise ValueError(
            f"`checkpoint` must be a file that can be written; {path}: "
            f"{error.strerror or error}"
        ) from None


def _read(path: Path) -> dict | None:
    """Return the content of a checkpoint file, or None where there is no file."""
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except BROKEN as error:
        raise ValueError(
            f"`checkpoint` {path} cannot be read: it is cut short or no checkpoint. "
            f"{AGAIN}"
        ) from error
    kind = state.get("kind") if isinstance(state, dict) else None
    if kind != f"{KIND}{FORM}":
        raise ValueError(f"`checkpoint` {path} {_other_form(kind, state)}. {AGAIN}")
    written = state.pop("seal", None)
    seal = _seal(state)
    if not isinstance(written, dict) or written != seal:
        seals = written if isinstance(written, dict) else {}
        parts = [n for n in {**seals, **seal} if seals.get(n) != seal.get(n)]
        raise _damaged(path, f"its part {parts[0]!r} is not as it was written")
    for part, inner in PARTS.items():
        if not isinstance(state.get(part), dict) or not inner <= state[part].keys():
            raise _damaged(path, f"it lacks {part}")
    return state


def _other_form(kind: object, state: object) -> str:
    """Say of which form a file is that this version does not read."""
    number = kind.removeprefix(KIND) if isinstance(kind, str) else ""
    if not number.isdecimal():
        return "was not written by `fit`"
    writer = state.get("coursekit")
    by = f" (coursekit {writer})" if isinstance(writer, str) else ""
    age = "an earlier" if int(number) < FORM else "a later"
    return (
        f"has form {number} of {age} version{by}; coursekit {__version__} reads {FORM}"
    )


def _damaged(path: Path, what: str) -> ValueError:
    return ValueError(f"`checkpoint` {path} is damaged: {what}. {AGAIN}")


def _not_written(path: Path, error: OSError) -> str:
    kept = "the last good one is kept" if path.exists() else "there is none yet"
    return (
        f"the checkpoint {path} could not be written ({error.strerror or error}); "
        f"{kept} and training goes on"
    )
