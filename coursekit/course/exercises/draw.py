"""Random inputs for exercises: everything comes from one seed."""

import hashlib
import random
from collections.abc import Sequence

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


def scattered(tensor: Tensor) -> Tensor:
    """Return equal values in a tensor that is not contiguous: every second element."""
    wide = torch.zeros(*tensor.shape[:-1], 2 * tensor.shape[-1], dtype=tensor.dtype)
    view = wide[..., ::2]
    view.copy_(tensor)
    return view
