"""Random inputs for exercises: everything comes from one seed."""

import hashlib
import random
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


def derived_seed(*parts: object) -> int:
    """Return the same 48-bit seed for the same parts on every platform."""
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:6], "big")


class Draw:
    """Draws numbers, choices and tensors from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._generator = torch.Generator().manual_seed(seed)

    def integer(self, low: int, high: int) -> int:
        """Return a whole number between `low` and `high`, both included."""
        return self._random.randint(low, high)

    def integers(self, count: int, low: int, high: int) -> list[int]:
        """Return `count` whole numbers between `low` and `high`."""
        return [self.integer(low, high) for _ in range(count)]

    def number(self, low: float, high: float) -> float:
        """Return a number between `low` and `high`."""
        return self._random.uniform(low, high)

    def choice(self, options: Sequence) -> object:
        """Return one of `options`."""
        return self._random.choice(options)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Return numbers with mean 0 and deviation 1."""
        return torch.randn(shape, generator=self._generator, dtype=dtype)

    def uniform(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Return numbers between 0 and 1."""
        return torch.rand(shape, generator=self._generator, dtype=dtype)

    def labels(self, *shape: int, classes: int) -> Tensor:
        """Return int64 labels in 0 … classes − 1."""
        return torch.randint(classes, shape, generator=self._generator)

    def unusual(self, style: str, *shape: int) -> Tensor:
        """Return numbers that trip up code which works for those around 0.

        Args:
            style: "wide" (hundreds), "below" (all below −30), "above" (all above 30),
                "coarse" (whole numbers −1, 0, 1: zeros and ties), "far" (a mean
                50,000 deviations from 0).
        """
        if style == "coarse":
            values = self.labels(*shape, classes=3).double() - 1
            values.view(-1)[:2] = 0
            return values
        if style in ("below", "above"):
            return (30 + self.uniform(*shape)) * (1 if style == "above" else -1)
        scale, shift = (200, 0) if style == "wide" else (1, 50_000)
        return scale * self.normal(*shape) + shift


STYLES = ("wide", "below", "above", "coarse", "far")
LONG = 17


def corner_shapes(
    *usual: int, styles: Sequence[str] = STYLES, ones: Sequence[int] | None = None
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield pairs (style, shape): every style, and every axis once 1 and once long.

    Args:
        usual: a shape in which nothing is special.
        ones: the axes that may have length 1; default: all.
    """
    axes = len(usual)
    for number in range(max(axes, len(styles))):
        shape = list(usual)
        shape[(number + 1) % axes] = LONG
        if ones is None or number % axes in ones:
            shape[number % axes] = 1
        yield styles[number % len(styles)], tuple(shape)


def alike(count: int) -> list[tuple[int, ...]]:
    """Return arguments that are all 1, all 2, all 3."""
    return [(number,) * count for number in (1, 2, 3)]


def scattered(tensor: Tensor) -> Tensor:
    """Return equal values in a tensor that is not contiguous: every second element."""
    wide = torch.zeros(*tensor.shape[:-1], 2 * tensor.shape[-1], dtype=tensor.dtype)
    view = wide[..., ::2]
    view.copy_(tensor)
    return view
