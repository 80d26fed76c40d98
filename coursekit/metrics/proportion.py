"""How much an accuracy measured on n images says: Wilson's score interval.

E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference"
(Journal of the American Statistical Association 22, 1927, 209–212); recommended over
the textbook p ± 1.96·√(p(1 − p)/n) by Brown, Cai and DasGupta, "Interval Estimation for
a Binomial Proportion" (Statistical Science 16, 2001, 101–133), because it holds its
promise also near 100 %.
"""

from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

from coursekit._base.validate import integer, number

MOST_IMAGES = 10**7  # beyond that "no test set decides it" is the honest answer


@dataclass(frozen=True)
class Proportion:
    """A share of right answers and the shares it is compatible with, all 0 to 1.

    Args:
        value, low, high: the share, and the ends of its interval.
        n: images.
        confidence: of the interval.
    """

    value: float
    low: float
    high: float
    n: int
    confidence: float = 0.95

    def __contains__(self, share: float) -> bool:
        return self.low <= share <= self.high

    def __repr__(self) -> str:
        return (
            f"{percent(self.value)} ({100 * self.confidence:g} % interval "
            f"{percent(self.low)} … "
            f"{percent(self.high)}, n = {self.n:,})"
        )


def wilson(right: int, n: int, confidence: float = 0.95) -> Proportion:
    """Return Wilson's score interval of `right` right answers among `n`.

    Args:
        right: 0 to n.
        n: images, ≥ 1.
        confidence: 0.5 to 0.999999.

    Raises:
        ValueError: a number outside its range.

    Example:
        >>> wilson(9_940, 10_000)
        99.40 % (95 % interval 99.23 % … 99.53 %, n = 10,000)
    """
    integer("n", n, low=1)
    integer("right", right, low=0, high=n)
    number("confidence", confidence, low=0.5, high=0.999999)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if right == 0 else centre - half
    high = 1.0 if right == n else centre + half
    return Proportion(share, low, high, n, confidence)


def images_to_tell(share: float, limit: float) -> int | None:
    """Return about how many images tell two shares apart, None beyond 10 million.

    The half-width z·√(p(1 − p)/n) of the interval is set to their difference.
    """
    z = NormalDist().inv_cdf(0.975)
    distance = abs(share - limit)
    if not distance:
        return None
    need = ceil(z * z * limit * (1 - limit) / distance**2)
    return need if 0 < need <= MOST_IMAGES else None


def percent(share: float) -> str:
    """Write a share as percent with two digits: 99.38 %."""
    return f"{100 * share:.2f} %"
