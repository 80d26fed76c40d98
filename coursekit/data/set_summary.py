"""What a set holds, before anything is trained on it."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit._base.card import Displayed, Table
from coursekit.data.batches import channel_stats
from coursekit.data.image_set import ImageSet, Splits

ALIKE = 1 / 3  # of its own contrast: what a picture differs from its look-alike by
MOST_CLASSES = 20  # counted in rows of their own
_CELLS = 8  # of a thumbnail's side, about
_AT_ONCE = 1 << 24  # numbers


@dataclass(frozen=True, eq=False, repr=False)
class Summary(Displayed):
    """The parts of a set in numbers; as the last line of a cell, a table.

    Args:
        parts: name → set.
        look_alikes: part → (position in it, position in train), a row for each picture
            that looks like one to learn from.

    Shape:
        look_alikes: (k, 2) int64 each.
    """

    parts: dict[str, ImageSet]
    look_alikes: dict[str, Tensor]

    def counts(self, part: str) -> dict[str, int]:
        """Return how many pictures each class of a part has."""
        data = self.parts[part]
        sizes = torch.bincount(data.labels.cpu(), minlength=len(data.classes))
        return dict(zip(data.classes, sizes.tolist(), strict=True))

    @property
    def _shown(self) -> Table:
        columns = [self._column(name) for name in self.parts]
        rows = [(line, *(column[line] for column in columns)) for line in columns[0]]
        sources = dict.fromkeys(part.source for part in self.parts.values())
        return Table(("", *self.parts), rows, caption="; ".join(sources))

    def _column(self, name: str) -> dict[str, str]:
        data, counts = self.parts[name], self.counts(name)
        mean, std = channel_stats(data.images)
        smallest, largest = (f(counts, key=counts.get) for f in (min, max))
        lines = {
            "pictures": f"{len(data):,}",
            "size": "×".join(map(str, data.images.shape[1:])),
            "classes": f"{len(data.classes)}",
            "smallest class": f"{smallest} ({counts[smallest]:,})",
            "largest class": f"{largest} ({counts[largest]:,})",
            "mean": " ".join(f"{m:.3f}" for m in mean),
            "deviation": " ".join(f"{s:.3f}" for s in std),
        }
        if len(self.parts) > 1:
            alike = self.look_alikes.get(name)
            count = "" if alike is None else f"{len(alike):,}"
            lines["look like one in train"] = count
        if len(counts) <= MOST_CLASSES:
            lines |= {f"· {name}": f"{n:,}" for name, n in counts.items()}
        return lines


def summary(data: ImageSet | Splits) -> Summary:
    """Return what a set, or each of its parts, holds.

    Pictures, classes and their sizes; mean and deviation of each channel on the scale
    0 to 1, which `Batches` normalises with; and how many pictures of the other parts
    look like one to learn from: an accuracy on these says little. Their pixels differ
    by a third of their own standard deviation or less, root mean square. Plain
    pictures, such as a written 1, may look alike without being copies.

    Raises:
        ValueError: neither a set nor `Splits`, nothing in it, or parts whose classes or
            sizes of pictures differ.
    """
    if not isinstance(data, ImageSet | Splits):
        kind = type(data).__name__
        raise ValueError(f"`data` must be an ImageSet or Splits; got {kind}")
    if isinstance(data, ImageSet):
        parts = {data.name: data}
    else:
        parts = {"train": data.train, "valid": data.valid, "test": data.test}
    parts = {name: part for name, part in parts.items() if len(part)}
    if not parts:
        raise ValueError("`data` must hold at least one image; it is empty")
    for part in parts.values():
        _check_alike(part, next(iter(parts.values())))
    train = parts.get("train") if isinstance(data, Splits) else None
    others = {n: p for n, p in parts.items() if train is not None and n != "train"}
    alike = {n: look_alikes(p.images, train.images) for n, p in others.items()}
    return Summary(parts, alike)


def _check_alike(part: ImageSet, first: ImageSet) -> None:
    """Refuse parts of which one has other classes or another size of pictures."""
    for what, of in (
        ("classes", lambda one: one.classes),
        ("a size of pictures", lambda one: tuple(one.images.shape[1:])),
    ):
        if of(part) != of(first):
            raise ValueError(
                f"the parts of `data` must share {what}; got {of(first)!s:.60} and "
                f"{of(part)!s:.60}"
            )


def look_alikes(images: Tensor, others: Tensor) -> Tensor:
    """Return, for each image that looks like one of the others, both positions.

    Thumbnails are compared first. Averages of pixels differ by no more than the pixels
    do, so none is missed.

    Shape:
        images (n, c, h, w), others (m, c, h, w) uint8; result (k, 2), k ≤ n.
    """
    pairs = [_alike(images, others, pair) for pair in _near(images, others)]
    alike = torch.cat(pairs) if pairs else torch.empty(0, 2, dtype=torch.int64)
    first = torch.ones(len(alike), dtype=torch.bool)
    first[1:] = alike[1:, 0] != alike[:-1, 0]
    return alike[first]


def _near(images: Tensor, others: Tensor) -> Iterator[Tensor]:
    """Yield pairs whose thumbnails are near enough, (k, 2), by the first position."""
    h, w = images.shape[2:]
    cell = max(1, h // _CELLS), max(1, w // _CELLS)
    seen = (h // cell[0]) * cell[0] * (w // cell[1]) * cell[1]
    small = _thumbnails(others, cell)
    lengths = small.square().sum(1)
    size = max(1, _AT_ONCE // len(others))
    for start in range(0, len(images), size):
        part = images[start : start + size].cpu()
        mine = _thumbnails(part, cell)
        # the thumbnails may leave out a border; 0.1 is for rounding
        most = _largest_square(part)[:, None] * (h * w / seen) + 0.1
        apart = mine.square().sum(1)[:, None] + lengths - 2 * mine @ small.T
        near = (apart / small.shape[1] <= most).nonzero()
        near[:, 0] += start
        yield from near.split(_AT_ONCE // images[0].numel())


def _thumbnails(images: Tensor, cell: tuple[int, int]) -> Tensor:
    """Return the grey thumbnails as rows, about the middle grey."""
    parts = [
        F.avg_pool2d(part.float().mean(1, keepdim=True) - 128, cell).flatten(1)
        for part in images.cpu().split(4096)
    ]
    return torch.cat(parts)


def _alike(images: Tensor, others: Tensor, pairs: Tensor) -> Tensor:
    """Return those pairs that differ by little in all pixels."""
    mine, theirs = images.cpu()[pairs[:, 0]], others.cpu()[pairs[:, 1]]
    apart = (mine.float() - theirs.float()).square().flatten(1).mean(1)
    return pairs[apart <= _largest_square(mine)]


def _largest_square(images: Tensor) -> Tensor:
    """Return the mean square that a look-alike of each image differs by at most."""
    return ALIKE**2 * images.float().flatten(1).var(1, correction=0)
