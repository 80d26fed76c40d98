"""Count the numbers a network was given, from its graph alone.

A number counts if it can reach the answer: as an initializer, in a Constant node,
quantised, in half precision or sparse, whatever it was called in torch. Running means
and variances of batch norm are statistics, not parameters, as in torch; sizes, axes
and places are not numbers of the network; a fill (all elements equal) written into
the code is one setting. Numbers that are computed from stored ones count as many times
as there are of them: a value can be cut into several by arithmetic, so that fewer
stored numbers than weights prove nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from onnx import TensorProto

from coursekit.course.handin.graph import Constant, Graph, Node
from coursekit.course.handin.onnx_operators import MOVES, SHAPES_AT

FREE_SETTINGS = 50  # different single numbers in the code; more count as parameters
STATISTICS_AT = (3, 4)
FULL = {TensorProto.FLOAT, TensorProto.DOUBLE}


@dataclass(frozen=True)
class Count:
    """What was counted.

    Args:
        parameters: all numbers that count as weights: the sum of `how`.
        statistics: running means and variances of batch norm.
        settings: different single numbers in the code, not counted up to 50.
        how: way of storing → numbers.
        tensors: name of each stored tensor that counts → numbers.
    """

    parameters: int
    statistics: int
    settings: int
    how: Mapping[str, int]
    tensors: Mapping[str, int]


def count(graph: Graph) -> Count:
    """Count parameters, statistics and settings of a graph."""
    made_by = {name: node for node in graph.nodes for name in node.outputs if name}
    walk = _Walk(graph, made_by)
    statistics: set[str] = set()
    for node in graph.data_nodes():
        for place, name in enumerate(node.inputs):
            if name in graph.seen or not name or not _counts(node, place, graph):
                continue
            if _is_statistic(node, place, graph):
                statistics |= walk.leaves(name)
            else:
                walk.use(name)
    return walk.total(statistics)


def _counts(node: Node, place: int, graph: Graph) -> bool:
    """Tell whether an input brings numbers, not sizes, axes or places."""
    if node.op == "Gather" and place == 1:
        return node.inputs[0] not in graph.seen  # places in a table of weights do
    return place not in SHAPES_AT.get(node.op, ())


def _is_statistic(node: Node, place: int, graph: Graph) -> bool:
    """Tell whether an input is the running mean or variance of a batch norm."""
    if node.op != "BatchNormalization" or place not in STATISTICS_AT:
        return False
    channels = graph.shapes.get(node.inputs[0], (0, 0))[1:2]
    return node.inputs[0] in graph.seen and graph.shapes.get(node.inputs[place]) == (
        channels
    )


class _Walk:
    """Goes back from what is used to what is stored."""

    def __init__(self, graph: Graph, made_by: Mapping[str, Node]):
        self.graph, self.made_by = graph, made_by
        self.used: set[str] = set()  # stored tensors
        self.computed: dict[str, int] = {}  # result of arithmetic → numbers beyond
        self.known: dict[str, frozenset[str]] = {}

    def use(self, name: str) -> None:
        """Note what a tensor is made of, and what arithmetic adds to it."""
        pending, done = [name], set()
        while pending:
            one = pending.pop()
            node = self.made_by.get(one)
            if one in done or (node is None and one not in self.graph.constants):
                continue
            done.add(one)
            if node is None:
                self.used.add(one)
            elif self._only_moves(node):
                pending += self._sources(node)
            else:
                self._note_arithmetic(one)

    def _note_arithmetic(self, name: str) -> None:
        leaves = self.leaves(name)
        self.used |= leaves
        weights = [one for one in leaves if not self._is_setting(one)]
        if weights:
            stored = sum(self.graph.constants[one].size for one in weights)
            shape = self.graph.shapes.get(name)
            if shape is None:
                raise ValueError(
                    "model.onnx computes a weight whose size is not known, so it "
                    "cannot be counted"
                )
            size = 1
            for length in shape:
                size *= length
            self.computed[name] = max(0, size - stored)

    def leaves(self, name: str) -> frozenset[str]:
        """Return the stored tensors a tensor is made of, however."""
        order, seen = [name], {name}
        for one in order:
            node = self.made_by.get(one)
            for source in self._sources(node) if node else ():
                if source not in seen:
                    seen.add(source)
                    order.append(source)
        return frozenset(one for one in order if one in self.graph.constants)

    def _sources(self, node: Node) -> list[str]:
        return [
            name
            for place, name in enumerate(node.inputs)
            if name and _counts(node, place, self.graph)
        ]

    def _only_moves(self, node: Node) -> bool:
        if node.op in MOVES:
            return True
        if node.op == "DequantizeLinear":
            return True
        return node.op in ("Cast", "CastLike") and self._widens(node)

    def _widens(self, node: Node) -> bool:
        """Tell whether a cast to float32 loses nothing, so that it cuts nothing off."""
        types = self.graph.types
        target = types.get(node.outputs[0])
        source = types.get(node.inputs[0])
        if node.inputs[0] in self.graph.constants:
            source = self.graph.constants[node.inputs[0]].type
        return target in FULL and source is not None

    def _is_setting(self, name: str) -> bool:
        return self.graph.constants[name].fill is not None

    def total(self, statistics: set[str]) -> Count:
        """Add up."""
        constants = self.graph.constants
        settings = {name for name in self.used if self._is_setting(name)}
        weights = sorted(self.used - settings)
        tensors = {name: constants[name].size for name in weights}
        how: Counter[str] = Counter()
        for name in weights:
            how[_stored_as(constants[name])] += constants[name].size
        if self.computed:
            how["computed from stored numbers, beyond them"] = sum(
                self.computed.values()
            )
        different = len({constants[name].fill for name in settings})
        if different > FREE_SETTINGS:
            how["single numbers in the code"] = different
        kept = {name: number for name, number in how.items() if number}
        resting = sum(constants[name].size for name in statistics - self.used)
        return Count(sum(kept.values()), resting, different, kept, tensors)


def _stored_as(constant: Constant) -> str:
    if constant.is_sparse:
        return "sparse tensors, written out"
    if constant.type not in FULL:
        name = TensorProto.DataType.Name(constant.type).lower()
        return f"{name} (quantised, codes or half precision)"
    return "initializers" if constant.is_initializer else "constants in the code"
