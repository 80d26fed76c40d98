"""A trial run of a model: what goes in and out of its modules, and where it ends.

The hooks are global ones, kept while a context manager is open: nothing is left on the
model. Whoever runs a model that others wrote opens `one_sentence`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.modules import module as nn_module
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

# What torch and its layers raise for an input that does not fit.
REFUSALS = (RuntimeError, ValueError, IndexError, NotImplementedError, AssertionError)
NUMBERS = {  # function of a tensor → how it is written
    **{"__bool__": "if", "__int__": "int()", "__float__": "float()"},
    **{"__index__": "int()", "__array__": ".numpy()", "numpy": ".numpy()"},
    **{"item": ".item()", "tolist": ".tolist()"},
}
_QUANTISED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized")


class NumbersNeededError(ValueError):
    """A step asks for the numbers of a tensor that has none."""

    def used_in(self, layer: str) -> ValueError:
        """Return the error with the layer it came from."""
        return NumbersNeededError(
            f"{layer} asks for a number in a tensor (`{self}`), but this run knows "
            "shapes only; leave that step out, or remove the hook that does it"
        )


def checked_model(model: nn.Module) -> nn.Module:
    """Return the model if it can be run and watched, else say what is wrong with it."""
    if not isinstance(model, nn.Module):
        raise ValueError(f"`model` must be an nn.Module instance; got {_called(model)}")
    for name, module in model.named_modules():
        kind, instead = type(module).__name__, f"`model.{name}`" if name else "`model`"
        if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            raise ValueError(f"{instead} is wrapped in {kind}; give its `.module`")
        if isinstance(module, torch.jit.ScriptModule):
            raise ValueError(
                f"{instead} is compiled by torch.jit; give the module it was made from"
            )
        if type(module).__module__.startswith(_QUANTISED):
            raise ValueError(
                f"{instead} ({kind}) is quantised, its weights are packed; give the "
                "model it was made from"
            )
    for name, value in (*model.named_parameters(), *model.named_buffers()):
        if nn.parameter.is_lazy(value):
            raise ValueError(
                f"`model` has a lazy layer whose shape is not known yet ({name}); "
                "run the model once on a batch first"
            )
    return model


def _called(model: object) -> str:
    if isinstance(model, type):
        return f"the class {model.__name__}: call it first, as in {model.__name__}()"
    return type(model).__name__


@dataclass(eq=False)
class Frame:
    """One call of one module: what went in and out, and what it cost."""

    name: str
    module: nn.Module
    depth: int
    inputs: list[tuple[int, ...]]
    multiply_adds: int = 0
    first_call: bool = True
    outputs: list[tuple[str, tuple[int, ...], object]] = field(default_factory=list)


@contextmanager
def one_sentence(
    model: nn.Module,
    shape: tuple[int, ...],
    frames: list[Frame] | None = None,
    stack: list[Frame] | None = None,
    note: Callable[[Tensor], object] = lambda tensor: None,
    questions: Questions | None = None,
    said: str = "",
) -> Iterator[None]:
    """Turn what a model raises for an input that does not fit into one sentence.

    A mistake in the code of a `forward`, such as a name that does not exist, keeps its
    own error.

    Args:
        model: is run inside.
        shape: of one image that it is given.
        frames, stack, note: as in `watched_calls`.
        questions: what else to refuse, for a run in which tensors have shapes only.
        said: how the sentence begins.

    Raises:
        ValueError: which layer, what it was given, what it said.
    """
    stack = [] if stack is None else stack
    frames = [] if frames is None else frames
    with watched_calls(model, frames, stack, note):
        try:
            with questions or Questions():
                yield
        except REFUSALS as error:
            raise explained(error, stack, shape, said) from error
        except (TypeError, AttributeError) as error:
            reason = _about_the_input(error, model, stack)
            if reason is None:
                raise
            raise explained(ValueError(reason), stack, shape, said) from error


class Questions(TorchFunctionMode):
    """Refuses to take an image for a dict, or for numbers where it has none."""

    def has_numbers(self, tensor: Tensor) -> bool:
        """Tell whether a tensor has numbers or a shape only."""
        return True

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        if name == "__getitem__" and isinstance(args[1], str):
            raise IndexError(f"it takes a dict with {args[1]!r}, not a tensor")
        if name == "values":
            raise IndexError("it takes a dict, not a tensor")
        if name in NUMBERS:
            tensors = (leaf for leaf in tree_leaves(args) if isinstance(leaf, Tensor))
            if not all(map(self.has_numbers, tensors)):
                raise NumbersNeededError(NUMBERS[name])
        return func(*args, **(kwargs or {}))


def _about_the_input(error: Exception, model: nn.Module, stack: list) -> str | None:
    """Say what is wrong with the input, or None if the code itself is wrong."""
    if isinstance(error, AttributeError):
        given, name = error.obj, str(error.name)
        as_dict = isinstance(given, Tensor) and hasattr(dict, name)
        as_tensor = isinstance(given, dict | list | tuple) and hasattr(Tensor, name)
        return str(error) if as_dict or as_tensor else None
    if len(stack) == 1 and (needed := _not_one_tensor(model)):
        return f"its `forward` takes {needed}, not one batch of images"
    layer = stack[-1] if stack else None
    own = layer and type(layer.module).__module__.startswith(("torch.", "torchvision."))
    return str(error) if own and not layer.inputs else None


def _not_one_tensor(model: nn.Module) -> str:
    """Name the arguments of a `forward` that cannot be called with one, else ""."""
    signature = inspect.signature(model.forward)
    try:
        signature.bind(None)
    except TypeError:
        needed = signature.parameters.values()
        return ", ".join(f"`{p.name}`" for p in needed if p.default is p.empty)
    return ""


def explained(
    error: Exception, stack: list[Frame], shape: tuple, said: str = ""
) -> ValueError:
    """Say at which layer a forward pass ended, and with what shapes."""
    start = said or f"an input of `input_shape` {shape} does not go through the model"
    frame = stack[-1] if stack else None
    kind = type(frame.module).__name__ if frame else "model"
    name = f"layer `{frame.name}` ({kind})" if frame and frame.name else f"`{kind}`"
    if hasattr(error, "used_in"):
        return error.used_in(name)
    took = ", ".join(str(s) for s in frame.inputs) if frame else str(shape)
    why = str(error).strip().split("\n")[0] or "an `assert` in it fails"
    return ValueError(
        f"{start}: {name} was given {took or 'no tensor'}, and "
        f"{_mismatch(frame) or why}"
    )


def _mismatch(frame: Frame | None) -> str | None:
    """Say in words that a layer was built for another number of channels."""
    given = frame.inputs[0] if frame and frame.inputs else ()
    weight = getattr(frame.module, "weight", None) if frame else None
    if isinstance(weight, Tensor) and weight.is_complex():
        return "its weights are complex; images are real numbers"
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
def watched_calls(
    model: nn.Module,
    frames: list[Frame],
    stack: list[Frame],
    note: Callable[[Tensor], object] = lambda tensor: None,
) -> Iterator[None]:
    """Open a frame for every call of a module of the model.

    Args:
        model: its modules are watched, no others.
        frames: every frame is appended here, in the order of entry.
        stack: holds the frames of the calls under way, the innermost last.
        note: what to take down of each output besides its shape.
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
                (key, tuple(tensor.shape[1:]), note(tensor))
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
