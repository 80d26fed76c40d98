"""Which layer feeds which: the data flow of any model, as nodes and edges.

The model is run once on meta tensors (shapes without numbers). Every tensor remembers
the node it came from; functional steps with one source (`F.relu`, `flatten`) pass it
on, those that bring several together (`+`, `torch.cat`) become nodes of their own. A
write into part of a tensor counts as a write into all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules import module as nn_module
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from coursekit._base.modes import left_as_found
from coursekit.anatomy.arguments import checked_model, checked_shape
from coursekit.anatomy.calls import (
    cpu_by_default,
    explained,
    named_tensors,
    watched_calls,
)
from coursekit.anatomy.nodes import Edge, Flow, Node
from coursekit.anatomy.record_flow import Recorder, mark, plain, sources_of

__all__ = ["Edge", "Flow", "Node", "flow"]

_DEVICE_MADE = torch.Tag.nondeterministic_seeded


def flow(model: nn.Module, input_shape: Sequence[int]) -> Flow:
    """Return the graph of a model's leaf layers and of the joins between them.

    A leaf is a call in which no other module is called.

    Args:
        model: any module that takes a batch of images; run once in eval mode on
            tensors without data, and left as it was found.
        input_shape: (channels, height, width) of one image.

    Raises:
        ValueError: no module, no such shape, or an input that does not go through; the
            sentence names the layer.

    Example:
        >>> flow(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), (3, 9, 9)).edges[0]
        Edge(source='input', target='0')
    """
    shape, recorder = checked_shape(input_shape), Recorder()
    floats = (p.dtype for p in checked_model(model).parameters())
    dtype = next((kind for kind in floats if kind.is_floating_point), None)
    with cpu_by_default(), left_as_found(model, training=False), _recorded(
        model, recorder
    ):  # fmt: skip
        image = torch.empty(1, *shape, dtype=dtype, device="meta")
        recorder.add(Node("input", "input", (), shape), ())
        mark(image, "input")
        try:
            with torch.no_grad(), _Following(recorder):
                out = model(image)
        except (RuntimeError, ValueError, IndexError, NotImplementedError) as error:
            raise explained(error, recorder.stack, shape) from error
    for key, tensor in named_tensors(plain(out)):
        end = Node(f"output{key}", "output", (), tuple(tensor.shape[1:]))
        recorder.add(end, sources_of(tensor))
    return recorder.flow()


class _Following(TorchDispatchMode):
    """Runs every operator that meets the image without data, and follows sources."""

    def __init__(self, recorder: Recorder):
        super().__init__()
        self.recorder = recorder

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = (args, kwargs or {})
        tensors = [leaf for leaf in tree_leaves(given) if isinstance(leaf, Tensor)]
        if not tensors and _DEVICE_MADE in func.tags:
            return func(*args, **{**given[1], "device": "meta"})
        is_constant = not any(tensor.is_meta for tensor in tensors)
        writes = func._schema.is_mutable or _DEVICE_MADE in func.tags
        if is_constant and not (tensors and writes):
            return func(*args, **given[1])
        bare = tree_map_only(Tensor, _without_data, given)
        out = func(*bare[0], **bare[1])
        self.recorder.operator(func, given, out)
        return out


def _without_data(tensor: Tensor) -> Tensor:
    return tensor if tensor.is_meta else torch.empty_like(tensor, device="meta")


@contextmanager
def _recorded(model: nn.Module, recorder: Recorder) -> Iterator[None]:
    """Tell the recorder of every call while `watched_calls` has its frame open."""
    known = {id(module) for module in model.modules()}

    def enter(module: nn.Module, args: tuple) -> None:
        if id(module) in known:
            recorder.enter(args)

    def leave(module: nn.Module, args: tuple, out: object) -> object:
        return recorder.leave(out) if id(module) in known else None

    after = nn_module.register_module_forward_hook(leave)
    with watched_calls(model, [], recorder.stack):
        before = nn_module.register_module_forward_pre_hook(enter)
        try:
            yield
        finally:
            before.remove()
            after.remove()
