"""Undo what tracing fixes: `len(x)` is a constant to it, as many as it was traced with.

A shape that begins with that number begins with the number of images instead, and so
does a tensor whose rows are all alike, such as `line.expand(len(x), 1, 7, 7)`. Whether
that was meant is tried out afterwards with other numbers of images.
"""

from collections.abc import Iterator

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

from coursekit.course.network_file.layout import INPUT

TRACED = 11  # images to trace with: a number that networks seldom hold
LENGTH = "number_of_images"


def with_any_length(proto: ModelProto) -> ModelProto:
    """Return a traced graph for any number of images.

    Args:
        proto: traced with `TRACED` images; it is changed.
    """
    nodes = [new for node in proto.graph.node for new in _lengthened(node)]
    if len(nodes) > len(proto.graph.node):
        count = helper.make_node("Shape", [INPUT], [LENGTH], start=0, end=1)
        nodes = [NodeProto.FromString(n.SerializeToString()) for n in (count, *nodes)]
        del proto.graph.node[:]
        proto.graph.node.extend(nodes)
    return proto


def _lengthened(node: NodeProto) -> Iterator[NodeProto]:
    """Give a node, or those that make its number as long as there are images."""
    is_constant = node.op_type == "Constant" and node.attribute[0].name == "value"
    array = numpy_helper.to_array(node.attribute[0].t) if is_constant else np.zeros(0)
    name = node.output[0]
    if not array.size or array.ndim == 0 or array.size < 2:
        yield node
    elif array.ndim == 1 and array.dtype == np.int64 and array[0] == TRACED:
        yield _constant(array[1:], f"{name}_rest")
        yield helper.make_node("Concat", [LENGTH, f"{name}_rest"], [name], axis=0)
    elif array.ndim > 1 and len(array) == TRACED and (array == array[:1]).all():
        yield _constant(np.array(array.shape[1:]), f"{name}_sides")
        yield helper.make_node(
            "Concat", [LENGTH, f"{name}_sides"], [f"{name}_shape"], axis=0
        )
        yield _constant(array[:1], f"{name}_row")
        yield helper.make_node("Expand", [f"{name}_row", f"{name}_shape"], [name])
    else:
        yield node


def _constant(array: np.ndarray, name: str) -> NodeProto:
    tensor = numpy_helper.from_array(np.ascontiguousarray(array))
    return helper.make_node("Constant", [], [name], value=tensor)
