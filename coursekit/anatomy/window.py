"""The window of input pixels a unit of a layer sees along one axis, without borders.

For a plain chain the window of unit `i` is `start + i * stride … + size - 1`, the
recurrence r_out = r_in + (k − 1)·j_in, j_out = j_in·s of Araujo, Norris and Sim,
"Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019).
Transposed convolution and up-sampling break it: neighbouring units see windows of
different size or step. They repeat after a few units, though, so a `Window` keeps one
(low, high) pair for each unit of a period and the number of pixels a period advances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import gcd, lcm

NOTHING = (1 << 28, -(1 << 28))  # sees no pixel: any union with it is the other


@dataclass(frozen=True)
class Varies:
    """A number that is not the same for all units of a layer.

    Args:
        smallest, largest: the range it takes over the units.
    """

    smallest: int
    largest: int

    def __str__(self) -> str:
        return f"{self.smallest}–{self.largest}"

    @staticmethod
    def over(values: Iterable[int]) -> int | Varies:
        """Return the one number all `values` share, or the range they take."""
        low, high = min(kept := set(values)), max(kept)
        return low if low == high else Varies(low, high)


# Why phases: the obvious description is three numbers, start, size and stride. A
# transposed convolution with a 3 kernel, stride 2 and padding 1 has no such numbers:
#
#   pixel     0     1     2     3     4     5
#             │ ╲ ╱ │ ╲ ╱ │ ╲ ╱ │ ╲ ╱ │ ╲ ╱ │
#   unit      0  1  2  3  4  5  6  7  8  9  10
#   sees      0 0–1 1 1–2 2 2–3 3 3–4 4 4–5 5
#
# Its units see 1, 2, 1, 2 … pixels, but two units on all is the same one pixel further:
# phases ((0, 0), (0, 1)), advance 1. A list of what each unit sees would not do: the
# next layer's padding asks for units left of 0, which see what they would without a
# border.
@dataclass(frozen=True)
class Window:
    """First and last pixel seen by unit `i`, for any whole `i`.

    Args:
        phases: (low, high) of the units 0 … period − 1, both inclusive.
        advance: pixels by which unit `i + period` lies after unit `i`.
    """

    phases: tuple[tuple[int, int], ...]
    advance: int

    def at(self, unit: int) -> tuple[int, int]:
        """Return the (low, high) of one unit, `NOTHING` if it sees no pixel."""
        turns, phase = divmod(unit, len(self.phases))
        low, high = self.phases[phase]
        if low > high:
            return NOTHING
        return low + turns * self.advance, high + turns * self.advance

    def size(self, units: Iterable[int]) -> int | Varies:
        """Return how many pixels the given units see each."""
        pairs = (self.at(unit) for unit in units)
        return Varies.over(max(0, high - low + 1) for low, high in pairs)

    def stride(self, units: range) -> int | Varies:
        """Return the distance in pixels from one of the units to the next."""
        if len(units) < 2:
            units = range(units.start, units.start + 2 * units.step, units.step)
        lows = [low for low, high in map(self.at, units) if low <= high]
        steps = [b - a for a, b in pairwise(lows)]
        return Varies.over(steps) if steps else 0

    def through(
        self, taps: Callable[[int], Iterable[int]], period: int, moves: int
    ) -> Window:
        """Return the window of a layer whose unit `o` reads the units `taps(o)`.

        Args:
            taps: output unit → input units it reads.
            period: after how many outputs the taps repeat.
            moves: by how many input units they have moved then.
        """
        # Two phases below, read with stride 3: output 0 begins on phase 0, output 1 on
        # phase 1, output 2 on phase 0 again, so two outputs make a period.
        #   phase   0 1 0 1 0 1 0
        #   output  0     1     2
        repeat = len(self.phases) // gcd(len(self.phases), moves) if moves else 1
        outputs = range(period * repeat)
        phases = tuple(hull(self.at(tap) for tap in taps(out)) for out in outputs)
        advance = self.advance * moves * repeat // len(self.phases)
        return Window(phases, advance).shortest()

    def beside(self, offsets: tuple[int, ...], step: int) -> Window:
        """Return the window of units `i * step` that also see what lies beside them.

        Args:
            offsets: how far on each of the units lies that count as one; (0,) is the
                unit alone.
        """
        if (offsets, step) == ((0,), 1):
            return self
        return _beside(self, offsets, step)

    def shortest(self) -> Window:
        """Return the same window with the shortest period that describes it."""
        full = len(self.phases)
        for period in range(1, full):
            if full % period or self.advance * period % full:
                continue
            shorter = Window(self.phases[:period], self.advance * period // full)
            if all(shorter.at(unit) == self.at(unit) for unit in range(full)):
                return shorter
        return self

    def union(self, other: Window) -> Window | None:
        """Return the hull of both windows, None if they drift apart."""
        period = lcm(len(self.phases), len(other.phases))
        advance = self.advance * period // len(self.phases)
        if advance != other.advance * period // len(other.phases):
            return None
        units = range(period)
        phases = tuple(hull([self.at(unit), other.at(unit)]) for unit in units)
        return Window(phases, advance).shortest()


def hull(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Return the smallest interval that contains all the given ones."""
    low, high = NOTHING
    for first, last in pairs:
        low, high = min(low, first), max(high, last)
    return low, high


@lru_cache(maxsize=4096)
def _beside(window: Window, offsets: tuple[int, ...], step: int) -> Window:
    return window.through(lambda out: [out * step + o for o in offsets], 1, step)


@lru_cache(maxsize=4096)
def slide(
    window: Window, kernel: int, stride: int, padding: int, dilation: int
) -> Window:
    """Return the window after a convolution or pooling along this axis."""

    def taps(out: int) -> tuple[int, int]:
        first = out * stride - padding
        return first, first + (kernel - 1) * dilation

    if len(window.phases) == 1:  # first and last tap bound all the others
        return window.through(taps, 1, stride)
    between = range(0, kernel * dilation, dilation)
    return window.through(lambda o: [taps(o)[0] + t for t in between], 1, stride)


@lru_cache(maxsize=4096)
def spread(
    window: Window, kernel: int, stride: int, padding: int, dilation: int
) -> Window:
    """Return the window after a transposed convolution along this axis."""

    def taps(out: int) -> list[int]:
        places = (out + padding - tap * dilation for tap in range(kernel))
        return [place // stride for place in places if place % stride == 0]

    return window.through(taps, stride, 1)
