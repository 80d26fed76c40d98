"""Replay an ONNX graph as an `nn.Module`, and notice what is not recognised.

Each node is one entry of the allow-list. What does not fit there is a doubt, and a
network with a doubt is for a person:

    images ──► Conv ──► BatchNormalization ──► Relu …      numbers of the image
                ▲              ▲      ▲
              weight         scale  mean                   stored: counted, or resting
    Shape ──► Gather ──► Reshape's second input            sizes: follow from shapes
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from onnx import TensorProto
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit._base.words import shown
from coursekit.course.network_file import (  # noqa: F401 (they fill the list)
    replay_layers,
    replay_moves,
    replay_sizes,
)
from coursekit.course.network_file.allow_list import (
    KNOWN,
    Misfit,
    Operator,
    Unrecognised,
)
from coursekit.course.network_file.count import SIZES, Ledger
from coursekit.course.network_file.graph import Graph, Node
from coursekit.course.network_file.replay_values import (
    MOST_NORMS,
    NORMALISES,
    NOTHING,
    WEIGHING,
    Value,
    after,
    as_tensor,
    is_plain,
    normed_before,
    normed_by_hand,
    reshaped,
    wrapped,
)

OF_SHAPE_ONLY = {"Shape", "Size"}
WIDE = (TensorProto.FLOAT, TensorProto.DOUBLE)
FAILURES = (RuntimeError, TypeError, ValueError, LookupError, ArithmeticError,
            NotImplementedError)  # fmt: skip


class Step(nn.Module):
    """One node, a module of its own so that whoever watches can name it."""

    def __init__(self, node: Node, known: Operator):
        super().__init__()
        self.node, self.known = node, known

    def forward(self, *given: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Carry the node out."""
        strange = set(self.node.settings) - self.known.settings
        if strange:
            raise Unrecognised(f"its setting {shown(min(strange))} is not on the list")
        return self.known.run(*given, **self.node.settings)


class Replay(nn.Module):
    """A graph as a module: images → logits.

    Args:
        graph: checked; no part of it is trusted.
    """

    def __init__(self, graph: Graph):
        super().__init__()
        self.graph, self.ledger = graph, Ledger(graph.stored)
        self.makers = {name: node for node in graph.nodes for name in node.outputs}
        self.steps = nn.ModuleList(
            Step(node, KNOWN.get(node.op) or _unknown(node)) for node in graph.nodes
        )

    def named_modules(self, *args, **more) -> Iterator[tuple[str, nn.Module]]:
        """Give every step under the name of the layer whose weight it uses."""
        yield "", self
        for step in self.steps:
            yield layer_name(step.node, self.graph), step

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits, with or without numbers."""
        return self.value(images).data

    def value(self, images: Tensor) -> Value:
        """Return the logits with what is known of them."""
        self.ledger.clear()
        self.ledger.values = values = {
            name: Value(as_tensor(one.array), leaves=frozenset({name}))
            for name, one in self.graph.stored.items()
        }
        values[self.graph.input] = Value(images, image=True, raw=2)
        for step in self.steps:
            given = [values[name] if name else None for name in step.node.inputs]
            self._mark_learnt(given)
            self.ledger.read(step.node.settings)
            for name, value in self._made(step, given):
                values[name] = value
        return values[self.graph.output]

    def _mark_learnt(self, given: list) -> None:
        """Tell who watches which of the tensors hold numbers that can be trained."""
        for one in given:
            if one and any(not self.graph.stored[n].is_setting for n in one.leaves):
                one.data._coursekit_learnt = True

    def _made(self, step: Step, given: list) -> list[tuple[str, Value]]:
        node = step.node
        try:
            inputs = given[0] if given else None
            fused = normed_before(node, given)
            if fused is not None:
                groups, epsilon = inputs.data.shape[1], node.settings.get("epsilon")
                out = F.group_norm(fused, groups, eps=epsilon or 1e-5)
            else:
                out = self._carried_out(step, given)
        except Unrecognised as error:
            raise Unrecognised(f"node {node.label}, because {error}") from error
        except FAILURES as error:
            if "allocate" in str(error):
                raise Misfit(f"node {node.label} asks for too much memory") from error
            reason = shown((str(error).splitlines() or [type(error).__name__])[0], 120)
            raise Misfit(
                f"the sizes in model.onnx do not fit at node {node.label}: {reason}"
            ) from error
        several = [out] if isinstance(out, Tensor) else list(out)
        value = self._described(step, given)
        made = [replace(value, data=one) for one in several]
        if node.op == "Reshape":
            made = [reshaped(given[0], made[0])]
        if fused is not None:
            flat = several[0].reshape(inputs.data.shape)
            made = [replace(value, data=flat, before=several[0])]
        return list(zip(node.outputs, made, strict=False))

    def _carried_out(self, step: Step, given: list) -> Tensor | tuple[Tensor, ...]:
        """Carry out a step, or the layer that a pattern of steps stands for."""
        padded = wrapped(step.node, self.makers, self.ledger.values)
        if padded is not None:
            return padded
        if self._deviation_of(step.node, given):
            return normed_by_hand(given[0].data, given[1].data)
        return step(*(one and one.data for one in given))

    def _described(self, step: Step, given: list) -> Value:
        """Return what is known of a step's result; note what it uses."""
        node, known = step.node, step.known
        if node.op in OF_SHAPE_ONLY:
            return Value(NOTHING)
        pairs = [
            (_role(node, known, k, given), k, one) for k, one in enumerate(given) if one
        ]
        for role, place, one in pairs:
            self._check_role(node, role, place, one)
        sources = [one for role, _, one in pairs if role not in "so"]
        deviation = self._deviation_of(node, given)
        if deviation:
            self.ledger.rest_after_all(given[0].centred)
            self.ledger.rest(frozenset({deviation}))
            return Value(NOTHING, True, norms=given[0].norms + 1)
        if any(one.image for one in sources):
            for role, place, one in pairs:
                if not one.image and role not in "so":
                    self._use(node, role, place, given)
            return replace(after(node, given), centred=self._mean_of(node, given))
        leaves = frozenset().union(*(one.leaves for one in sources))
        widens = node.op == "Cast" and node.settings.get("to") in WIDE
        moved = (known.moves or widens) and all(one.moved for one in sources)
        return Value(NOTHING, False, leaves, moved)

    def _check_role(self, node: Node, role: str, place: int, one: Value) -> None:
        stored = self.graph.stored
        if role not in "xo" and one.image:
            raise Unrecognised(
                f"node {node.label}, because its input {place + 1} is made from the "
                "image"
            )
        learnt = (n for n in one.leaves if stored[n].array.dtype.kind == "f")
        if role == "s" and any(not stored[n].is_setting for n in learnt):
            self._doubt(node, f"its input {place + 1}, a size, is made of weights")

    def _use(self, node: Node, role: str, place: int, given: list) -> None:
        """Note a tensor that meets the image: a weight, a statistic or a setting."""
        one, source = given[place], next(v for v in given if v and v.image)
        channels = source.data.shape[1] if source.data.dim() > 1 else 1
        is_norm = role == "t" and source.norms < MOST_NORMS + bool(source.raw)
        weights = any(not self.graph.stored[n].is_setting for n in one.leaves)
        of_image = node.op in NORMALISES and source.raw and one.data.numel() <= channels
        if is_norm or (of_image and weights):
            self.ledger.rest(one.leaves)
            return
        if role == "t":
            self.ledger.counted |= one.leaves
        weighs = node.op in WEIGHING
        self.ledger.use(node.inputs[place], one, weighs=weighs)
        if not weights and not is_plain(
            one.data, only_uniform=weighs and not one.moved
        ):
            self._doubt(node, "it uses numbers that are computed, not stored")

    def _mean_of(self, node: Node, given: list) -> str:
        """Return the stored mean that a `Sub` takes off every channel, "" if none."""
        if node.op == "Mul":
            return next((one.centred for one in given if one.image), "")
        if node.op != "Sub" or not given[0].image or given[0].norms >= MOST_NORMS:
            return ""
        return self._one_a_channel(given)

    def _deviation_of(self, node: Node, given: list) -> str:
        """Return the stored variance that a norm written by hand divides by.

        `(x - mean) / (var + eps).sqrt()` with one number a channel is a batch norm.
        """
        is_norm = node.op == "Div" and given[0].centred
        return self._one_a_channel(given) if is_norm else ""

    def _one_a_channel(self, given: list) -> str:
        first, other = given
        weights = [n for n in other.leaves if not self.graph.stored[n].is_setting]
        fits = first.data.dim() == 4 and other.data.numel() == first.data.shape[1]
        return weights[0] if fits and len(weights) == 1 and not other.image else ""

    def _doubt(self, node: Node, because: str) -> None:
        self.ledger.doubts.append(f"node {node.label}, because {because}")


def _role(node: Node, known: Operator, place: int, given: list) -> str:
    """Return the letter of an input.

    Places in a table of weights are numbers, and so are many places in a map: who picks
    channels by a long list and adds them up has weights of 0 and 1.
    """
    if node.op == "Gather" and place == 1:
        is_code = given[0].image and given[1].data.numel() > SIZES
        return "x" if is_code or (given[0].leaves and not given[0].image) else "s"
    return known.role(place)


def layer_name(node: Node, graph: Graph) -> str:
    """Return the module a node belongs to: its weight is called `module.weight`."""
    own = (name for name in node.inputs if name in graph.stored)
    found = next((n.rpartition(".")[0] for n in own if "." in n), "")
    return shown(found)[1:-1] if found else node.label


def _unknown(node: Node) -> Operator:
    def run(*given, **settings):
        raise Unrecognised(f"the operator {shown(node.op)} is not on the list")

    return Operator(run, "x", frozenset(), moves=False)
