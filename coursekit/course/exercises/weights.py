"""Fills modules with weights by what they do, whatever their names and their order.

Two modules compute the same if they agree under *some* way of giving the same weights
to their parameters. A parameter's part is told by its size and its layer:

    nn.Conv2d(4, 8, 1).weight     (8, 4, 1, 1)  ┐
    nn.Linear(4, 8).weight        (8, 4)        ├ a kernel of 8 × 4
    nn.Parameter, used as x @ w   (4, 8)        ┘

Kernels of one size each get weights of their own, so that confusing them shows; which
gets which cannot be seen, so every order is a way. All scales of one length are alike,
and all biases, so their order never matters. A vector of one's own may be either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice, permutations, product

import torch
from torch import Tensor, nn

from coursekit.course.exercises.draw import derived_seed

MOST_WAYS = 48
NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)
LAYERS = (nn.Linear, nn.modules.conv._ConvNd)
VECTORS = ("bias", "scale", "kernel")  # what a vector of one's own may be


@dataclass(frozen=True)
class Part:
    """A parameter and what it may be.

    Args:
        kinds: of "kernel", "scale", "bias" those that are possible.
        sides: the two sides of a kernel, the shorter first; of a vector (1, length).
        square: whether it may be a kernel or its transpose.
    """

    parameter: nn.Parameter
    kinds: tuple[str, ...]
    sides: tuple[int, int]
    square: bool


def ways(module: nn.Module) -> Iterator[list[Tensor]]:
    """Yield lists of values for the parameters of a module, the plainest first."""
    parts = [_part(*owner) for owner in _owners(module)]
    yield from islice(_ways(parts), MOST_WAYS)


def _ways(parts: list[Part]) -> Iterator[list[Tensor]]:
    """Yield every choice of kinds, of order among equals, and of orientation."""
    square = [index for index, part in enumerate(parts) if part.square]
    for kinds in product(*(part.kinds for part in parts)):
        keys = [(kind, part.sides) for kind, part in zip(kinds, parts, strict=True)]
        for numbers in _numberings(keys):
            for turned in product((False, True), repeat=len(square)):
                flips = dict(zip(square, turned, strict=True))
                yield [
                    _values(part, *key, number, flips.get(index, False))
                    for index, (part, key, number) in enumerate(
                        zip(parts, keys, numbers, strict=True)
                    )
                ]


def _numberings(keys: list[tuple]) -> Iterator[list[int]]:
    """Number the kernels of each size in every order; the rest all get 0."""
    places = [index for index, (kind, _) in enumerate(keys) if kind == "kernel"]
    places.sort(key=lambda index: keys[index])
    groups = [list(group) for _, group in groupby(places, key=lambda i: keys[i])]
    for orders in product(*(permutations(range(len(group))) for group in groups)):
        numbers = [0] * len(keys)
        for group, order in zip(groups, orders, strict=True):
            for index, number in zip(group, order, strict=True):
                numbers[index] = number
        yield numbers


def _owners(module: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Parameter]]:
    """Yield (layer, name of the parameter in it, parameter), each parameter once."""
    seen = set()
    for layer in module.modules():
        for name, parameter in layer.named_parameters(recurse=False):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield layer, name, parameter


def _part(layer: nn.Module, name: str, parameter: nn.Parameter) -> Part:
    own = not isinstance(layer, (*NORMS, *LAYERS))
    if isinstance(layer, NORMS):
        return _vector(parameter, ("scale" if name == "weight" else "bias",))
    longest = max(parameter.shape, default=1)
    if name == "bias" or (own and parameter.numel() == longest):
        return _vector(parameter, _own_kinds(parameter) if own else ("bias",))
    out = parameter.shape[0]
    if own and parameter.dim() == 2:
        sides = tuple(sorted(parameter.shape))
        return Part(parameter, ("kernel",), sides, square=sides[0] == sides[1])
    sides = tuple(sorted((out, parameter.numel() // out)))
    return Part(parameter, ("kernel",), sides, square=False)


def _own_kinds(parameter: nn.Parameter) -> tuple[str, ...]:
    """Order what a vector of one's own may be, the likeliest first.

    Scales start as ones, biases as zeros; a kernel to one channel is a vector too.
    """
    likely = "kernel" if parameter.dim() > 1 and bool(parameter.any()) else "bias"
    if bool((parameter == 1).all()):
        likely = "scale"
    return (likely, *(kind for kind in VECTORS if kind != likely))


def _vector(parameter: nn.Parameter, kinds: tuple[str, ...]) -> Part:
    return Part(parameter, kinds, (1, parameter.numel()), square=False)


def _values(
    part: Part, kind: str, sides: tuple[int, int], number: int, turned: bool
) -> Tensor:
    """Return the values of kernel `number` of a size in the shape of a parameter."""
    size = part.parameter.numel() ** 0.25 if kind == "kernel" else 1
    values = noise(kind, *sides, number) / size
    shape = part.parameter.shape
    tall = part.parameter.dim() > 0 and shape[0] == sides[1] and sides[0] != sides[1]
    return (values.T if tall or turned else values).reshape(shape)


def noise(kind: str, high: int, wide: int, number: int) -> Tensor:
    """Return the same float64 numbers for the same arguments."""
    generator = torch.Generator().manual_seed(derived_seed(kind, high, wide, number))
    return torch.randn(high, wide, generator=generator, dtype=torch.float64)


def fill(module: nn.Module, values: list[Tensor]) -> None:
    """Copy values into the parameters, and fixed ones into running statistics."""
    parameters = [parameter for *_, parameter in _owners(module)]
    for parameter, value in zip(parameters, values, strict=True):
        parameter.data.copy_(value)
    for layer in module.modules():
        if isinstance(layer, nn.modules.batchnorm._NormBase):
            for name, buffer in layer.named_buffers(recurse=False):
                if buffer.is_floating_point():
                    length = buffer.numel()
                    running = noise(name, 1, length, 0).abs() + 0.1
                    buffer.copy_(running.reshape(buffer.shape))
