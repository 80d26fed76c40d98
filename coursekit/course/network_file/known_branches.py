"""Resolve an `If` that asks for a size which is always the same.

The exporter writes `x.squeeze(1)` as a question ("is that axis 1 long?") although the
sizes of the network's maps leave only one answer. A question about the images stays.
"""

import torch
from onnx import GraphProto, ModelProto, NodeProto

from coursekit.course.network_file.allow_list import Misfit, Unrecognised
from coursekit.course.network_file.graph import Graph, needed_nodes, stored_tensors
from coursekit.course.network_file.layout import INPUT
from coursekit.course.network_file.replay import Replay

BATCHES = (1, 2, 3)  # the answer must be the same for each


def without_known_branches(proto: ModelProto, shape: tuple[int, ...]) -> ModelProto:
    """Return `proto` with the branch written out wherever it is always the same.

    Args:
        proto: as exported, its input called `images`.
        shape: (channels, height, width) of one image.
    """
    while any(node.op_type == "If" for node in proto.graph.node):
        found = ((p, _answer(proto, n, shape)) for p, n in enumerate(proto.graph.node))
        place, answer = next(((p, a) for p, a in found if a is not None), (None, None))
        if place is None:
            break
        _write_out(proto.graph, place, answer)
    return proto


def _answer(proto: ModelProto, node: NodeProto, shape: tuple) -> bool | None:
    """Return the condition of an If, None where it is not known or not always so."""
    if node.op_type != "If":
        return None
    asked = node.input[0]
    nodes, stored = needed_nodes(proto.graph.node, asked), stored_tensors(proto)
    replay = Replay(Graph(nodes, stored, INPUT, shape, asked, 0))
    answers = set()
    for batch in BATCHES:
        try:
            answer = replay.value(torch.zeros(batch, *shape))
        except (Misfit, Unrecognised):
            return None
        answers.add(None if answer.image else bool(answer.data))
    return answers.pop() if len(answers) == 1 else None


def _write_out(graph: GraphProto, place: int, answer: bool) -> None:
    """Put the nodes of a branch where its If stands."""
    nodes = [NodeProto.FromString(n.SerializeToString()) for n in graph.node]
    chosen = nodes[place]
    wanted = "then_branch" if answer else "else_branch"
    branch = next(a.g for a in chosen.attribute if a.name == wanted)
    names = {name: f"{chosen.output[0]}_{name}" for name in _made_in(branch)}
    inner = [_renamed(node, names) for node in branch.node]
    for outer, result in zip(chosen.output, branch.output, strict=True):
        own = names.get(result.name, result.name)
        inner.append(NodeProto(op_type="Identity", input=[own], output=[outer]))
    for tensor in branch.initializer:
        graph.initializer.append(tensor)
        graph.initializer[-1].name = names[tensor.name]
    del graph.node[:]
    graph.node.extend([*nodes[:place], *inner, *nodes[place + 1 :]])


def _made_in(branch: GraphProto) -> list[str]:
    made = [name for node in branch.node for name in node.output if name]
    return made + [tensor.name for tensor in branch.initializer]


def _renamed(node: NodeProto, names: dict[str, str]) -> NodeProto:
    node.input[:] = [names.get(name, name) for name in node.input]
    node.output[:] = [names.get(name, name) for name in node.output]
    return node
