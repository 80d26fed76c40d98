"""What a model and the shape of its input must be, checked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from coursekit._base.trial import checked_model
from coursekit._base.validate import integer

__all__ = ["checked_model", "checked_shape"]


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
