"""Write a torch model as ONNX: nothing fused, nothing folded, nothing personal.

Two exporters exist. The one built on TorchScript keeps every layer one node and is in
torch since 1.x, though newer versions announce its end; the one built on torch.export
takes over where the first is gone, and needs the package `onnxscript` beside `onnx`.
"""

import inspect
import io
import os
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec

import onnx
import torch
from torch import nn

from coursekit._base.modes import copy_of, evaluating, seeded
from coursekit.course.network_file.anonymise import anonymised
from coursekit.course.network_file.any_length import TRACED, with_any_length
from coursekit.course.network_file.known_branches import without_known_branches
from coursekit.course.network_file.layout import INPUT, OPSET, OUTPUT, need

# What tracing and the exporters raise for a model they cannot write.
REFUSALS = (RuntimeError, TypeError, ValueError, AttributeError, LookupError)
OPERATOR = re.compile(r"(?<=ONNX export of operator )\w+|\b(?!onnx|prim)[a-z_]\w*::\w+")
UNEVEN = re.compile(r"adaptive_\w+_pool\dd, output size that are not factor")


def exported(model: nn.Module, input_shape: tuple[int, ...]) -> onnx.ModelProto:
    """Return `model` in eval mode as a graph from `images` to `logits`.

    Args:
        model: on the CPU, in float32; it is given back as it was.
        input_shape: (channels, height, width) of one image.

    Raises:
        ValueError: the model cannot be written; the sentence names the operator.
    """
    refusals = []
    for write in _writers():
        try:
            return anonymised(_written(write, model, input_shape), model)
        except REFUSALS as error:
            refusals.append(error)
            if UNEVEN.search(str(error)):
                break  # the other exporter writes what no reader can run
    raise ValueError(_reason(refusals[0])) from refusals[0]


def _writers() -> list[Callable]:
    """List the exporters to try, in order."""
    known = inspect.signature(torch.onnx.export).parameters
    if "training" not in known or not hasattr(torch.onnx, "TrainingMode"):
        need("onnxscript")
        return [_by_export]
    newer = "optimize" in known and find_spec("onnxscript")  # not in torch 2.4
    return [_by_tracing, *([_by_export] if newer else [])]


def _written(
    write: Callable, model: nn.Module, input_shape: tuple[int, ...]
) -> onnx.ModelProto:
    example = torch.zeros(TRACED, *input_shape)
    with evaluating(model), seeded(0, example.device), _quietly():
        proto = write(model, example)
    return without_known_branches(proto, input_shape)


def on_cpu(model: nn.Module) -> nn.Module:
    """Return a copy of `model` on the CPU in float32, which may be changed freely.

    Raises:
        ValueError: the model holds something that cannot be copied.
    """
    model = getattr(model, "_orig_mod", model)  # what torch.compile wraps
    try:
        copied = copy_of(model)
    except REFUSALS as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"`model` cannot be copied: {reason}") from error
    return copied.to("cpu", torch.float32, memory_format=torch.contiguous_format)


def _by_tracing(model: nn.Module, example: torch.Tensor) -> onnx.ModelProto:
    """Keep batch norm: only PRESERVE leaves it out of the convolution before it."""
    buffer = io.BytesIO()
    torch.onnx.export(
        model,
        (example,),
        buffer,
        dynamo=False,
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        opset_version=OPSET,
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_axes={INPUT: {0: "n"}, OUTPUT: {0: "n"}},
    )
    return with_any_length(onnx.load_from_string(buffer.getvalue()))


def _by_export(model: nn.Module, example: torch.Tensor) -> onnx.ModelProto:
    """Keep batch norm: the optimiser of this exporter would fuse it."""
    program = torch.onnx.export(
        model,
        (example,),
        dynamo=True,
        optimize=False,
        verbose=False,
        opset_version=OPSET,
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes=({0: "n"},),
    )
    return program.model_proto


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence what the exporters print and warn of, and switch off what they lack."""
    fast = torch.backends.mha.get_fastpath_enabled()
    with (
        warnings.catch_warnings(),
        _muted(1),
        _muted(2),
        redirect_stdout(io.StringIO()),
    ):
        # Both announce the end of the exporter; `_writers` knows what comes then.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")
        warnings.filterwarnings("ignore", message=".*legacy TorchScript-based ONNX")
        # Python's `if` on a shape is written as it went for two images; whether that
        # is right for other batches is tried out afterwards.
        warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module=r"torch\.onnx")
        torch.backends.mha.set_fastpath_enabled(False)  # has no ONNX form
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)


@contextmanager
def _muted(stream: int) -> Iterator[None]:
    """Send one of the process's streams nowhere: C++ prints whole graphs into it."""
    try:
        kept = os.dup(stream)
    except OSError:  # there is no such stream, as in a program without a console
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream)
        yield
    finally:
        os.dup2(kept, stream)
        os.close(kept)
        os.close(nowhere)


def _reason(error: Exception) -> str:
    text = str(error)
    if UNEVEN.search(text):
        return (
            "`model` cannot be written as ONNX: its adaptive pooling makes a map whose "
            "sides do not divide those before it; choose sides that do, or pool with a "
            "kernel size and stride"
        )
    found = OPERATOR.search(text)
    if found:
        return (
            f"`model` cannot be written as ONNX: its operator {found[0]} has no form "
            f"in operator set {OPSET}"
        )
    first = next((line for line in text.splitlines() if line.strip()), "")
    kind = type(error).__name__
    return f"`model` cannot be written as ONNX: {first.strip()[:200] or kind}"
