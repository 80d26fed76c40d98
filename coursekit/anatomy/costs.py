"""What a network costs besides its multiply-adds: parameters by kind, and its depth.

Depth is counted as the papers count it: "weight layers", convolutions and dense layers
one after another (Simonyan and Zisserman, arXiv 1409.1556, Table 1; He et al., arXiv
1512.03385, Table 1: a projection shortcut runs beside the path and does not add to it;
Szegedy et al., arXiv 1409.4842, section 5: an inception module counts as two).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import torch
from torch import nn

from coursekit.anatomy.arguments import checked_model, checked_shape
from coursekit.anatomy.step_memory.fake_model import on_fake_model, tensors_in
from coursekit.anatomy.step_memory.live_tensors import Block, LiveTensors

KINDS = {
    "convolution": (nn.modules.conv._ConvNd,),
    "dense": (nn.Linear, nn.Bilinear, nn.MultiheadAttention),
    "norm": (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm),
}


@dataclass(frozen=True)
class ParameterKinds:
    """Numbers in the weights of a model by the kind of layer they belong to.

    Args:
        convolution: transposed ones included.
        dense: fully connected layers, and the projections of attention.
        norm: scales and shifts of batch, layer, group and instance norm.
        other: bare parameters, embeddings, scales of one's own.
    """

    convolution: int
    dense: int
    norm: int
    other: int

    @property
    def total(self) -> int:
        """All parameters, each counted once even if shared."""
        return sum(astuple(self))


def parameters_by_kind(model: nn.Module) -> ParameterKinds:
    """Count the parameters of a model by the kind of layer they belong to.

    Args:
        model: any module; a parameter two layers share counts for the first.

    Example:
        >>> parameters_by_kind(nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)))
        ParameterKinds(convolution=224, dense=0, norm=16, other=0)
    """
    counts, counted = Counter(), set()

    def walk(module: nn.Module, kind: str) -> None:
        kind = next(
            (k for k, types in KINDS.items() if isinstance(module, types)), kind
        )
        for parameter in module.parameters(recurse=False):
            counts[kind] += 0 if parameter in counted else parameter.numel()
            counted.add(parameter)
        for child in module.children():
            walk(child, kind)

    walk(checked_model(model), "other")
    return ParameterKinds(*(counts[kind] for kind in (*KINDS, "other")))


class _Depths(LiveTensors):
    """Notes for every storage how many weight layers lie before it."""

    aten = torch.ops.aten
    weighing = frozenset(
        (aten.convolution, aten.mm, aten.addmm, aten.bmm, aten.baddbmm, aten.mv)
    )

    def __init__(self):
        super().__init__()
        self.depths: dict[Block, int] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = [self.block(tensor) for tensor in tensors_in((args, kwargs or {}))]
        out = super().__torch_dispatch__(func, types, args, kwargs)
        made = [self.block(tensor) for tensor in tensors_in(out)]
        before = [self.depths[block] for block in given if block in self.depths]
        by_weight = any(block and block.kind == "weights" for block in given)
        if before:
            depth = max(before)
            depth += by_weight and func.overloadpacket in self.weighing
            for block in made:
                self.depths[block] = max(depth, self.depths.get(block, 0))
        elif by_weight:  # a masked or normalised weight is a weight
            for block in made:
                block.kind = "weights"
        return out


def weight_layers(model: nn.Module, input_shape: Sequence[int]) -> int:
    """Count the depth of a model as papers do: weight layers on its longest path.

    Args:
        model: any module that takes a batch of images; left as it was found.
        input_shape: (channels, height, width) of one image in pixels, each ≥ 1.

    Raises:
        ValueError: the image does not go through the model.

    Example:
        >>> weight_layers(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), (3, 9, 9))
        1
    """
    checked_model(model)
    shape, watch = checked_shape(input_shape), _Depths()
    with on_fake_model(model, shape, watch, training=False) as fake:
        # Where nothing needs a gradient, attention becomes one step without layers.
        images = fake.images(1, shape).requires_grad_().clone()
        watch.depths[watch.block(images)] = 0
        out = [watch.block(tensor) for tensor in tensors_in(fake(images))]
    return max((watch.depths.get(block, 0) for block in out), default=0)
