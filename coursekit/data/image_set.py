"""Sets of images as plain tensors: `ImageSet` and its stratified `Splits`.

One `uint8` tensor holds all images of a set, one `int64` tensor their labels. Nothing
is decoded, collated or copied by workers later on: see `coursekit.data.Batches`.
"""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Self

import numpy as np
import torch
from torch import Tensor

from coursekit._base.validate import integer, number
from coursekit.data.stream import permutation


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Hold the images of a data set, their labels and the names of the classes.

    Args:
        images: all pixels, 0 to 255.
        labels: for each image the position of its class in `classes`.
        classes: names of the classes.
        name: short name, for tables.
        source: origin and licence in a line.

    Shape:
        images (n, c, h, w) uint8, labels (n,) int64.

    Raises:
        ValueError: wrong type or shape, or a label without a class.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    name: str
    source: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        _check_images(self.images)
        _check_labels(self.labels, len(self.images), self.classes)

    def __len__(self) -> int:
        return len(self.images)

    def subset(self, indices: Tensor | Sequence[int]) -> Self:
        """Return the set of the chosen images, in the order given.

        Args:
            indices: positions 0 to n - 1, or a mask of n booleans.

        Raises:
            ValueError: not whole numbers, or outside the set.
        """
        index = _as_index(indices, len(self))
        per_image = {
            field.name: value.index_select(0, index.to(value.device))
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), Tensor)
        }
        return replace(self, **per_image)

    def split(
        self,
        train: float = 0.6,
        valid: float = 0.2,
        test: float = 0.2,
        *,
        seed: int = 0,
    ) -> "Splits":
        """Divide the set at random, every class in the same proportions.

        The parts have round(fraction · n) images; each class is within two images of
        its share. The same seed gives the same parts on every platform.

        Args:
            train, valid, test: fractions that add up to 1; 0 leaves a part empty.
            seed: 0 or larger.

        Raises:
            ValueError: fractions that do not add up to 1, or a part that would get
                no image although its fraction is above 0.
        """
        shares = {"train": train, "valid": valid, "test": test}
        sizes = _part_sizes(shares, len(self))
        order = _stratified_order(self.labels.cpu().numpy(), seed)
        cuts = np.cumsum([0, *sizes])
        parts = [self.subset(np.sort(order[a:b])) for a, b in pairwise(cuts)]
        return Splits(*parts)

    def __repr__(self) -> str:
        shape = "×".join(str(side) for side in self.images.shape[1:])
        return (
            f"{type(self).__name__}({self.name}: {len(self):,} images {shape}, "
            f"{len(self.classes)} classes {_shortened(self.classes)})"
        )

    def _repr_html_(self) -> str:
        counts = torch.bincount(self.labels.cpu(), minlength=len(self.classes))
        listed = [f"{c} {k:,}" for c, k in zip(self.classes, counts, strict=True)]
        picture = _strip(self) if len(self) else ""
        return (
            f"<div>{picture}<br><b>{html.escape(repr(self))}</b><br>"
            f"{html.escape(_shortened(listed, 12))}<br>"
            f"<small>{html.escape(self.source)}</small></div>"
        )


@dataclass(frozen=True)
class Splits:
    """Hold the three parts of a set: train to learn, valid to choose, test at the end.

    The test part is touched once, when every choice has been made.
    """

    train: ImageSet
    valid: ImageSet
    test: ImageSet

    def __repr__(self) -> str:
        sizes = (len(self.train), len(self.valid), len(self.test))
        return "Splits(train {:,}, valid {:,}, test {:,})".format(*sizes)


def held_out(data: ImageSet, count: int, seed: int) -> tuple[ImageSet, ImageSet]:
    """Return the set without `count` images, and those; stratified as in `split`."""
    order = _stratified_order(data.labels.cpu().numpy(), seed)
    # Every stretch of the order is stratified: take the last one.
    cut = len(data) - count
    return data.subset(np.sort(order[:cut])), data.subset(np.sort(order[cut:]))


def splits(train: ImageSet, test: ImageSet, valid: int, seed: int) -> Splits:
    """Return three parts: `valid` images are taken out of the training part."""
    integer("valid", valid, low=0, high=len(train) - 1)
    return Splits(*held_out(train, valid, seed), test)


