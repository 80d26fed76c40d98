"""Calls of a model's modules: what goes in and out, and where a run came to an end.

The hooks are global ones, kept while a context manager is open: nothing is left on the
model. Its modes and attributes are given back as they were found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.modules import module as nn_module

from coursekit.anatomy.field import Field
from coursekit.anatomy.rules.operators import UnknownOperatorError


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


def explained(error: Exception, stack: list[Frame], shape: tuple) -> ValueError:
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


def cpu_by_default() -> AbstractContextManager:
    """Keep the bookkeeping on the CPU, whatever device the caller made the default."""
    # torch 2.4's get_default_device() does not see `with torch.device(…)`.
    elsewhere = torch.empty(0).device.type != "cpu"
    return torch.device("cpu") if elsewhere else nullcontext()


@contextmanager
def watched_calls(
    model: nn.Module,
    frames: list[Frame],
    stack: list[Frame],
    field_of: Callable[[Tensor], Field | None] = lambda tensor: None,
) -> Iterator[None]:
    """Open a frame for every call of a module of the model.

    Args:
        model: its modules are watched, no others.
        frames: every frame is appended here, in the order of entry.
        stack: holds the frames of the calls under way, the innermost last.
        field_of: what to note of each output besides its shape.
    """
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
                (key, tuple(tensor.shape[1:]), field_of(tensor))
                for key, tensor in named_tensors(out)
            ]

    with _hooked(enter, leave):
        yield


@contextmanager
def _hooked(enter: Callable, leave: Callable) -> Iterator[None]:
    """Run `enter` before and `leave` after every call of any module."""
    before = nn_module.register_module_forward_pre_hook(enter)
    after = nn_module.register_module_forward_hook(leave)
    try:
        yield
    finally:
        before.remove()
        after.remove()


def named_tensors(out: object, key: str = "") -> list[tuple[str, Tensor]]:
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
        found for k, value in items for found in named_tensors(value, f"{key}[{k!r}]")
    ]
