"""Compares `nn.Module` classes whose layers may have any names."""

from collections import Counter

import torch
from torch import Tensor, nn

from coursekit.course.exercises.draw import derived_seed
from coursekit.course.exercises.sums import weighted_sum


def fill(module: nn.Module) -> nn.Module:
    """Give a module weights that depend on shapes and order only.

    The k-th kernel of a shape gets the k-th set of values of that shape; scales, biases
    and running statistics get one set per kind and length, so that the order in which
    normalisation layers were created does not matter.
    """
    counts: Counter = Counter()
    for name, parameter in module.named_parameters():
        shape = tuple(parameter.shape)
        key = (name.rpartition(".")[2], shape) if len(shape) < 2 else (shape,)
        if len(shape) >= 2:
            counts[shape] += 1
            key = (shape, counts[shape])
        values = _values(shape, key)
        fan_in = max(1, parameter[0].numel()) if len(shape) >= 2 else 1
        parameter.data.copy_(values / fan_in**0.5)
    for name, buffer in module.named_buffers():
        if buffer.is_floating_point():
            buffer.copy_(_values(buffer.shape, (name.rpartition(".")[2],)).abs() + 0.1)
    return module


def _values(shape: tuple[int, ...], key: tuple) -> Tensor:
    generator = torch.Generator().manual_seed(derived_seed(*key))
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def observe_module(answer: object, settings: tuple, images: Tensor) -> object:
    """Build the answer's module, fill it, and run it in training and evaluation.

    Returns:
        What is compared: parameters, both results, parameters without a gradient; None
        if the module returns nothing yet.
    """
    module = answer(*settings)
    if not isinstance(module, nn.Module):
        raise TypeError("calling your class does not give an `nn.Module`")
    parameters = sum(parameter.numel() for parameter in module.parameters())
    trained = fill(module.to(images.dtype)).train()(images)
    if trained is None or trained is ...:
        return None
    unused = _unused(module, trained)
    module.eval()
    return {
        "result in training": trained,
        "number of parameters": parameters,
        "parameters that never matter": unused,
        "result in evaluation": module(images),
        "result for one picture of another size": module(_other_size(images)),
    }


def _other_size(images: Tensor) -> Tensor:
    """Return one picture with a row and a column more, if there are two to repeat."""
    return torch.cat([images[:1, :, :1], images[:1]], 2)


def _unused(module: nn.Module, result: object) -> int:
    """Count the parameters (tensors) that the result does not depend on."""
    total = weighted_sum(result)
    parameters = list(module.parameters())
    if not isinstance(total, Tensor) or not total.requires_grad:
        return len(parameters)
    found = torch.autograd.grad(total, parameters, allow_unused=True)
    return sum(gradient is None for gradient in found)
