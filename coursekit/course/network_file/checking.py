"""What an ONNX file must not hold to be counted at all.

Refused are numbers outside the file, operators that are not ONNX's own, local
functions, control flow, training mode and random numbers.
"""

from onnx import ModelProto, NodeProto, TensorProto

from coursekit._base.words import shown
from coursekit.course.network_file.layout import OPSET

MOST_INPUTS = 256
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
            f"model.onnx uses operators of {shown(strange[0])}; only ONNX's own count"
        )
    version = max((one.version for one in proto.opset_import), default=0)
    if version != OPSET:
        raise ValueError(
            f"model.onnx is written in operator set {version}; `submit` writes {OPSET}"
        )
    if proto.graph.sparse_initializer:
        raise ValueError("model.onnx holds sparse tensors: write them out in full")
    for node in proto.graph.node:
        _check_node(node)
    for tensor in proto.graph.initializer:
        _check_tensor(tensor)


def _check_node(node: NodeProto) -> None:
    if len(node.input) > MOST_INPUTS or len(node.output) > MOST_INPUTS:
        raise ValueError(
            f"{shown(node.op_type)} in model.onnx has more than {MOST_INPUTS} inputs "
            "or outputs"
        )
    if node.op_type == "Constant" and len(node.attribute) != 1:
        raise ValueError("model.onnx holds a Constant without its number")
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
        if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
            raise ValueError("model.onnx holds sparse tensors: write them out in full")
        for tensor in (attribute.t, *attribute.tensors):
            _check_tensor(tensor)
        is_constant = node.op_type == "Constant"
        if not is_constant and len(attribute.floats) > MOST_NUMBERS:
            raise ValueError(f"{node.op_type} in model.onnx holds numbers as settings")
    if node.op_type == "Dropout" and len(node.input) > 2 and node.input[2]:
        raise ValueError("Dropout in model.onnx is in training mode")


def _check_tensor(tensor: TensorProto) -> None:
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise ValueError(
            f"tensor {shown(tensor.name)} of model.onnx lies in another file"
        )
    if tensor.data_type == TensorProto.STRING:
        raise ValueError(f"tensor {shown(tensor.name)} of model.onnx holds texts")
