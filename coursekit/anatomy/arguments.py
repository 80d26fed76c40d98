"""What a model and the shape of its input must be, checked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from coursekit._base.validate import integer


def checked_model(model: nn.Module) -> nn.Module:
    """Return the model if it can be run, else say what is wrong with it."""
    if not isinstance(model, nn.Module):
        raise ValueError(f"`model` must be an nn.Module instance; got {_called(model)}")
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


def checked_shape(input_shape: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of one image as a tuple of whole numbers ≥ 1."""
    is_shape = not hasattr(input_shape, "dtype")  # an image given for its shape
    try:
        shape = tuple(input_shape) if is_shape else ()
    except TypeError:
        shape = ()
    if not 1 <= len(shape) <= 4:
        raise ValueError(
            "`input_shape` must be (channels, height, width) of one image, without "
            f"the batch; got {_shortly(input_shape)}"
        )
    return tuple(integer("input_shape", size, low=1) for size in shape)


def _shortly(value: object) -> str:
    """Write what was given for a shape; of an array its shape only."""
    if hasattr(value, "dtype"):
        return f"{type(value).__name__} of shape {tuple(value.shape)}: give its shape"
    return repr(value)
