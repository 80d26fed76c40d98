"""Follow the axes of the image through a graph: which axis of a tensor is its height?

Every axis of a tensor carries the roles it is made of: "c" for channels, "y" and "x"
for height and width, several where a reshape laid axes together, none for the batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from coursekit.course.handin.graph import Graph, Node
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
from coursekit.course.handin.products import einsum_terms

SAME_AXES = {
    *("Slice", "Pad", "Concat", "Split", "Resize", "Upsample", "Expand", "Tile"),
}
Roles = frozenset[str]
Groups = list[tuple[list[int], list[int]]]
NONE, C, Y, X = (frozenset(roles) for roles in ("", "c", "y", "x"))
SPACE = Y | X


@dataclass(frozen=True)
class Place:
    """How the axes of a tensor lie.

    Args:
        shape: for a batch of one.
        axes: the roles of each.
        before: shape and roles before axes were laid together, so that a reshape back
            is understood (group norm is written so).
    """

    shape: tuple[int, ...]
    axes: tuple[Roles, ...]
    before: tuple[tuple[int, ...], tuple[Roles, ...]] | None = None

    def axis(self, role: str) -> int | None:
        """Return the axis that is height ("y") or width ("x") and nothing else."""
        found = [k for k, roles in enumerate(self.axes) if roles == {role}]
        return found[0] if len(found) == 1 else None

    @property
    def units(self) -> int:
        """How many places of the map the tensor still has; 1 for a vector."""
        sizes = zip(self.shape, self.axes, strict=True)
        return prod(size for size, roles in sizes if roles & SPACE)

    def left(self, contracted: set[int]) -> Roles:
        """Return the roles of axes longer than 1 that are not contracted."""
        kept = [
            roles
            for k, (size, roles) in enumerate(zip(self.shape, self.axes, strict=True))
            if size > 1 and k not in contracted
        ]
        return frozenset().union(*kept)


def places(graph: Graph) -> dict[str, Place]:
    """Return the `Place` of every tensor that depends on the images, where known."""
    shape = (1, *graph.input_shape)
    found = {graph.input: Place(shape, (NONE, C, Y, X))}
    for node in graph.data_nodes():
        given = [name for name in node.inputs if name in graph.seen]
        if not all(name in found for name in given):
            continue
        for name in node.outputs:
            if name in graph.shapes:
                place = _after(node, name, graph, found)
                if place is not None and len(place.axes) == len(place.shape):
                    found[name] = place
    return found


def _after(
    node: Node, name: str, graph: Graph, found: Mapping[str, Place]
) -> Place | None:
    """Return the place of one output."""
    shape, op = graph.shapes[name], node.op
    given = [found[one] for one in node.inputs if one in found]
    if op in POINTWISE:
        return _joined(shape, given)
    if op in PRODUCTS:
        return _product(node, shape, graph, found)
    if node.inputs[0] not in found and op != "Concat":
        return None  # the image is not what this operator works on
    first = given[0]
    if op in NORMS | SOFTMAX:
        return Place(shape, first.axes, first.before)
    if op in CONVOLUTIONS | POOLS | GLOBAL_POOLS | {"ConvTranspose"}:
        spatial = first.axes[2:]
        return Place(shape, (NONE, C, *spatial))
    return _moved(node, shape, graph, first, given)


def _moved(
    node: Node, shape: tuple[int, ...], graph: Graph, first: Place, given: list
) -> Place | None:
    op = node.op
    if op in REDUCTIONS:
        return _reduced(node, shape, graph, first)
    if op == "Transpose":
        order = node.attributes.get("perm") or tuple(reversed(range(len(shape))))
        return Place(shape, tuple(first.axes[k] for k in order))
    if op in ("Reshape", "Flatten", "Squeeze", "Unsqueeze"):
        return _reshaped(first, shape)
    if op in SAME_AXES:
        return _joined(shape, given)
    if op == "Gather":
        axis = node.attributes.get("axis", 0) % len(first.shape)
        extra = (first.axes[axis],) * (len(shape) - len(first.shape) + 1)
        return Place(shape, (*first.axes[:axis], *extra, *first.axes[axis + 1 :]))
    if op in ("DepthToSpace", "SpaceToDepth"):
        _, c, y, x = first.axes
        return Place(shape, (NONE, c if op == "DepthToSpace" else c | y | x, y, x))
    return None


def _reduced(
    node: Node, shape: tuple[int, ...], graph: Graph, first: Place
) -> Place | None:
    gone = reduced_axes(node, graph, len(first.shape))
    if gone is None:
        return None
    kept = bool(node.attributes.get("keepdims", 1))
    axes = [(NONE if k in gone else a) for k, a in enumerate(first.axes)]
    left = [a for k, a in enumerate(axes) if kept or k not in gone]
    return Place(shape, tuple(left))


def _joined(shape: tuple[int, ...], given: Sequence[Place]) -> Place:
    """Lay operands over each other as broadcasting does: last axis on last axis."""
    axes = [NONE] * len(shape)
    for place in given:
        for back, (size, roles) in enumerate(
            zip(reversed(place.shape), reversed(place.axes), strict=True), start=1
        ):
            if back <= len(axes) and (size > 1 or shape[-back] == 1):
                axes[-back] |= roles
    before = [place.before for place in given if place.shape == shape]
    kept = before[0] if before and len({*before}) == 1 else None
    return Place(shape, tuple(axes), kept)


def reduced_axes(node: Node, graph: Graph, rank: int) -> set[int] | None:
    """Return the axes a reduction takes together, None where they are not known."""
    axes = node.attributes.get("axes")
    if axes is None and node.input(1):
        if node.input(1) not in graph.small:
            return None
        axes = graph.small[node.input(1)].reshape(-1).tolist()
    if not axes:
        keep_all = node.attributes.get("noop_with_empty_axes", 0)
        return set() if keep_all else set(range(rank))
    return {int(axis) % rank for axis in axes}


def _reshaped(first: Place, shape: tuple[int, ...]) -> Place:
    """Match axes of equal products; laid together they carry all roles."""
    if first.before and first.before[0] == shape:
        return Place(shape, first.before[1])
    axes: list[Roles] = []
    for olds, news in _groups(first.shape, shape):
        roles = [first.axes[k] for k in olds]
        long = [r for k, r in zip(olds, roles, strict=True) if first.shape[k] > 1]
        if len(olds) == len(news) == 1:
            axes.append(roles[0])
            continue
        one = frozenset().union(*long)
        axes += [one if shape[k] > 1 else NONE for k in news]
    laid = any(len(roles & (SPACE | C)) > 1 for roles in axes)
    before = first.before or (first.shape, first.axes) if laid else None
    return Place(shape, tuple(axes), before)


def _groups(
    old: Sequence[int], new: Sequence[int]
) -> list[tuple[list[int], list[int]]]:
    """Split the axes of two shapes into the shortest runs with equal products."""
    groups, i, j = [], 0, 0
    while i < len(old) or j < len(new):
        olds, news = [], []
        if i < len(old):
            olds, i = [i], i + 1
        if j < len(new):
            news, j = [j], j + 1
        while prod(old[k] for k in olds) != prod(new[k] for k in news):
            short = prod(old[k] for k in olds) < prod(new[k] for k in news)
            if short and i < len(old):
                olds, i = [*olds, i], i + 1
            elif not short and j < len(new):
                news, j = [*news, j], j + 1
            else:
                return [(list(range(len(old))), list(range(len(new))))]
        groups.append((olds, news))
    return groups


def _product(
    node: Node, shape: tuple[int, ...], graph: Graph, found: Mapping[str, Place]
) -> Place | None:
    """Axes that are not contracted keep their roles; those of a weight are channels."""
    if node.op == "Einsum":
        return _einsum(node, shape, found)
    axes = [*[NONE] * (len(shape) - 2), C, C][-len(shape) :]
    left, right = node.inputs[0], _second(node)
    if node.op == "Gemm":
        flip = bool(node.attributes.get("transA", 0))
        if left in found:
            axes[0] = found[left].axes[1 if flip else 0]
        return Place(shape, tuple(axes))
    for name, kept in ((left, -2), (right, -1)):
        if name in found and min(len(found[name].axes), len(shape)) >= 2:
            own = found[name].axes
            for k, roles in enumerate(own[:-2], len(shape) - len(own)):
                axes[k] |= roles
            axes[kept] = own[kept]
    return Place(shape, tuple(axes))


def _second(node: Node) -> str:
    return node.input({"QLinearMatMul": 3}.get(node.op, 1))


def _einsum(
    node: Node, shape: tuple[int, ...], found: Mapping[str, Place]
) -> Place | None:
    terms, result = einsum_terms(node)
    roles: dict[str, Roles] = {}
    for term, name in zip(terms, node.inputs, strict=True):
        if name in found and len(term) == len(found[name].axes):
            for letter, axis in zip(term, found[name].axes, strict=True):
                roles[letter] = roles.get(letter, NONE) | axis
    return Place(shape, tuple(roles.get(letter, C) for letter in result))
