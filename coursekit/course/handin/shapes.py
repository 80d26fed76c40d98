"""Which shape has each tensor of a graph, for a batch of one?

ONNX's own shape inference does most of it. Sizes that the graph computes by whole
numbers (`x.view(len(x), -1)` becomes six operators) are computed here, a few at a time,
until nothing new is found. Weights are left out of it: only their shapes matter.
"""

from collections.abc import Mapping
from math import prod

import numpy as np
import onnx
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper

from coursekit.course.handin.whole_numbers import SMALL, computed

ROUNDS = 20
Known = tuple[dict[str, tuple[int, ...]], dict[str, int], dict[str, np.ndarray]]


def known_shapes(
    proto: ModelProto, given: str, shape: tuple[int, ...], batch: int = 1
) -> Known:
    """Return shape and element type of every tensor, and the small whole numbers.

    Args:
        proto: a valid model.
        given: the name of its input.
        shape: of one image, (channels, height, width).
        batch: images at a time.

    Raises:
        ValueError: the sizes contradict each other.
    """
    bare = _without_weights(proto, given, (batch, *shape))
    small = {t.name: numpy_helper.to_array(t) for t in bare.graph.initializer}
    for _ in range(ROUNDS):
        shapes, types = _inferred(bare)
        found = _compute(bare, shapes, small)
        if not found:
            break
        small |= found
        kept = [node for node in bare.graph.node if node.output[0] not in found]
        copies = [onnx.NodeProto.FromString(n.SerializeToString()) for n in kept]
        del bare.graph.node[:]
        bare.graph.node.extend(copies)
        for name, array in found.items():
            bare.graph.initializer.append(numpy_helper.from_array(array, name))
    shapes |= {name: array.shape for name, array in small.items()}
    return shapes, types, small


def _without_weights(
    proto: ModelProto, given: str, shape: tuple[int, ...]
) -> ModelProto:
    """Copy the graph with every large tensor turned into an input of its shape."""
    bare = ModelProto(ir_version=max(proto.ir_version, 4))
    bare.opset_import.extend(proto.opset_import)
    graph = bare.graph
    graph.name = "shapes"
    graph.input.append(helper.make_tensor_value_info(given, TensorProto.FLOAT, shape))
    for tensor in proto.graph.initializer:
        _add(graph, tensor.name, tensor)
    for sparse in proto.graph.sparse_initializer:
        kind = sparse.values.data_type
        info = helper.make_tensor_value_info(sparse.values.name, kind, sparse.dims)
        graph.input.append(info)
    for node in proto.graph.node:
        held = node.attribute[0] if node.op_type == "Constant" else None
        if held is None or held.name == "sparse_value":
            graph.node.append(node)
        elif held.name == "value":
            _add(graph, node.output[0], held.t)
        else:
            _add(graph, node.output[0], _as_tensor(held))
    for output in proto.graph.output:
        graph.output.add(name=output.name)
    return bare


def _as_tensor(held: AttributeProto) -> TensorProto:
    """Return the numbers that a Constant node holds as a setting."""
    kind = np.float32 if held.name.startswith("value_float") else np.int64
    return numpy_helper.from_array(np.array(helper.get_attribute_value(held), kind))


def _add(graph, name: str, tensor: TensorProto) -> None:
    if prod(tensor.dims) <= SMALL:
        graph.initializer.append(tensor)
        graph.initializer[-1].name = name
    else:
        kind = tensor.data_type
        graph.input.append(helper.make_tensor_value_info(name, kind, tensor.dims))


def _inferred(bare: ModelProto) -> tuple[dict, dict]:
    try:
        full = onnx.shape_inference.infer_shapes(bare, strict_mode=True, data_prop=True)
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise ValueError(f"the sizes in model.onnx do not fit: {reason}") from error
    shapes, types = {}, {}
    for value in (*full.graph.value_info, *full.graph.input, *full.graph.output):
        found = value.type.tensor_type
        if found.elem_type:
            types[value.name] = found.elem_type
        if found.HasField("shape") and all(
            dim.HasField("dim_value") for dim in found.shape.dim
        ):
            shapes[value.name] = tuple(dim.dim_value for dim in found.shape.dim)
    for tensor in full.graph.initializer:
        types[tensor.name] = tensor.data_type
        shapes[tensor.name] = tuple(tensor.dims)
    return shapes, types


def _compute(
    bare: ModelProto, shapes: Mapping[str, tuple], small: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the tensors that follow from shapes and small numbers known so far."""
    found: dict[str, np.ndarray] = {}
    for node in bare.graph.node:
        known = {**small, **found} if found else small
        value = computed(node, shapes, known)
        if value is not None:
            found[node.output[0]] = value
    return found
