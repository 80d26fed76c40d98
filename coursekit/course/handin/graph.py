"""An ONNX graph that somebody else wrote, checked and in plain Python.

Refused, because it cannot be counted or answers differently each time: numbers outside
the file, operators that are not ONNX's own, local functions, control flow, training
mode and random numbers. Format: https://onnx.ai/onnx/repo-docs/IR.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, ModelProto, TensorProto, numpy_helper

from coursekit.course.handin.checking import check_model
from coursekit.course.handin.shapes import known_shapes

# These say something about a tensor's shape or type, nothing about its numbers.
OF_SHAPE_ONLY = {"Shape", "Size", "EyeLike", "ConstantOfShape"}


@dataclass(frozen=True)
class Constant:
    """A stored tensor: an initializer, or the number of a Constant node.

    Args:
        shape: sizes; a sparse tensor counts as if it were written out.
        type: of the elements, as ONNX numbers types.
        is_initializer: False for a Constant node.
        is_sparse: stored as values and places.
        fill: the number that all elements of a Constant node are, None if they differ.
    """

    shape: tuple[int, ...]
    type: int
    is_initializer: bool
    is_sparse: bool = False
    fill: float | None = None

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)


@dataclass(frozen=True)
class Node:
    """One operator; absent inputs are ""."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, object]

    def input(self, place: int) -> str:
        """Return the name at `place`, "" where there is none."""
        return self.inputs[place] if place < len(self.inputs) else ""


@dataclass(frozen=True)
class Graph:
    """What matters of the graph: the nodes its output needs, in order.

    Args:
        nodes: without Constant nodes.
        constants: by name.
        input, output: names; `input_shape` is that of one image.
        shapes: of every tensor for a batch of one, as far as they can be known.
        types: of every tensor's elements, likewise.
        small: numbers of small tensors that do not depend on the images.
        seen: names of the tensors whose numbers depend on the images.
    """

    nodes: tuple[Node, ...]
    constants: Mapping[str, Constant]
    input: str
    input_shape: tuple[int, ...]
    output: str
    shapes: Mapping[str, tuple[int, ...]]
    types: Mapping[str, int]
    small: Mapping[str, np.ndarray]
    seen: frozenset[str]

    def data_nodes(self) -> Iterator[Node]:
        """Yield the nodes whose result depends on the images."""
        return (node for node in self.nodes if node.outputs[0] in self.seen)


def read_graph(data: bytes) -> Graph:
    """Check an ONNX file and return its graph.

    Args:
        data: the bytes of a model.

    Raises:
        ValueError: no ONNX, not valid, or something in it is refused; one sentence.
    """
    try:
        proto = ModelProto.FromString(data)
    except DecodeError as error:
        raise ValueError("model.onnx is no ONNX file") from error
    check_model(proto)
    try:
        onnx.checker.check_model(proto)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise ValueError(f"model.onnx is no valid ONNX: {reason}") from error
    return _graph(proto)


def _graph(proto: ModelProto) -> Graph:
    given, shape = _only_input(proto)
    if len(proto.graph.output) != 1:
        raise ValueError(
            f"model.onnx has {len(proto.graph.output)} outputs; the logits alone belong"
        )
    constants = dict(_constants(proto))
    output = proto.graph.output[0].name
    nodes = _needed(proto, output)
    shapes, types, small = known_shapes(proto, given, shape)
    return Graph(
        nodes,
        constants,
        given,
        shape,
        output,
        shapes,
        types,
        small,
        _seen(nodes, given),
    )


def _only_input(proto: ModelProto) -> tuple[str, tuple[int, ...]]:
    stored = {tensor.name for tensor in proto.graph.initializer}
    inputs = [value for value in proto.graph.input if value.name not in stored]
    if len(inputs) != 1:
        raise ValueError(f"model.onnx has {len(inputs)} inputs; one is allowed")
    found = inputs[0].type.tensor_type
    sizes = [dim.dim_value for dim in found.shape.dim]
    is_map = len(sizes) == 4 and all(0 < size <= 4096 for size in sizes[1:])
    if not is_map or found.elem_type != TensorProto.FLOAT:
        raise ValueError(
            "model.onnx must take float images (n, channels, height, width), with at "
            f"most 4,096 of each; it takes {sizes}"
        )
    return inputs[0].name, tuple(sizes[1:])


def _constants(proto: ModelProto) -> Iterator[tuple[str, Constant]]:
    for tensor in proto.graph.initializer:
        yield tensor.name, Constant(tuple(tensor.dims), tensor.data_type, True)
    for sparse in proto.graph.sparse_initializer:
        kind = sparse.values.data_type
        yield sparse.values.name, Constant(tuple(sparse.dims), kind, True, True)
    for node in proto.graph.node:
        if node.op_type == "Constant":
            yield node.output[0], _number(node.attribute[0])


def _number(attribute: AttributeProto) -> Constant:
    """Return what a Constant node holds."""
    name = attribute.name
    if name == "sparse_value":
        sparse = attribute.sparse_tensor
        return Constant(tuple(sparse.dims), sparse.values.data_type, False, True)
    if name == "value":
        tensor = attribute.t
        array = numpy_helper.to_array(tensor)
        return Constant(tuple(tensor.dims), tensor.data_type, False, fill=_fill(array))
    kind = TensorProto.FLOAT if name.startswith("value_float") else TensorProto.INT64
    if name in ("value_float", "value_int"):
        number = attribute.f if name == "value_float" else attribute.i
        return Constant((), kind, False, fill=float(number))
    if name in ("value_floats", "value_ints"):
        array = np.array(attribute.floats or attribute.ints)
        return Constant(array.shape, kind, False, fill=_fill(array))
    raise ValueError("model.onnx holds a Constant that is a text")


def _fill(array: np.ndarray) -> float | None:
    """Return the number that all elements are, None where they differ."""
    numbers = array.reshape(-1)
    same = len(numbers) > 0 and bool((numbers == numbers[0]).all())
    return float(numbers[0]) if same else None


def _needed(proto: ModelProto, output: str) -> tuple[Node, ...]:
    """Return the nodes the output is made by, in order; what is unused is left out."""
    wanted, kept = {output}, []
    for node in reversed(proto.graph.node):
        if node.op_type == "Constant" or not wanted & set(node.output):
            continue
        wanted |= set(node.input)
        settings = {a.name: _setting(a) for a in node.attribute}
        kept.append(Node(node.op_type, tuple(node.input), tuple(node.output), settings))
    return tuple(reversed(kept))


def _setting(attribute: AttributeProto) -> object:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    is_list = attribute.type in (AttributeProto.INTS, AttributeProto.FLOATS)
    return tuple(value) if is_list else value


def _seen(nodes: tuple[Node, ...], given: str) -> frozenset[str]:
    """Follow the images: which tensors hold numbers that depend on them?"""
    seen = {given}
    for node in nodes:
        first_only = node.inputs[:1] if node.op == "CastLike" else node.inputs
        if node.op not in OF_SHAPE_ONLY and seen & set(first_only):
            seen.update(name for name in node.outputs if name)
    return frozenset(seen)
