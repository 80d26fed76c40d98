"""Count the numbers a network was given, from its graph alone.

A number counts if it can reach the answer: as an initializer, in a Constant node,
quantised or in half precision, whatever it was called in torch. What is stored and
never used is not there. Sizes, axes and places are not numbers of the network; one
number written into the code is a setting, and so is a row of evenly spaced ones that
is no kernel: its last digits could hold another one.
Running means and variances rest, as in torch, where the input of batch norm is what
convolutions or linear layers gave, also through activations, poolings, sums and
concatenations: such a layer could hold them in its own weights. Once another norm has
come between they count, as in `norm(norm(conv(x)))`, and a sentence says so. The mean
and deviation that normalise the image itself rest too.
Numbers computed from stored ones count as many times as there are of them: a value can
be cut into several by arithmetic, so that fewer stored numbers prove nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coursekit.course.network_file.graph import Stored
from coursekit.course.network_file.plain_numbers import is_uniform

if TYPE_CHECKING:  # it needs torch, which reading does not
    from coursekit.course.network_file.replay_values import Value

FREE_SETTINGS = 50  # different single numbers in the code; more count as parameters
SIZES = 8  # numbers; so few may be sizes, axes or places of a cut
PLAIN = ("initializers", "constants in the code")
FULL = ("float32", "float64")
STATISTICS = (
    "running means and variances of a batch norm whose input no convolution or linear "
    "layer gave, or another norm came between"
)


@dataclass(frozen=True)
class Count:
    """What was counted.

    Args:
        total: all numbers that count as weights: the sum of `how`.
        statistics: running means and variances, and the image's own.
        settings: different single numbers in the code, not counted up to 50.
        how: way of storing → numbers.
        tensors: name of each stored tensor that counts → numbers.
    """

    total: int
    statistics: int
    settings: int
    how: Mapping[str, int]
    tensors: Mapping[str, int]

    def notes(self) -> list[str]:
        """Say where numbers stand that are no plain weights."""
        return [f"{n:,} as {way}" for way, n in self.how.items() if way not in PLAIN]


class Ledger:
    """What a replay used of the stored tensors, and what it did not recognise."""

    def __init__(self, stored: Mapping[str, Stored]):
        self.stored = stored
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.uses: Counter[str] = Counter()
        self.written: set[float] = set()  # in settings of operators
        self.resting: set[str] = set()
        self.weighing: set[str] = set()  # kernels
        self.counted: set[str] = set()  # statistics that do not rest
        self.doubts: list[str] = []
        self.beyond: dict[str, int] = {}  # computed tensor → numbers beyond its sources
        self.values: dict[str, object] = {}  # tensor → what is known of it

    def rest(self, leaves: frozenset[str]) -> None:
        """Note the tensors that a statistic is made of."""
        self.resting |= leaves

    def rest_after_all(self, leaf: str) -> None:
        """Take back one use of a tensor that turned out to be a statistic."""
        self.resting.add(leaf)
        self.uses[leaf] -= 1

    def use(self, name: str, one: Value, *, weighs: bool) -> None:
        """Note a tensor that meets the image: what it is made of, and how many.

        Args:
            name: of the tensor.
            one: what is known of it.
            weighs: whether it is a kernel; evenly spaced ones count as well.
        """
        self.uses.update(one.leaves)
        if weighs and one.data.numel() > 1:
            self.weighing |= one.leaves
        weights = [leaf for leaf in one.leaves if not self.is_setting(leaf)]
        if not weights:
            self.written.update(map(float, one.data.reshape(-1)[:2]))
        elif not one.moved:
            held = sum(self.stored[leaf].array.size for leaf in weights)
            self.beyond[name] = max(0, one.data.numel() - held)

    def is_setting(self, leaf: str) -> bool:
        """Tell whether a stored tensor is a setting wherever it is used."""
        one = self.stored[leaf]
        return one.is_setting and (leaf not in self.weighing or is_uniform(one.array))

    def read(self, settings: Mapping[str, object]) -> None:
        """Note the single numbers among an operator's settings."""
        for value in settings.values():
            if isinstance(value, float):
                self.written.add(value)
            elif isinstance(value, np.ndarray):
                self.written.update(map(float, value.reshape(-1)[:2]))

    def use_everything(self) -> None:
        """Count whatever is stored, where nobody knows what is done with it."""
        some = (n for n, one in self.stored.items() if one.array.size > SIZES)
        self.uses.update(set(some) - self.resting)

    def count(self) -> Count:
        """Add up."""
        stored = self.stored
        used = {name for name, times in self.uses.items() if times > 0}
        settings = {name for name in used if self.is_setting(name)}
        tensors = {n: stored[n].array.size for n in sorted(used - settings)}
        how: Counter[str] = Counter()
        for name, numbers in tensors.items():
            is_statistic = name in self.counted
            how[STATISTICS if is_statistic else _stored_as(stored[name])] += numbers
        how["computed from stored numbers, beyond them"] = sum(self.beyond.values())
        said = {number for n in settings for number in _said(stored[n])}
        different = len(said | self.written)
        if different > FREE_SETTINGS:
            how["single numbers in the code"] = different
        kept = {way: number for way, number in how.items() if number}
        statistics = sum(stored[n].array.size for n in self.resting - used)
        return Count(sum(kept.values()), statistics, different, kept, tensors)


def _said(setting: Stored) -> list[float]:
    """Return the one or two numbers that a setting says."""
    return [float(number) for number in setting.array.reshape(-1)[:2]]


def _stored_as(tensor: Stored) -> str:
    if str(tensor.array.dtype) not in FULL:
        return f"{tensor.array.dtype} (quantised, codes or half precision)"
    return PLAIN[0] if tensor.is_initializer else PLAIN[1]
