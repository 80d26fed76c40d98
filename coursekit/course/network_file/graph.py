"""An ONNX graph that somebody else wrote, checked and in plain Python."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, ModelProto, TensorProto, numpy_helper

from coursekit._base.words import shown
from coursekit.course.network_file.checking import check_model
from coursekit.course.network_file.plain_numbers import is_even, is_uniform
from coursekit.course.network_file.wire_scan import check_wire

LARGEST = 4096  # of one side of an image
EVEN = 4  # numbers that lie evenly spaced are a setting from so many on


@dataclass(frozen=True, eq=False)
class Stored:
    """A stored tensor: an initializer, or the number of a Constant node.

    Args:
        array: its numbers.
        is_initializer: False for a Constant node.
    """

    array: np.ndarray
    is_initializer: bool

    @cached_property
    def is_setting(self) -> bool:
        """Whether it says no more than one number, or first and step of a row."""
        if self.array.size <= 1 or is_uniform(self.array):
            return not self.is_initializer
        return self.array.size >= EVEN and is_even(self.array)


@dataclass(frozen=True)
class Node:
    """One operator; absent inputs are "". `label` names it in sentences."""

    op: str
    label: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    settings: Mapping[str, object]


@dataclass(frozen=True)
class Graph:
    """What matters of the graph: the nodes its output needs, in order.

    Args:
        nodes: without Constant nodes.
        stored: by name.
        input, output: names; `input_shape` is that of one image.
        description: bytes of the graph without its numbers of full precision, packed.
    """

    nodes: tuple[Node, ...]
    stored: Mapping[str, Stored]
    input: str
    input_shape: tuple[int, ...]
    output: str
    description: int


def read_graph(data: bytes) -> Graph:
    """Check an ONNX file and return its graph.

    Args:
        data: the bytes of a model.

    Raises:
        ValueError: no ONNX, not valid, or something in it is refused; one sentence.
    """
    check_wire(data)
    try:
        proto = ModelProto.FromString(data)
    except DecodeError as error:
        raise ValueError("model.onnx is no ONNX file") from error
    check_model(proto)
    try:
        onnx.checker.check_model(proto)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        reason = shown(str(error).strip().splitlines()[0], 200)
        raise ValueError(f"model.onnx is no valid ONNX: {reason}") from error
    return graph_of(proto)


def graph_of(proto: ModelProto) -> Graph:
    """Return the graph of a checked model."""
    given, shape = _only_input(proto)
    if len(proto.graph.output) != 1:
        raise ValueError(
            f"model.onnx has {len(proto.graph.output)} outputs; the logits alone belong"
        )
    output = proto.graph.output[0].name
    return Graph(
        nodes=needed_nodes(proto.graph.node, output),
        stored=stored_tensors(proto),
        input=given,
        input_shape=shape,
        output=output,
        description=_description(proto),
    )


def _only_input(proto: ModelProto) -> tuple[str, tuple[int, ...]]:
    stored = {tensor.name for tensor in proto.graph.initializer}
    inputs = [value for value in proto.graph.input if value.name not in stored]
    if len(inputs) != 1:
        raise ValueError(f"model.onnx has {len(inputs)} inputs; one is allowed")
    found = inputs[0].type.tensor_type
    sizes = [dim.dim_value for dim in found.shape.dim]
    is_map = len(sizes) == 4 and all(0 < size <= LARGEST for size in sizes[1:])
    if not is_map or found.elem_type != TensorProto.FLOAT:
        raise ValueError(
            "model.onnx must take float images (n, channels, height, width), with at "
            f"most {LARGEST:,} of each; it takes {sizes[:9]}"
        )
    return inputs[0].name, tuple(sizes[1:])


def stored_tensors(proto: ModelProto) -> dict[str, Stored]:
    """Return every stored tensor by name."""
    found = {t.name: Stored(_array(t), True) for t in proto.graph.initializer}
    for node in proto.graph.node:
        if node.op_type == "Constant":
            found[node.output[0]] = Stored(_number(node.attribute[0]), False)
    return found


def _array(tensor: TensorProto) -> np.ndarray:
    try:
        array = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        name = shown(tensor.name)
        raise ValueError(f"tensor {name} of model.onnx cannot be read") from error
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise ValueError(
            f"tensor {shown(tensor.name)} of model.onnx holds {array.dtype} numbers"
        )
    return array


def _number(attribute: AttributeProto) -> np.ndarray:
    """Return what a Constant node holds."""
    name = attribute.name
    if name == "value":
        return _array(attribute.t)
    kinds = {"value_float": np.float32, "value_floats": np.float32}
    kinds |= {"value_int": np.int64, "value_ints": np.int64}
    if name not in kinds:
        raise ValueError(f"model.onnx holds a Constant with {shown(name)}")
    return np.array(onnx.helper.get_attribute_value(attribute), kinds[name])


def needed_nodes(nodes, output: str) -> tuple[Node, ...]:
    """Return the nodes the output is made by, in order; what is unused is left out."""
    wanted, kept = {output}, []
    for place, node in reversed(list(enumerate(nodes))):
        if node.op_type == "Constant" or not wanted & set(node.output):
            continue
        wanted |= set(node.input)
        settings = {a.name: _setting(a) for a in node.attribute}
        label = f"{node.op_type}_{place}"
        names = tuple(node.input), tuple(node.output)
        kept.append(Node(node.op_type, label, *names, settings))
    return tuple(reversed(kept))


def _setting(attribute: AttributeProto) -> object:
    if attribute.type in (AttributeProto.TENSOR, AttributeProto.GRAPH):
        is_tensor = attribute.type == AttributeProto.TENSOR
        return _array(attribute.t) if is_tensor else attribute.g
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    is_list = attribute.type in (AttributeProto.INTS, AttributeProto.FLOATS)
    return tuple(value) if is_list else value


def _description(proto: ModelProto) -> int:
    """Return how long the graph is without its weights, packed, in bytes."""
    graph, bare = proto.graph, ModelProto()
    bare.graph.node.extend(graph.node)
    full = (TensorProto.FLOAT, TensorProto.DOUBLE)
    for tensor in graph.initializer:
        if tensor.data_type in full:
            bare.graph.initializer.add(
                name=tensor.name, dims=tensor.dims, data_type=tensor.data_type
            )
        else:
            bare.graph.initializer.append(tensor)
    return len(zlib.compress(bare.SerializeToString(deterministic=True), 9))
