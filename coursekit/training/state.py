"""The state of a run while it trains, and what happens between steps."""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass, field
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from coursekit._base.modes import evaluating
from coursekit.data import Batches
from coursekit.training.checkpoint import Keeper
from coursekit.training.checkpoint_places import position
from coursekit.training.history import Epoch, History
from coursekit.training.meter import Meter
from coursekit.training.probe import Choice
from coursekit.training.progress import INTERVAL, Progress, left
from coursekit.training.random_state import RandomState
from coursekit.training.schedule import find_schedule
from coursekit.training.settings import Settings
from coursekit.training.workers import Workers, copy_from_first

GATHERED = 1 << 16  # numbers


class Diverged(RuntimeError):  # noqa: N818 (what happened, not whose fault)
    """The loss became infinite or NaN; `.history` holds the epochs before."""

    def __init__(self, message: str, history: History):
        super().__init__(message)
        self.history = history


@dataclass
class Run:
    """Everything a run changes, and all that a checkpoint needs to go on from it."""

    model: nn.Module
    optimizer: Optimizer
    batches: Batches
    valid: Batches | None
    settings: Settings
    choice: Choice
    workers: Workers
    progress: Progress
    keeper: Keeper
    look_every: int
    shown: dict[str, object]
    norm: tuple[tuple[float, ...], tuple[float, ...]]
    rows: list[Epoch] = field(default_factory=list)
    step: int = 0  # steps taken in the current epoch
    meter: Meter = field(default_factory=Meter)
    seconds: float = 0.0  # spent in the current epoch before `since`

    def __post_init__(self) -> None:
        device = self.workers.device
        self.criterion = self.settings.criterion()
        self.schedule = find_schedule(self.settings.schedule)
        self.rates = [group["lr"] for group in self.optimizer.param_groups]
        self.autocast = self.choice.autocast(device)
        half = self.choice.precision == "float16"
        self.scaler = torch.amp.GradScaler(device.type) if half else None
        self.at_once = _batches_at_once(self.batches)
        self.random = RandomState(self.batches.generator, device)
        self.since = self.opened = time.perf_counter()
        self.look_at = 0.0

    @property
    def epoch(self) -> int:
        """The current epoch, from 1."""
        return len(self.rows) + 1

    @property
    def done(self) -> float:
        """Share of all steps taken."""
        return (len(self.rows) + self.step / len(self.batches)) / self.settings.epochs

    def history(self) -> History:
        """Return what has been recorded so far."""
        return History(tuple(self.rows), dict(self.shown), *self.norm)


