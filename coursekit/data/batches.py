"""Batches from a set that lies in memory as one tensor: no workers, no collation.

The formulations are the fastest of several measured (`benchmarks/loading.py`):
`index_select` on bytes, then one fused multiply-add into the wanted number type.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from coursekit._base.validate import integer
from coursekit.data.image_set import ImageSet

Augment = Callable[[Tensor, torch.Generator | None], Tensor]


class Batches:
    """Iterate over an image set in normalised batches, in a new order each time.

    Args:
        data: the set; its images move to `device` once, as bytes.
        batch_size: images a batch, 1 or more; the last batch may be smaller.
        shuffle: draw a new order for each pass.
        generator: where the order and the augmentation are drawn from; None is torch's
            default generator. On a GPU it may be a generator of either device.
        device: where the set lives and the batches arise; None leaves it where it is.
        augment: called with (images uint8, generator) on each batch; returns images of
            the same number, as bytes or as floats of the same scale 0 to 255. If it has
            an attribute `after_normalise`, that is called likewise on the normalised
            batch, and `mix` on (images, labels, classes, generator), which returns
            images and labels, as shares (k, classes) where it mixes them (see
            `coursekit.augment.Recipe`).
        mean, std: per channel, on the scale 0 to 1, a number or one for each channel;
            None takes them from the set (a constant channel counts as std 1).
        drop_last: leave out a last batch smaller than the others.
        dtype: floating-point type of the images.

    Raises:
        ValueError: no images, or an argument outside its range.

    Example:
        for images, labels in Batches(digits(), batch_size=64): ...
    """

    def __init__(
        self,
        data: ImageSet,
        batch_size: int = 128,
        *,
        shuffle: bool = True,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
        augment: Augment | None = None,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        drop_last: bool = False,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        _check(data, generator, augment, dtype)
        self.data = data
        self.batch_size = integer("batch_size", batch_size, low=1)
        self.shuffle, self.drop_last = bool(shuffle), bool(drop_last)
        self.generator, self.augment, self.dtype = generator, augment, dtype
        self.device = _device(device, data.images.device)
        if drop_last and len(data) < batch_size:
            raise ValueError(
                f"`batch_size` must be at most the {len(data)} images where "
                f"`drop_last` is on; got {batch_size}"
            )
        self._images = data.images.to(self.device).contiguous()
        self._labels = data.labels.to(self.device)
        self.mean, self.std = _statistics(data.images, mean, std)
        self._scale, self._shift = _affine(self)

    def __len__(self) -> int:
        if self.drop_last:
            return len(self.data) // self.batch_size
        return -(-len(self.data) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for indices in self.order().split(self.batch_size)[: len(self)]:
            yield self.batch(indices)

    def order(self) -> Tensor:
        """Draw the order of one pass: positions in the set, on the device.

        Shape:
            (n,) int64.
        """
        n = len(self.data)
        if not self.shuffle:
            return torch.arange(n, device=self.device)
        where = self.device if self.generator is None else self.generator.device
        order = torch.randperm(n, generator=self.generator, device=where)
        return order.to(self.device)

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return the images at these positions, augmented and normalised, and labels.

        Shape:
            indices (k,) int64 on the device; images (k, c, h, w), labels (k,) int64,
            or (k, classes) floats where the augmentation mixes images.

        Raises:
            ValueError: the augmentation returned something else.
        """
        images = self._images.index_select(0, indices)
        if self.augment is not None:
            images = _returned(self.augment(images, self.generator), len(indices))
        images = self._normalised(images)
        after = getattr(self.augment, "after_normalise", None)
        if after is not None:
            images = after(images, self.generator)
        labels = self._labels.index_select(0, indices)
        mix = getattr(self.augment, "mix", None)
        if mix is None:
            return images, labels
        return mix(images, labels, len(self.data.classes), self.generator)

    def __repr__(self) -> str:
        how = "shuffled" if self.shuffle else "in order"
        return (
            f"Batches({self.data.name}: {len(self.data):,} images {how} in {len(self)} "
            f"batches of {self.batch_size}, on {self.device})"
        )

    def _normalised(self, images: Tensor) -> Tensor:
        if images.dtype == torch.uint8:
            images = images.to(self.dtype)
            return images.mul_(self._scale).add_(self._shift)
        return (images * self._scale + self._shift).to(self.dtype)


