"""The layers one can look from: of a chain or of any model, described by anatomy."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from torch import nn

from coursekit.anatomy import Anatomy, Layer, anatomy
from coursekit.explore.chain import LONGEST, ChainLayer, build, misfit

Interval = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Sights:
    """Hold the layers of a network that see something of the image.

    Args:
        table: the anatomy of the network.
        rows: the rows of the table that see something.
        titles: a name a student would call each of them.
        local: how many units of the map below each covers, (height, width) with gaps
            included; () for a layer without a kernel.
        chain: the description the network was built from, if it was.
    """

    table: Anatomy
    rows: tuple[Layer, ...]
    titles: tuple[str, ...]
    local: tuple[tuple[int, ...], ...]
    chain: tuple[ChainLayer, ...] = ()

    @classmethod
    def of_model(cls, model: nn.Module, shape: tuple[int, int, int]) -> Self:
        """Describe a model; raises `ValueError` as `anatomy` does."""
        table = anatomy(model, shape)
        rows = tuple(row for row in table if row.units is not None)
        titles = tuple(f"{row.name or 'model'} ({row.kind})" for row in rows)
        modules = dict(model.named_modules())
        local = tuple(_local(modules.get(row.name.split(":")[0])) for row in rows)
        return cls(table, rows, titles, local)

    def number(self, layer: str | int) -> int:
        """Return the position of a layer given by its name or number.

        Raises:
            ValueError: no such layer.
        """
        names = [row.name for row in self.rows]
        if isinstance(layer, str) and layer in names:
            return names.index(layer)
        is_number = isinstance(layer, int) and not isinstance(layer, bool)
        if is_number and -len(names) <= layer < len(names):
            return layer % len(names)
        shown = ", ".join(map(repr, names[:8])) + (" …" if len(names) > 8 else "")
        raise ValueError(
            f"`layer` must be one of {shown} or a number up to {len(names) - 1}; "
            f"got {layer!r}"
        )

    def map_size(self, number: int) -> tuple[int, ...]:
        """Return (height, width) of a layer's map, () where it has none."""
        return tuple(self.rows[number].output_shape[1:])

    def middle(self, number: int) -> tuple[int, ...]:
        """Return the unit in the middle of a layer's map."""
        return tuple(side // 2 for side in self.map_size(number))

    def seen(self, number: int, unit: tuple[int, ...]) -> tuple[Interval, Interval]:
        """Return the rows and the columns of the photo a unit sees."""
        return self.table.seen(self.rows[number].name, unit)

    def reads(self, number: int, unit: tuple[int, ...]) -> tuple[list, int]:
        """Return where the units lie that a unit of a chain reads, and their jump.

        A place is the middle of what that unit sees, in pixels of the photo; there is
        one array of places per axis.
        """
        layer, places, step = self.chain[number], [], 1
        below = self.rows[number - 1] if number else None
        for axis, at in enumerate(unit):
            taps = at * layer.stride - layer.padding
            taps = taps + layer.dilation * np.arange(layer.kernel_size)
            size = self.table.input_shape[axis + 1]
            start, field = 0, 1
            if below is not None:
                size = below.output_shape[axis + 1]
                start, step = below.start[axis], below.stride[axis]
                field = below.receptive_field[axis]
            taps = taps[(taps >= 0) & (taps < size)]
            places.append(start + step * taps + field / 2)
        return places, step


def titles_of_chain(chain: Sequence[ChainLayer]) -> tuple[str, ...]:
    """Return "1: conv 3×3", …"""
    return tuple(f"{n}: {layer.title}" for n, layer in enumerate(chain, 1))


@lru_cache(maxsize=64)
def sights_of_chain(
    chain: tuple[ChainLayer, ...], shape: tuple[int, int, int]
) -> Sights:
    """Describe a chain that fits its photo."""
    table = anatomy(build(chain, shape[0]), shape)
    titles = titles_of_chain(chain)
    local = tuple((layer.local, layer.local) for layer in chain)
    return Sights(table, table.rows, titles, local, chain)


def _local(module: nn.Module | None) -> tuple[int, ...]:
    """Return dilation · (kernel size − 1) + 1 per axis, () without a kernel."""
    kernel = getattr(module, "kernel_size", ())
    dilation = getattr(module, "dilation", 1)
    kernel, dilation = (
        (size, size) if isinstance(size, int) else size for size in (kernel, dilation)
    )
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=False))


def find_sights(model: object, shape: tuple[int, int, int]) -> Sights:
    """Describe a model or a chain of layers.

    Raises:
        ValueError: neither of the two, or it does not fit the image.
    """
    if isinstance(model, nn.Module):
        return Sights.of_model(model, shape)
    chain = tuple(model) if isinstance(model, Sequence) else ()
    known = all(isinstance(layer, ChainLayer) for layer in chain)
    if not known or not 1 <= len(chain) <= LONGEST or isinstance(model, str):
        raise ValueError(
            f"`model` must be an nn.Module or a list of 1 to {LONGEST} ChainLayer; "
            f"got {type(model).__name__}"
        )
    if problem := misfit(chain, shape[1:]):
        raise ValueError(f"`model` does not fit the image: {problem}")
    return sights_of_chain(chain, shape)
