"""The settings of a run, checked once, in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit._base import validate as _validate
from coursekit.training.history import History
from coursekit.training.patience import EarlyStop, Plateau
from coursekit.training.schedule import Schedule, find_schedule

FORMATS = ("auto", "contiguous", "channels_last")
KEEPS = ("last", "best")
PRECISIONS = ("float32", "auto", "bfloat16", "float16")
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Settings:
    """What `fit` was asked to do; see its arguments."""

    epochs: int
    batch_size: int
    lr: float | None
    optimizer: Callable[..., torch.optim.Optimizer] | None
    schedule: str | Schedule
    loss: Loss | None
    label_smoothing: float
    augment: Callable | None
    seed: int
    format: str
    precision: str
    checkpoint: str | Path | None
    checkpoint_seconds: float
    checkpoint_epochs: int
    weight_decay: float | None = None
    decay_all: bool = False
    l1: float = 0.0
    clip: float | None = None
    average: float = 0.0
    keep: str = "last"
    stop: Callable[[History], bool] | None = None
    log: Callable[[History], object] | None = None

    def __post_init__(self) -> None:
        _validate.integer("epochs", self.epochs, low=1)
        _validate.integer("batch_size", self.batch_size, low=1)
        if self.lr is not None:
            _validate.number("lr", self.lr, low=0.0)
        find_schedule(self.schedule)
        _validate.number("label_smoothing", self.label_smoothing, low=0.0, high=1.0)
        _validate.integer("seed", self.seed, low=0, high=2**63 - 1)
        _validate.choice("format", self.format, FORMATS)
        _validate.choice("precision", self.precision, PRECISIONS)
        _validate.number("checkpoint_seconds", self.checkpoint_seconds, low=0.0)
        _validate.integer("checkpoint_epochs", self.checkpoint_epochs, low=1)
        self._check_options()
        if self.loss is not None and self.label_smoothing:
            raise ValueError(
                "`label_smoothing` belongs to the default loss; with a `loss` of your "
                f"own it must be 0; got {self.label_smoothing:g}"
            )

    def _check_options(self) -> None:
        if self.weight_decay is not None:
            _validate.number("weight_decay", self.weight_decay, low=0.0)
        _validate.choice("decay_all", self.decay_all, (False, True))
        _validate.number("l1", self.l1, low=0.0)
        if self.clip is not None:
            _validate.number("clip", self.clip, low=1e-12)
        _validate.number("average", self.average, low=0.0, high=1 - 1e-9)
        _validate.choice("keep", self.keep, KEEPS)
        for name in ("stop", "log"):
            if not callable(getattr(self, name) or print):
                raise ValueError(
                    f"`{name}` must be a function of the history so far, or None; got "
                    f"{getattr(self, name)!r}"
                )

    @property
    def looks_at_valid(self) -> str:
        """The first argument that cannot do without validation images, "" for none."""
        needs = {
            "schedule": isinstance(find_schedule(self.schedule), Plateau),
            "stop": isinstance(self.stop, EarlyStop),
            "keep": self.keep == "best",
        }
        return next((name for name, need in needs.items() if need), "")

    def criterion(self) -> Loss:
        """Return the loss: (logits, labels) → mean over the batch."""
        return self.loss or partial(
            F.cross_entropy, label_smoothing=self.label_smoothing
        )
