"""Run a model once on tensors without data and watch every operator.

Anatomy by interception: a `TorchDispatchMode` sees each aten operator the model calls,
whatever Python wrote it, runs it on meta tensors (shapes without numbers) and
carries the fields along. No weight is copied or changed; batch-norm statistics, the
train/eval mode of every module and the random generators stay as they were.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.flop_counter import flop_registry

from coursekit._base.modes import left_as_found
from coursekit.anatomy.calls import Frame, explained, watched_calls
from coursekit.anatomy.field import Field, whole_image
from coursekit.anatomy.rules import moving
from coursekit.anatomy.rules.operators import Operands, UnknownOperatorError, propagate


class Circular(TorchFunctionMode):
    """Circular padding reaches aten as writes into slices; take it before that."""

    def __init__(self, watch: Watch):
        super().__init__()
        self.watch = watch

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") == "pad" and "circular" in (
            *args[2:3],
            kwargs.get("mode"),
        ):
            return self._pad(*args, **kwargs)
        return func(*args, **kwargs)

    def _pad(self, input: Tensor, pad, mode="circular", value=None) -> Tensor:
        before = self.watch.field_of(input)
        after = moving.padded(before, list(pad), "circular")
        out = torch.empty(after.shape, dtype=input.dtype, device="meta")
        self.watch.fields[out] = after
        return out


class Watch(TorchDispatchMode):
    """Runs every operator on meta tensors and propagates the fields."""

    def __init__(self, frames: list[Frame]):
        super().__init__()
        self.frames, self.fields = frames, _Fields()

    def field_of(self, tensor: object) -> Field | None:
        return self.fields.get(tensor) if isinstance(tensor, Tensor) else None

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        if self._is_constant(func, tensors):
            return _made(func(*args, **kwargs), tensors)
        if not tensors:  # random numbers: only their shape is of interest
            return func(*args, **{**kwargs, "device": "meta"})
        given = tree_map_only(Tensor, _without_data, (args, kwargs))
        out = func(*given[0], **given[1])
        self._count(func, *given, out)
        # Constants keep their numbers for the rules: an index must be known.
        call = Operands(func, args, kwargs, self.field_of)
        if call.fields:
            self._carry(call, out)
        return out

    @staticmethod
    def _is_constant(func, tensors: list[Tensor]) -> bool:
        """Tell whether a call may run for real: no image in it, nothing changed."""
        if torch.Tag.nondeterministic_seeded in func.tags:
            return False
        if any(tensor.is_meta for tensor in tensors):
            return False
        return not func._schema.is_mutable or all(map(_is_made, tensors))

    def _count(self, func, args: tuple, kwargs: dict, out: object) -> None:
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            flops = formula(*args, **kwargs, out_val=out)
            for frame in self.frames:
                frame.multiply_adds += flops // 2

    def _carry(self, call: Operands, out: object) -> None:
        outputs = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
        if not outputs:
            return
        empty = next((o for o in outputs if o.numel() == 0), None)
        if empty is not None:
            raise ValueError(f"its output is empty, {tuple(empty.shape[1:])}")
        fields = propagate(call, outputs)
        for tensor, after in zip(outputs, fields, strict=True):
            if after is None:
                continue
            if call.func._schema.is_mutable and tensor._is_view():
                self._refuse_partial_write(call, tensor, after)
            self.fields[tensor] = after

    def _refuse_partial_write(self, call: Operands, tensor: Tensor, after: Field):
        if self.field_of(tensor) is not after:
            raise UnknownOperatorError(f"{call.func} into a slice of a tensor")


class _Fields:
    """The field of a meta tensor, kept on the tensor itself."""

    def get(self, tensor: Tensor) -> Field | None:
        return getattr(tensor, "_coursekit_field", None)

    def __setitem__(self, tensor: Tensor, field: Field) -> None:
        tensor._coursekit_field = field


def _is_made(tensor: Tensor) -> bool:
    return getattr(tensor, "_coursekit_made", False)


def _made(out: object, inputs: list[Tensor]) -> object:
    """Mark tensors made during the run: only these may be written to for real."""
    for tensor in tree_leaves(out):
        if isinstance(tensor, Tensor) and (
            not tensor._is_view() or all(map(_is_made, inputs))
        ):
            tensor._coursekit_made = True
    return out


def _without_data(tensor: Tensor) -> Tensor:
    if tensor.is_meta:
        return tensor
    return torch.empty_strided(
        tensor.size(), tensor.stride(), dtype=tensor.dtype, device="meta"
    )


def trace(model: nn.Module, input_shape: tuple[int, ...]) -> list[Frame]:
    """Return one frame per module call, in the order they were entered.

    Args:
        model: any module that takes one image tensor.
        input_shape: (c, *spatial), the shape of one image.

    Raises:
        ValueError: the input does not fit, or an operator is not known; the sentence
            names the layer.
    """
    frames: list[Frame] = []
    stack: list[Frame] = []
    watch = Watch(stack)
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), None)
    image = torch.empty(1, *input_shape, dtype=dtype, device="meta")
    watch.fields[image] = whole_image((1, *input_shape))
    with (
        left_as_found(model, training=False),
        watched_calls(model, frames, stack, watch.field_of),
    ):
        try:
            with torch.no_grad(), Circular(watch), watch:
                model(image)
        except (RuntimeError, ValueError, IndexError, NotImplementedError) as error:
            raise explained(error, stack, input_shape) from error
    return frames
