"""The watch over a forward pass: every operator is noted as it meets the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from coursekit._base.trial import Frame
from coursekit.anatomy import trace as tracing
from coursekit.anatomy.field import Field, numbers, whole_image
from coursekit.anatomy.rules.operators import (
    Operands,
    UnknownOperatorError,
    propagate,
)
from coursekit.course.challenges.notes import (
    Census,
    LastMap,
    Pool,
    Step,
    is_learnable,
)

_AVERAGES = {"mean", "sum", "avg_pool1d", "avg_pool2d", "_adaptive_avg_pool2d"}
_PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "mv", "addmv", "dot", "_trilinear"}
_SCALINGS = {"mul", "div", "addcmul", "native_layer_norm"}


@dataclass(frozen=True)
class _Past:
    """What is known of a tensor: units on their map, the last map, and averaging."""

    local: Field
    map_shape: tuple[int, ...]
    last_map: LastMap | None
    averaged: bool = False


class CensusWatch(tracing.Watch):
    """Anatomy's watch over every operator, which also takes down what it does."""

    def __init__(self, model: nn.Module, frames: list[Frame]):
        super().__init__(frames)
        self.steps: list[Step] = []
        self.pools: list[Pool] = []
        self.loose: dict[int, tuple[Tensor, str]] = {}
        self.parameters = dict(model.named_parameters())
        self.buffers = dict(model.named_buffers())
        owned = (*self.parameters.values(), *self.buffers.values())
        self.own = {_storage(tensor) for tensor in owned}
        self.read: set[int] = set()

    def start(self, image: Tensor) -> None:
        """Take the image as the first map."""
        self.fields[image] = whole_image(image.shape)
        self._remember(image, _opened(image, None))

    def census(self, out: object, frames: list[Frame]) -> Census:
        """Return what was taken down, with the map behind the first output."""
        pasts = [_past(t) for t in tree_leaves(out) if isinstance(t, Tensor)]
        maps = [past.last_map for past in pasts if past and past.last_map]
        loose: dict[str, int] = {}
        for tensor, layer in self.loose.values():
            loose[layer] = loose.get(layer, 0) + tensor.numel()
        return Census(
            steps=tuple(self.steps),
            last_map=next(iter(maps), None),
            loose=loose,
            unused=self._unread(self.parameters),
            idle=frozenset(self._unread(self.buffers)),
            pools=tuple(self.pools),
            shapes={f.name: f.outputs[0][1] for f in frames if f.outputs},
        )

    def _unread(self, named: dict[str, Tensor]) -> dict[str, int]:
        """Return name → numbers of the tensors that no operator has read."""
        return {
            name: tensor.numel()
            for name, tensor in named.items()
            if _storage(tensor) not in self.read
        }

    @property
    def layer(self) -> str:
        """The name of the module that runs now, "" in the model's own forward."""
        return self.frames[-1].name if self.frames else ""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        self.read.update(map(_storage, given))
        out = super().__torch_dispatch__(func, types, args, kwargs)
        made = [t for t in tree_leaves(out) if isinstance(t, Tensor)]
        if _name(func) != "lift_fresh":  # a constant written in the code
            self._look_for_loose(given)
        for tensor in made:
            tensor._coursekit_met = True
        return out

    def _look_for_loose(self, given: list[Tensor]) -> None:
        """Find numbers that no operator made and that the model does not own."""
        for tensor in given:
            is_made = getattr(tensor, "_coursekit_met", False) or _past(tensor)
            is_several = is_learnable(tensor) and tensor.numel() > 1
            if is_several and not is_made and _storage(tensor) not in self.own:
                self.loose.setdefault(id(tensor), (tensor, self.layer))

    def _carry(self, call: Operands, out: object) -> None:
        super()._carry(call, out)
        given = [t for t in call.tensors if _past(t) is not None]
        if call.fields and not given:
            raise UnknownOperatorError(f"{call.func} on values of unknown origin")
        outputs = [t for t in tree_leaves(out) if isinstance(t, Tensor)]
        if not given or not outputs or self.field_of(outputs[0]) is None:
            return
        after = _after(call, given, outputs)
        self._note(call, given, outputs[0], after)
        if outputs[0].dim() == 4 and _opens_a_map(call, given, outputs[0]):
            after = _opened(outputs[0], after.last_map, after.averaged)
        for tensor in outputs:
            if self.field_of(tensor) is not None:
                self._remember(tensor, after)
            if call.func._schema.is_mutable and tensor._base is not None:
                base = tensor._base  # written to in part: a map of its own
                self._remember(base, _opened(base, after.last_map, after.averaged))

    def _note(self, call: Operands, given: list, out: Tensor, after: _Past) -> None:
        name, source = _name(call.func), given[0]
        meeting = (source, out, _past(source), after)
        weight = call.get("weight")
        if "batch_norm" in name:
            count = 0 if weight is None else weight.numel()
            self._step("norm", count, out.numel(), meeting)
        elif name == "convolution" and _past(weight) is None:
            self._step("convolution", weight.numel(), out[0, 0].numel(), meeting)
        elif name in _PRODUCTS and len(given) == 1:
            weight = max(_others(call, source), key=Tensor.numel, default=None)
            if weight is not None:
                uses = _multiply_adds(call, out) // weight.numel()
                self._step("product", weight.numel(), uses, meeting)
        elif name in _SCALINGS and len(given) == 1:
            weight = next((t for t in _others(call, source)), None)
            if weight is not None and _is_for_each_place(weight, out):
                self._step("scaling", weight.numel(), 1, meeting)
        elif "_pool" in name and "adaptive" not in name:
            window = call.get("kernel_size")
            self.pools.append(
                Pool(self.layer, tuple(window), tuple(call.get("stride") or window))
            )

    def _step(self, kind: str, weights: int, uses: int, meeting: tuple) -> None:
        source, out, past, after = meeting
        before = _sees_all(past.local, past.map_shape)
        now = _sees_all(after.local, past.map_shape)
        spans = kind == "scaling" or bool(now.any() & ~before.all())
        shapes = tuple(source.shape[1:]), tuple(out.shape[1:])
        places = prod(past.map_shape)
        jump = past.last_map.jump if past.last_map else 0
        seen = uses, places, spans, past.averaged, jump
        self.steps.append(Step(self.layer, kind, weights, *shapes, *seen))

    def _remember(self, tensor: Tensor, past: _Past) -> None:
        """Keep a tensor's past; where it is a map, it is the last one so far."""
        if tensor.dim() == 4 and tensor[0, 0].numel() > 1:
            units = self.field_of(tensor)
            along = [numbers(axis, units.shape) for axis in units.axes]
            jump = along[0][1] if isinstance(along[0][1], int) else 0
            seen = tuple(sees for sees, _, _ in along)
            last = LastMap(self.layer, tuple(tensor.shape[1:]), seen, jump)
            past = replace(past, last_map=last)
        tensor._coursekit_past = past


