"""The letters of an Einsum."""

from coursekit.course.handin.graph import Node


def einsum_terms(node: Node) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result; "" where not plain."""
    text = str(node.attributes.get("equation", "")).replace(" ", "")
    left, _, result = text.partition("->")
    terms = left.split(",")
    if "->" not in text or "." in text or len(terms) != len(node.inputs):
        return [""] * len(node.inputs), ""
    return terms, result
