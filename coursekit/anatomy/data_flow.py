"""Which layer feeds which: the data flow of any model, as nodes and edges.

The model is run once on meta tensors (shapes without numbers). Every tensor remembers
the node it came from; functional steps with one source (`F.relu`, `flatten`) pass it
on, those that bring several together (`+`, `torch.cat`) become nodes of their own. A
write into part of a tensor counts as a write into all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.modules import module as nn_module

from coursekit._base.trial import named_tensors
from coursekit.anatomy.arguments import checked_model, checked_shape
from coursekit.anatomy.dataless import Dataless, blank_image, dataless_run
from coursekit.anatomy.nodes import Edge, Flow, Node
from coursekit.anatomy.record_flow import FlowRecord, plain

__all__ = ["Edge", "Flow", "Node", "flow"]


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
    shape, record = checked_shape(input_shape), FlowRecord()
    image = blank_image(checked_model(model), shape)
    record.add(Node("input", "input", (), shape), ())
    record.mark(image, "input")
    known = {id(module) for module in model.modules()}

    def enter(module: nn.Module, args: tuple) -> None:
        if id(module) in known:
            record.enter(args)

    def leave(module: nn.Module, args: tuple, out: object) -> object:
        return record.leave(out) if id(module) in known else None

    with (  # `leave` runs while the call's frame is still open, `enter` once it is
        nn_module.register_module_forward_hook(leave),
        dataless_run(model, shape, _Following(record), [], record.stack),
        nn_module.register_module_forward_pre_hook(enter),
    ):
        out = model(image)
    for key, tensor in named_tensors(plain(out)):
        end = Node(f"output{key}", "output", (), tuple(tensor.shape[1:]))
        record.add(end, record.sources_of(tensor))
    return record.flow()


class _Following(Dataless):
    """Follows where the values of every operator come from."""

    def __init__(self, record: FlowRecord):
        super().__init__()
        self.record = record

    def is_touched(self, tensor: Tensor) -> bool:
        return bool(self.record.sources_of(tensor))

    def note(self, func, args: tuple, kwargs: dict, out: object) -> None:
        self.record.operator(func, (args, kwargs), out)
