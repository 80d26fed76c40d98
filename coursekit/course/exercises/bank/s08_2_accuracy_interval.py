"""08.2 The interval of an accuracy (challenge A2).

Wilson (1927), "Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22(158).
"""

import math

import torch

from coursekit.course.exercises.exercise import Exercise, slip


def accuracy_interval(right, n):
    """Return (low, high), Wilson's 95 % interval of `right` out of `n`."""
    z = 1.96
    share = right / n
    centre = share + z**2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    return (centre - half) / scale, (centre + half) / scale


def by_search(right, n):
    """Search both ends: where the measured share is just 1.96 deviations away."""
    share = right / n

    def end(far):
        near = share
        for _ in range(200):
            middle = (near + far) / 2
            spread = 1.96 * math.sqrt(middle * (1 - middle) / n)
            if abs(middle - share) <= spread:
                near = middle
            else:
                far = middle
        return near

    return end(0.0), end(1.0)


def by_roots(right, n):
    """Solve (n + z²) p² − (2·right + z²) p + right²/n = 0."""
    square = 1.96 * 1.96
    a, b, c = n + square, -(2 * right + square), right * right / n
    root = math.sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def in_counts(right, n):
    z, wrong = 1.96, n - right
    middle = right + z * z / 2
    reach = z * math.sqrt(right * wrong / n + z * z / 4)
    return (middle - reach) / (n + z * z), (middle + reach) / (n + z * z)


def with_tensors(right, n):
    share = torch.tensor(right, dtype=torch.float64) / n
    z2 = 1.96**2
    signs = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    root = (1.96 / n) * (n * share * (1 - share) + z2 / 4).sqrt()
    low, high = ((share + z2 / (2 * n) + signs * root) / (1 + z2 / n)).tolist()
    return low, high


def textbook(right, n):
    """You take p ± 1.96·√(p(1 − p)/n); near 100 % that interval is too narrow, and for
    no mistake at all it has the width 0. Use Wilson's formula."""
    share = right / n
    half = 1.96 * math.sqrt(share * (1 - share) / n)
    return share - half, share + half


def clipped_textbook(right, n):
    """You cut p ± 1.96·√(p(1 − p)/n) off at 0 and 1; for no mistake at all it still has
    the width 0. Use Wilson's formula."""
    low, high = textbook(right, n)
    return max(low, 0.0), min(high, 1.0)


def one_deviation(right, n):
    """Your interval is one standard deviation wide on each side; 95 % take z = 1.96."""
    return _wilson(right, n, 1.0)


def one_sided(right, n):
    """Your z is 1.645, which leaves 5 % on each side; 95 % inside take 1.96."""
    return _wilson(right, n, 1.645)


@slip("question")
def ninety_nine(right, n):
    """Your z is 2.576, that of 99 %; asked is 95 %: 1.96."""
    return _wilson(right, n, 2.576)


def around_the_share(right, n):
    """You lay Wilson's width around the measured share; the middle of the interval is
    pulled towards one half: (p + z²/2n) / (1 + z²/n)."""
    low, high = _wilson(right, n, 1.96)
    share, half = right / n, (high - low) / 2
    return share - half, share + half


@slip("left out")
def not_scaled(right, n):
    """You forgot to divide by 1 + z²/n."""
    low, high = _wilson(right, n, 1.96)
    scale = 1 + 1.96**2 / n
    return low * scale, high * scale


def agresti_coull(right, n):
    """You add two hits and two misses and take the textbook formula; that is close to
    Wilson's interval, but not it."""
    share, n = (right + 2) / (n + 4), n + 4
    half = 1.96 * math.sqrt(share * (1 - share) / n)
    return share - half, share + half


def in_percent(right, n):
    """Your ends are in percent; give shares from 0 to 1."""
    low, high = _wilson(right, n, 1.96)
    return 100 * low, 100 * high


@slip("question")
def of_the_errors(right, n):
    """You give the interval of the error; asked is that of the accuracy."""
    return _wilson(n - right, n, 1.96)


def high_first(right, n):
    """Your ends are in the wrong order; give the low one first."""
    return _wilson(right, n, 1.96)[::-1]


def middle_and_half(right, n):
    """You return the middle and half the width; give both ends."""
    low, high = _wilson(right, n, 1.96)
    return (low + high) / 2, (high - low) / 2


def of_ten_thousand(right, n):
    """Your width does not depend on n; it shrinks with the root of the number of
    images."""
    return _wilson(right / n * 10_000, 10_000, 1.96)


def _wilson(right, n, z):
    centre, scale = right + z * z / 2, n + z * z
    half = z * math.sqrt(right * (n - right) / n + z * z / 4)
    return (centre - half) / scale, (centre + half) / scale


def cases(draw):
    yield from [(5, 10), (20, 20), (0, 7), (9_940, 10_000), (357, 359)]
    for _ in range(15):
        n = draw.integer(2, 3_000)
        yield draw.integer(0, n), n


def corners(draw):
    yield from [(right, n) for n in (1, 2, 3) for right in range(n + 1)]


EXERCISE = Exercise(
    id="08.2",
    title="The interval of an accuracy",
    statement=(
        "`right` of `n` test images are answered rightly. Return Wilson's 95 % "
        "interval `(low, high)` as shares: with p = right/n and z = 1.96, the middle "
        "is (p + z²/2n) / (1 + z²/n) and half the width is z·√(p(1 − p)/n + z²/4n²) / "
        "(1 + z²/n). Tiny case: 5 of 10 give about (0.237, 0.763)."
    ),
    minutes=8,
    difficulty=2,
    importance=5,
    solution=accuracy_interval,
    oracle=by_search,
    right=(by_roots, in_counts, with_tensors),
    wrong=(
        textbook,
        clipped_textbook,
        one_deviation,
        one_sided,
        ninety_nine,
        around_the_share,
        not_scaled,
        agresti_coull,
        in_percent,
        of_the_errors,
        high_first,
        middle_and_half,
        of_ten_thousand,
    ),
    hints=(
        "Both ends share three parts: the middle, the half width, and the number "
        "1 + z²/n that divides them.",
        "Work with p = right / n; only the square root and the corrections need n "
        "again.",
        "`half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))`, and then "
        "`(p + z**2 / (2 * n) ± half) / (1 + z**2 / n)`.",
    ),
    takeaway=(
        "At 99.4 % on 10,000 images the interval is about ± 0.15 points; it shrinks "
        "with the root of their number."
    ),
    cases=cases,
    corners=corners,
    never={
        "`right` below 0": "`right` is a number of images",
        "`right` > `n`": "no more images can be right than there are",
    },
)
