"""A model on tensors without data: `FakeTensorMode`'s, with shape, type and strides.

The model itself is run; `torch.func.functional_call` lends it fakes in the place of its
parameters and buffers. Unlike meta tensors, fakes choose operators as a real
device does and can be autocast.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, is_dataclass

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
)
from torch.func import functional_call
from torch.utils._pytree import tree_leaves

from coursekit._base.modes import cpu_by_default, left_as_found
from coursekit._base.trial import Frame, NumbersNeededError, Questions, one_sentence
from coursekit.anatomy.step_memory.live_tensors import LiveTensors


@dataclass(frozen=True, eq=False)
class FakeModel:
    """A model with fake weights.

    Args:
        model: the real one.
        state: name → fake of every parameter and buffer.
        stack: the calls of modules under way, the innermost last.
    """

    model: nn.Module
    state: dict[str, Tensor]
    stack: list[Frame] = field(default_factory=list)

    @property
    def trainable(self) -> list[Tensor]:
        """The fakes that get a gradient, each once."""
        return [t for t in dict.fromkeys(self.state.values()) if t.requires_grad]

    def images(self, batch_size: int, input_shape: tuple[int, ...]) -> Tensor:
        """Return a batch of the model's own precision."""
        floats = (t.dtype for t in self.state.values() if t.is_floating_point())
        dtype = next(floats, torch.float32)
        return torch.empty(batch_size, *input_shape, dtype=dtype, device="cpu")

    def __call__(self, images: Tensor) -> object:
        return functional_call(self.model, self.state, (images,))


@contextmanager
def on_fake_model(
    model: nn.Module, input_shape: tuple[int, ...], live: LiveTensors, *, training: bool
) -> Iterator[FakeModel]:
    """Lend a model fake weights, watched by `live`, and give all back afterwards.

    Raises:
        ValueError: what is run inside is not possible; the sentence names the layer.
    """
    fake = FakeModel(model, {})
    with ExitStack() as open_:
        open_.enter_context(left_as_found(model, training=training))
        open_.enter_context(cpu_by_default())
        open_.enter_context(torch.inference_mode(False))
        open_.enter_context(torch.enable_grad())
        watched = {"stack": fake.stack, "questions": _OfFakes()}
        open_.enter_context(one_sentence(model, input_shape, **watched))
        open_.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
        open_.enter_context(_without_log())
        open_.enter_context(live)
        fake.state.update(_fakes_of(model))
        live.mark(fake.state.values(), "weights")
        try:
            yield fake
        except (DataDependentOutputException, DynamicOutputShapeException) as error:
            raise NumbersNeededError(str(error)) from error


class _OfFakes(Questions):
    def has_numbers(self, tensor: Tensor) -> bool:
        return not isinstance(tensor, FakeTensor) or tensor.constant is not None


@contextmanager
def _without_log() -> Iterator[None]:
    """Keep torch from logging a traceback of each failure, which is raised anyway."""
    log = logging.getLogger(FakeTensorMode.__module__)

    def nothing(record: logging.LogRecord) -> bool:
        return False

    log.addFilter(nothing)
    try:
        yield
    finally:
        log.removeFilter(nothing)


def _fakes_of(model: nn.Module) -> dict[str, Tensor]:
    """Return a fake for every parameter and buffer; shared ones stay shared."""
    made: dict[int, Tensor] = {}
    named = [
        *model.named_parameters(remove_duplicate=False),
        *model.named_buffers(remove_duplicate=False),
    ]
    for _, real in named:
        if id(real) not in made:
            fake = torch.empty_strided(
                real.size(), real.stride(), dtype=real.dtype, device="cpu"
            )
            made[id(real)] = fake.requires_grad_(real.requires_grad)
    return {name: made[id(real)] for name, real in named}


def tensors_in(output: object) -> list[Tensor]:
    """Return every tensor in a structure of lists, dicts and dataclasses."""
    if is_dataclass(output):
        output = [getattr(output, name) for name in type(output).__dataclass_fields__]
    return [leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)]
