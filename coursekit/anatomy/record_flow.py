"""The record of a run: which node every tensor comes from, kept on the tensor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, is_dataclass

from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map_only

from coursekit._base.trial import Frame, named_tensors
from coursekit.anatomy.nodes import Edge, Flow, Node

_WORDS = {"mul": "multiply", "sub": "subtract", "div": "divide"}


@dataclass(eq=False)
class Call:
    """A call under way: what it was given and uses, and the record before it.

    Args:
        given: the tensors among its arguments.
        versions: how often each of them had been written to.
        nodes, edges, leaves: how many there were before.
        joins: the names taken before.
        used: the nodes its operators took something from.
    """

    given: list[Tensor]
    versions: list[int]
    nodes: int
    edges: int
    leaves: int
    joins: Counter[str]
    used: dict[str, None] = field(default_factory=dict)


class FlowRecord:
    """Nodes and edges found so far, and the calls under way."""

    def __init__(self):
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.stack: list[Frame] = []
        self.calls: list[Call] = []
        self.leaves = 0
        self.joins: Counter[str] = Counter()
        self.written: dict[int, tuple[object, str]] = {}

    def mark(self, tensor: Tensor, source: str) -> None:
        """Note which node a tensor comes from; a real one may be the model's own."""
        if tensor.is_meta:
            tensor._coursekit_source = source
            tensor.untyped_storage()._coursekit_source = source
        else:
            storage = tensor.untyped_storage()
            self.written[storage._cdata] = storage, source

    def sources_of(self, values: object) -> tuple[str, ...]:
        """Return the nodes that the tensors in some values come from, each once."""
        tensors = (leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor))
        return tuple(dict.fromkeys(s for t in tensors if (s := self._source(t))))

    def _source(self, tensor: Tensor) -> str | None:
        if not tensor.is_meta:
            found = self.written and self.written.get(tensor.untyped_storage()._cdata)
            return found[1] if found else None
        places = tensor, tensor._base, tensor.untyped_storage()
        found = (getattr(place, "_coursekit_source", None) for place in places)
        return next((source for source in found if source), None)

    def add(self, node: Node, sources: Sequence[str]) -> None:
        """Append a node and the edges that end there."""
        self.nodes.append(node)
        self.edges += [Edge(source, node.name) for source in sources]

    def operator(self, func: Callable, given: object, out: object) -> None:
        """Follow one operator: pass its only source on, or record a join."""
        sources = self.sources_of(given)
        if self.calls:
            self.calls[-1].used.update(dict.fromkeys(sources))
        made = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
        if len(sources) > 1 and made:
            self.add(self._join(func, made[0]), sources)
            sources = (self.nodes[-1].name,)
        for tensor in made if sources else ():
            self.mark(tensor, sources[0])
            if func._schema.is_mutable and tensor._base is not None:
                self.mark(tensor._base, sources[0])

    def enter(self, args: tuple) -> None:
        """Open a call of a module."""
        given = [leaf for leaf in tree_leaves(args) if isinstance(leaf, Tensor)]
        versions = [tensor._version for tensor in given]
        counts = len(self.nodes), len(self.edges), self.leaves
        self.calls.append(Call(given, versions, *counts, self.joins.copy()))

    def leave(self, out: object) -> object:
        """Close a call; a leaf becomes a node, and its outputs come from there."""
        call, frame = self.calls.pop(), self.stack[-1]
        if self.leaves > call.leaves:
            return None
        before = {node.name for node in self.nodes[: call.nodes]}
        sources = [name for name in call.used if name in before]
        self._forget(call)
        self.leaves += 1
        shapes = [tuple(t.shape[1:]) for _, t in named_tensors(plain(out))]
        kind, inside = type(frame.module).__name__, self._inside()
        inside = inside[:-1] if frame.name else inside
        node = Node(frame.name or "model", kind, inside, (*shapes, ())[0])
        self.add(node, sources or self.sources_of(call.given))
        return tree_map_only(Tensor, lambda t: self._made_by(node.name, t, call), out)

    def flow(self) -> Flow:
        """Return what was recorded, each edge once."""
        return Flow(tuple(self.nodes), tuple(dict.fromkeys(self.edges)))

    def _forget(self, call: Call) -> None:
        """Drop what was recorded inside a leaf: its inner joins are its own affair."""
        del self.nodes[call.nodes :], self.edges[call.edges :]
        self.joins = call.joins

    def _made_by(self, name: str, tensor: Tensor, call: Call) -> Tensor:
        """Mark an output; one handed through untouched is marked on an alias."""
        for given, version in zip(call.given, call.versions, strict=True):
            if given is tensor and tensor._version == version:
                tensor = tensor.view(tensor.shape)
                break
        self.mark(tensor, name)
        return tensor

    def _inside(self) -> tuple[str, ...]:
        return tuple(frame.name for frame in self.stack if frame.name)

    def _join(self, func: Callable, made: Tensor) -> Node:
        word = func._overloadpacket.__name__.rstrip("_")
        inside, kind = self._inside(), _WORDS.get(word, word)
        container = f"{inside[-1]}." if inside else ""
        self.joins[container + kind] += 1
        count = self.joins[container + kind]
        name = f"{container}({kind})" if count == 1 else f"{container}({kind}:{count})"
        return Node(name, kind, inside, tuple(made.shape[1:]))


def plain(out: object) -> object:
    """Return an output whose tensors `named_tensors` finds: a dataclass as a dict."""
    return vars(out) if is_dataclass(out) else out
