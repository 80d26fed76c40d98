"""Which weights a run is judged by and leaves behind.

The latest ones, their exponential moving average over the steps (Polyak and Juditsky
1992; with a constant decay as in Szegedy et al. 2016, section 8; its first steps
corrected as in Kingma and Ba 2015, section 3), or those of the epoch that did best on
the validation images.
"""

from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from coursekit.training.history import Epoch, History


class KeptWeights:
    """The weights beside those that learn; with nothing asked for, nothing.

    Args:
        model: that learns.
        average: decay of the average, 0 for none.
        keep: "last" or "best".

    Attributes:
        judged: the model that is validated: its average where there is one.
    """

    def __init__(self, model: nn.Module, average: float, keep: str):
        self._model, self._keep = model, keep
        self._average, self._decay = None, average
        if average:
            self._average = AveragedModel(
                model, multi_avg_fn=self._enter, use_buffers=True
            )
        self.judged = self._average.module if self._average is not None else model
        self._best: dict[str, Tensor] = {}

    def buffers(self) -> Iterator[Tensor]:
        """Yield the buffers, such as the statistics of batch norm, once each."""
        models = (self._model,) if self._average is None else (self._model, self.judged)
        return chain.from_iterable(model.buffers() for model in models)

    def step(self) -> None:
        """Take the weights of one more step into the average."""
        if self._average is not None:
            self._average.update_parameters(self._model)

    def _enter(self, averages: list[Tensor], latest: list[Tensor], _: Tensor) -> None:
        """Take the weights of one more step into the average.

        Step i of n counts decayⁿ⁻ⁱ, divided by the sum of all these. Without the
        division the first step would count decayⁿ⁻¹: at 0.998 that is 74 % of a run of
        150 steps, and the net answers at random. The count of steps that torch gives
        lies on the device, and reading it would wait for the device's whole step.
        """
        steps = int(self._average.n_averaged)
        share = (1 - self._decay) / (1 - self._decay ** (steps + 1))
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, latest, share)
        else:  # batch norm's count of batches
            torch._foreach_copy_(averages, latest)

    def epoch(self, history: History) -> None:
        """Note the weights just judged if no epoch before was better."""
        if self._keep == "best" and best_of(history) is history.final:
            state = self.judged.state_dict()
            self._best = {name: value.clone() for name, value in state.items()}

    def leave(self) -> None:
        """Put the weights that were asked for into the model."""
        if self._best:
            self._model.load_state_dict(self._best)
        elif self._average is not None:
            self._model.load_state_dict(self.judged.state_dict())

    def saved(self) -> dict:
        """Return the average and the best weights so far, as tensors."""
        average = {} if self._average is None else self._average.state_dict()
        return {"average": average, "best": self._best}

    def restore(self, saved: dict) -> None:
        """Go back to what `saved` returned."""
        if self._average is not None:
            self._average.load_state_dict(saved["average"])
        if saved.get("best"):
            device = next(chain(self._model.parameters(), self.buffers())).device
            self._best = {name: v.to(device) for name, v in saved["best"].items()}


def best_of(history: History) -> Epoch:
    """Return the epoch with the highest validation accuracy.

    Of equals the one with the lower loss; of equals again the first.
    """
    return max(history, key=lambda row: (row.valid_accuracy, -row.valid_loss))
