"""05.1 Top-k accuracy (claim C68)."""

import torch

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def top_k(logits, labels, k=5):
    """Return the share of rows whose right class is among the k largest logits."""
    best = logits.topk(k, dim=1).indices
    hits = (best == labels[:, None]).any(1)
    return hits.double().mean().item()


def by_rank(logits, labels, k=5):
    """A class is among the best k if fewer than k logits are larger."""
    own = logits.gather(1, labels[:, None])
    return ((logits > own).sum(1) < k).sum().item() / len(labels)


def by_sorting(logits, labels, k=5):
    hits = 0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        order = sorted(range(len(row)), key=lambda place: -row[place])
        hits += label in order[:k]
    return hits / len(labels)


def by_argsort(logits, labels, k=5):
    order = logits.argsort(1, descending=True)
    places = (order == labels.reshape(-1, 1)).int().argmax(1)
    return (places < k).to(torch.float64).mean().item()


@slip("only one")
def top_one(logits, labels, k=5):
    """You count only the best class; the right one may be anywhere among the best k."""
    return (logits.argmax(1) == labels).double().mean().item()


@slip("question")
def error_instead(logits, labels, k=5):
    """You return the error; asked is the accuracy, one minus it."""
    return 1 - by_rank(logits, labels, k)


@slip("sign")
def smallest(logits, labels, k=5):
    """You take the smallest logits; the best classes have the largest."""
    return by_rank(-logits, labels, k)


@slip("ignored")
def always_five(logits, labels, k=5):
    """You always look at five classes; k is an argument."""
    return by_rank(logits, labels, min(5, logits.shape[1]))


@slip("divisor")
def counts_hits(logits, labels, k=5):
    """You return the number of hits; divide it by the number of rows."""
    return by_rank(logits, labels, k) * len(labels)


@slip("divisor")
def divides_by_k(logits, labels, k=5):
    """You average over rows and places, so each hit counts 1/k; a row is a hit if any
    of its k places is right."""
    return by_rank(logits, labels, k) / k


@slip("only one")
def exactly_kth(logits, labels, k=5):
    """You look at the k-th best class only; every one of the best k counts."""
    kth = logits.topk(k, dim=1).indices[:, -1]
    return (kth == labels).double().mean().item()


@slip("off by one")
def one_more(logits, labels, k=5):
    """You look at k + 1 classes."""
    return by_rank(logits, labels, k + 1)


@slip("axes")
def over_the_batch(logits, labels, k=5):
    """You look for the largest logits down the batch; compare the classes of one row:
    axis 1."""
    best = logits.argsort(0, descending=True)[:k]
    return (best == labels[:, None].T[:, :1]).any(0).double().mean().item()


@slip("axes")
def set_of_labels(logits, labels, k=5):
    """You ask whether the best classes occur anywhere among the labels; compare each
    row with its own label."""
    best = logits.topk(k, dim=1).indices
    return torch.isin(best, labels).any(1).double().mean().item()


@slip("question")
def percent(logits, labels, k=5):
    """You return percent; asked is a share between 0 and 1."""
    return 100 * by_rank(logits, labels, k)


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for k in ((), (1,), (3,), (2,), (4,)):
            n, classes = draw.integer(15, 30), draw.integer(12, 20)
            labels = draw.labels(n, classes=classes // 2)
            yield draw.normal(n, classes).to(dtype), labels, *k
    yield scattered(draw.normal(20, 6)), draw.labels(20, classes=6), 6
    yield draw.normal(9, 25).T, draw.labels(25, classes=9), 2


def corners(draw):
    for style, shape in corner_shapes(6, 7, styles=("wide", "below", "above", "far")):
        labels = draw.labels(shape[0], classes=shape[1])
        yield draw.unusual(style, *shape), labels, draw.integer(1, min(3, shape[1]))
    logits = draw.normal(6, 6)
    logits[0, 0] = 0
    yield logits, torch.full((6,), 3), 3


EXERCISE = Exercise(
    id="05.1",
    title="Top-k accuracy",
    statement=(
        "Return the share (a float between 0 and 1) of rows of `logits` (n, classes) "
        "whose right class, given in `labels` (n,), is among the k classes with the "
        "largest logits. No two logits of a row are equal."
    ),
    minutes=8,
    difficulty=2,
    importance=4,
    solution=top_k,
    oracle=by_rank,
    right=(by_sorting, by_argsort),
    wrong=(
        top_one,
        error_instead,
        smallest,
        always_five,
        counts_hits,
        divides_by_k,
        exactly_kth,
        one_more,
        over_the_batch,
        set_of_labels,
        percent,
    ),
    hints=(
        "`topk` gives values and indices. Which of the two are classes?",
        "`labels[:, None]` is (n, 1) and can be compared with the (n, k) best classes.",
        "A row is a hit if any of its k places is right: `.any(1)`, then the mean.",
    ),
    takeaway="Top-5 forgives confusing one kind of dog with another; top-1 does not.",
    cases=cases,
    corners=corners,
    never={
        "`logits`: ties": "no two logits of a row are equal",
        "half precision": "rounded to three digits, logits of a row may be equal",
        "`labels`: below 0": "a label is a class, counted from 0",
        "`k` is 0": "k counts classes",
        "`k` below 0": "k counts classes",
    },
    equivalents={
        "hits.double().mean().item() → hits.double().mean()": (
            "a tensor with a single number counts as a number"
        ),
        "logits.topk(k, dim=1) → logits.topk(k)": "the last axis is torch's default",
    },
)
