"""What is noted of a forward pass: steps, the last map, loose and unused weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.anatomy.table import Number


@dataclass(frozen=True)
class Step:
    """One operator that weighs or normalises what comes from the image.

    Args:
        layer: the module it runs in, "" for the forward of the model itself.
        kind: "convolution", "product" (a matrix product), "scaling" (a number for
            each place) or "norm".
        weights: numbers in the weight.
        input_shape, output_shape: of one image.
        uses: how often each weight is used on one image; 1 in a dense layer.
        places: units side by side on the map before it; 1 for a vector.
        spans: whether some unit sees a side of that map, or most of it, through
            weights of its own, or the weights tell its places apart.
        averaged: whether what comes in went through global average pooling.
        jump: pixels from one place to the next on the map before it, 0 if they vary.
        pooled: (places averaged, places there were), where averaging took only a part.
    """

    layer: str
    kind: str
    weights: int
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    uses: int
    places: int
    spans: bool
    averaged: bool
    jump: int
    pooled: tuple[int, int] | None = None


@dataclass(frozen=True)
class LastMap:
    """The last map the answer is made from.

    Args:
        layer: the module it is made in, "" for the forward of the model itself.
        shape: (c, h, w).
        field: pixels a unit sees, along each side.
        jump: pixels from one unit to the next along the first side, 0 if they vary.
    """

    layer: str
    shape: tuple[int, ...]
    field: tuple[Number, ...]
    jump: int


@dataclass(frozen=True)
class Pool:
    """A pooling by a window: the layer, the window's sides and its strides.

    `rest`: places of a map that is left; a pooling to one place overlaps with nothing.
    """

    layer: str
    window: tuple[int, ...]
    stride: tuple[int, ...]
    rest: int


@dataclass(frozen=True)
class Census:
    """The steps of a network in order, its last map, and weights kept loose.

    Args:
        steps: operators that weigh or normalise.
        last_map: None where the input is no map.
        loose: layer → numbers in tensors that are neither parameters nor buffers.
        unused: parameter → its numbers, where no operator reads it in eval mode.
        idle: names of the buffers that no operator reads in eval mode.
        pools: every pooling by a window.
        shapes: module → (c, h, w) of what its first call gave.
        doubts: what the judge does not recognise, a sentence each: for a person.
        multiply_adds: of one image.
        averaged: whether every way to the answer leads through global averaging.
        still: layers whose answer does not move along with the content of their map.
    """

    steps: tuple[Step, ...]
    last_map: LastMap | None
    loose: Mapping[str, int]
    unused: Mapping[str, int]
    idle: frozenset[str]
    pools: tuple[Pool, ...]
    shapes: Mapping[str, tuple[int, ...]]
    doubts: tuple[str, ...] = ()
    multiply_adds: int = 0
    averaged: bool = False
    still: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[Step, ...]:
        """Return the steps of one kind."""
        return tuple(step for step in self.steps if step.kind == kind)


def is_learnable(tensor: Tensor) -> bool:
    """Tell whether numbers may hide in a tensor: all but truth values and indices."""
    return tensor.dtype not in (torch.bool, torch.int64)
