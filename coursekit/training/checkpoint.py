"""Never lose a run: save everything it needs to go on, and notice what has changed.

A checkpoint is written beside its place and then renamed, so the file is always a
whole one: the old or the new. It is read with `weights_only=True`: a file from a
stranger can hold numbers, not code.
"""

import io
import pickle
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryFile

import torch

from coursekit._base.files import write_whole
from coursekit.training.checkpoint_places import checkpoint_path, place
from coursekit.training.settings import Settings
from coursekit.training.workers import Workers

KIND = "coursekit checkpoint 1"
MOST_COST = 0.02  # share of the time that saving may take
State = Callable[[], dict]


class Keeper:
    """Save a run to one file, now and then; with `path=None` do nothing."""

    def __init__(self, settings: Settings):
        path = settings.checkpoint
        self.path = None if path is None else checkpoint_path(path)
        self.told = ""  # where it is and whether the run goes on from it
        self._run_epochs = settings.epochs
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
        saved = {"kind": KIND, "fingerprint": self._fingerprint, **state()}
        if workers.rank == 0:
            try:
                write(self.path, saved)
            except OSError as error:
                warnings.warn(_not_written(self.path, error), stacklevel=2)
        self._saved_at = time.perf_counter()
        self._cost = self._saved_at - started

    def read(
        self, workers: Workers, fingerprint: Callable[[], dict[str, str]]
    ) -> dict | None:
        """Return the state saved before, if there is one and it fits this run.

        Raises:
            ValueError: the place cannot be written, the file is not a checkpoint or cut
                short, or the model, the data or a setting has changed.
        """
        if self.path is None:
            return None
        self._fingerprint = fingerprint()
        first = workers.rank == 0
        state = workers.tell(_read(self.path) if first else None)
        if state is not None:
            _refuse_changes(self.path, state["fingerprint"], self._fingerprint)
        self.told = place(self.path, state, self._run_epochs)
        return state


def write(path: Path, state: dict) -> None:
    """Write `state` to `path` in one step: all of it or nothing.

    Raises:
        OSError: disk full, no permission; what was at `path` is untouched.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_whole(path, buffer.getvalue())


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
    check_writable(path)
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise ValueError(
            f"`checkpoint` {path} cannot be read: it is cut short or no checkpoint. "
            "Nothing was changed; give another path, or delete the file to start again"
        ) from error
    if not isinstance(state, dict) or state.get("kind") != KIND:
        raise ValueError(
            f"`checkpoint` {path} was not written by `fit` of this version. Nothing "
            "was changed; give another path, or delete the file to start again"
        )
    return state


def _refuse_changes(
    path: Path, saved: Mapping[str, str], now: Mapping[str, str]
) -> None:
    changes = [
        f"{name}: {_first_difference(saved.get(name, 'none'), now.get(name, 'none'))}"
        for name in {**saved, **now}
        if saved.get(name) != now.get(name)
    ]
    if changes:
        raise ValueError(
            f"`checkpoint` {path} belongs to another run ({'; '.join(changes)}). "
            "Nothing was changed; go back to the old settings, give another path, or "
            "delete the file to start again"
        )


def _first_difference(saved: str, now: str) -> str:
    """Return the first line that differs, as 'old in the file, new now'."""
    old, new = saved.splitlines(), now.splitlines()
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    shown = [
        lines[same].strip() if same < len(lines) else "nothing" for lines in (old, new)
    ]
    return "{} in the file, {} now".format(*shown)


def _not_written(path: Path, error: OSError) -> str:
    kept = "the last good one is kept" if path.exists() else "there is none yet"
    return (
        f"the checkpoint {path} could not be written ({error.strerror or error}); "
        f"{kept} and training goes on"
    )
