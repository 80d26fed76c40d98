"""Small contexts that leave a network and torch's random numbers as they were found."""

import copy
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

# hooks and the like, which a forward pass does not change
_TORCHS_OWN = vars(nn.Module()).keys() - {"_buffers", "_parameters", "_modules"}


@contextmanager
def in_mode(model: nn.Module, *, training: bool) -> Iterator[None]:
    """Put every module of `model` in one mode; give each its own mode back."""
    before = [(module, module.training) for module in model.modules()]
    try:
        model.train(training)
        yield
    finally:
        for module, mode in before:
            module.training = mode


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put `model` into eval mode without gradients; give every mode back as found."""
    with in_mode(model, training=False), torch.no_grad():
        yield


@contextmanager
def left_as_found(model: nn.Module, *, training: bool) -> Iterator[None]:
    """Put every module in one mode; give back modes and plain attributes.

    A forward pass may keep a tensor on its module, or in a list or dict there; one that
    was made without data is of no use there afterwards.
    """
    before = [(module, dict(vars(module))) for module in model.modules()]
    holders = [
        (value, value.copy())
        for _, attributes in before
        for name, value in attributes.items()
        if isinstance(value, list | dict | set) and name not in _TORCHS_OWN
    ]
    try:
        with in_mode(model, training=training):
            yield
    finally:
        for module, attributes in before:
            vars(module).clear()
            vars(module).update(attributes)
        for holder, content in holders:
            holder.clear()
            (holder.extend if isinstance(holder, list) else holder.update)(content)


def cpu_by_default() -> AbstractContextManager:
    """Keep the bookkeeping on the CPU, whatever device the caller made the default."""
    # torch 2.4's get_default_device() does not see `with torch.device(…)`.
    elsewhere = torch.empty(0).device.type != "cpu"
    return torch.device("cpu") if elsewhere else nullcontext()


def copy_of(model: nn.Module) -> nn.Module:
    """Return a deep copy of a model, whatever forward passes have left on it.

    torch copies no tensor that has a history, such as a remembered feature or a pruned
    weight: of these the copy has the numbers alone.
    """
    left = tree_leaves([vars(module) for module in model.modules()])
    tensors = [tensor for tensor in left if isinstance(tensor, Tensor)]
    memo = {id(t): t.detach().clone() for t in tensors if not t.is_leaf}
    return copy.deepcopy(model, memo)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw dropout and the like from `seed`; give torch's generators back as found."""
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.default_generator.manual_seed(seed)
        if gpus:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def device_of(model: nn.Module) -> torch.device:
    """Return where the first parameter or buffer of `model` lies, else the CPU."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")
