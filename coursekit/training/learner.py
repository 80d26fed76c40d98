"""What learns: a model with its optimizer, loss and learning rate, step by step."""

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from coursekit.training.history import History
from coursekit.training.kept_weights import KeptWeights
from coursekit.training.optimizers import is_weight, set_momentum
from coursekit.training.probe import Choice
from coursekit.training.schedule import find_schedule
from coursekit.training.settings import Settings
from coursekit.training.workers import Workers


class Learner:
    """A model and everything that changes its weights.

    Args:
        model: on its device, in the chosen memory format.
        optimizer: of the model's parameters, at its highest learning rates.
        settings, choice: what the run was asked for, and what the probe chose.
        workers: whose gradients are added up.

    Attributes:
        kept: which weights are judged and left behind.
        criterion: function (logits, labels) → mean loss.
        autocast: the context in which the model runs.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        settings: Settings,
        choice: Choice,
        workers: Workers,
    ):
        self.model, self.choice = model, choice
        self.criterion = settings.criterion()
        self.kept = KeptWeights(model, settings.average, settings.keep)
        self.autocast = choice.autocast(workers.device)
        self._optimizer, self._workers = optimizer, workers
        self._schedule = self._asked = find_schedule(settings.schedule)
        self._momentum = getattr(self._asked, "momentum_at", None)
        self._l1, self._clip = settings.l1, settings.clip
        self._learning = [p for p in model.parameters() if p.requires_grad]
        every = settings.decay_all
        self._shrinking = [p for p in self._learning if every or is_weight(p)]
        self._highest = [group["lr"] for group in optimizer.param_groups]
        half = choice.precision == "float16"
        self._scaler = torch.amp.GradScaler(workers.device.type) if half else None

    def begin_epoch(self, history: History) -> None:
        """Go into training mode; a plateau looks at the epochs so far."""
        self.model.train()
        if len(history) and hasattr(self._asked, "after"):
            self._schedule = self._asked.after(history)

    def plan(self, steps: range, total: int) -> list[tuple[float, float | None]]:
        """Return share of the highest rate, and momentum if it moves, for each step.

        All at once: between two steps the same lines, out of the processor's caches by
        then, take several times as long.

        Args:
            steps: their numbers in the run of `total` steps, from 0.
        """
        moved = self._momentum or (lambda step, total: None)
        return [(self._schedule(step, total), moved(step, total)) for step in steps]

    def set_rates(self, share: float, momentum: float | None) -> None:
        """Set every group's rate to a share of its highest, and the momentum if any."""
        for group, highest in zip(
            self._optimizer.param_groups, self._highest, strict=True
        ):
            group["lr"] = highest * share
        if momentum is not None:
            set_momentum(self._optimizer, momentum)

    def learn(self, loss: Tensor) -> None:
        """Change the weights; float16 gradients are scaled up, so none becomes 0."""
        if self._l1:
            loss = loss + self._l1 * sum(w.abs().sum() for w in self._shrinking)
        if self._scaler is None:
            self._workers.backward(loss, self.model)
            self._clip_gradients()
            self._optimizer.step()
        else:
            self._workers.backward(self._scaler.scale(loss), self.model)
            self._clip_gradients()
            self._scaler.step(self._optimizer)
            self._scaler.update()
        self._optimizer.zero_grad()
        self.kept.step()

    def _clip_gradients(self) -> None:
        if self._clip is None:
            return
        if self._scaler is not None:
            self._scaler.unscale_(self._optimizer)
        nn.utils.clip_grad_norm_(self._learning, self._clip)

    @property
    def is_finite(self) -> bool:
        """Whether every weight that learns is a number."""
        return all(bool(weight.isfinite().all()) for weight in self._learning)

    @property
    def rates(self) -> list[float]:
        """The learning rates of the latest step, one a group of parameters."""
        return [group["lr"] for group in self._optimizer.param_groups]

    @property
    def highest_rate(self) -> float:
        """The highest learning rate of the whole run."""
        return max(self._highest)

    def saved(self) -> dict:
        """Return weights, optimizer and scale, as tensors and numbers."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self._scaler.state_dict() if self._scaler else {},
            **self.kept.saved(),
        }

    def restore(self, saved: dict) -> None:
        """Go back to what `saved` returned."""
        self.model.load_state_dict(saved["model"])
        self._optimizer.load_state_dict(saved["optimizer"])
        self.kept.restore(saved)
        if saved["scaler"]:
            self._scaler.load_state_dict(saved["scaler"])
