"""What an ONNX file must not hold to be counted at all.

Refused are numbers outside the file, operators that are not ONNX's own, local
functions, control flow, training mode and random numbers.
"""

from onnx import ModelProto, NodeProto, TensorProto

MOST_NODES = 20_000
MOST_NUMBERS = 16  # floats in an attribute, which no weight may hide in
OWN = ("", "ai.onnx")
RANDOM = {
    *("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"),
    *("Bernoulli", "Multinomial"),
}


def check_model(proto: ModelProto) -> None:
    """Refuse what can be refused before anything else looks at a model.

    Args:
        proto: as parsed, not checked by anybody.

    Raises:
        ValueError: something in it is refused; one sentence.
    """
    if proto.functions or proto.training_info:
        raise ValueError("model.onnx defines functions of its own, which are not read")
    strange = [one.domain for one in proto.opset_import if one.domain not in OWN]
    strange += [node.domain for node in proto.graph.node if node.domain not in OWN]
    if strange:
        raise ValueError(
            f"model.onnx uses operators of {strange[0][:60]!r}; only ONNX's own count"
        )
    if len(proto.graph.node) > MOST_NODES:
        raise ValueError(f"model.onnx has more than {MOST_NODES:,} operators")
    for node in proto.graph.node:
        _check_node(node)
    sparse = (t for s in proto.graph.sparse_initializer for t in (s.values, s.indices))
    for tensor in (*proto.graph.initializer, *sparse):
        _check_tensor(tensor)


def _check_node(node: NodeProto) -> None:
    if node.op_type in RANDOM:
        raise ValueError(f"model.onnx draws random numbers ({node.op_type})")
    for attribute in node.attribute:
        if attribute.HasField("g") or attribute.graphs:
            raise ValueError(
                f"model.onnx holds control flow ({node.op_type}): what it computes "
                "cannot be counted"
            )
        if attribute.name == "training_mode" and attribute.i:
            raise ValueError(f"{node.op_type} in model.onnx is in training mode")
        sparse = attribute.sparse_tensor
        for tensor in (attribute.t, *attribute.tensors, sparse.values, sparse.indices):
            _check_tensor(tensor)
        is_constant = node.op_type == "Constant"
        if not is_constant and len(attribute.floats) > MOST_NUMBERS:
            raise ValueError(f"{node.op_type} in model.onnx holds numbers as settings")
    if node.op_type == "Dropout" and len(node.input) > 2 and node.input[2]:
        raise ValueError("Dropout in model.onnx is in training mode")


def _check_tensor(tensor: TensorProto) -> None:
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise ValueError(
            f"tensor {tensor.name[:60]!r} of model.onnx lies in another file"
        )
    if tensor.data_type == TensorProto.STRING:
        raise ValueError(f"tensor {tensor.name[:60]!r} of model.onnx holds texts")
