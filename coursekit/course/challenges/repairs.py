"""Changes that mend what a rule about layers, fields or maps complains of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import ceil, prod

from torch import nn

from coursekit.course.challenges.finding_layers import (
    convolutions,
    layer_of,
    module_of,
)
from coursekit.course.challenges.layer_makers import convolution_like, dilated
from coursekit.course.challenges.layer_rules import is_disguised, without_norm
from coursekit.course.challenges.measured import Measured
from coursekit.course.challenges.swaps import Edit, edit, hollow


def undisguised(measured: Measured) -> Edit | None:
    """Average the map where a kernel covers it, and weigh the channels alone."""
    steps = [s for s in measured.census.steps if is_disguised(s)]
    convs = [module_of(measured.model, step) for step in steps]
    if not steps or not all(type(conv) is nn.Conv2d for conv in convs):
        return None
    swaps = {
        layer_of(step): lambda c=conv: nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(c.in_channels, c.out_channels, 1, bias=c.bias is not None),
        )
        for step, conv in zip(steps, convs, strict=True)
    }
    names = ", ".join(f"`{name}`" for name in swaps)
    says = f"average the map before {names} and make its kernel 1×1"
    return edit("average", says, measured.model, swaps)


def normalised(measured: Measured, *, everywhere: bool) -> Edit | None:
    """Put batch norm after convolutions that have none: all, or the narrowest."""
    bare = without_norm(measured.census)
    layers = {}
    for step in bare:
        conv = module_of(measured.model, step)
        if type(conv) is nn.Conv2d:
            layers[layer_of(step)] = conv
    if not layers:
        return None
    if not everywhere:
        name = min(layers, key=lambda n: layers[n].out_channels)
        layers = {name: layers[name]}
    swaps = {
        name: lambda c=conv: nn.Sequential(
            convolution_like(c, bias=None), nn.BatchNorm2d(c.out_channels)
        )
        for name, conv in layers.items()
    }
    names = ", ".join(f"`{name}`" for name in list(layers)[:4])
    more = " …" if len(layers) > 4 else ""
    says = f"put `nn.BatchNorm2d` after {names}{more}, in place of the bias"
    kind = "everywhere" if everywhere else "once"
    return edit(kind, says, measured.model, swaps)


def wider_field(measured: Measured, need: int) -> Iterator[Edit]:
    """Give the ways to let units of the last map see `need` pixels more."""
    model, last = measured.model, measured.census.last_map
    for step, conv in reversed(list(convolutions(measured))):
        jump = step.jump
        if min(conv.kernel_size) == 1 or not jump or isinstance(conv.padding, str):
            continue
        more = ceil(need / ((min(conv.kernel_size) - 1) * jump))
        if prod(step.output_shape[1:]) > 1:
            says = f"give `{layer_of(step)}` dilation {conv.dilation[0] + more}"
            swap = partial(dilated, conv, more)
            yield edit("dilated", says, model, {layer_of(step): swap})
    layer = last.layer.split(":")[0]
    jump = last.jump
    if layer and jump:
        channels, wide = last.shape[0], ceil(need / (2 * jump))
        dilation = f" with dilation {wide}" if wide > 1 else ""
        old = model.get_submodule(layer)

        def with_one_more() -> nn.Module:
            extra = nn.Conv2d(channels, channels, 3, padding=wide, dilation=wide,
                              groups=channels, bias=False)  # fmt: skip
            return nn.Sequential(hollow(old), extra)

        says = f"put a depthwise 3×3 convolution{dilation} after `{layer}`"
        yield edit("longer", says, model, {layer: with_one_more})


def unpooled(measured: Measured) -> Iterator[Edit]:
    """Give the network without one of its poolings by a window, the last first."""
    for pool in reversed(measured.census.pools):
        name = pool.layer.split(":")[0]
        module = measured.model.get_submodule(name) if name else None
        if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
            says = f"leave the pooling `{name}` out"
            yield edit(name, says, measured.model, {name: nn.Identity})


def tidy_pools(measured: Measured) -> Edit | None:
    """Make each pooling window as large as its stride."""
    swaps = {}
    for pool in measured.census.pools:
        name = pool.layer.split(":")[0]
        module = measured.model.get_submodule(name) if name else None
        if (
            isinstance(module, nn.MaxPool2d | nn.AvgPool2d)
            and pool.window > pool.stride
        ):
            swaps[name] = lambda m=module, s=pool.stride: type(m)(s, s)
    if not swaps:
        return None
    names = ", ".join(f"`{name}`" for name in swaps)
    says = f"make the window of {names} as large as its stride"
    return edit("window", says, measured.model, swaps)
