"""Run a model on tensors without data, and follow every operator that meets the image.

A `TorchDispatchMode` sees each aten operator the model calls, whatever Python wrote it,
and runs it on meta tensors (shapes without numbers). Constants are computed for real:
an index or a mask must be known. What is written into a constant is followed too: it
stays the tensor that it is, and the subclass notes what it now holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from coursekit._base.modes import cpu_by_default, left_as_found
from coursekit._base.trial import Frame, NumbersNeededError, Questions, one_sentence

_INDEXING = {"index", "index_put", "index_put_", "_unsafe_index", "_index_put_impl_"}
_RANDOM = torch.Tag.nondeterministic_seeded
_STAND_IN = torch.ops.aten.empty_strided.default  # how a tensor without data is made


class Dataless(TorchDispatchMode):
    """Runs every operator that meets the image on meta tensors."""

    instead = None  # the operator that the next one stands for

    def is_touched(self, tensor: Tensor) -> bool:
        """Tell whether values of the image were written into a tensor with numbers."""
        raise NotImplementedError

    def note(self, func, args: tuple, kwargs: dict, out: object) -> None:
        """Take down what an operator that met the image was given and gave."""
        raise NotImplementedError

    def has_numbers(self, tensor: Tensor) -> bool:
        """Tell whether a tensor has numbers that do not depend on the image."""
        return not tensor.is_meta and not self.is_touched(tensor)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = tensors_in((args, kwargs))
        meets = not all(map(self.has_numbers, tensors))
        if meets and _asks_for_numbers(func):
            raise NumbersNeededError(str(func))
        if kwargs.get("device") is not None and func is not _STAND_IN:
            kwargs = {**kwargs, "device": _device(kwargs["device"], meets)}
        if not tensors and _RANDOM in func.tags:  # only its shape is of interest
            return func(*args, **{**kwargs, "device": "meta"})
        if not meets and _may_run(func, tensors):
            return _made(func(*args, **kwargs), tensors)
        if is_view(func) and not any(tensor.is_meta for tensor in tensors):
            out = func(*args, **kwargs)  # still shares its numbers with the original
        else:
            args = _with_places(func, args) if meets else args
            out = func(*without_data(args), **without_data(kwargs))
            if func._schema.is_mutable:
                out = _as_given(func, args, kwargs, out)
        made = out if func._schema.returns else _written(func, args, kwargs)
        self.note(self.instead or func, args, kwargs, made)
        return out


def tensors_in(values: object) -> list[Tensor]:
    """Return the tensors in nested lists, tuples and dicts."""
    if isinstance(values, Tensor):
        return [values]
    if isinstance(values, dict):
        values = values.values()
    elif not isinstance(values, list | tuple):
        return []
    return [tensor for value in values for tensor in tensors_in(value)]


def without_data(values: object) -> object:
    """Return nested arguments, tensors replaced by such without numbers."""
    if isinstance(values, Tensor) and not values.is_meta:
        like = {"dtype": values.dtype, "device": "meta"}
        return torch.empty_strided(values.size(), values.stride(), **like)
    if isinstance(values, list | tuple):
        return type(values)(map(without_data, values))
    if isinstance(values, dict):
        return {key: without_data(value) for key, value in values.items()}
    return values


@lru_cache(maxsize=4096)
def is_view(func) -> bool:
    """Tell whether an operator returns a view of what it was given."""
    aliases = (given.alias_info for given in func._schema.returns)
    return any(alias is not None and not alias.is_write for alias in aliases)


@lru_cache(maxsize=4096)
def _asks_for_numbers(func) -> bool:
    """Tell whether what an operator returns has a shape that depends on numbers."""
    tags = {torch.Tag.dynamic_output_shape, torch.Tag.data_dependent_output}
    return (
        bool(tags & set(func.tags)) and func._overloadpacket.__name__ not in _INDEXING
    )


def _written(func, args: tuple, kwargs: dict) -> list:
    """Return the arguments that an operator writes to."""
    return [
        kwargs[argument.name] if argument.name in kwargs else args[number]
        for number, argument in enumerate(func._schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    ]


def _as_given(func, args: tuple, kwargs: dict, out: object) -> object:
    """Return the tensors written to themselves, not their stand-ins without data."""
    returns = func._schema.returns
    if not returns or not all(r.alias_info and r.alias_info.is_write for r in returns):
        return out
    written = _written(func, args, kwargs)
    return written[0] if len(written) == 1 else tuple(written)


def _device(asked: object, meets: bool) -> torch.device | str:
    """Keep what meets the image without data, and constants beside it with theirs."""
    if meets:
        return "meta"
    return "cpu" if torch.device(asked).type == "meta" else asked


def _may_run(func, tensors: list[Tensor]) -> bool:
    """Tell whether a call without the image may run for real: it changes nothing."""
    if _RANDOM in func.tags or len({tensor.device for tensor in tensors}) > 1:
        return False
    return not func._schema.is_mutable or all(map(_is_made, tensors))


def _is_made(tensor: Tensor) -> bool:
    return getattr(tensor, "_coursekit_made", False)


def _made(out: object, inputs: list[Tensor]) -> object:
    """Mark tensors made during the run: only these may be written to for real."""
    for tensor in tensors_in(out):
        if not tensor._is_view() or all(map(_is_made, inputs)):
            tensor._coursekit_made = True
    return out


def _with_places(func, args: tuple) -> tuple:
    """Write a mask in `x[mask]` as the places where it is true."""
    if func._overloadpacket.__name__ not in _INDEXING:
        return args
    indices = []
    for index in args[1]:
        is_mask = isinstance(index, Tensor) and index.dtype in (torch.bool, torch.uint8)
        if is_mask and index.is_meta:
            raise NumbersNeededError("x[mask]")
        indices += index.nonzero().unbind(1) if is_mask else [index]
    return (args[0], indices, *args[2:])


class _BeforeOperators(Questions):
    """Takes what must not reach the operators as it is.

    Circular padding would arrive as writes into slices, and composite functions compare
    the devices of their arguments before any operator is called.
    """

    MIXED = frozenset(
        {"scaled_dot_product_attention", "lstm", "gru", "rnn_tanh", "rnn_relu"}
    )

    def __init__(self, mode: Dataless):
        super().__init__()
        self.mode = mode

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        if name == "pad" and "circular" in (*args[2:3], (kwargs or {}).get("mode")):
            if self._meets(args[:1]):
                return self._pad(*args[:2], **(kwargs or {}))
        elif name in self.MIXED and self._meets((args, kwargs)):
            args, kwargs = without_data((args, kwargs))
        return super().__torch_function__(func, types, args, kwargs)

    def has_numbers(self, tensor: Tensor) -> bool:
        return self.mode.has_numbers(tensor)

    def _meets(self, values: object) -> bool:
        return not all(map(self.has_numbers, tensors_in(values)))

    def _pad(self, input: Tensor, pad, **_: object) -> Tensor:
        """Let constant padding, which has the same shape, stand for circular."""
        self.mode.instead = torch.ops.aten._pad_circular.default
        try:
            return torch.ops.aten.constant_pad_nd.default(input, list(pad))
        finally:
            self.mode.instead = None


@contextmanager
def dataless_run(
    model: nn.Module,
    shape: tuple[int, ...],
    mode: Dataless,
    frames: list[Frame],
    stack: list[Frame],
    note: Callable[[Tensor], object] = lambda tensor: None,
) -> Iterator[None]:
    """Let `mode` follow the operators of a model in eval mode that is run inside.

    Args:
        model: checked; left as it was found.
        shape: (c, *spatial) of one image.
        frames, stack, note: as in `one_sentence`.

    Raises:
        ValueError: the image does not go through; the sentence names the layer.
    """
    with (
        cpu_by_default(),
        torch.inference_mode(False),
        torch.no_grad(),
        left_as_found(model, training=False),
        one_sentence(model, shape, frames, stack, note, _BeforeOperators(mode)),
        mode,
    ):
        yield


def blank_image(model: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """Return a batch of one image without data, of the model's own number type."""
    floats = (p.dtype for p in model.parameters() if p.is_floating_point())
    return torch.empty(1, *shape, dtype=next(floats, None), device="meta")
