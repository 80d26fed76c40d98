"""Multiply-adds of one image: convolutions and matrix products, by their sizes."""

from math import prod

from coursekit.course.handin.graph import Graph, Node
from coursekit.course.handin.onnx_operators import CONVOLUTIONS, PRODUCTS, WEIGHT_AT
from coursekit.course.handin.products import einsum_terms

COUNTED = CONVOLUTIONS | PRODUCTS | {"ConvTranspose"}


def multiply_adds(node: Node, graph: Graph) -> int | None:
    """Return the multiply-adds of one operator, None where a size is not known.

    Every other operator than convolutions and matrix products counts 0, as in torch's
    own counter.
    """
    if node.op not in COUNTED:
        return 0
    shapes = [graph.shapes.get(name) for name in node.inputs if name]
    out = graph.shapes.get(node.outputs[0])
    if out is None or None in shapes:
        return None
    if node.op in WEIGHT_AT:
        kernel = graph.shapes[node.input(WEIGHT_AT[node.op])]
        # (out, in per group, …), transposed (in, out per group, …): the map that the
        # kernel is laid on, times what one place of it costs
        laid_on = shapes[0] if node.op == "ConvTranspose" else out
        return prod(laid_on) * prod(kernel[1:])
    if node.op == "Einsum":
        return _einsum(node, shapes)
    if node.op == "Gemm":
        return prod(out) * shapes[0][0 if node.attributes.get("transA", 0) else 1]
    return prod(out) * shapes[0][-1]


def _einsum(node: Node, shapes: list[tuple[int, ...]]) -> int | None:
    terms, _ = einsum_terms(node)
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        if len(term) != len(shape):
            return None
        sizes.update(zip(term, shape, strict=True))
    return prod(sizes.values())


def total(graph: Graph) -> int | None:
    """Return the multiply-adds of all operators, also of those that make weights."""
    found = [multiply_adds(node, graph) for node in graph.nodes]
    return None if None in found else sum(found)