def _affine(batches: Batches) -> tuple[Tensor, Tensor]:
    """Return scale and shift: bytes · scale + shift are normalised values."""
    mean = torch.tensor(batches.mean, dtype=torch.float64)
    std = torch.tensor(batches.std, dtype=torch.float64)
    per_channel = (1 / (255 * std), -mean / std)
    scale, shift = (v.to(batches.device, batches.dtype) for v in per_channel)
    return scale.view(1, -1, 1, 1), shift.view(1, -1, 1, 1)


def _check(data, generator, augment, dtype) -> None:
    if not isinstance(data, ImageSet):
        raise ValueError(f"`data` must be an ImageSet; got {type(data).__name__}")
    if len(data) == 0:
        raise ValueError(f"`data` must hold at least one image; {data.name} is empty")
    if generator is not None and not isinstance(generator, torch.Generator):
        kind = type(generator).__name__
        raise ValueError(f"`generator` must be a torch.Generator or None; got {kind}")
    if augment is not None and not callable(augment):
        kind = type(augment).__name__
        raise ValueError(
            f"`augment` must be a function of (images, generator) or None; got {kind}"
        )
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise ValueError(f"`dtype` must be a floating-point torch.dtype; got {dtype}")


def _returned(images: object, count: int) -> Tensor:
    """Return what an augmentation gave back, or refuse it."""
    if not isinstance(images, Tensor) or images.ndim != 4 or len(images) != count:
        got = tuple(getattr(images, "shape", ())) or type(images).__name__
        raise ValueError(
            f"`augment` must return the {count} images it was given, as a tensor "
            f"(n, c, h, w); got {got}"
        )
    return images


def _device(device: torch.device | str | None, present: torch.device) -> torch.device:
    if device is None:
        return present
    try:
        wanted = torch.device(device)
        torch.empty(0, device=wanted)
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"`device` must be a device this machine has; got {device!r} ({reason})"
        ) from None
    return wanted


def _statistics(images, mean, std) -> tuple[tuple[float, ...], tuple[float, ...]]:
    channels = images.shape[1]
    measured = None if mean is not None and std is not None else channel_stats(images)
    mean = measured[0] if mean is None else _per_channel("mean", mean, channels)
    std = measured[1] if std is None else _per_channel("std", std, channels)
    if min(std) <= 0:
        raise ValueError(f"`std` must be above 0; got {std}")
    return mean, std


def _per_channel(name: str, value, channels: int) -> tuple[float, ...]:
    values = torch.as_tensor(value, dtype=torch.float64).flatten()
    if len(values) not in (1, channels) or not values.isfinite().all():
        raise ValueError(
            f"`{name}` must be one number or one for each of the {channels} channels; "
            f"got {value!r}"
        )
    return tuple(values.expand(channels).tolist())


def channel_stats(images: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel, on the scale 0 to 1.

    Sums are exact whole numbers: how often each of the 256 values is there says all. A
    constant channel counts as standard deviation 1.

    Shape:
        images (n, c, h, w) uint8; two tuples of c numbers.
    """
    values = torch.arange(256)
    seen = torch.zeros(images.shape[1], 256, dtype=torch.int64)
    for part in images.split(4096):
        for channel, counts in enumerate(seen):
            counts += part[:, channel].flatten().bincount(minlength=256).cpu()
    total, square = (seen * values).sum(1), (seen * values**2).sum(1)
    count = images.numel() // images.shape[1]
    mean = [s / count for s in total.tolist()]
    variance = [q / count - m * m for q, m in zip(square.tolist(), mean, strict=True)]
    std = [v**0.5 if v > 1e-6 else 255.0 for v in variance]
    return tuple(m / 255 for m in mean), tuple(s / 255 for s in std)
