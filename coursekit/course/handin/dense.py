"""Which operators are dense layers, plain or in disguise?

A layer is dense if its weights tell the places of a map apart and take them together:
by a matrix product over a flattened map, by a convolution whose kernel covers the
whole map, or by multiplying every place with a number of its own.
"""

from collections.abc import Mapping
from math import prod

from coursekit.course.handin.graph import Graph, Node
from coursekit.course.handin.maps import SPACE, Place
from coursekit.course.handin.onnx_operators import (
    CONVOLUTIONS,
    KINDS,
    POINTWISE,
    PRODUCTS,
    WEIGHT_AT,
)
from coursekit.course.handin.products import einsum_terms

FLATTENED = "a product over all places of the map"
PLAIN = "a matrix product"
LAID = "the places of the map were laid into its channels"
EACH_PLACE = "a number for every place of the map"
ONE_PLACE = "a convolution of a single place"
BOTH_SEEN = "both factors depend on the image"


def kind_of(
    node: Node, graph: Graph, found: Mapping[str, Place], needed: Mapping
) -> tuple[str, str]:
    """Return a layer's kind, and for a dense one the reason.

    Args:
        node: of the graph.
        graph: any.
        found: where the axes of each tensor lie.
        needed: how many places of each tensor the answer is made from.
    """
    if node.op in PRODUCTS:
        return _product_kind(node, graph, found)
    usual = KINDS.get(node.op, "activation" if node.op in POINTWISE else "other")
    if node.op in CONVOLUTIONS:
        why = _covers(node, graph, found, needed) or _takes_places(node, found)
        if why:
            return "dense in disguise", why
        place = found.get(node.inputs[0])
        alone = place is not None and prod(place.shape[2:]) == 1
        return ("dense", ONE_PLACE) if alone else (usual, "")
    if node.op in ("Mul", "Div", "PRelu") and _for_each_place(node, graph, found):
        return "dense in disguise", EACH_PLACE
    return usual, ""


def _product_kind(
    node: Node, graph: Graph, found: Mapping[str, Place]
) -> tuple[str, str]:
    seen = [place for place, name in enumerate(node.inputs[:4]) if name in graph.seen]
    if node.op == "Gemm":
        seen = [place for place in seen if place < 2]
    if len(seen) > 1:
        return "dense in disguise", BOTH_SEEN
    if not seen or node.inputs[seen[0]] not in found:
        return "dense", PLAIN
    place = found[node.inputs[seen[0]]]
    contracted = _contracted(node, seen[0], len(place.shape))
    taken = _long_roles(place, contracted) & SPACE
    left = place.left(contracted) & SPACE
    if taken - left:
        return "dense", FLATTENED
    return ("pointwise dense", "") if left else ("dense", PLAIN)


def _contracted(node: Node, operand: int, rank: int) -> set[int]:
    """Return the axes of an operand that the product sums over."""
    if node.op == "Einsum":
        terms, result = einsum_terms(node)
        letters = enumerate(terms[operand])
        return {axis for axis, letter in letters if letter not in result}
    if node.op == "Gemm":
        flipped = bool(node.attributes.get(("transA", "transB")[operand], 0))
        return {0 if flipped == (operand == 0) else 1}
    return {rank - 1} if operand == 0 or rank == 1 else {rank - 2}


def _long_roles(place: Place, axes: set[int]) -> frozenset[str]:
    roles = [place.axes[k] for k in axes if place.shape[k] > 1]
    return frozenset().union(*roles)


def _takes_places(node: Node, found: Mapping[str, Place]) -> str:
    """Say whether the channels of a convolution are places of a map."""
    place = found.get(node.inputs[0])
    if place is None or len(place.axes) < 3:
        return ""
    return LAID if _long_roles(place, {1}) & SPACE - place.left({1}) else ""


def _covers(node: Node, graph: Graph, found: Mapping, needed: Mapping) -> str:
    """Say whether one use of the kernel reads the whole map, for one needed place."""
    before = found.get(node.inputs[0])
    kernel = graph.shapes.get(node.input(WEIGHT_AT[node.op]))
    if before is None or kernel is None or prod(before.shape[2:]) <= 1:
        return ""
    sizes, rank = before.shape[2:], len(before.shape) - 2
    dilation = node.attributes.get("dilations", (1,) * rank)
    taps = [k if d == 1 else 1 for k, d in zip(kernel[2:], dilation, strict=True)]
    all_read = all(k >= n for k, n in zip(taps, sizes, strict=True))
    if not all_read or needed.get(node.outputs[0], 2) > 1:
        return ""
    sides, size = ("×".join(map(str, s)) for s in (kernel[2:], sizes))
    return f"its {sides} kernel covers the whole {size} map"


def _for_each_place(node: Node, graph: Graph, found: Mapping[str, Place]) -> bool:
    """Tell whether a stored operand differs from place to place of the map."""
    out = found.get(node.outputs[0])
    stored = [name for name in node.inputs if name and name not in graph.seen]
    if out is None or out.units <= 1:
        return False
    for name in stored:
        constant = graph.constants.get(name)
        shape = graph.shapes.get(name, ())
        if constant is not None and constant.fill is not None:
            continue
        axes = zip(reversed(shape), reversed(out.axes), strict=False)
        if any(size > 1 and roles & SPACE for size, roles in axes):
            return True
    return False
