"""Transforms of torchvision and albumentations, one picture at a time."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from coursekit._base.modes import seeded
from coursekit.augment.batch import check_batch, draw


@dataclass(frozen=True)
class FromTransform:
    """An augmentation that asks `transform` for every picture; see `from_transform`."""

    transform: Callable
    per_picture = True  # `fit` then says what that costs

    def __call__(
        self, images: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the batch, each picture transformed on its own."""
        check_batch(images, generator)
        seed = int(draw(2**31, (1,), torch.device("cpu"), generator))
        with _drawn_from(seed, self.transform):
            pictures = [self._one(image) for image in images.cpu()]
        return torch.stack(pictures).to(images.device) if pictures else images

    def _one(self, image: Tensor) -> Tensor:
        ask = self.transform
        try:
            result = _as_array(ask, image) if is_albumentations(ask) else ask(image)
        except (TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ValueError(
                f"`transform` refuses a picture of bytes {tuple(image.shape)}: "
                f"{reason} ({LEAVE_OUT})"
            ) from error
        same = isinstance(result, Tensor) and result.dtype == torch.uint8
        if not same or result.shape != image.shape:
            kind = getattr(result, "dtype", type(result).__name__)
            raise ValueError(
                f"`transform` must return bytes of the same shape "
                f"{tuple(image.shape)}; got {kind} of shape "
                f"{tuple(getattr(result, 'shape', ()))} ({LEAVE_OUT})"
            )
        return result


LEAVE_OUT = (
    "leave out what changes type or size, such as ToTensor, Normalize and Resize: "
    "`Batches` makes floats and normalises"
)


def from_transform(transform: Callable) -> FromTransform:
    """Return a transform of torchvision or albumentations as `augment=`.

    It runs picture by picture: many times the cost of a `Recipe`, which works on whole
    batches (`benchmarks/augment.py`). The history of `fit` says how many microseconds a
    picture took. Everything is drawn from the batches' generator.

    Args:
        transform: a transform of torchvision (v2 or v1), or one of albumentations, such
            as a `Compose`; takes and returns one picture of bytes of the same shape.

    Raises:
        ValueError: not a function.

    Example:
        fit(model, train, augment=from_transform(v2.RandAugment()))
    """
    if not callable(transform):
        raise ValueError(
            f"`transform` must be a function of a picture; got {transform!r}"
        )
    return FromTransform(transform)


def is_albumentations(transform: object) -> bool:
    """Say whether a transform wants its picture as `image=`, (h, w, c)."""
    return any(
        kind.__module__.startswith("albumentations") for kind in type(transform).__mro__
    )


def _as_array(transform: Callable, image: Tensor) -> Tensor:
    result = transform(image=image.permute(1, 2, 0).numpy().copy())["image"]
    if isinstance(result, Tensor):  # ToTensorV2
        return result
    result = result[..., None] if result.ndim == 2 else result
    return torch.from_numpy(np.ascontiguousarray(result.transpose(2, 0, 1)))


@contextmanager
def _drawn_from(seed: int, transform: object) -> Iterator[None]:
    """Seed all that a transform may draw from; give the generators back as found."""
    states = random.getstate(), np.random.get_state()
    try:
        random.seed(seed)
        np.random.seed(seed)
        if hasattr(transform, "set_random_seed"):  # newer albumentations has its own
            transform.set_random_seed(seed)
        with seeded(seed, torch.device("cpu")):
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
