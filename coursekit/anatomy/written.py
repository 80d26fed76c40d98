"""What a storage holds into which a forward pass writes part by part.

A convolution by hand fills an empty tensor unit by unit, padding by hand puts a map
into the middle of zeros. Any view of the tensor then sees what was written, whenever it
was taken, so fields and places are kept for the storage, in the order of its memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from coursekit.anatomy import joining
from coursekit.anatomy.field import EMPTY, Axis, Field, full, places_of, read_bounds
from coursekit.anatomy.window import Window


class Written:
    """The fields of the units of one storage.

    Args:
        tensor: any view of it.
        axes: how many axes the input has.
    """

    def __init__(self, tensor: Tensor, axes: int):
        self.storage = tensor.untyped_storage()  # kept: its key stays its own
        self.item = tensor.element_size()
        count = self.storage.nbytes() // self.item
        blank = torch.full((2, count), EMPTY, dtype=torch.int32)
        self.bounds = [blank.clone() for _ in range(axes)]
        # window → place of every unit on it, and which units these are
        self.windows: list[dict[Window | None, tuple[Tensor, Tensor]]]
        self.windows = [{} for _ in range(axes)]
        self.found: dict[tuple, Field] = {}

    def write(self, tensor: Tensor, field: Field) -> None:
        """Note what the units of a view see from now on."""
        self.found.clear()
        each = zip(field.axes, self.bounds, self.windows, strict=True)
        for axis, bounds, windows in each:
            seen = full(axis, field.shape)
            for memory, part in zip(bounds, seen, strict=True):
                _units(memory, tensor).copy_(part)
            for _, known in windows.values():
                _units(known, tensor).fill_(False)
            blank = torch.zeros_like(bounds[0]), torch.zeros_like(bounds[0]) > 0
            window = axis.window if axis.grid is not None else None
            places, known = windows.setdefault(window, blank)
            _units(known, tensor).copy_(seen[0] < EMPTY)
            if window is not None:
                _units(places, tensor).copy_(places_of(axis, field.shape))

    def read(self, tensor: Tensor) -> Field:
        """Return what the units of a view see."""
        shape = tuple(tensor.shape)
        key = shape, tensor.stride(), tensor.storage_offset()
        if key not in self.found:
            axes = (_axis(*each) for each in self._each(tensor))
            self.found[key] = Field(shape, tuple(axes))
        return self.found[key]

    def _each(self, tensor: Tensor) -> Iterator[tuple[Tensor, list]]:
        for bounds, windows in zip(self.bounds, self.windows, strict=True):
            found = (
                (window, _units(places, tensor), _units(known, tensor))
                for window, (places, known) in windows.items()
            )
            yield _compact(bounds, tensor), [part for part in found if part[2].any()]


def _axis(bounds: Tensor, found: list) -> Axis:
    """Return one axis; where the windows say nothing, the bounds may."""
    window, grid = joining.side_by_side(found)
    return Axis(bounds, *((window, grid) if window else read_bounds(bounds)))


def _units(memory: Tensor, tensor: Tensor) -> Tensor:
    """Return the part of the memory that a view lies on."""
    start = memory.storage_offset() + tensor.storage_offset()
    return memory.as_strided(tensor.shape, tensor.stride(), start)


def _compact(bounds: Tensor, tensor: Tensor) -> Tensor:
    """Return the bounds of a view, dimensions along which all are alike kept once."""
    bounds = torch.stack([_units(part, tensor) for part in bounds])
    for dim in range(1, bounds.dim()):
        first = bounds.narrow(dim, 0, 1)
        if bounds.shape[dim] > 1 and bool((bounds == first).all()):
            bounds = first
    return bounds.long()
