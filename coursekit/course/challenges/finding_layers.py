"""Find the modules behind the steps of a census, for those who want to change them."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from coursekit.course.challenges.measured import Measured
from coursekit.course.challenges.notes import Step


def convolutions(measured: Measured) -> Iterator[tuple[Step, nn.Conv2d]]:
    """Give each plain `nn.Conv2d` once, with its first step."""
    seen = set()
    for step in measured.census.of("convolution"):
        conv = module_of(measured.model, step)
        if type(conv) is nn.Conv2d and id(conv) not in seen:
            seen.add(id(conv))
            yield step, conv


def module_of(model: nn.Module, step: Step) -> nn.Module:
    """Return the module a step runs in."""
    return model.get_submodule(layer_of(step))


def layer_of(step: Step) -> str:
    """Return the name of that module, without the number of the call."""
    return step.layer.split(":")[0]


def norm_after(measured: Measured, step: Step) -> str:
    """Return the batch norm that comes right after a step, "" if none does."""
    steps = measured.census.steps
    place = steps.index(step) + 1
    after = steps[place] if place < len(steps) else None
    fits = after and after.kind == "norm" and after.input_shape == step.output_shape
    name = layer_of(after) if fits else ""
    return (
        name
        if name and isinstance(module_of(measured.model, after), nn.BatchNorm2d)
        else ""
    )


def described(conv: nn.Conv2d) -> str:
    """Describe a convolution in a few signs: 16 → 32 3×3."""
    by = "×".join(map(str, conv.kernel_size))
    return f"{conv.in_channels} → {conv.out_channels} {by}"
