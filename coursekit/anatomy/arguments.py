"""What a model and the shape of its input must be, checked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from coursekit._base.trial import checked_model
from coursekit._base.validate import integer
from coursekit._base.words import given

__all__ = ["checked_model", "checked_shape"]


def checked_shape(input_shape: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of one image as a tuple of whole numbers ≥ 1."""
    is_shape = not hasattr(input_shape, "dtype")  # an image given for its shape
    try:
        shape = tuple(input_shape) if is_shape else ()
    except TypeError:
        shape = ()
    if not 1 <= len(shape) <= 4:
        hint = "" if is_shape else ": give its shape"
        raise ValueError(
            "`input_shape` must be (channels, height, width) of one image, without "
            f"the batch; got {given(input_shape)}{hint}"
        )
    return tuple(integer("input_shape", size, low=1) for size in shape)
