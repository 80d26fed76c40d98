"""One step back: which units of its input does an operator read for its outputs?"""

from collections.abc import Mapping
from dataclasses import dataclass

from coursekit.course.handin.graph import Graph, Node
from coursekit.course.handin.maps import Place
from coursekit.course.handin.onnx_operators import (
    CONVOLUTIONS,
    GLOBAL_POOLS,
    NORMS,
    POINTWISE,
    POOLS,
    PRODUCTS,
    REDUCTIONS,
    SOFTMAX,
)
from coursekit.course.handin.reach import (
    RULES,
    Call,
    Interval,
    Rule,
    Unknown,
    same,
    same_or_all,
    slide,
)

KEEPS = POINTWISE | NORMS | {"Transpose", "Expand", "Reshape", "Flatten"}
KEEPS |= {"Squeeze", "Unsqueeze"}
TAKES_ALL = GLOBAL_POOLS | REDUCTIONS | PRODUCTS | SOFTMAX
TAKES_PART = {"Gather", "Slice", "Concat", "Split"}
LISTED = KEEPS | TAKES_ALL | CONVOLUTIONS | POOLS


# Norms whose statistics are taken over the whole map, not read from running ones.
ALL_PLACES = {
    *("InstanceNormalization", "GroupNormalization", "MeanVarianceNormalization"),
}


@dataclass(frozen=True)
class Step:
    """What is read, and whether that was a whole map."""

    interval: Interval
    whole: bool = False


def step_back(
    node: Node,
    name: str,
    output: str,
    interval: Interval,
    side: str,
    graph: Graph,
    found: Mapping[str, Place],
) -> Step | None:
    """Return what `interval` of `output` reads of the input `name` along one side.

    Raises:
        Unknown: the operator cannot be followed.
    """
    before, after = found.get(name), found.get(output)
    if before is None:
        makers = (one.op for one in graph.nodes if name in one.outputs)
        raise Unknown(next(makers, "unknown"))
    if after is None:
        raise Unknown(node.op)
    size = _size(before, side)
    if size is None:  # a vector: it has no map, but what it is made from may have
        return Step((0, 0))
    axis, out_axis = before.axis(side), after.axis(side)
    if axis is None or out_axis is None:
        return _across_a_reshape(node, interval, side, size, before, after)
    call = Call(node, graph, axis, size, after.shape[out_axis])
    if _takes_statistics(call):
        return Step((0, size - 1), whole=size > 1)
    read = _rule(node)(interval, call)
    if read is None:
        return None
    reads_all = node.op in GLOBAL_POOLS | SOFTMAX and read == (0, size - 1)
    return Step(read, whole=reads_all and size > 1)


def _size(place: Place, side: str) -> int | None:
    """Return how long a side of the tensor's map is, None where it has no map."""
    axis = place.axis(side)
    if axis is not None:
        return place.shape[axis]
    if place.before is not None:
        shape, axes = place.before
        return _size(Place(shape, axes), side)
    held = [k for k, roles in enumerate(place.axes) if side in roles]
    return max((place.shape[k] for k in held), default=None)


def _across_a_reshape(
    node: Node, interval: Interval, side: str, size: int, before: Place, after: Place
) -> Step:
    """Go through axes that are laid together, or take the whole map."""
    if node.op in ALL_PLACES:
        return Step((0, size - 1), whole=size > 1)
    laid = before.before is not None or before.axis(side) is not None
    goes_on = after.before is not None or after.axis(side) is not None
    if node.op in KEEPS and ((laid and goes_on) or before.shape == after.shape):
        return Step(interval)
    if size == 1 or node.op in (LISTED | TAKES_PART) - KEEPS:
        return Step((0, size - 1), whole=size > 1)
    raise Unknown(node.op)


def _takes_statistics(call: Call) -> bool:
    """Tell whether a norm looks at every place along the axis."""
    op, settings = call.node.op, call.node.attributes
    rank = len(call.graph.shapes[call.node.inputs[0]])
    if op in ("LayerNormalization", "RMSNormalization"):
        return settings.get("axis", -1) % rank <= call.axis
    if op == "LpNormalization":
        return settings.get("axis", -1) % rank == call.axis
    return op in ALL_PLACES


def _rule(node: Node) -> Rule:
    if node.op in KEEPS:
        return same
    if node.op in CONVOLUTIONS | POOLS:
        return slide
    own = RULES.get(node.op)
    if own is None:
        if node.op in PRODUCTS | REDUCTIONS | SOFTMAX:
            return same_or_all
        raise Unknown(node.op)
    return own
