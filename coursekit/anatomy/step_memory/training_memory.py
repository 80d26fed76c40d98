"""How much memory training takes, by part and at its peak; the largest batch that fits.

A step of training holds the weights, their gradients, the optimizer's state and the
activations that backward needs (Chen et al., "Training Deep Nets with Sublinear Memory
Cost", arXiv 1604.06174, section 3). Mixed precision as in Micikevicius et al., arXiv
1710.03740: weights, gradients and optimizer stay float32, and half-precision copies of
the weights are added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn
from torch.optim import Optimizer

from coursekit._base.card import Displayed, Table
from coursekit._base.validate import choice, integer
from coursekit.anatomy import show
from coursekit.anatomy.arguments import checked_model, checked_shape
from coursekit.anatomy.step_memory.lifetimes import peak_by_batch
from coursekit.anatomy.step_memory.training_step import (
    Maker,
    Plan,
    StepMemory,
    training_step,
)

OPTIMIZERS: dict[str, Maker] = {
    "sgd": lambda weights, lr: torch.optim.SGD(weights, lr),
    "momentum": lambda weights, lr: torch.optim.SGD(weights, lr, momentum=0.9),
    "adam": lambda weights, lr: torch.optim.Adam(weights, lr),
}
UNITS = {
    **{"B": 1, "kB": 1000},
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("KMGT", 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)},
}
LARGEST = 1 << 24  # images; a batch beyond it is no answer to a question about memory


@dataclass(frozen=True, repr=False)
class Memory(Displayed):
    """Bytes of the tensors in a training step.

    What convolution kernels take as workspace while they run is not included, nor what
    an allocator reserves and the device keeps for itself.

    Args:
        weights: parameters and buffers.
        half_copies: of the weights, made by autocast and kept for backward.
        gradients: of all trainable parameters.
        optimizer: state kept from step to step.
        images: the batch.
        activations: other values saved for backward, each storage counted once.
        peak: most bytes alive at one moment, temporary ones included.
        phase: when that is: "forward", "backward" or "update".
        at_peak: kind → bytes alive at that moment; they sum to `peak`.
        layers: layer → bytes of activations it was the first to save.
        batch_size, optimizer_name, precision, device: what was asked.
    """

    weights: int
    half_copies: int
    gradients: int
    optimizer: int
    images: int
    activations: int
    peak: int
    phase: str
    at_peak: dict[str, int]
    layers: dict[str, int]
    batch_size: int
    optimizer_name: str
    precision: str
    device: str

    @property
    def parts(self) -> dict[str, int]:
        """Return part → bytes, each at its largest."""
        return {
            "weights": self.weights,
            "half copies": self.half_copies,
            "gradients": self.gradients,
            "optimizer": self.optimizer,
            "images": self.images,
            "activations": self.activations,
        }

    @property
    def total(self) -> int:
        """The sum of the parts.

        Larger than `peak` where the last gradients are made after the first activations
        are freed, smaller where temporary values come on top.
        """
        return sum(self.parts.values())

    @property
    def _shown(self) -> Table:
        return _table(self)


def memory(
    model: nn.Module,
    input_shape: Sequence[int],
    batch_size: int = 32,
    *,
    optimizer: str | Callable[..., Optimizer] = "sgd",
    precision: str = "float32",
    device: str = "cuda",
) -> Memory:
    """Predict the memory of one training step without taking any.

    Forward, backward and the optimizer's step are run on tensors without data and every
    storage is watched from beginning to end. The loss is cross-entropy.

    Args:
        model: any module that takes a batch of images; it is left as it was found.
        input_shape: (channels, height, width) of one image in pixels, each ≥ 1.
        batch_size: images in a step, ≥ 1.
        optimizer: "sgd", "momentum", "adam" or a function (parameters, lr) → optimizer.
        precision: "float32", or "mixed": autocast to float16 (bfloat16 on the CPU).
        device: "cuda" or "cpu"; they differ in a few operators, in how the optimizer
            goes through the weights, and in rounding (512 bytes on a GPU).

    Raises:
        ValueError: an argument that cannot be, or a model the batch does not go
            through; the sentence names the layer.

    Example:
        >>> memory(nn.Linear(100, 10), (100,), 1, device="cpu").weights
        4040
    """
    checked_model(model)
    shape, plan = checked_shape(input_shape), _plan(optimizer, precision, device)
    count = integer("batch_size", batch_size, low=1, high=LARGEST)
    name = optimizer if isinstance(optimizer, str) else "own"
    return _memory(training_step(model, shape, plan(count)), plan(count), name)


def largest_batch(
    model: nn.Module,
    input_shape: Sequence[int],
    budget: str | int = "15 GB",
    *,
    optimizer: str | Callable[..., Optimizer] = "sgd",
    precision: str = "float32",
    device: str = "cuda",
) -> int:
    """Return the largest batch whose training step stays within a budget of memory.

    A training step with that batch fits, one with one more image does not. Leave
    room for the kernels' workspace: a budget of 15 GB is what a T4 with 16 GB gives.

    Args:
        model, input_shape, optimizer, precision, device: as for `memory`.
        budget: bytes, or a text such as "15 GB" (10⁹ bytes) or "14.7 GiB" (2³⁰ bytes).

    Returns:
        Images in a batch, 0 if not even one fits; 16,777,216 at most.

    Raises:
        ValueError: as for `memory`, or a `budget` that is no amount of memory.
    """
    checked_model(model)
    shape, plan = checked_shape(input_shape), _plan(optimizer, precision, device)
    allowed = _bytes(budget)

    def step(count: int) -> StepMemory:
        return training_step(model, shape, plan(count))

    def peak(count: int) -> int:
        return sum(step(count).peak.values())

    return _largest(_foretold(step, allowed) or peak, allowed)


def _foretold(step: Callable, allowed: int) -> Callable[[int], int] | None:
    """Return batch size → peak from two steps, one of about the size asked for.

    None where they do not tell, or where not even two images fit.
    """
    small = step(2)
    peak = sum(small.peak.values())
    kept = sum(small.peak[kind] for kind in ("weights", "optimizer", "gradients"))
    guess = (allowed - kept) // max(1, (peak - kept) // 2)
    if peak > allowed:
        return None
    large = step(min(max(guess, 3), LARGEST))
    peak_of = peak_by_batch(small.lifetimes, large.lifetimes)
    agrees = peak_of and all(
        peak_of(one.lifetimes.images) == sum(one.peak.values())
        for one in (small, large)
    )
    return peak_of if agrees else None


def _plan(optimizer, precision: str, device: str) -> Callable[[int], Plan]:
    choice("precision", precision, ("float32", "mixed"))
    choice("device", device, ("cuda", "cpu"))
    if not callable(optimizer):
        optimizer = OPTIMIZERS[choice("optimizer", optimizer, OPTIMIZERS)]
    return partial(Plan, optimizer=optimizer, precision=precision, device=device)


def _memory(step: StepMemory, plan: Plan, name: str) -> Memory:
    held = step.held
    return Memory(
        weights=held["weights"],
        half_copies=held["half copies"],
        gradients=step.gradients,
        optimizer=held["optimizer"],
        images=held["images"],
        activations=held["activations"],
        peak=sum(step.peak.values()),
        phase=step.phase,
        at_peak=step.peak,
        layers=step.layers,
        batch_size=plan.batch_size,
        optimizer_name=name,
        precision=plan.precision,
        device=plan.device,
    )


def _bytes(budget: str | int) -> int:
    """Return "15 GB" as a number of bytes."""
    if isinstance(budget, int) and not isinstance(budget, bool) and budget > 0:
        return budget
    amount = re.fullmatch(r"\s*(\d+\.?\d*)\s*([kKMGT]?i?B)\s*", str(budget))
    if not isinstance(budget, str) or not amount or amount[2] not in UNITS:
        raise ValueError(
            '`budget` must be a number of bytes ≥ 1 or a text such as "15 GB" or '
            f'"14.7 GiB"; got {budget!r}'
        )
    return int(float(amount[1]) * UNITS[amount[2]])


def _largest(peak: Callable[[int], int], allowed: int) -> int:
    """Return the largest count with peak(count) ≤ allowed.

    The peak grows with the count and is nearly a straight line, so a line through two
    counts leads to the answer in a few steps; halving does where it does not.
    """
    low, first = 2, peak(2)  # batch norm may refuse to train on a single value
    if first > allowed:
        return int(_fits_one(peak, allowed))
    slope, high = max(1, peak(3) - first), None
    at_low, tries = first, 0
    while high is None or high - low > 1:
        tries += 1
        step = (high - low) // 2 if high and tries > 6 else (allowed - at_low) // slope
        guess = low + step
        guess = max(low + 1, min(guess, LARGEST if high is None else high - 1))
        needed = peak(guess)
        slope = max(1, (needed - at_low) // (guess - low))
        if needed > allowed:
            high = guess
        elif guess == LARGEST:
            return LARGEST
        else:
            low, at_low = guess, needed
    return low


def _fits_one(peak: Callable[[int], int], allowed: int) -> bool:
    try:
        return peak(1) <= allowed
    except ValueError:  # it runs on two images: only one alone is refused
        return False


def _table(memory: Memory) -> Table:
    head = ("part", "at its largest", "at the peak")
    parts = {**memory.parts, "working": None}
    rows = [
        (name, "" if size is None else show.size(size), show.size(memory.at_peak[name]))
        for name, size in parts.items()
        if size or memory.at_peak[name]
    ]
    rows.append(("all", show.size(memory.total), show.size(memory.peak)))
    caption = (
        f"Training step of {memory.batch_size:,} images ({memory.precision}, "
        f"{memory.optimizer_name}, {memory.device}): at most {show.size(memory.peak)}, "
        f"during {memory.phase}; the kernels' workspace is not included"
    )
    return Table(head, rows, caption)
