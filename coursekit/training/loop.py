"""Train a network: one loop that can be read from top to bottom.

Mini-batch SGD with Nesterov momentum and a one-cycle learning rate (see
`coursekit.training.schedule`), label smoothing as in Szegedy et al. 2016, section 7,
https://arxiv.org/abs/1512.00567.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.optim import Optimizer

from coursekit.data import Batches, ImageSet
from coursekit.training.history import History
from coursekit.training.prepare import start
from coursekit.training.schedule import Schedule
from coursekit.training.settings import Loss, Settings
from coursekit.training.state import Run, finish_epoch, look


def fit(
    model: nn.Module,
    train: ImageSet | Batches,
    valid: ImageSet | Batches | None = None,
    *,
    epochs: int = 5,
    batch_size: int = 128,
    lr: float | None = None,
    optimizer: Callable[..., Optimizer] | None = None,
    schedule: str | Schedule = "one_cycle",
    loss: Loss | None = None,
    label_smoothing: float = 0.0,
    augment: Callable | None = None,
    seed: int = 0,
    device: torch.device | str | None = None,
    format: str = "auto",
    precision: str = "float32",
    progress: bool = True,
    checkpoint: str | Path | None = None,
    checkpoint_seconds: float = 30.0,
    checkpoint_epochs: int = 1,
    weight_decay: float | None = None,
    decay_all: bool = False,
    l1: float = 0.0,
    clip: float | None = None,
    average: float = 0.0,
    keep: str = "last",
    stop: Callable[[History], bool] | None = None,
    log: Callable[[History], object] | None = None,
) -> History:
    """Train `model` on `train` and return one row of numbers per epoch.

    The model's weights are changed; it is left on the training device and in eval
    mode, ready to be looked at. Everything random (shuffling, augmentation, dropout)
    comes from `seed`: the same initial weights and the same call give the same bits on
    a CPU with the same number of threads; torch's own generator is left as found.

    Under `torchrun` the same call is data-parallel: every worker takes its share of
    each batch, the first one writes and shows. The process group that `fit` makes ends
    with the program. A script that makes its own imports this first, and ends with
    `torch.distributed.destroy_process_group()`: a group left alive may abort it.

    Args:
        train: a set, normalised by its own mean and deviation, or ready `Batches`.
        valid: judged after every epoch, normalised like `train`; never learnt from.
        epochs: passes over `train`.
        batch_size: images per step, over all workers together; for a set only.
        lr: highest learning rate; default 0.1, or that of your `optimizer`.
        optimizer: function (parameters, lr) → optimizer; default: SGD with Nesterov
            momentum 0.9 and weight decay 5e-4 (`coursekit.training.sgd`).
        schedule: "one_cycle", "constant", "step", "multi_step", "triangular",
            "cosine", "plateau", or a function (step, steps) → share of `lr`, such as
            `partial(cosine, warm_up=0.1)`; `plot_schedule` draws it.
        loss: function (logits, labels) → mean loss; default: cross-entropy.
        label_smoothing: share of the target spread over all classes, 0 to 1.
        augment: function (images, generator) → images on a batch, such as a
            `coursekit.augment.Recipe`; for a set only.
        seed: 0 or larger.
        device: default: a CUDA device if there is one, else the CPU.
        format: "contiguous", "channels_last", or "auto": in runs of 800 steps and
            more a probe of 8 steps times both; shorter runs stay contiguous.
        precision: "float32", "bfloat16", "float16", or "auto": the probe may also
            choose the half precision of the device. Judging is in float32.
        progress: show a line that is updated, in a notebook with curves below it (less
            than 20 kB in all).
        checkpoint: where to save: a name such as "lenet" for a file in
            `coursekit.training.checkpoint_folder()`, or the path of a file; the same
            call again goes on from it. Other code or constants are another run, and
            two runs at once need two names.
        checkpoint_seconds, checkpoint_epochs: save when so much has passed, but never
            so often that saving takes more than 2 % of the time; 0 s: after every step.
        weight_decay: of the weights of layers; default: that of the optimizer.
        decay_all: `weight_decay` and `l1` also on biases and normalisation.
        l1: times the sum of the weights' sizes, added to the loss that is learnt from,
            not to the one that is shown.
        clip: largest norm of the gradient of a step; a longer one is scaled down.
        average: decay of an exponential average of the weights over the steps, such as
            0.99, and of batch norm's statistics with them; it is judged and left behind
            instead of the latest weights. 0: none.
        keep: the weights left behind, of the "last" epoch or of the "best", the one
            with the highest accuracy on `valid`. The best of several is too good a
            number by the choice; say what a test set says.
        stop: function (history) → whether the run ends after this epoch, such as
            `EarlyStop(patience=5)`; what it says may depend on the history alone.
        log: function (history), called after every epoch. TensorBoard, if installed:
            `log=lambda h: writer.add_scalar("valid", h.final.valid_loss, len(h))`.

    Raises:
        ValueError: an argument that cannot work, in one sentence; nothing is changed.
        Diverged: the loss or a weight became infinite or NaN.
    """
    asked = locals()  # first of all: the arguments by name, so that none is forgotten
    settings = Settings(**{name: asked[name] for name in Settings.__dataclass_fields__})
    with start(model, train, valid, settings, device, progress) as run:
        while run.goes_on:
            train_epoch(run)
            finish_epoch(run)
    return run.history


def train_epoch(run: Run) -> None:
    """Take every step that is left of the current epoch."""
    learner = run.learner
    learner.begin_epoch(run.history)
    plan = learner.plan(run.steps_left(), run.epochs * len(run.stream))
    batches = run.stream.left(run.step)
    for rates, (images, labels) in zip(plan, batches, strict=True):
        learner.set_rates(*rates)
        with learner.autocast:
            logits = learner.model(images)
            loss = learner.criterion(logits, labels)
        learner.learn(loss)
        run.took_step(loss, logits, labels)
    look(run)
