"""What a statement forbids is seen by watching operators, whatever they were called.

`F.max_pool2d`, `nn.MaxPool2d`, `torch.max_pool2d` and `torch.ops.aten.max_pool2d` all
end in the same operator; so does a function that was given another name.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from coursekit.course.exercises.stand_in_device import tensors_in

FORBIDDEN = {
    "pooling": (
        re.compile(r"pool"),
        "You use torch's own `{name}`; the exercise is to build the pooling without it",
    ),
    "convolution": (
        re.compile(r"conv(?!ert)|^conv"),
        "You use torch's own `{name}`; the exercise is to build the convolution "
        "without it",
    ),
    "autograd": (
        re.compile(r"^(backward|grad|vjp|jvp|_make_dual)$"),
        "You let autograd find the gradient; the exercise is to write it down by hand",
    ),
    "shared memory": (
        re.compile(r"^shared memory$"),
        "Your result shares its memory with the input; asked is a new tensor, so that "
        "changing one does not change the other (`clone()`)",
    ),
}


@dataclass(frozen=True)
class Used:
    """The sentence on what an answer used although the statement forbids it, or ""."""

    sentence: str = ""


def used(forbids: tuple[str, ...], call: Callable[[], object], args: object) -> Used:
    """Make a call and say which forbidden thing it used.

    Args:
        forbids: keys of `FORBIDDEN`.
        call: makes the call on `args`.
        args: the arguments, for finding memory that the result shares with them.
    """
    with _watched() as names:
        try:
            result = call()
        except RuntimeError as error:
            if "saved tensor hooks" not in str(error):  # of torch.func's transforms
                raise
            names.append("grad")
            result = None
    if _shares(result, args):
        names.append("shared memory")
    for forbidden in forbids:
        pattern, sentence = FORBIDDEN[forbidden]
        for name in names:
            if pattern.search(name):
                return Used(sentence.format(name=name))
    return Used()


@contextmanager
def _watched() -> Iterator[list[str]]:
    """Yield the list of what is used in the block: functions, then their operators."""
    names: list[str] = []

    def unpack(saved: Tensor) -> Tensor:  # runs when a gradient is computed
        names.append("backward")
        return saved

    with ExitStack() as stack:
        hooks = torch.autograd.graph.saved_tensors_hooks(lambda x: x, unpack)
        stack.enter_context(hooks)
        stack.enter_context(_Functions(names))
        stack.enter_context(_Operators(names))
        yield names


class _Functions(TorchFunctionMode):
    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.names.append(getattr(func, "__name__", ""))
        return func(*args, **(kwargs or {}))


class _Operators(TorchDispatchMode):
    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def _shares(result: object, args: object) -> bool:
    """Say whether a tensor of the result lies in the memory of an argument."""
    theirs, own = (
        {one.untyped_storage().data_ptr() for one in tensors_in(value)} - {0}
        for value in (args, result)
    )
    return bool(theirs & own)
