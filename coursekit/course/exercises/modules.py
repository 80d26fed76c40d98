"""Compares `nn.Module` classes whose layers may have any names and any order."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from coursekit.course.exercises.non_results import NoGradient, Skipped
from coursekit.course.exercises.sums import weighted_sum
from coursekit.course.exercises.weights import fill, ways

NOTHING = {"result": None}


class Ways:
    """What a module does under each way of filling it; found out when asked for."""

    def __init__(self, observations: Iterator[dict[str, object]]) -> None:
        self._left, self._found = observations, []

    def __iter__(self) -> Iterator[dict[str, object]]:
        yield from self._found
        for observation in self._left:
            self._found.append(observation)
            yield observation

    @property
    def first(self) -> dict[str, object]:
        """Return the observation under the plainest way."""
        return next(iter(self))


def observe_module(answer: object, settings: tuple, images: Tensor) -> object:
    """Build the answer's module and run it in training and in evaluation.

    Returns:
        What is compared, for each way of filling it: the number of parameters, the
        results, the gradient of the input, parameters without a gradient; None if the
        module returns nothing yet.
    """
    observed = Ways(_observations(answer, settings, images))
    return None if observed.first is NOTHING else observed


def made(answer: object, settings: tuple, images: Tensor) -> nn.Module:
    """Build a module in the dtype of the images; lazy layers see them once."""
    module = answer(*settings)
    if not isinstance(module, nn.Module):
        raise TypeError("calling your class does not give an `nn.Module`")
    if any(map(nn.parameter.is_lazy, module.parameters())):
        with torch.no_grad():
            module(images.float())
    return module.to(images.dtype)


def _observations(
    answer: object, settings: tuple, images: Tensor
) -> Iterator[dict[str, object]]:
    for values in ways(made(answer, settings, images)):
        module = made(answer, settings, images)
        fill(module, values)
        yield _observation(module, images)


def _observation(module: nn.Module, images: Tensor) -> dict[str, object]:
    leaf = images.clone().requires_grad_()
    trained = module.train()(leaf.clone())  # a copy may be written to
    if trained is None or trained is ...:
        return NOTHING
    gradient, unused = _backward(module, trained, leaf)
    with torch.no_grad():
        module.eval()
        evaluated, other = module(images), module(_other_size(images))
    return {
        "result in training": _detached(trained),
        "number of parameters": sum(p.numel() for p in module.parameters()),
        "parameters that never matter": unused,
        "gradient of the input": gradient,
        "result in evaluation": evaluated,
        "result for one picture of another size": other,
    }


def _backward(module: nn.Module, result: object, leaf: Tensor) -> tuple[object, int]:
    """Return the gradient of the input, and how many parameters have none."""
    if leaf.unique().numel() < leaf.numel():  # equal maxima may share a gradient
        return Skipped(), 0
    parameters = list(module.parameters())
    total = weighted_sum(result)
    if not isinstance(total, Tensor) or not total.requires_grad:
        return NoGradient(), len(parameters)
    first, *others = torch.autograd.grad(total, [leaf, *parameters], allow_unused=True)
    gradient = NoGradient() if first is None else first
    return gradient, sum(one is None for one in others)


def _detached(value: object) -> object:
    return value.detach() if isinstance(value, Tensor) else value


def _other_size(images: Tensor) -> Tensor:
    """Return one picture with a row more, the first one twice."""
    return torch.cat([images[:1, :, :1], images[:1]], 2)
