"""What several runs say together: their mean and its 95 % interval.

Student's t, because the spread is estimated from the same few runs ("The Probable Error
of a Mean", Biometrika 6, 1908, 1–25). Two methods run with the same seeds are compared
by their differences seed by seed: what a seed does to both drops out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite, isnan, nan, sqrt
from numbers import Real
from statistics import fmean, stdev

from coursekit._base import validate as _validate

LEVEL = 0.975  # of both tails together 95 %
MOST_RUNS = 10_000  # beyond that "these runs do not separate them" is the honest answer


@dataclass(frozen=True)
class Interval:
    """The mean of some runs and where the true mean lies, 95 times of 100.

    Args:
        mean: of the runs.
        low, high: ends of the 95 % interval; NaN for one run, which has no spread.
        n: number of runs.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def half_width(self) -> float:
        """Distance from the mean to either end; NaN for one run."""
        return (self.high - self.low) / 2

    def above(self, value: float = 0.0) -> bool | None:
        """Say whether the mean is above a value; None where these runs leave it open.

        Args:
            value: such as 0 for a difference, or the share that guessing reaches.
        """
        if self.low > value:
            return True
        return False if self.high < value else None

    def below(self, value: float = 0.0) -> bool | None:
        """Say whether the mean is below a value; None where these runs leave it open.

        Args:
            value: as for `above`.
        """
        above = self.above(value)
        return None if above is None else not above

    def within(self, tolerance: float) -> bool | None:
        """Say whether the mean is as good as 0; None where these runs leave it open.

        Args:
            tolerance: what counts as no difference, ≥ 0.
        """
        if -tolerance <= self.low and self.high <= tolerance:
            return True
        apart = self.low > tolerance or self.high < -tolerance
        return False if apart else None

    def runs_needed(self) -> int | None:
        """Return how many runs of this spread would tell the mean from 0.

        None where no number up to 10,000 would, or one run shows no spread.
        """
        if isnan(self.half_width) or self.mean == 0:
            return None
        spread = self.half_width * sqrt(self.n) / _quantile(self.n)
        low, high = 1, MOST_RUNS + 1  # one run never tells, `high` may be too many
        while high - low > 1:
            middle = (low + high) // 2
            reach = _quantile(middle) * spread / sqrt(middle)
            low, high = (low, middle) if reach < abs(self.mean) else (middle, high)
        return high if high <= MOST_RUNS else None

    def written(self, unit: str = "") -> str:
        """Write mean, half width and number of runs: "0.92 ± 0.05 % (n = 3)"."""
        space = f" {unit}" if unit else ""
        if self.n == 1:
            return f"{_short(self.mean)}{space} (one run)"
        half = _short(self.half_width, 2)
        return f"{_short(self.mean)} ± {half}{space} (n = {self.n})"

    __str__ = __repr__ = written


def interval(values: Iterable[float]) -> Interval:
    """Return the mean of some runs with its 95 % interval.

    Args:
        values: one number a run: a list, an array or a tensor, at least one.

    Raises:
        ValueError: no number, or something that is not a finite number.

    Example:
        >>> interval([0.90, 0.92, 0.94])
        0.92 ± 0.05 (n = 3)
    """
    runs = _numbers("values", values)
    mean = fmean(runs)
    if len(runs) == 1:
        return Interval(mean, nan, nan, 1)
    half = _quantile(len(runs)) * stdev(runs) / sqrt(len(runs))
    return Interval(mean, mean - half, mean + half, len(runs))


def paired(a: Iterable[float], b: Iterable[float]) -> Interval:
    """Return the interval of the differences a − b, run by run.

    Args:
        a, b: one number a run, in the same order of seeds.

    Raises:
        ValueError: numbers of runs that differ, or as for `interval`.

    Example:
        >>> paired([0.91, 0.95, 0.93], [0.90, 0.938, 0.919]).above(0)
        True
    """
    first, second = _numbers("a", a), _numbers("b", b)
    if len(first) != len(second):
        raise ValueError(
            f"`a` and `b` must be runs of the same seeds; got {len(first)} and "
            f"{len(second)}"
        )
    return interval([x - y for x, y in zip(first, second, strict=True)])


def _numbers(name: str, values: object) -> list[float]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"`{name}` must list one number a run; got {values!r}")
    plain = [_validate.plain(value) for value in values]
    for value in plain:
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not is_number or not isfinite(value):
            raise ValueError(f"`{name}` must list finite numbers; got {value!r}")
    if not plain:
        raise ValueError(f"`{name}` must list at least one run; got none")
    return [float(value) for value in plain]


def _quantile(runs: int) -> float:
    """Return t for 95 % of a mean of so many runs; infinite for one run."""
    from scipy.special import stdtrit  # comes with scikit-learn

    return float(stdtrit(runs - 1, LEVEL)) if runs > 1 else inf


def _short(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}g}"
