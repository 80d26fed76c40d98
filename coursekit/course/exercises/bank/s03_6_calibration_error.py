"""03.6 Expected calibration error (claim C49)."""

import torch

from coursekit.course.exercises.exercise import Exercise, slip


def calibration_error(confidence, correct, bins=10):
    """Return the mean gap between confidence and accuracy over equal-width bins."""
    edges = torch.linspace(0, 1, bins + 1, dtype=confidence.dtype)
    places = torch.bucketize(confidence, edges[1:-1], right=True)
    error = 0.0
    for place in range(bins):
        chosen = places == place
        if chosen.any():
            gap = confidence[chosen].mean() - correct[chosen].double().mean()
            error += gap.abs() * chosen.sum() / len(confidence)
    return float(error)


def by_lists(confidence, correct, bins=10):
    """Sort into bins with plain Python."""
    groups = {}
    for sure, right in zip(confidence.tolist(), correct.tolist(), strict=True):
        place = min(int(sure * bins), bins - 1)
        groups.setdefault(place, []).append((sure, float(right)))
    total = 0.0
    for pairs in groups.values():
        total += abs(sum(sure - right for sure, right in pairs))
    return total / len(confidence)


def by_sums(confidence, correct, bins=10):
    places = (confidence * bins).long().clamp(max=bins - 1)
    gaps = confidence.new_zeros(bins)
    gaps.index_add_(0, places, confidence - correct.to(confidence.dtype))
    return (gaps.abs().sum() / confidence.numel()).item()


def by_one_hot(confidence, correct, bins=10):
    places = (confidence * bins).floor().long().clamp(0, bins - 1)
    member = torch.nn.functional.one_hot(places, bins).to(confidence.dtype)
    gaps = (confidence - correct.to(confidence.dtype)) @ member
    return gaps.abs().mean().item() * bins / len(confidence)


def plain_difference(confidence, correct, bins=10):
    """You compare the mean confidence with the accuracy of all samples; over- and
    under-confident bins then cancel. Take the gap bin by bin."""
    return abs((confidence - correct.double()).mean().item())


@slip("mean or sum")
def per_sample(confidence, correct, bins=10):
    """You average |confidence − correct| over the samples; a sample is right or wrong,
    only a bin has an accuracy."""
    return (confidence - correct.double()).abs().mean().item()


@slip("sign")
def signed(confidence, correct, bins=10):
    """Your gaps carry a sign; over- and under-confidence must not cancel: take the
    absolute value of each bin's gap."""
    return (confidence - correct.double()).mean().item()


@slip("mean or sum")
def unweighted(confidence, correct, bins=10):
    """You average the bins with equal weight; a bin counts as much as it has
    samples."""
    gaps = _gaps(confidence, correct, bins)
    return sum(abs(gap) for gap, _ in gaps) / len(gaps)


@slip("axes")
def over_all_bins(confidence, correct, bins=10):
    """You divide the sum of the gaps by the number of bins, empty ones included; weight
    each bin by its share of the samples."""
    return sum(abs(gap) for gap, _ in _gaps(confidence, correct, bins)) / bins


def worst_bin(confidence, correct, bins=10):
    """You return the largest gap; that is the maximum calibration error."""
    return max(abs(gap) for gap, _ in _gaps(confidence, correct, bins))


def squared(confidence, correct, bins=10):
    """You square the gaps; the expected calibration error takes absolute values."""
    gaps = _gaps(confidence, correct, bins)
    return sum(gap**2 * count for gap, count in gaps) / len(confidence)


@slip("ignored")
def always_ten(confidence, correct, bins=10):
    """You always use ten bins; the number of bins is an argument."""
    return by_lists(confidence, correct, 10)


def middle_of_the_bin(confidence, correct, bins=10):
    """You compare the accuracy with the middle of the bin; compare it with the mean
    confidence of the samples in it."""
    places = (confidence * bins).long().clamp(max=bins - 1)
    middle = (places.double() + 0.5) / bins
    return by_lists_of(middle, correct, places, bins)


