"""The layers of a graph in order: what they are, and where the map ends.

Global average pooling is found by what it does, not by its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from coursekit.course.handin.dense import kind_of
from coursekit.course.handin.graph import Graph, Node
from coursekit.course.handin.graph_field import needed_units
from coursekit.course.handin.maps import SPACE, C, Place, places, reduced_axes
from coursekit.course.handin.multiply_adds import multiply_adds
from coursekit.course.handin.onnx_operators import (
    KINDS,
    NORMS,
    POINTWISE,
    POOLS,
    PRODUCTS,
)


@dataclass(frozen=True)
class Layer:
    """One operator that the images go through.

    Args:
        operator: its ONNX name.
        kind: in the course's words, such as "convolution" or "dense in disguise".
        output_shape: of one image; None where it is not known.
        weights: numbers in its stored operands.
        multiply_adds: of one image; None where they are not known.
        after_gap: whether every way from the image to it leads through global average
            pooling.
        why: for a dense layer, what makes it one.
        gives_map: whether the result has several places.
        normalised: whether it goes into batch norm and nowhere else.
        overlaps: whether it pools by windows larger than their stride.
    """

    operator: str
    kind: str
    output_shape: tuple[int, ...] | None
    weights: int
    multiply_adds: int | None
    after_gap: bool
    why: str = ""
    gives_map: bool = False
    normalised: bool = False
    overlaps: bool = False

    @property
    def described(self) -> str:
        """The operator, its result and, for a dense layer, the reason."""
        size = "×".join(map(str, self.output_shape or ())) or "unknown size"
        return f"{self.operator} to {size}" + (f", {self.why}" if self.why else "")


@dataclass(frozen=True)
class Structure:
    """All layers, and where the map ends.

    Args:
        layers: in order.
        gap: whether the answer is made by way of global average pooling.
        last_map: the tensor that goes into it, else the last map there is.
        unknown: operators that the inspection does not know.
    """

    layers: tuple[Layer, ...]
    gap: bool
    last_map: str | None
    unknown: tuple[str, ...]


def structure(graph: Graph) -> Structure:
    """Find the layers of a graph and what kind each is."""
    found = places(graph)
    gaps = [node for node in graph.data_nodes() if _is_gap(node, graph, found)]
    view = _View(
        graph, found, needed_units(graph, found), gaps, _without_gap(graph, gaps)
    )
    layers = tuple(_layer(node, view) for node in graph.data_nodes())
    last, gap = _last_map(graph, found, gaps)
    unknown = {node.op: None for node in graph.data_nodes() if not _is_known(node.op)}
    if unknown and not gap:
        last = None
    return Structure(layers, gap, last, tuple(unknown))


@dataclass(frozen=True)
class _View:
    """What is known of the whole graph when one layer is described."""

    graph: Graph
    found: Mapping[str, Place]
    needed: Mapping[str, int]
    gaps: list[Node]
    raw: set[str]

    def is_gap(self, node: Node) -> bool:
        """Tell whether a node is global average pooling."""
        return any(node is gap for gap in self.gaps)


def _layer(node: Node, view: _View) -> Layer:
    graph, name = view.graph, node.outputs[0]
    kind, why = kind_of(node, graph, view.found, view.needed)
    after = not any(one in view.raw for one in node.inputs)
    shape, place = graph.shapes.get(name), view.found.get(name)
    readers = [one.op for one in graph.nodes if name in one.inputs]
    strides = node.attributes.get("strides", (1,) * 8)
    window = node.attributes.get("kernel_shape", ()) if node.op in POOLS else ()
    return Layer(
        operator=node.op,
        kind="global average pooling" if view.is_gap(node) else kind,
        output_shape=None if shape is None else shape[1:],
        weights=_weights(node, graph),
        multiply_adds=multiply_adds(node, graph),
        after_gap=after,
        why="" if view.is_gap(node) else why,
        gives_map=place is not None and place.units > 1,
        normalised=set(readers) == {"BatchNormalization"},
        overlaps=not view.is_gap(node)
        and any(k > s for k, s in zip(window, strides, strict=False)),
    )


def _is_known(op: str) -> bool:
    return op in KINDS or op in POINTWISE or op in PRODUCTS or op in NORMS


def _is_gap(node: Node, graph: Graph, found: Mapping[str, Place]) -> bool:
    """Tell whether a node is global average pooling, whatever it is called."""
    if node.op == "GlobalAveragePool":
        return True
    place = found.get(node.inputs[0])
    if place is None:
        return False
    if node.op in ("ReduceMean", "ReduceSum"):
        gone = reduced_axes(node, graph, len(place.shape)) or set()
        roles = frozenset().union(*(place.axes[k] for k in gone))
        return bool(roles & SPACE) and not roles & C and not place.left(gone) & SPACE
    if node.op == "AveragePool" and place.units > 1:
        kernel = node.attributes["kernel_shape"]
        pairs = list(zip(kernel, place.shape[2:], strict=True))
        out = graph.shapes.get(node.outputs[0], (0,))
        return all(k >= n for k, n in pairs) and prod(out[2:]) == 1
    return False


def _without_gap(graph: Graph, gaps: list[Node]) -> set[str]:
    """Return the tensors that some way reaches without global average pooling."""
    raw = {graph.input}
    for node in graph.data_nodes():
        if not any(node is gap for gap in gaps) and raw & set(node.inputs):
            raw.update(name for name in node.outputs if name in graph.seen)
    return raw


def _last_map(
    graph: Graph, found: Mapping[str, Place], gaps: list[Node]
) -> tuple[str | None, bool]:
    """Return the map that global average pooling ends, and whether the answer uses it.

    A pooling that only weighs channels (squeeze-and-excite) goes back onto a map, so it
    is not the one.
    """
    since: dict[str, str] = {}  # tensor → the map whose average it was made from
    last = None
    for node in graph.data_nodes():
        place = found.get(node.outputs[0])
        is_map = place is not None and place.units > 1
        if is_map and place.axis("y") is not None and place.axis("x") is not None:
            last = node.outputs[0]
        sources = [since[name] for name in node.inputs if name in since]
        if any(node is gap for gap in gaps):
            since[node.outputs[0]] = node.inputs[0]
        elif sources and not is_map:
            since.update(dict.fromkeys(node.outputs, sources[-1]))
    if graph.output not in since:
        return last, False
    made_by = {name: node for node in graph.nodes for name in node.outputs}
    name = since[graph.output]
    while name in made_by and (place := found.get(name)) and place.axis("y") is None:
        name = next(one for one in made_by[name].inputs if one in graph.seen)
    return name, True


def _weights(node: Node, graph: Graph) -> int:
    """Count the numbers stored in a node's operands."""
    stored = [graph.constants[name] for name in node.inputs if name in graph.constants]
    return sum(constant.size for constant in stored if constant.fill is None)