def _check_images(images: Tensor) -> None:
    if not isinstance(images, Tensor) or images.dtype != torch.uint8:
        kind = getattr(images, "dtype", type(images).__name__)
        raise ValueError(f"`images` must be a uint8 tensor; got {kind}")
    if images.ndim != 4 or 0 in images.shape[1:]:
        shape = tuple(images.shape)
        raise ValueError(f"`images` must have the shape (n, c, h, w); got {shape}")


def _check_labels(labels: Tensor, n: int, classes: tuple[str, ...]) -> None:
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
        kind = getattr(labels, "dtype", type(labels).__name__)
        raise ValueError(f"`labels` must be an int64 tensor; got {kind}")
    if labels.shape != (n,):
        shape = tuple(labels.shape)
        raise ValueError(f"`labels` must have the shape ({n},); got {shape}")
    if n and not 0 <= int(labels.min()) <= int(labels.max()) < len(classes):
        low, high = int(labels.min()), int(labels.max())
        raise ValueError(
            f"`labels` must be 0 to {len(classes) - 1}, one number for each of the "
            f"{len(classes)} classes; got {low} to {high}"
        )


def _as_index(indices: Tensor | Sequence[int], n: int) -> Tensor:
    try:
        index = torch.as_tensor(indices)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(
            f"`indices` must be a list of whole numbers; got {indices!r}"
        ) from None
    if index.dtype == torch.bool:
        if index.shape != (n,):
            shape = tuple(index.shape)
            raise ValueError(
                f"`indices` as a mask must have the shape ({n},); got {shape}"
            )
        return index.nonzero().squeeze(1)
    if index.numel() == 0:
        return torch.empty(0, dtype=torch.int64)
    if index.ndim != 1 or index.is_floating_point() or index.is_complex():
        kind = f"{index.dtype} of shape {tuple(index.shape)}"
        raise ValueError(f"`indices` must be a list of whole numbers; got {kind}")
    low, high = int(index.min()), int(index.max())
    if low < 0 or high >= n:
        raise ValueError(f"`indices` must be 0 to {n - 1}; got {low} to {high}")
    return index.to(torch.int64)


def _part_sizes(shares: dict[str, float], n: int) -> list[int]:
    for name, share in shares.items():
        number(name, share, low=0.0, high=1.0)
    total = sum(shares.values())
    if abs(total - 1) > 1e-6:
        given = " + ".join(f"{share:g}" for share in shares.values())
        raise ValueError(f"`train`, `valid` and `test` must add up to 1; got {given}")
    cuts = np.floor(np.cumsum([0.0, *shares.values()]) * n + 0.5).astype(int)
    sizes = [int(size) for size in np.diff(cuts)]
    for (name, share), size in zip(shares.items(), sizes, strict=True):
        if share > 0 and size == 0:
            raise ValueError(
                f"`{name}` must be a fraction that leaves at least one of the {n} "
                f"images; got {share:g}"
            )
    return sizes


def _stratified_order(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return all positions in an order of which every stretch is stratified."""
    seed = integer("seed", seed, low=0, high=2**63 - 1)
    shuffled = permutation(seed, "split", len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.bincount(labels)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    rank = np.arange(len(labels)) - first
    share = (2 * rank + 1) / (2 * np.repeat(counts, counts))
    return by_class[np.argsort(share, kind="stable")]


def _shortened(names: Sequence[str], most: int = 6) -> str:
    shown = [str(name) for name in names]
    if len(shown) > most:
        shown = [*shown[: most - 1], "…", shown[-1]]
    return ", ".join(shown)


def _strip(data: ImageSet, most: int = 10) -> str:
    """Return a row of the first images as an <img> element."""
    from PIL import Image

    row = data.images[:most].cpu().permute(2, 0, 3, 1)  # h n w c
    pixels = row.reshape(row.shape[0], -1, row.shape[3]).numpy()
    if pixels.shape[2] not in (1, 3):
        return ""
    pixels = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    code = base64.b64encode(buffer.getvalue()).decode()
    shown = [data.classes[label] for label in data.labels[:most].tolist()]
    alt = html.escape("first images: " + ", ".join(shown), quote=True)
    height = min(64, max(32, row.shape[0]))
    style = f"height:{height}px;image-rendering:pixelated;max-width:100%"
    return f'<img alt="{alt}" style="{style}" src="data:image/png;base64,{code}">'