def _after(call: Operands, given: list, outputs: list) -> _Past:
    """Return what is known of the output, places counted on the map before."""
    if len(given) > 1:
        return _joined(call, given, outputs)
    past = _past(given[0])
    own = Operands(call.func, call.args, call.kwargs, _local_of)
    local = propagate(own, outputs)[0] or past.local
    averaged = past.averaged
    if _name(call.func) in _AVERAGES and not averaged:
        before = _sees_all(past.local, past.map_shape)
        averaged = bool(_sees_all(local, past.map_shape).all() & ~before.all())
    return replace(past, local=local, averaged=averaged)


def _joined(call: Operands, given: list, outputs: list) -> _Past:
    """Return what is known of tensors brought together: `+`, `*`, `cat`."""
    pasts = [_past(t) for t in given]
    averaged = all(past.averaged for past in pasts)
    for past, tensor in zip(pasts, given, strict=True):
        if tensor.shape == outputs[0].shape:  # it stands where this one stood
            return replace(past, averaged=averaged)
    past = max(pasts, key=lambda past: prod(past.map_shape))
    if outputs[0].dim() == 4:  # a map of its own, which is opened next
        return replace(past, averaged=averaged)
    own = Operands(call.func, call.args, call.kwargs, _local_of)
    local = propagate(own, outputs)[0] or past.local
    return replace(past, local=local, averaged=averaged)


def _opened(tensor: Tensor, last: LastMap | None, averaged: bool = False) -> _Past:
    return _Past(whole_image(tensor.shape), tuple(tensor.shape[2:]), last, averaged)


def _opens_a_map(call: Operands, given: list, out: Tensor) -> bool:
    """Tell whether the units of the output are places of a map of their own."""
    if len(given) > 1:
        return all(t.shape != out.shape for t in given)
    name = _name(call.func)
    return name == "convolution" or "pool" in name or "upsample" in name


def _sees_all(units: Field, map_shape: Sequence[int]) -> Tensor:
    """Tell for each unit whether it sees the whole map."""
    seen = torch.ones((), dtype=torch.bool)
    for axis, size in zip(units.axes, map_shape, strict=True):
        low, minus_high = axis.bounds
        seen = seen & (low <= 0) & (minus_high <= 1 - size)
    return seen


def _is_for_each_place(weight: Tensor, out: Tensor) -> bool:
    """Tell whether a factor has a number of its own for every place of a map."""
    is_map = out.dim() == 4 and out[0, 0].numel() > 1
    return is_map and weight.dim() > 1 and weight.shape[-2:] == out.shape[-2:]


def _others(call: Operands, source: Tensor) -> list[Tensor]:
    return [t for t in call.tensors if t is not source and t.dim() > 1]


def _multiply_adds(call: Operands, out: Tensor) -> int:
    formula = flop_registry.get(call.func._overloadpacket)
    if formula is None:  # mv, addmv: every weight meets the vector once
        return max(t.numel() for t in call.tensors)
    return formula(*call.args, **call.kwargs, out_val=out) // 2


def _name(func) -> str:
    return func._schema.name.removeprefix("aten::").rstrip("_")


def _past(tensor: object) -> _Past | None:
    return getattr(tensor, "_coursekit_past", None)


def _local_of(tensor: object) -> Field | None:
    past = _past(tensor)
    return past and past.local


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata
