"""Choose the memory format and the precision by trying: what helps here is measured.

Channels-last gave 1.2–1.3× on one CPU and 0.9× on another net of the same machine, and
bfloat16 wins or loses by the processor, so neither can be a fixed default.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

from coursekit._base.modes import copy_of, seeded
from coursekit.training.settings import PRECISIONS, Loss, Settings

STEPS = 8  # tried at most, of all choices together
SHARE = 0.01  # of the steps of a run that the probe may take
GAIN = 1.05  # how much faster another choice must be than the first

MEMORY_FORMATS = {
    "contiguous": torch.contiguous_format,
    "channels_last": torch.channels_last,
}


@dataclass(frozen=True)
class Choice:
    """Memory format and precision by their names."""

    format: str
    precision: str

    @property
    def memory_format(self) -> torch.memory_format:
        return MEMORY_FORMATS[self.format]

    def autocast(self, device: torch.device) -> AbstractContextManager:
        """Return the context in which to run the model."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(device.type, getattr(torch, self.precision))


def is_choice(saved: object) -> bool:
    """Return whether something that was read names a choice."""
    return (
        isinstance(saved, dict)
        and saved.keys() == Choice.__dataclass_fields__.keys()
        and saved["format"] in MEMORY_FORMATS
        and saved["precision"] in PRECISIONS
    )


def choices(settings: Settings, device: torch.device, steps: int) -> list[Choice]:
    """Return what the settings allow, the plainest first; one where no probe pays.

    Args:
        steps: of the whole run. A probe of 8 steps may be 1 % of it.
    """
    formats = {"auto": ("contiguous", "channels_last")}
    precisions = {"auto": ("float32", half_precision(device))}
    allowed = [
        Choice(*pair)
        for pair in product(
            formats.get(settings.format, (settings.format,)),
            precisions.get(settings.precision, (settings.precision,)),
        )
    ]
    return allowed if SHARE * steps >= STEPS else allowed[:1]


def half_precision(device: torch.device) -> str:
    """Return the 16-bit type to try on a device: bfloat16 unless the GPU is too old."""
    old = device.type == "cuda" and torch.cuda.get_device_capability(device) < (8, 0)
    return "float16" if old else "bfloat16"


def fastest(
    allowed: list[Choice],
    model: nn.Module,
    batch: tuple[Tensor, Tensor],
    criterion: Loss,
) -> Choice:
    """Return the choice with the fastest step, of at most 8 steps in all.

    The steps are taken by a copy of `model` and without an optimizer: weights,
    statistics and generators stay as they are.
    """
    if len(allowed) == 1:
        return allowed[0]
    times = {choice: [] for choice in allowed}
    with seeded(0, batch[0].device):
        steps = {choice: _step(choice, model, batch, criterion) for choice in allowed}
        for _ in range(STEPS // len(allowed)):
            for choice, step in steps.items():
                times[choice].append(step())
    best = {choice: min(taken) for choice, taken in times.items()}
    winner = min(best, key=best.get)
    return winner if best[allowed[0]] > GAIN * best[winner] else allowed[0]


def _step(
    choice: Choice, model: nn.Module, batch: tuple[Tensor, Tensor], criterion: Loss
) -> Callable[[], float]:
    """Return a function that takes one step in a format and returns its seconds."""
    images, labels = batch
    copied = copy_of(model).to(memory_format=choice.memory_format).train()

    def step() -> float:
        started = time.perf_counter()
        inputs = images.contiguous(memory_format=choice.memory_format)
        with choice.autocast(images.device):
            loss = criterion(copied(inputs), labels)
        loss.backward()
        loss.item()  # waits for the device
        copied.zero_grad()
        return time.perf_counter() - started

    return step
