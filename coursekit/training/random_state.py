"""Every generator a run draws from, so that it can go on in the middle of an epoch."""

import random

import numpy as np
import torch

from coursekit.training.plain_data import pack, unpack

State = dict[str, object]  # a tensor for torch's generators, tuples for the others


# An epoch of six batches, killed after the third. Saved were A and B, no order:
#
#   A ─ draw the order ─ 0 ─ 1 ─ 2 ─ B ─ 3 ─ 4 ─ 5
#
# To go on: put A, draw the same order again, put B, train on batch 3. The obvious way,
# saving the order, would write eight bytes for each image after every step.
class RandomState:
    """Take and put back the state of every generator: torch's, the batches', and those
    of Python and NumPy, which a network or an augmentation may draw from.

    An epoch's order is drawn at its beginning. To go on in its middle, the generators
    are set to the epoch's beginning, the order is drawn again, and the generators are
    set to where dropout and augmentation had moved them.
    """

    def __init__(self, generator: torch.Generator | None, device: torch.device):
        self._generator, self._device = generator, device
        self._epoch: State | None = None
        self._resume: tuple[State, State] | None = None

    def take(self) -> State:
        """Return a copy of every state."""
        state = {"torch": torch.get_rng_state()}
        state |= {"python": random.getstate(), "numpy": np.random.get_state()}
        if self._device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(self._device)
        if self._generator is not None:
            state["batches"] = self._generator.get_state()
        return state

    def put(self, state: State) -> None:
        """Set every generator to a state taken before."""
        torch.set_rng_state(state["torch"])
        random.setstate(state["python"])
        np.random.set_state(state["numpy"])
        if self._device.type == "cuda" and "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self._device)
        if self._generator is not None and state.get("batches") is not None:
            self._generator.set_state(state["batches"])

    def save(self, step: int) -> tuple[State, State]:
        """Return the states at the beginning of the epoch and now."""
        now = self.take()
        return _packed(self._epoch if step else now), _packed(now)

    def resume(self, epoch: State, now: State) -> None:
        """Go on from saved states when the next epoch is begun."""
        self._resume = tuple(
            {name: unpack(one) for name, one in state.items()} for state in (epoch, now)
        )

    def begin_epoch(self) -> None:
        if self._resume is not None:
            self.put(self._resume[0])
        self._epoch = self.take()

    def order_drawn(self, step: int) -> None:
        if self._resume is not None and step > 0:
            self.put(self._resume[1])
        self._resume = None


def _packed(state: State) -> State:
    return {name: pack(one) for name, one in state.items()}
