"""What all augmentations share: checks of a batch, draws, pixels as plain bits."""

from collections.abc import Sequence

import torch
from torch import Tensor

Amount = float | Tensor  # for all images, or one for each
_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def check_batch(images: Tensor, generator: torch.Generator | None = None) -> None:
    """Refuse anything but a batch of real numbers and a generator or None.

    Raises:
        ValueError: naming `images` or `generator`.
    """
    if not isinstance(images, Tensor) or images.ndim != 4:
        got = tuple(getattr(images, "shape", ())) or type(images).__name__
        raise ValueError(f"`images` must be a tensor of shape (n, c, h, w); got {got}")
    if 0 in images.shape[1:] or images.is_complex():
        got = f"{images.dtype} of shape {tuple(images.shape)}"
        raise ValueError(
            f"`images` must hold real numbers, at least one channel, row and column; "
            f"got {got}"
        )
    if generator is not None and not isinstance(generator, torch.Generator):
        kind = type(generator).__name__
        raise ValueError(f"`generator` must be a torch.Generator or None; got {kind}")


def fill_values(fill: float | Sequence[float], images: Tensor) -> Tensor | None:
    """Return the fill as a tensor that broadcasts over the images, None for plain 0.

    Raises:
        ValueError: neither one number nor one for each channel, or not a value of the
            images' type.

    Shape:
        (1, c, 1, 1).
    """
    if isinstance(fill, int | float) and fill == 0:
        return None
    channels = images.shape[1]
    try:
        wanted = torch.as_tensor(fill, dtype=torch.float64).flatten()
    except (TypeError, ValueError, RuntimeError):
        wanted = torch.empty(0)
    if len(wanted) not in (1, channels):
        raise ValueError(
            f"`fill` must be one number or one for each of the {channels} channels; "
            f"got {fill!r}"
        )
    if not images.is_floating_point():
        limits = torch.iinfo(
            images.dtype if images.dtype != torch.bool else torch.uint8
        )
        inside = (wanted >= limits.min) & (wanted <= limits.max)
        if not (inside & (wanted == wanted.round())).all():
            raise ValueError(
                f"`fill` must be a whole number from {limits.min} to {limits.max} for "
                f"images of {images.dtype}; got {fill!r}"
            )
    values = wanted.expand(channels).to(images.dtype)
    return values.to(images.device).view(1, -1, 1, 1)


def draw(
    high: int,
    shape: tuple[int, ...],
    device: torch.device,
    generator: torch.Generator | None,
) -> Tensor:
    """Return whole numbers from 0 to high - 1, drawn where the generator lives."""
    where = device if generator is None else generator.device
    drawn = torch.randint(high, shape, generator=generator, device=where)
    return drawn if where == device else drawn.to(device)


def draw_unit(
    n: int, device: torch.device, generator: torch.Generator | None
) -> Tensor:
    """Return n numbers uniform in 0 to 1, drawn where the generator lives."""
    where = device if generator is None else generator.device
    return torch.rand(n, generator=generator, device=where).to(device)


def per_image(
    name: str,
    amount: Amount,
    images: Tensor,
    low: float = -torch.inf,
    high: float = torch.inf,
) -> Tensor:
    """Return an amount for each image.

    Raises:
        ValueError: neither one number nor one for each, or one out of range.

    Shape:
        (n,) float32.
    """
    try:
        given = torch.as_tensor(amount, dtype=torch.float32, device=images.device)
    except (TypeError, ValueError, RuntimeError):
        given = torch.full((), torch.nan)
    inside = given.isfinite() & (given >= low) & (given <= high)
    if given.shape not in ((), (len(images),)) or not inside.all():
        ends = [f"{end:g}" if abs(end) < torch.inf else "…" for end in (low, high)]
        between = "" if low == -torch.inf else f" from {' to '.join(ends)}"
        raise ValueError(
            f"`{name}` must be one finite number{between}, or one for each of the "
            f"{len(images)} images; got {amount!r}"
        )
    return given.expand(len(images))


def bits(images: Tensor) -> Tensor:
    """Return the same memory as whole numbers of the same width: exact, no NaN."""
    if images.dtype == torch.bool:
        return images.view(torch.uint8)
    return images.view(_BITS[images.element_size()])


def fits_numpy(images: Tensor) -> bool:
    """Say whether numpy may copy the pixels: on the CPU and without a gradient."""
    return images.device.type == "cpu" and not images.requires_grad
