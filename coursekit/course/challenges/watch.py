"""The watch over a forward pass: every operator is noted as it meets the image."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from coursekit._base.trial import Frame
from coursekit.anatomy import trace as tracing
from coursekit.anatomy.field import numbers, whole_image
from coursekit.anatomy.rules.operators import RULES, Operands, UnknownOperatorError
from coursekit.course.challenges.by_place import (
    HALF,
    are_coordinates,
    carried,
    covers,
    differs_by_place,
    name_of,
    place_axes,
    used_share,
)
from coursekit.course.challenges.notes import (
    Census,
    LastMap,
    Pool,
    Step,
    is_learnable,
)
from coursekit.course.challenges.past import (
    Past,
    local_of,
    of_one_output,
    opened,
    opens_a_map,
    past_after,
    past_of,
)

_PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "mv", "addmv", "dot", "_trilinear"}
# Not avg_pool3d: local response norm is written with it.
_POOLS = {"max_pool2d_with_indices", "max_pool2d", "avg_pool2d", "avg_pool1d"}
_POOLS |= {"max_pool1d", "max_pool1d_with_indices"}


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
        self.doubts: dict[str, None] = {}

    def start(self, image: Tensor) -> None:
        """Take the image as the first map."""
        self.fields[image] = whole_image(image.shape)
        self._remember(image, opened(image))

    def census(self, out: object, frames: list[Frame]) -> Census:
        """Return what was taken down, with the map behind the first output."""
        pasts = [past_of(t) for t in tree_leaves(out) if isinstance(t, Tensor)]
        for past in filter(None, pasts):
            self._check_used(past)
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
            doubts=tuple(self.doubts),
            multiply_adds=frames[0].multiply_adds if frames else 0,
            averaged=any(past.averaged for past in pasts if past),
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
        if name_of(func) != "lift_fresh":  # a constant written in the code
            self._look_for_loose(given)
        for tensor in made:
            tensor._coursekit_met = True
        return out

    def _look_for_loose(self, given: list[Tensor]) -> None:
        """Find numbers that no operator made and that the model does not own."""
        for tensor in given:
            is_made = getattr(tensor, "_coursekit_met", False) or past_of(tensor)
            is_several = is_learnable(tensor) and tensor.numel() > 1
            if is_several and not is_made and _storage(tensor) not in self.own:
                self.loose.setdefault(id(tensor), (tensor, self.layer))

    def _carry(self, call: Operands, out: object) -> None:
        super()._carry(call, out)
        given = [t for t in call.tensors if past_of(t) is not None]
        if call.fields and not given:
            raise UnknownOperatorError(f"{call.func} on values of unknown origin")
        outputs = [t for t in tree_leaves(out) if isinstance(t, Tensor)]
        if not given or not outputs or self.field_of(outputs[0]) is None:
            return
        own = carried(call, outputs[0], self.field_of, local_of)
        if own is not None:
            self.fields[outputs[0]] = own
        after = replace(past_after(call, given, outputs), before=None)
        self._note(call, given, outputs[0], after)
        if outputs[0].dim() == 4 and opens_a_map(call, given, outputs[0]):
            self._check_used(after)
            after = opened(outputs[0], after)
        for tensor in outputs:
            if self.field_of(tensor) is not None:
                self._remember(tensor, of_one_output(call, after, tensor, outputs))
            if call.func._schema.is_mutable and tensor._base is not None:
                base = tensor._base  # written to in part: a map of its own
                self._remember(base, opened(base, after))

    def _note(self, call: Operands, given: list, out: Tensor, after: Past) -> None:
        name, source = name_of(call.func), given[0]
        meeting = (source, out, past_of(source), after)
        weight = call.get("weight")
        if not _only_moves(call):
            for tensor in given:
                self._check_used(past_of(tensor))
        if "batch_norm" in name and not call.get("training", call.get("train")):
            if 1 in place_axes(past_of(source).local):
                self.doubt("its statistics differ from place to place")
            count = 0 if weight is None else weight.numel()
            self._step("norm", count, out.numel(), meeting)
        elif name == "convolution" and past_of(weight) is None:
            self._step("convolution", weight.numel(), out[0, 0].numel(), meeting)
        elif name in _PRODUCTS or "attention" in name:
            self._note_product(call, given, out, meeting)
        elif name in _POOLS:
            window = call.get("kernel_size")
            strides = tuple(call.get("stride") or window)
            rest = out[0, 0].numel()
            self.pools.append(Pool(self.layer, tuple(window), strides, rest))
        else:
            self._note_scaling(call, given, meeting)

    def _note_product(self, call: Operands, given: list, out: Tensor, meeting) -> None:
        source, factors = given[0], call.tensors[-2:]
        if len(given) == 1:
            weight = max(_others(call, source), key=Tensor.numel, default=None)
            if weight is not None:
                uses = _multiply_adds(call, out) // weight.numel()
                over = _summed(source, factors) in place_axes(past_of(source).local)
                self._step("product", weight.numel(), uses, meeting, spans=over)
            return
        if "attention" in name_of(call.func) or len(given) > 2:
            self.doubt("both factors of a product are made from the image")
            return
        places = [place_axes(past_of(t).local) for t in factors]
        summed = [
            _summed(t, factors) in p for t, p in zip(factors, places, strict=True)
        ]
        if summed[0] != summed[1]:
            self._step("scaling", 0, 1, meeting)
        elif not summed[0] and all(places):
            self.doubt("both factors of a product are made from the image")

    def _note_scaling(self, call: Operands, given: list, meeting: tuple) -> None:
        """Note an operand with numbers of its own for the places of another."""
        name, out = name_of(call.func), meeting[1]
        is_pointwise = torch.Tag.pointwise in call.func.tags
        if not is_pointwise and name not in ("cat", "native_layer_norm", "stack"):
            return
        axes = [place_axes(past_of(t).local) for t in given]
        lift = [out.dim() - t.dim() for t in given]
        places = {d + up for a, up in zip(axes, lift, strict=True) for d in a}
        for tensor in call.tensors:
            past = past_of(tensor)
            up = out.dim() - tensor.dim()
            own = set() if past is None else {d + up for d in place_axes(past.local)}
            strange = differs_by_place(tensor, places - own, out.dim())
            if strange and not (name == "cat" and are_coordinates(tensor)):
                self._step("scaling", tensor.numel(), 1, meeting)
        stored = [t for t in call.tensors if past_of(t) is None and t.numel() > 1]
        if is_pointwise and any(_spreads(t, given, out) for t in stored):
            self.doubt("stored numbers are spread over what is made from the image")

    def doubt(self, because: str) -> None:
        """Note what is not recognised, with the layer it happens in."""
        where = f"`{self.layer}`" if self.layer else "the forward pass"
        self.doubts[f"{where}: {because}"] = None

    def _check_used(self, past: Past) -> None:
        """Doubt what is made of a small part of a map: a place picked."""
        share = used_share(past.local, past.map_shape)
        if share < HALF:
            self.doubt("it uses a part of its map only, as if a place were picked")

    def _step(
        self, kind: str, weights: int, uses: int, meeting: tuple, spans: bool = False
    ) -> None:
        source, out, past, after = meeting
        if kind == "convolution":
            spans = covers(past.local, after.local, past.map_shape)
        shapes = tuple(source.shape[1:]), tuple(out.shape[1:])
        places = prod(past.map_shape)
        jump = past.last_map.jump if past.last_map else 0
        seen = uses, places, spans or kind == "scaling", past.averaged, jump, past.part
        self.steps.append(Step(self.layer, kind, weights, *shapes, *seen))

    def _remember(self, tensor: Tensor, past: Past) -> None:
        """Keep a tensor's past; where it is a map, it is the last one so far."""
        if tensor.dim() == 4 and tensor[0, 0].numel() > 1:
            units = self.field_of(tensor)
            along = [numbers(axis, units.shape) for axis in units.axes]
            jump = along[0][1] if isinstance(along[0][1], int) else 0
            seen = tuple(sees for sees, _, _ in along)
            last = LastMap(self.layer, tuple(tensor.shape[1:]), seen, jump)
            past = replace(past, last_map=last)
        tensor._coursekit_past = past


def _only_moves(call: Operands) -> bool:
    """Tell whether an operator only moves values about."""
    own = RULES.get(name_of(call.func))
    return getattr(own, "__module__", "").endswith(".moving")


def _summed(tensor: Tensor, factors: list[Tensor]) -> int:
    """Return the axis of a factor that a product sums over."""
    left = tensor is factors[0]
    return tensor.dim() - 1 if left or tensor.dim() == 1 else tensor.dim() - 2


def _spreads(stored: Tensor, given: list[Tensor], out: Tensor) -> bool:
    """Tell whether an operand makes more numbers of what is made from the image."""
    if any(t.shape == out.shape for t in given):
        return False
    return max(t.numel() for t in given) < out.numel() and stored.numel() > 1


def _others(call: Operands, source: Tensor) -> list[Tensor]:
    return [t for t in call.tensors if t is not source and t.dim() > 1]


def _multiply_adds(call: Operands, out: Tensor) -> int:
    formula = flop_registry.get(call.func._overloadpacket)
    if formula is None:  # mv, addmv: every weight meets the vector once
        return max(t.numel() for t in call.tensors)
    return formula(*call.args, **call.kwargs, out_val=out) // 2


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata
