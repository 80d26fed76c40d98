"""One step of training on tensors without data, watched by `LiveTensors`.

The model is run forward and backward and a real optimizer takes a step: whatever
autograd saves and frees, and when, is what happens in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from coursekit.anatomy.step_memory.devices import GRANULES, autocast, operators_of
from coursekit.anatomy.step_memory.fake_model import (
    FakeModel,
    on_fake_model,
    tensors_in,
)
from coursekit.anatomy.step_memory.lifetimes import Lifetimes
from coursekit.anatomy.step_memory.live_tensors import Block, LiveTensors, bytes_by_kind

Maker = Callable[[Iterable[Tensor], float], Optimizer]


@dataclass(frozen=True)
class Plan:
    """What step is taken.

    Args:
        batch_size: images, ≥ 1.
        optimizer: function (parameters, lr) → optimizer.
        precision: "float32" or "mixed".
        device: "cuda" or "cpu".
    """

    batch_size: int
    optimizer: Maker
    precision: str
    device: str


@dataclass(frozen=True)
class StepMemory:
    """What was alive in a training step.

    Args:
        held: kind → bytes alive between forward and backward.
        layers: layer → bytes of activations it was the first to save.
        gradients: bytes of all gradients together.
        peak: kind → bytes alive when most bytes were.
        phase: when that was: "forward", "backward" or "update".
        lifetimes: of all that came and went.
    """

    held: dict[str, int]
    layers: dict[str, int]
    gradients: int
    peak: dict[str, int]
    phase: str
    lifetimes: Lifetimes


def training_step(
    model: nn.Module, input_shape: tuple[int, ...], plan: Plan
) -> StepMemory:
    """Take one training step of a model on fake tensors.

    Args:
        model: a checked model; it is left as it was found.
        input_shape: (c, *spatial) of one image.
        plan: batch size, optimizer, precision, device.

    Raises:
        ValueError: the step is not possible; the sentence names the layer.
    """
    live = LiveTensors(GRANULES[plan.device])
    with on_fake_model(model, input_shape, live, training=True) as fake:
        optimizer = _optimizer_with_state(fake.trainable, plan, live)
        images = fake.images(plan.batch_size, input_shape)
        live.mark([images], "images")
        live.restart()

        loss = _forward(fake, images, plan, live)
        held = live.alive()

        live.phase = "backward"
        if loss.requires_grad:
            loss.backward()
        gradients = [t.grad for t in fake.trainable if t.grad is not None]
        live.mark(gradients, "gradients")
        after = bytes_by_kind(live.alive())

        live.phase = "update"
        if optimizer:
            optimizer.step()
    peak = bytes_by_kind(live.at_peak)
    layers = _by_layer(held)
    held = bytes_by_kind(held)
    lifetimes = Lifetimes.of(live, plan.batch_size)
    return StepMemory(
        held, layers, after["gradients"], peak, live.peak_phase, lifetimes
    )


def _optimizer_with_state(
    weights: list[Tensor], plan: Plan, live: LiveTensors
) -> Optimizer | None:
    """Return an optimizer that has taken its first step, in which its state is made."""
    if not weights:
        return None
    optimizer = plan.optimizer(weights, 0.1)
    for group in optimizer.param_groups:
        if plan.device == "cuda" and group.get("foreach", False) is None:
            group["foreach"] = True  # what torch chooses for weights on a GPU
    for weight in weights:
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    for block in live.alive():
        if block.kind != "weights":
            block.kind = "optimizer"
    return optimizer


def _forward(fake: FakeModel, images: Tensor, plan: Plan, live: LiveTensors) -> Tensor:
    def pack(tensor: Tensor) -> Tensor:
        block = live.block(tensor)
        if block is not None and block.kind == "working":
            block.kind = "activations"
            block.layer = fake.stack[-1].name if fake.stack else "loss"
        return tensor

    chosen = plan.device, plan.precision
    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    with hooks, operators_of(*chosen), autocast(*chosen):
        return _loss(fake(images))


def _loss(out: object) -> Tensor:
    """Return cross-entropy of every output (n, classes, …), the mean of any other."""
    outputs = [tensor for tensor in tensors_in(out) if tensor.is_floating_point()]
    if not outputs:
        raise ValueError(f"the model returns no float tensor but {type(out).__name__}")
    losses = [_cross_entropy(t) if t.dim() > 1 else t.mean() for t in outputs]
    return sum(losses[1:], losses[0])


def _cross_entropy(logits: Tensor) -> Tensor:
    shape = (logits.shape[0], *logits.shape[2:])
    labels = torch.empty(shape, dtype=torch.long, device=logits.device)
    return F.cross_entropy(logits, labels)


def _by_layer(blocks: list[Block]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for block in blocks:
        if block.kind == "activations":
            sizes[block.layer] = sizes.get(block.layer, 0) + block.bytes
    return sizes
