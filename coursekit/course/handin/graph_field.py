"""The receptive field, read off the graph backwards.

For one unit of a map: which units of the tensor before does it read, and which of the
one before that, back to the image? At every operator the wanted interval widens by the
recurrence of Dumoulin and Visin, "A guide to convolution arithmetic for deep learning"
(arXiv 1603.07285); where branches meet, the hull of their wishes goes on. The field is
counted as if the image had no border, as papers do; what has read a whole map (a gate
behind global pooling) sees the image and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from coursekit.course.handin.graph import Graph
from coursekit.course.handin.maps import Place
from coursekit.course.handin.onnx_operators import CONVOLUTIONS, NORMS, POINTWISE, POOLS
from coursekit.course.handin.steps import Unknown, step_back

Interval = tuple[int, int]  # first and last unit, both inclusive
SIDES = ("y", "x")


@dataclass(frozen=True)
class Field:
    """What the units of a map see of the image along one side, in pixels.

    Args:
        smallest, largest: over the units; most maps have one number.
        unknown: the operator that stopped the count, "" where it was counted.
    """

    smallest: int = 0
    largest: int = 0
    unknown: str = ""

    def __str__(self) -> str:
        if self.unknown:
            return f"not computed: operator {self.unknown}"
        if self.smallest == self.largest:
            return str(self.largest)
        return f"{self.smallest}–{self.largest}"


def receptive_field(
    graph: Graph, found: Mapping[str, Place], name: str
) -> tuple[Field, Field]:
    """Return what the units of a map see, (height, width).

    Args:
        graph: any.
        found: where the axes of each tensor lie.
        name: of the map.
    """
    place = found.get(name)
    if place is None:
        return (Field(unknown=_maker(graph, name)),) * 2
    return tuple(_side(graph, found, name, side) for side in SIDES)


def _side(graph: Graph, found: Mapping, name: str, side: str) -> Field:
    axis = found[name].axis(side)
    size = 1 if axis is None else found[name].shape[axis]
    lengths = set()
    try:
        for unit in range(size):
            seen = _wanted(graph, found, {name: (unit, unit)}, side).get(graph.input)
            lengths.add(0 if seen is None else seen[1] - seen[0] + 1)
    except Unknown as error:
        return Field(unknown=str(error))
    return Field(min(lengths, default=0), max(lengths, default=0))


def _wanted(
    graph: Graph, found: Mapping, start: Mapping[str, Interval], side: str
) -> dict[str, Interval]:
    """Return which units of every tensor are read, backwards from `start`."""
    wanted = dict(start)
    whole = False
    for node in reversed(graph.nodes):
        asked = [(name, wanted[name]) for name in node.outputs if name in wanted]
        for output, interval in asked:
            for name in node.inputs:
                if name not in graph.seen:
                    continue
                step = step_back(node, name, output, interval, side, graph, found)
                if step is None:
                    continue
                whole |= step.whole
                wanted[name] = hull(wanted.get(name), step.interval)
    if whole and graph.input in wanted:
        size = graph.input_shape[1 + SIDES.index(side)]
        first, last = wanted[graph.input]
        wanted[graph.input] = max(first, 0), min(last, size - 1)
    return wanted


def hull(one: Interval | None, other: Interval) -> Interval:
    """Return the smallest interval that contains both."""
    return other if one is None else (min(one[0], other[0]), max(one[1], other[1]))


def needed_units(graph: Graph, found: Mapping[str, Place]) -> dict[str, int]:
    """Return how many places of every map the answer is made from, where known."""
    counts: dict[str, int] = {}
    for side in SIDES:
        try:
            wanted = _wanted(graph, found, {graph.output: (0, 0)}, side)
        except Unknown:
            wanted = {}
        for name, place in found.items():
            axis = place.axis(side)
            size = 1 if axis is None else place.shape[axis]
            first, last = wanted.get(name, (0, size - 1))
            inside = min(last, size - 1) - max(first, 0) + 1
            counts[name] = counts.get(name, 1) * max(1, inside)
    return counts


def _maker(graph: Graph, name: str) -> str:
    """Name the first operator whose result could not be followed."""
    known = POINTWISE | NORMS | CONVOLUTIONS | POOLS
    for node in graph.data_nodes():
        if node.op not in known:
            return node.op
        if name in node.outputs:
            break
    return "unknown"