def _batches_at_once(batches: Batches) -> int:
    """Return how many batches to gather at once: at most 256 kB, 1 if augmented."""
    numbers = batches.batch_size * batches.data.images[0].numel()
    return 1 if batches.augment is not None else max(1, GATHERED // numbers)


def saved_state(run: Run) -> dict:
    """Return everything the run needs to go on, as tensors, numbers and text."""
    meter = run.workers.total(run.meter)  # every worker takes part, as in gather
    epoch, now = run.random.save(run.step)
    seconds = run.seconds + time.perf_counter() - run.since
    return {
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "scaler": run.scaler.state_dict() if run.scaler else {},
        "random": run.workers.gather({"epoch": epoch, "now": now}),
        "choice": asdict(run.choice),
        "rows": [astuple(row) for row in run.rows],
        "step": run.step,
        "meter": (meter.loss, meter.correct, meter.n),
        "seconds": seconds,
    }


def restore(run: Run, state: dict) -> None:
    """Put `run` where it was when `state` was saved, on any number of workers."""
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(state["optimizer"])
    if state["scaler"]:
        run.scaler.load_state_dict(state["scaler"])
    saved = state["random"]
    if run.workers.rank < len(saved):
        run.random.resume(**saved[run.workers.rank])
    else:
        now = {**run.random.take(), "batches": saved[0]["now"].get("batches")}
        run.random.resume(saved[0]["epoch"], now)
    run.rows.extend(Epoch(*row) for row in state["rows"])
    run.step, run.seconds = state["step"], state["seconds"]
    if run.workers.rank == 0:
        run.meter = Meter(*state["meter"])
    run.shown["resumed"] = position(state, run.settings.epochs)


def shares_left(run: Run) -> list[float]:
    """Return the share of the learning rate for each step left in the epoch."""
    steps = len(run.batches)
    first = len(run.rows) * steps
    left = range(first + run.step, first + steps)
    return [run.schedule(step, run.settings.epochs * steps) for step in left]


def batches_left(run: Run) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield this worker's share of each batch left in the epoch.

    Small batches are gathered many at a time where no augmentation draws in between.
    """
    run.random.begin_epoch()
    order = run.batches.order()
    run.random.order_drawn(run.step)
    size = run.batches.batch_size
    left = order[run.step * size : len(run.batches) * size]
    for indices in left.split(size * run.at_once):
        images, labels = run.batches.batch(indices)
        if run.choice.format == "channels_last":
            images = images.contiguous(memory_format=torch.channels_last)
        for batch in zip(images.split(size), labels.split(size), strict=True):
            yield batch if run.workers.world == 1 else run.workers.share(*batch)


def look(run: Run) -> None:
    """Join the numbers that wait, stop on NaN, show progress, save if it is time."""
    steps_ago = run.meter.fold()
    if steps_ago is not None:
        raise _diverged(run, run.step - steps_ago + 1)
    now = time.perf_counter()
    # several workers must look together, so they look at fixed steps only
    run.look_at = now + INTERVAL if run.workers.world == 1 else math.inf
    run.progress.update(_position(run), run.done, now)
    if run.step < len(run.batches):
        run.keeper.save_if_due(partial(saved_state, run), now, run.workers)


def finish_epoch(run: Run) -> None:
    """Judge the network on the validation images and add the epoch's row."""
    train = run.workers.total(run.meter)
    copy_from_first(run.workers, run.model.buffers())
    valid = _validate(run) if run.valid is not None else Meter()
    seconds = run.seconds + time.perf_counter() - run.since
    judged = run.valid is not None
    row = Epoch(
        epoch=run.epoch,
        train_loss=train.mean_loss,
        train_accuracy=train.accuracy,
        valid_loss=valid.mean_loss if judged else None,
        valid_accuracy=valid.accuracy if judged else None,
        seconds=seconds,
        lr=run.optimizer.param_groups[0]["lr"],
    )
    run.rows.append(row)
    run.step, run.meter = 0, Meter()
    run.seconds, run.since = 0.0, time.perf_counter()
    run.progress.epoch(summary(run), run.done, run.history)
    run.keeper.save_after_epoch(partial(saved_state, run), row.epoch, run.workers)


def _validate(run: Run) -> Meter:
    """Return exact loss and accuracy on the validation set, shared between workers."""
    meter = Meter()
    world, rank = run.workers.world, run.workers.rank
    with evaluating(run.model):
        for i, (images, labels) in enumerate(run.valid):
            if i % world != rank:
                continue
            logits = run.model(
                images.contiguous(memory_format=run.choice.memory_format)
            )
            meter.add(run.criterion(logits, labels), logits, labels)
            if i % run.look_every == 0:
                meter.fold()
    meter.fold()
    return run.workers.total(meter)


def summary(run: Run) -> str:
    """Return the last row of a run in a line."""
    row = run.rows[-1]
    text = (
        f"epoch {row.epoch}/{run.settings.epochs} · loss {row.train_loss:.4f} · "
        f"accuracy {row.train_accuracy:.2%}"
    )
    if row.valid_accuracy is None:
        return text
    return f"{text} · valid {row.valid_loss:.4f} · accuracy {row.valid_accuracy:.2%}"


def _position(run: Run) -> str:
    return (
        f"epoch {run.epoch}/{run.settings.epochs} · loss {run.meter.mean_loss:.4f} · "
        f"accuracy {run.meter.accuracy:.2%} · {left(run.opened, run.done)}"
    )


def _diverged(run: Run, step: int) -> Diverged:
    rate = max(group["lr"] for group in run.optimizer.param_groups)
    advice = f"a lower `lr` (it was {rate:.2g} here; try {max(run.rates) / 10:.2g})"
    if run.choice.precision == "float16":
        advice += ' or precision="float32"'
    kept = (
        "" if run.keeper.path is None else f" The checkpoint {run.keeper.path} is kept."
    )
    what = "NaN" if math.isnan(run.meter.loss) else "infinite"
    return Diverged(
        f"the loss became {what} in step {step} of epoch {run.epoch}. Try {advice}, "
        "batch norm after each convolution, or look for a log, a division or a root of "
        f"0 in the model.{kept}",
        run.history(),
    )
