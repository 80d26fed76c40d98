"""Take out of a graph what says where and by whom it was written.

Exporters note source files, lines of code, stack traces and module classes in doc
strings and metadata, and the names of nodes repeat module classes. The numbers and the
operators stay; tensors keep the names of parameters, all others are counted through.
"""

from collections.abc import Iterator

import onnx
from onnx import ModelProto, NodeProto, numpy_helper
from torch import Tensor, nn

from coursekit.course.network_file.layout import INPUT, OUTPUT


def anonymised(proto: ModelProto, model: nn.Module) -> ModelProto:
    """Return a copy of `proto` without any text but operators and parameter names.

    Args:
        proto: as an exporter wrote it.
        model: what it was written from, for the names of its parameters.
    """
    proto = onnx.ModelProto.FromString(proto.SerializeToString())
    _untie(proto, model)
    graph = proto.graph
    names = _Names({name for name, _ in _all_tensors(model)})
    for tensor in graph.initializer:
        tensor.name = names[tensor.name]
        _strip(tensor)
    for sparse in graph.sparse_initializer:
        sparse.values.name = names[sparse.values.name]
    for value in (*graph.input, *graph.output):
        value.name = names[value.name]
        _strip(value)
    _rename_nodes(graph.node, names)
    del graph.value_info[:], graph.quantization_annotation[:]
    graph.name, graph.doc_string = "network", ""
    del graph.metadata_props[:]
    return _without_header(proto)


class _Names(dict):
    """Old name → new one: parameters keep theirs, others become t0, t1, …"""

    def __init__(self, kept: set[str]):
        super().__init__({name: name for name in (INPUT, OUTPUT, "", *kept)})

    def __missing__(self, old: str) -> str:
        self[old] = f"t{len(self)}"
        return self[old]


def _rename_nodes(nodes, names: _Names) -> None:
    for place, node in enumerate(nodes):
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]
        node.name = f"{node.op_type}_{place}"
        _strip(node)
        for attribute in node.attribute:
            _strip_attribute(attribute, names)


def _strip_attribute(attribute, names: _Names) -> None:
    attribute.doc_string = ""
    for tensor in (attribute.t, *attribute.tensors):
        if tensor.name or tensor.doc_string:
            tensor.name = ""
            _strip(tensor)
    for graph in (attribute.g, *attribute.graphs):
        if graph.node:
            graph.name, graph.doc_string = "branch", ""
            for value in (*graph.input, *graph.output):
                value.name = names[value.name]
                _strip(value)
            for tensor in graph.initializer:
                tensor.name = names[tensor.name]
                _strip(tensor)
            del graph.value_info[:]
            _rename_nodes(graph.node, names)


def _strip(thing) -> None:
    thing.doc_string = ""
    if hasattr(thing, "metadata_props"):
        del thing.metadata_props[:]


def _untie(proto: ModelProto, model: nn.Module) -> None:
    """Give tensors of the model back that the exporter replaced by equal ones.

    It stores equal numbers once, so that of two biases of zeros one is an `Identity`
    of the other. They are two tensors in the model, and are two again here.
    """
    tensors = dict(_all_tensors(model))
    stored = {tensor.name for tensor in proto.graph.initializer}
    kept: list[NodeProto] = []
    for node in proto.graph.node:
        own = tensors.get(node.output[0]) if node.op_type == "Identity" else None
        if (
            own is None
            or node.input[0] not in stored
            or own is tensors.get(node.input[0])
        ):
            kept.append(node)
            continue
        array = own.detach().cpu().contiguous().numpy()
        proto.graph.initializer.append(numpy_helper.from_array(array, node.output[0]))
    if len(kept) < len(proto.graph.node):
        copies = [NodeProto.FromString(node.SerializeToString()) for node in kept]
        del proto.graph.node[:]
        proto.graph.node.extend(copies)


def _all_tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield every name of every parameter and buffer, shared ones under each name."""
    yield from model.named_parameters(remove_duplicate=False)
    yield from model.named_buffers(remove_duplicate=False)


def _without_header(proto: ModelProto) -> ModelProto:
    proto.doc_string, proto.domain, proto.model_version = "", "", 0
    proto.producer_name, proto.producer_version = "", ""
    del proto.metadata_props[:]
    used = {node.domain for node in proto.graph.node}
    imports = [one for one in proto.opset_import if one.domain in used | {""}]
    copies = [(one.domain, one.version) for one in imports]
    del proto.opset_import[:]
    for domain, number in copies:
        proto.opset_import.add(domain=domain, version=number)
    return proto
