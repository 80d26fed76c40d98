"""The data flow of a model as plain data: where tensors are made, where they go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A place where a tensor is made.

    Args:
        name: of a layer as in the anatomy table; "input", "output" (with its place if
            there are several), or "layer1.0.(add)" for a join.
        kind: the class of a layer, "input", "output", or what a join does.
        inside: the calls of containers under way, outermost first, without the model.
        output_shape: (c, h, w) of one image.
    """

    name: str
    kind: str
    inside: tuple[str, ...] = ()
    output_shape: tuple[int, ...] = ()

    @property
    def is_join(self) -> bool:
        """Whether it brings tensors together outside of any layer."""
        return self.name.endswith(")")


@dataclass(frozen=True)
class Edge:
    """A tensor on its way from one node to another."""

    source: str
    target: str


@dataclass(frozen=True)
class Flow:
    """The nodes in the order they are reached, and the edges between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def before(self, name: str) -> tuple[str, ...]:
        """Return the names of the nodes that feed one."""
        return tuple(edge.source for edge in self.edges if edge.target == name)

    def after(self, name: str) -> tuple[str, ...]:
        """Return the names of the nodes that one feeds."""
        return tuple(edge.target for edge in self.edges if edge.source == name)