def equal_counts(confidence, correct, bins=10):
    """Your bins hold equally many samples; here they are equally wide: 0–0.1, 0.1–0.2
    …"""
    order = confidence.argsort()
    parts = torch.tensor_split(order, bins)
    gaps = [(confidence[p] - correct[p].double()).sum().abs() for p in parts]
    return (sum(gaps) / len(confidence)).item()


def _gaps(confidence, correct, bins):
    """Return (gap, count) of every bin that is not empty."""
    places = (confidence * bins).long().clamp(max=bins - 1)
    found = []
    for place in places.unique():
        chosen = places == place
        gap = (confidence[chosen] - correct[chosen].double()).mean().item()
        found.append((gap, chosen.sum().item()))
    return found


def by_lists_of(values, correct, places, bins):
    """Return the error with `values` in the place of the confidences."""
    sums = values.new_zeros(bins).index_add_(0, places, values - correct.double())
    return (sums.abs().sum() / len(values)).item()


def cases(draw):
    for bins in (10, 10, 5, 15, 1, 7):
        n = draw.integer(30, 80)
        confidence = draw.uniform(n) ** draw.number(0.3, 2.0)
        yield confidence, draw.uniform(n) < confidence**2, bins
    yield 0.8 + 0.2 * draw.uniform(40), draw.uniform(40) < 0.6
    for power in (0.2, 3.0):
        confidence = draw.uniform(60)
        yield confidence, draw.uniform(60) < confidence**power
        yield draw.uniform(25), draw.uniform(25) < 0.5
    ends = torch.tensor([0.0, 1.0, 1.0, 0.03], dtype=torch.float64)
    yield ends, torch.tensor([False, True, False, True]), 4


def corners(draw):
    edges = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0], dtype=torch.float64)
    for bins in (4, 2):
        yield edges, torch.tensor([True, False, True, True, False]), bins
    yield draw.uniform(9), torch.ones(9, dtype=torch.bool), 3
    yield draw.uniform(9), torch.zeros(9, dtype=torch.bool), 2
    yield draw.uniform(1), torch.ones(1, dtype=torch.bool)


EXERCISE = Exercise(
    id="03.6",
    title="Expected calibration error",
    statement=(
        "`confidence` (n,) float64 holds the largest share of each sample, `correct` "
        "(n,) bool whether it was right. Sort the samples into `bins` equally wide "
        "bins over 0 … 1. In each bin take |mean confidence − accuracy|; return the "
        "mean over the bins, weighted by how many samples they hold, as a float. "
        "Empty bins do not count; a confidence on the edge of two bins belongs to the "
        "upper one, and 1 to the last bin."
    ),
    minutes=15,
    difficulty=4,
    importance=3,
    solution=calibration_error,
    oracle=by_lists,
    right=(by_sums, by_one_hot),
    wrong=(
        plain_difference,
        per_sample,
        signed,
        unweighted,
        over_all_bins,
        worst_bin,
        squared,
        always_ten,
        middle_of_the_bin,
        equal_counts,
    ),
    hints=(
        "Which bin does a confidence of 0.37 belong to, with ten bins? And 1.0?",
        "`places == b` is a mask of the samples of bin b; `.any()` tells whether there "
        "are some.",
        "Add |mean confidence − mean correct| · count / n over the bins.",
    ),
    takeaway=(
        "A network may be 90 % right and sound 99 % sure: accuracy does not show it."
    ),
    cases=cases,
    corners=corners,
    never={
        "beyond 20": "a confidence lies between 0 and 1",
        "beyond 100": "a confidence lies between 0 and 1",
        "all below -20": "a confidence lies between 0 and 1",
        "all above 20": "a confidence lies between 0 and 1",
        "half precision": "`confidence` is float64",
        "single precision": "`confidence` is float64",
    },
    equivalents={
        "confidence[chosen].mean() - correct[chosen].double().mean() → "
        "correct[chosen].double().mean() - confidence[chosen].mean()": (
            "the absolute value follows"
        ),
        "float(error) → error": "a tensor with a single number counts as a number",
        "torch.linspace(0, 1, bins + 1, dtype=confidence.dtype) → "
        "torch.linspace(0, 1, bins + 1)": (
            "differs only for confidences within rounding of the edge of a bin"
        ),
    },
)
