"""Run a model once on tensors without data and watch every operator.

Anatomy by interception: a `TorchDispatchMode` sees each aten operator the model calls,
whatever Python wrote it, runs it on meta tensors (shapes without numbers) and
carries the fields along. No weight is copied or changed; batch-norm statistics, the
train/eval mode of every module and the random generators stay as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.modules import module as nn_module
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.flop_counter import flop_registry

from coursekit.anatomy import mixing, moving, resizing, sliding  # noqa: F401 (rules)
from coursekit.anatomy.field import Field, whole_image
from coursekit.anatomy.operators import Operands, UnknownOperatorError, propagate


@dataclass(eq=False)
class Frame:
    """One call of one module: what went in and out, and what it cost."""

    name: str
    module: nn.Module
    depth: int
    inputs: list[tuple[int, ...]]
    multiply_adds: int = 0
    first_call: bool = True
    outputs: list[tuple[str, tuple[int, ...], Field | None]] = field(
        default_factory=list
    )


class _Circular(TorchFunctionMode):
    """Circular padding reaches aten as writes into slices; take it before that."""

    def __init__(self, watch: _Watch):
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
        found = self.watch.field_of(input)
        after = moving.padded(found, list(pad), "circular")
        out = torch.empty(after.shape, dtype=input.dtype, device="meta")
        self.watch.fields[out] = after
        return out


class _Watch(TorchDispatchMode):
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
        found = propagate(call, outputs)
        for tensor, after in zip(outputs, found, strict=True):
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

    def __setitem__(self, tensor: Tensor, found: Field) -> None:
        tensor._coursekit_field = found


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
    watch = _Watch(stack)
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), None)
    image = torch.empty(1, *input_shape, dtype=dtype, device="meta")
    watch.fields[image] = whole_image((1, *input_shape))
    with evaluating(model), _watched_calls(model, watch, frames, stack):
        try:
            with torch.no_grad(), _Circular(watch), watch:
                model(image)
        except (RuntimeError, ValueError, IndexError, NotImplementedError) as error:
            raise _explained(error, stack, input_shape) from error
    return frames


def _explained(error: Exception, stack: list[Frame], shape: tuple) -> ValueError:
    """Say at which layer a forward pass ended, and with what shapes."""
    frame = stack[-1] if stack else None
    kind = type(frame.module).__name__ if frame else "model"
    name = f"layer `{frame.name}` ({kind})" if frame and frame.name else f"`{kind}`"
    if isinstance(error, UnknownOperatorError):
        return UnknownOperatorError(
            f"anatomy has no rule for the operator `{error}`, used in {name}; "
            "wrap that step in a module made of known operators, or leave it out"
        )
    took = ", ".join(str(s) for s in frame.inputs) if frame else str(shape)
    reason = _mismatch(frame) or str(error).strip().split("\n")[0]
    return ValueError(
        f"an input of `input_shape` {shape} does not go through the model: {name} "
        f"was given {took or shape}, and {reason}"
    )


def _mismatch(frame: Frame | None) -> str | None:
    """Say in words that a layer was built for another number of channels."""
    given = frame.inputs[0] if frame and frame.inputs else ()
    for attribute, place in (
        ("in_channels", 0),
        ("num_features", 0),
        ("in_features", -1),
    ):
        wanted = getattr(frame.module, attribute, None) if frame else None
        if given and isinstance(wanted, int) and wanted != given[place]:
            what = "features" if place else "channels"
            return f"it takes {wanted} {what}, not {given[place]}"
    return None


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put every module in eval mode and give each its own mode back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        for module, _ in modes:
            module.training = False
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def _watched_calls(
    model: nn.Module, watch: _Watch, frames: list[Frame], stack: list[Frame]
) -> Iterator[None]:
    """Open a frame for every call of a module of the model."""
    names = {id(module): name for name, module in model.named_modules()}
    calls: dict[str, int] = {}

    def enter(module: nn.Module, args: tuple) -> None:
        name = names.get(id(module))
        if name is None:
            return
        calls[name] = calls.get(name, 0) + 1
        label = name if calls[name] == 1 else f"{name}:{calls[name]}"
        shapes = [tuple(a.shape[1:]) for a in args if isinstance(a, Tensor)]
        frame = Frame(label, module, len(stack), shapes, first_call=calls[name] == 1)
        frames.append(frame)
        stack.append(frame)

    def leave(module: nn.Module, args: tuple, out: object) -> None:
        if id(module) in names:
            stack.pop().outputs = [
                (key, tuple(tensor.shape[1:]), watch.field_of(tensor))
                for key, tensor in _named_tensors(out)
            ]

    before = nn_module.register_module_forward_pre_hook(enter)
    after = nn_module.register_module_forward_hook(leave)
    try:
        yield
    finally:
        before.remove()
        after.remove()


def _named_tensors(out: object, key: str = "") -> list[tuple[str, Tensor]]:
    """Return the tensors inside an output, each with its place: "[0]", "['aux']"."""
    if isinstance(out, Tensor):
        return [(key, out)]
    if isinstance(out, dict):
        items = out.items()
    elif isinstance(out, list | tuple):
        items = enumerate(out)
    else:
        return []
    return [
        found for k, value in items for found in _named_tensors(value, f"{key}[{k!r}]")
    ]
