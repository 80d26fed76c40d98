"""Changes that bring a network closer to its budget, each costed on its layers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from torch import nn

from coursekit.course.challenges.finding_layers import (
    convolutions,
    described,
    layer_of,
    module_of,
    norm_after,
)
from coursekit.course.challenges.layer_makers import (
    Mean,
    convolution_like,
    pointwise,
    scaled,
    separable,
)
from coursekit.course.challenges.layer_rules import is_dense_too_early
from coursekit.course.challenges.measured import Measured
from coursekit.course.challenges.swaps import Edit, edit

WIDTHS = [k / 20 for k in range(19, 0, -1)]  # 0.95, 0.9 … 0.05 of the channels


def free(measured: Measured) -> Edit | None:
    """Take out what changes no answer: biases before a batch norm."""
    spare = _biases(measured)
    return spare if spare and spare.adds < 0 else None


def gap_head(measured: Measured) -> Edit | None:
    """Average the map in front of the first dense layer, and keep one dense layer."""
    model = measured.model
    early = [s for s in measured.census.of("product") if is_dense_too_early(s)]
    layers = [module_of(model, step) for step in early]
    if not early or not all(isinstance(layer, nn.Linear) for layer in layers):
        return None
    if not measured.census.of("convolution"):  # averaged pixels tell nothing
        return None
    classes, places = layers[-1].out_features, early[0].places
    channels, rest = divmod(layers[0].in_features, places)
    if rest:
        return None
    names = [layer_of(step) for step in early]

    def make() -> nn.Module:
        return nn.Sequential(
            nn.Unflatten(1, (channels, places)), Mean(), nn.Linear(channels, classes)
        )

    after = list(measured.census.steps).index(early[0])
    norms = [layer_of(s) for s in measured.census.steps[after:] if s.kind == "norm"]
    swaps = dict.fromkeys([*names[1:], *norms], nn.Identity) | {names[0]: make}
    return edit("head", _gap_words(measured, names, channels, classes), model, swaps, 1)


def _gap_words(
    measured: Measured, names: list[str], channels: int, classes: int
) -> str:
    layers = [measured.model.get_submodule(name) for name in names]
    dense = sum(p.numel() for p in nn.ModuleList(layers).parameters())
    hold = f"the {len(names)} dense layers hold"
    if len(names) == 1:
        hold = f"the dense layer `{names[0]}` holds"
    return (
        f"put global average pooling before one dense layer {channels} → {classes} "
        f"({hold} {dense:,} of {measured.count.total:,} parameters; "
        f"{channels * classes + classes:,} are left of them)"
    )


def smaller(measured: Measured) -> Iterator[Edit]:
    """Give the ways to make one convolution smaller or leave it out."""
    model = measured.model
    for step, conv in convolutions(measured):
        if conv.kernel_size == (1, 1) or conv.groups > 1:
            continue
        name = layer_of(step)
        what = f"`{name}`, {described(conv)},"
        says, swap = f"replace {what} by a 1×1 convolution", partial(pointwise, conv)
        yield edit("1×1", says, model, {name: swap})
        if conv.in_channels > 1:
            says, swap = f"make {what} depthwise separable", partial(separable, conv)
            yield edit("separable", says, model, {name: swap})
        if conv.in_channels == conv.out_channels and (
            step.input_shape == step.output_shape
        ):
            norm = norm_after(measured, step)
            swaps = {n: nn.Identity for n in (name, norm) if n}
            yield edit("shorter", f"leave {what} out", model, swaps, 1)


def narrower(measured: Measured) -> Iterator[Edit]:
    """Give the network with every layer a share as wide, the widest first."""
    model = measured.model
    layers = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d | nn.BatchNorm1d)
    }
    weighing = [m for m in layers.values() if isinstance(m, nn.Conv2d | nn.Linear)]
    if not weighing:
        return
    for share in WIDTHS:
        swaps = {
            name: lambda m=module, s=share: scaled(m, s, weighing)
            for name, module in layers.items()
        }
        says = f"make every layer {share:g} times as wide"
        try:
            yield edit("narrower", says, model, swaps, len(weighing))
        except ValueError:  # groups that do not divide the channels
            continue


def _biases(measured: Measured) -> Edit | None:
    swaps = {}
    for step, conv in convolutions(measured):
        if conv.bias is not None and norm_after(measured, step):
            swaps[layer_of(step)] = lambda c=conv: convolution_like(c, bias=None)
    if not swaps:
        return None
    says = "drop the bias of each convolution before a batch norm, which cancels it"
    return edit("free", says, measured.model, swaps, 0)
