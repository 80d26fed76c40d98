"""Two checks that an explanation of a network must not survive.

Adebayo et al., "Sanity Checks for Saliency Maps" (arXiv 1810.03292): randomise the
weights layer by layer from the output on (section 3.1), or train on shuffled labels
(section 3.2). A map that looks the same afterwards did not explain the network. Maps
are compared by Spearman's rank correlation, as there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from coursekit._base.modes import copy_of
from coursekit.gradcam.cam import grad_cam, name_of

DataSet = TypeVar("DataSet")


@dataclass(frozen=True, eq=False)
class Randomised:
    """The maps of a network of which the last layers have lost what they learnt.

    Attributes:
        layer: the last layer randomised; all behind it are too. "" for none.
        maps: (n, h, w) of the classes that the whole network predicted.
        similarity: (n,) rank correlation with the maps of the whole network.
    """

    layer: str
    maps: Tensor
    similarity: Tensor


def randomised_layers(
    model: nn.Module, images: Tensor, layer: nn.Module | str, *, seed: int = 0
) -> list[Randomised]:
    """Randomise a copy of the model layer by layer from the output on and look.

    Args:
        model, images, layer: as in `grad_cam`.
        seed: of the new weights.

    Returns:
        First the whole network, then one row for each layer that learns.
    """
    name = name_of(model, layer)
    whole = grad_cam(model, images, name)
    rows = [Randomised("", whole.maps, rank_correlation(whole.maps, whole.maps))]
    for last, worse in _worse_and_worse(model, seed):
        maps = grad_cam(worse, images, name, whole.targets).maps
        rows.append(Randomised(last, maps, rank_correlation(maps, whole.maps)))
    return rows


def _worse_and_worse(model: nn.Module, seed: int) -> Iterator[tuple[str, nn.Module]]:
    """Yield a copy of the model with one more layer forgotten each time."""
    forgetful = copy_of(model)
    learns = [
        (name, module)
        for name, module in forgetful.named_modules()
        if list(module.parameters(recurse=False))
    ]
    gpus = {p.device.index for p in model.parameters() if p.is_cuda}
    with torch.random.fork_rng(devices=list(gpus)):
        torch.manual_seed(seed)
        for name, module in reversed(learns):
            _forget(module)
            yield name, forgetful


@torch.no_grad()
def _forget(module: nn.Module) -> None:
    """Start the layer afresh; normal numbers of the same spread where it cannot."""
    if hasattr(module, "reset_parameters"):
        module.reset_parameters()
        return
    for parameter in module.parameters(recurse=False):
        spread = parameter.std().item() if parameter.numel() > 1 else 1.0
        parameter.normal_(0.0, spread)


def shuffled_labels(data: DataSet, *, seed: int = 0) -> DataSet:
    """Return the image set with its labels in a random order: nothing left to learn.

    Args:
        data: a set of images (a frozen dataclass with `labels`).
        seed: of the order.
    """
    draw = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(data.labels), generator=draw)
    return replace(data, labels=data.labels[order.to(data.labels.device)])


def rank_correlation(maps: Tensor, others: Tensor) -> Tensor:
    """Return Spearman's rank correlation of each map with its partner, −1 to 1.

    Equal values share the mean of their ranks. 0 where a map is the same everywhere.

    Shape:
        maps and others (n, h, w); result (n,) float64.

    Example: [1, 2, 3] and [10, 30, 20] have the ranks 1 2 3 and 1 3 2: 0.5.
    """
    if maps.dim() != 3 or maps.shape != others.shape:
        raise ValueError(
            "`maps` and `others` must have the same shape (n, h, w); got "
            f"{tuple(maps.shape)} and {tuple(others.shape)}"
        )
    pairs = zip(maps.flatten(1), others.flatten(1), strict=True)
    return torch.tensor([_correlation(_ranks(a), _ranks(b)) for a, b in pairs]).double()


def _ranks(values: Tensor) -> Tensor:
    """Return the rank of each value from 1, ties sharing the mean: 5 7 7 → 1 2.5 2.5"""
    _, place, count = values.unique(return_inverse=True, return_counts=True)
    last = count.cumsum(0).double()
    return (last - (count - 1) / 2)[place]


def _correlation(first: Tensor, second: Tensor) -> float:
    first, second = first - first.mean(), second - second.mean()
    size = (first.square().sum() * second.square().sum()).sqrt().item()
    return (first @ second).item() / size if size > 0 else 0.0
