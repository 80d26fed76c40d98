"""The state of a run while it trains, and what happens between steps."""

import math
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass, field, replace
from functools import partial

from torch import Tensor

from coursekit._base.modes import evaluating
from coursekit.data import Batches
from coursekit.training.batch_stream import BatchStream
from coursekit.training.checkpoint import Keeper
from coursekit.training.checkpoint_places import place, position
from coursekit.training.clock import Clock
from coursekit.training.history import Epoch, History
from coursekit.training.kept_weights import best_of
from coursekit.training.learner import Learner
from coursekit.training.meter import Meter
from coursekit.training.misfit import first_misfit
from coursekit.training.progress import Progress, left
from coursekit.training.settings import Settings
from coursekit.training.workers import Workers, copy_from_first


class Diverged(RuntimeError):  # noqa: N818 (what happened, not whose fault)
    """The loss or a weight became infinite or NaN; `.history` has the epochs before."""

    def __init__(self, message: str, history: History):
        super().__init__(message)
        self.history = history


# A run of two epochs with six steps each, after the fourth step of the second:
#
#   step      1  2  3  4  5  6 ┊ 1  2  3  4  5  6
#   history   └──── row 1 ────┘             the epochs that are over
#   meter                        └─ sums ─┘ the steps of this one
#
# epoch = len(history) + 1 = 2, done = (1 + 4/6) / 2 and where the stream goes on are
# computed, not counted along: a checkpoint holds rows, step and meter, and numbers
# that would have to agree with them cannot disagree.
@dataclass
class Run:
    """A run and where it is: only this module moves it on.

    Args:
        settings: what was asked for.
        learner, stream, valid: what learns, from what, and what it is judged on.
        workers, clock, keeper, progress: who works, when to look, save and show.
        history: the rows of the epochs that are done.
        step: steps taken in the current epoch.
        meter: loss and accuracy of these steps.
        stopped: whether `stop` ended the run.
    """

    settings: Settings
    learner: Learner
    stream: BatchStream
    valid: Batches | None
    workers: Workers
    clock: Clock
    keeper: Keeper
    history: History
    progress: Progress = field(default_factory=partial(Progress, None))
    step: int = 0
    meter: Meter = field(default_factory=Meter)
    stopped: bool = False

    @property
    def epochs(self) -> int:
        """How many the run has, if nothing stops it."""
        return self.settings.epochs

    @property
    def goes_on(self) -> bool:
        """Whether there is another epoch."""
        return self.epoch <= self.epochs and not self.stopped

    @property
    def epoch(self) -> int:
        """The current epoch, from 1."""
        return len(self.history) + 1

    @property
    def where(self) -> str:
        """The checkpoint and what it was good for, in a line; "" for none."""
        path, resumed = self.keeper.path, self.history.settings.get("resumed")
        return "" if path is None else place(path, resumed)

    @property
    def done(self) -> float:
        """Share of all steps taken."""
        return (len(self.history) + self.step / len(self.stream)) / self.epochs

    def steps_left(self) -> range:
        """Return the numbers of the steps left in the epoch, counted over the run."""
        first = len(self.history) * len(self.stream)
        return range(first + self.step, first + len(self.stream))

    def took_step(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Count a step; look at the run if it is time."""
        self.step += 1
        if not self.workers.idle:
            self.meter.add(loss, logits, labels)
        if self.clock.says_look(self.step):
            look(self)


def saved_state(run: Run) -> dict:
    """Return everything the run needs to go on, as tensors, numbers and text."""
    meter = run.workers.total(run.meter)  # every worker takes part, as in `saved`
    return {
        **run.learner.saved(),
        "random": run.stream.saved(run.step),
        "choice": asdict(run.learner.choice),
        "rows": [astuple(row) for row in run.history],
        "step": run.step,
        "meter": (meter.loss, meter.correct, meter.n),
        "seconds": run.clock.seconds(),
        "stopped": run.stopped,
    }


def restore(run: Run, state: dict, put_outside: Callable[[], None]) -> None:
    """Put `run` where it was when `state` was saved, on any number of workers.

    Args:
        put_outside: puts back what the model's state does not hold.

    Raises:
        ValueError: a part is not what this run would have saved; nothing is changed.
    """
    if wrong := first_misfit(saved_state(run), state, run.epochs, len(run.stream)):
        raise run.keeper.damaged(wrong)
    run.learner.restore(state)
    put_outside()
    run.stream.restore(state["random"])
    run.clock.begin_epoch(state["seconds"])
    run.step, run.stopped = state["step"], bool(state["stopped"])
    if run.workers.rank == 0:
        run.meter = Meter(*state["meter"])
    run.history = replace(
        run.history,
        epochs=tuple(Epoch(*row) for row in state["rows"]),
        settings={**run.history.settings, "resumed": position(state, run.epochs)},
    )


def look(run: Run) -> None:
    """Join the numbers that wait, stop on NaN, show progress, save if it is time."""
    steps_ago = run.meter.fold()
    if steps_ago is not None:
        what = "NaN" if math.isnan(run.meter.loss) else "infinite"
        raise _diverged(run, "the loss", what, run.step - steps_ago + 1)
    now = run.clock.looked()
    run.progress.update(_position(run), run.done, now)
    if run.step < len(run.stream):
        run.keeper.save_if_due(partial(_sound_state, run), now, run.workers)


def _sound_state(run: Run) -> dict:
    """Return what is saved; a finite loss may have had gradients that are NaN."""
    _check_weights(run)
    return saved_state(run)


def _check_weights(run: Run) -> None:
    if not run.learner.is_finite:
        raise _diverged(run, "a weight", "NaN or infinite", run.step)


def finish_epoch(run: Run) -> None:
    """Judge the network on the validation images and add the epoch's row."""
    _check_weights(run)
    train = run.workers.total(run.meter)
    copy_from_first(run.workers, run.learner.kept.buffers())
    valid = None if run.valid is None else _validate(run, run.valid)
    row = Epoch(
        epoch=run.epoch,
        train_loss=train.mean_loss,
        train_accuracy=train.accuracy,
        valid_loss=valid and valid.mean_loss,
        valid_accuracy=valid and valid.accuracy,
        seconds=run.clock.seconds(),
        lr=run.learner.rates[0],
    )
    run.history = replace(run.history, epochs=(*run.history.epochs, row))
    run.step, run.meter = 0, Meter()
    run.learner.kept.epoch(run.history)
    run.clock.begin_epoch()
    run.progress.epoch(summary(run), run.done, lambda: run.history)
    if run.settings.log is not None and run.workers.rank == 0:
        run.settings.log(run.history)
    if run.settings.stop is not None:
        run.stopped = run.workers.agree(run.settings.stop(run.history))
    last = not run.goes_on
    run.keeper.save_after_epoch(partial(saved_state, run), row.epoch, last, run.workers)


def finish(run: Run) -> None:
    """Leave the weights that were asked for, and say which."""
    run.learner.kept.leave()
    if run.settings.keep == "best":
        best = best_of(run.history)
        kept = (
            f"epoch {best.epoch}, chosen by its validation accuracy: a number that "
            "is too good by the choice; judge on test images"
        )
        settings = {**run.history.settings, "kept": kept}
        run.history = replace(run.history, settings=settings)


def _validate(run: Run, valid: Batches) -> Meter:
    """Return exact loss and accuracy on the validation set, shared between workers."""
    meter, learner = Meter(), run.learner
    world, rank = run.workers.world, run.workers.rank
    model = learner.kept.judged
    with evaluating(model):
        for i, (images, labels) in enumerate(valid):
            if i % world != rank:
                continue
            images = images.contiguous(memory_format=learner.choice.memory_format)
            logits = model(images)
            meter.add(learner.criterion(logits, labels), logits, labels)
            if i % run.clock.look_every == 0:
                meter.fold()
    meter.fold()
    return run.workers.total(meter)


def summary(run: Run) -> str:
    """Return the last row of a run in a line."""
    row = run.history.final
    text = (
        f"epoch {row.epoch}/{run.epochs} · loss {row.train_loss:.4f} · "
        f"accuracy {row.train_accuracy:.2%}"
    )
    if row.valid_accuracy is None:
        return text
    return f"{text} · valid {row.valid_loss:.4f} · accuracy {row.valid_accuracy:.2%}"


def _position(run: Run) -> str:
    return (
        f"epoch {run.epoch}/{run.epochs} · loss {run.meter.mean_loss:.4f} · "
        f"accuracy {run.meter.accuracy:.2%} · {left(run.clock.opened, run.done)}"
    )


def _diverged(run: Run, what: str, became: str, step: int) -> Diverged:
    rate, lower = max(run.learner.rates), run.learner.highest_rate / 10
    advice = f"a lower `lr` (it was {rate:.2g} here; try {lower:.2g})"
    if run.learner.choice.precision == "float16":
        advice += ' or precision="float32"'
    kept = (
        "" if run.keeper.path is None else f" The checkpoint {run.keeper.path} is kept."
    )
    return Diverged(
        f"{what} became {became} in step {step} of epoch {run.epoch}. Try {advice}, "
        "batch norm after each convolution, or look for a log, a division or a root of "
        f"0 in the model.{kept}",
        run.history,
    )
