"""The anatomy of a network: a table with one row for every layer and every block.

The numbers are those of Dumoulin and Visin, "A guide to convolution arithmetic for deep
learning" (arXiv 1603.07285), and of Araujo, Norris and Sim, "Computing Receptive
Fields of Convolutional Neural Networks" (Distill, 2019), extended to what
those leave out: the field of a join is the union of its branches' windows, and
where the units of a layer differ the table says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from torch import nn

from coursekit._base.trial import Frame
from coursekit._base.words import did_you_mean
from coursekit.anatomy import show
from coursekit.anatomy.arguments import checked_model, checked_shape
from coursekit.anatomy.field import EMPTY, Field, full, numbers
from coursekit.anatomy.trace import trace
from coursekit.anatomy.window import Varies

Number = int | Varies | None


@dataclass(frozen=True)
class Layer:
    """One row of the table: a leaf layer or a named container.

    Args:
        name: as in `model.named_modules()`; `relu:2` is the second call of `relu`,
            `head['aux']` one of several outputs.
        kind: the class of the module.
        output_shape: (c, h, w) of one image, None if the layer is not used.
        parameters: numbers in its weights, each counted once even if shared.
        multiply_adds: of one image, by torch's own formulas (convolutions and matrix
            products). Not counted are pointwise work, and work that does not depend on
            the image, such as a convolution over a grid of ones.
        receptive_field: pixels seen by one unit as (height, width), as if there were no
            border; `Varies` where units differ.
        stride: pixels from one unit to the next; None for a unit that stands alone.
        start: first pixel the unit at 0 sees; negative inside the padding.
        depth: how deep it is nested in the model.
        is_leaf: whether it contains no other module.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...] | None
    parameters: int
    multiply_adds: int
    receptive_field: tuple[Number, ...]
    stride: tuple[Number, ...]
    start: tuple[int | None, ...]
    depth: int = 0
    is_leaf: bool = True
    units: Field | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Anatomy(Sequence):
    """The rows of a model in the order its forward pass reaches them.

    Indexing by number gives a row, by name the row of that layer or block; `outputs`
    are the rows of the whole model, one for each tensor it returns.
    """

    rows: tuple[Layer, ...]
    outputs: tuple[Layer, ...]
    input_shape: tuple[int, ...]

    @property
    def output(self) -> Layer:
        """The row of the whole model, for its first output if it has several."""
        return self.outputs[0]

    @property
    def parameters(self) -> int:
        """All parameters of the model, used or not, each counted once."""
        return self.output.parameters

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one image through the whole model."""
        return self.output.multiply_adds

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.rows)

    def __getitem__(self, key: int | slice | str):
        if not isinstance(key, str):
            return self.rows[key]
        if key == "":
            return self.output
        for row in (*self.rows, *self.outputs):
            if row.name == key or row.name.startswith(f"{key}["):
                return row
        hint = did_you_mean(key, [row.name for row in self.rows], most=3)
        raise KeyError(f"no layer {key!r}; {hint}")

    def seen(
        self, layer: str | int, unit: Sequence[int]
    ) -> tuple[tuple[int, int], ...]:
        """Return what one unit of a layer really sees of the image, border and all.

        Args:
            layer: a row's name or number.
            unit: its place (y, x) on the layer's map; () for a layer without a map.

        Returns:
            (first, end) pixel per axis, `end` exclusive; (0, 0) if it sees nothing.

        Raises:
            ValueError: the layer is not used, or has no such unit.
        """
        row = self[layer]
        if row.units is None:
            raise ValueError(f"`layer` {row.name!r} sees nothing of the image")
        position = _checked_unit(unit, row.output_shape[1:])
        return tuple(_interval(axis, row.units, position) for axis in row.units.axes)

    def __repr__(self) -> str:
        return show.text(self)

    def _repr_html_(self) -> str:
        return show.html(self)


def anatomy(model: nn.Module, input_shape: Sequence[int]) -> Anatomy:
    """Describe every layer of a model: shape, cost and receptive field.

    Args:
        model: any module that takes a batch of images; it is run once in eval mode
            on tensors without data, and left as it was found.
        input_shape: (channels, height, width) of one image in pixels, each ≥ 1;
            (channels, length) and (channels, depth, height, width) work alike.

    Returns:
        A sequence of `Layer`; `print` it or show it in a notebook.

    Raises:
        ValueError: `input_shape` does not fit the model (the sentence names the layer),
            or the model uses an operator that anatomy has no rule for.

    Example:
        >>> anatomy(nn.Conv2d(3, 8, 3), (3, 9, 9))[0].receptive_field
        (3, 3)
    """
    shape = checked_shape(input_shape)
    frames = trace(checked_model(model), shape)
    outputs, *inner = (_rows(frame) for frame in frames)
    rows = [row for layer in inner for row in layer]
    rows += _unused(model, {frame.name for frame in frames})
    return Anatomy(tuple(rows or outputs), tuple(outputs), shape)


def seen(
    model: nn.Module, input_shape: Sequence[int], layer: str, unit: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Return the pixels one unit sees; `Anatomy.seen` without keeping the table."""
    return anatomy(model, input_shape).seen(layer, unit)


def _rows(frame: Frame) -> list[Layer]:
    own = frame.module.parameters() if frame.first_call else ()
    parameters = sum(parameter.numel() for parameter in own)
    outputs = frame.outputs or [("", None, None)]
    rows = []
    for number, (key, shape, units) in enumerate(outputs):
        triple = _numbers(units, shape)
        rows.append(
            Layer(
                frame.name + key,
                type(frame.module).__name__,
                shape,
                0 if number else parameters,
                0 if number else frame.multiply_adds,
                *triple,
                frame.depth - 1,
                not any(frame.module.children()),
                units,
            )
        )
    return rows


def _numbers(units: Field | None, shape: tuple | None) -> tuple:
    if units is None or shape is None:
        return (), (), ()
    by_axis = [numbers(axis, units.shape) for axis in units.axes]
    return tuple(zip(*by_axis, strict=True)) or ((), (), ())


def _unused(model: nn.Module, used: set[str]) -> list[Layer]:
    """Return rows for the layers the forward pass never reached."""

    def reached(name: str) -> bool:  # a ModuleList is never called, its members are
        return name in used or any(other.startswith(f"{name}.") for other in used)

    return [
        Layer(
            name,
            type(module).__name__,
            None,
            sum(p.numel() for p in module.parameters()),
            0,
            (),
            (),
            (),
            name.count("."),
            not any(module.children()),
        )
        for name, module in model.named_modules()
        if name and not reached(name)
    ]


def _checked_unit(unit: Sequence[int], sizes: tuple[int, ...]) -> tuple[int, ...]:
    position = tuple(unit) if isinstance(unit, Sequence) else (unit,)
    inside = len(position) == len(sizes) and all(
        isinstance(at, int) and 0 <= at < size
        for at, size in zip(position, sizes, strict=True)
    )
    if not inside:
        raise ValueError(
            f"`unit` must be a place on the layer's map of {sizes} units; got {unit!r}"
        )
    return position


def _interval(axis, units: Field, place: tuple[int, ...]) -> tuple[int, int]:
    bounds = full(axis, units.shape)[:, 0]  # (2, c, *map)
    for at in place:
        bounds = bounds.select(2, at)
    low, high = (int(part.min()) for part in bounds.flatten(1))
    return (low, 1 - high) if low < EMPTY else (0, 0)
