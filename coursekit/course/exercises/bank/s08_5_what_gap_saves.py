"""08.5 What global average pooling saves (challenge A3)."""

from fractions import Fraction
from itertools import pairwise

from torch import nn

from coursekit.course.exercises.draw import alike
from coursekit.course.exercises.exercise import Exercise, slip


def saved_by_gap(channels, size, hidden, classes):
    """Return the share of the head's parameters that GAP saves."""
    dense = channels * size * size * hidden + hidden + hidden * classes + classes
    pooled = channels * classes + classes
    return 1 - pooled / dense


def by_building(channels, size, hidden, classes):
    """Build both heads and count."""
    wide = nn.Linear(channels * size**2, hidden, device="meta")
    last = nn.Linear(hidden, classes, device="meta")
    small = nn.Linear(channels, classes, device="meta")
    before = sum(p.numel() for layer in (wide, last) for p in layer.parameters())
    after = sum(p.numel() for p in small.parameters())
    return (before - after) / before


def by_fractions(channels, size, hidden, classes):
    before = (size**2 * channels + 1) * hidden + (hidden + 1) * classes
    return float(1 - Fraction(classes * (channels + 1), before))


def step_by_step(channels, size, hidden, classes):
    heads = {"dense": [channels * size * size, hidden, classes]}
    heads["gap"] = [channels, classes]
    counts = {}
    for name, widths in heads.items():
        counts[name] = sum(a * b + b for a, b in pairwise(widths))
    return (counts["dense"] - counts["gap"]) / counts["dense"]


@slip("question")
def what_is_left(channels, size, hidden, classes):
    """You return the share that is left; asked is the share that is saved."""
    return 1 - by_building(channels, size, hidden, classes)


@slip("question")
def times_smaller(channels, size, hidden, classes):
    """You return how many times smaller the head becomes; asked is the share saved."""
    return 1 / (1 - by_building(channels, size, hidden, classes))


def in_percent(channels, size, hidden, classes):
    """Your result is in percent; give a share: 0.8 is 80 %."""
    return 100 * by_building(channels, size, hidden, classes)


@slip("question")
def difference(channels, size, hidden, classes):
    """You return how many parameters are saved; asked is their share of the dense
    head."""
    dense = (channels * size**2 + 1) * hidden + (hidden + 1) * classes
    return float(dense - classes * (channels + 1))


def of_the_pooled(channels, size, hidden, classes):
    """You divide by the parameters of the small head; divide by those of the dense
    head, which is what you start from."""
    left = 1 - by_building(channels, size, hidden, classes)
    return (1 - left) / left


def side_not_area(channels, size, hidden, classes):
    """You flatten channels · size values; a map of side `size` has size² of them per
    channel."""
    dense = (channels * size + 1) * hidden + (hidden + 1) * classes
    return 1 - classes * (channels + 1) / dense


@slip("bias")
def no_biases(channels, size, hidden, classes):
    """You left the biases out; every dense layer has one per output."""
    dense = channels * size**2 * hidden + hidden * classes
    return 1 - channels * classes / dense


@slip("left out")
def no_last_layer(channels, size, hidden, classes):
    """Your dense head ends at the hidden layer; a second layer leads to the classes."""
    dense = (channels * size**2 + 1) * hidden
    return 1 - classes * (channels + 1) / dense


@slip("left out")
def no_hidden_layer(channels, size, hidden, classes):
    """Your dense head has no hidden layer; it leads to `hidden` units first."""
    dense = (channels * size**2 + 1) * classes
    return 1 - classes * (channels + 1) / dense


def pooling_learns_nothing(channels, size, hidden, classes):
    """You count nothing for the small head; GAP itself learns nothing, but the dense
    layer behind it does."""
    return 1.0


def keeps_the_hidden_layer(channels, size, hidden, classes):
    """Your small head keeps the hidden layer; after GAP one dense layer leads from the
    channels to the classes."""
    dense = (channels * size**2 + 1) * hidden + (hidden + 1) * classes
    return 1 - ((channels + 1) * hidden + (hidden + 1) * classes) / dense


def cases(draw):
    yield from [(64, 7, 72, 10), (2, 3, 4, 5)]
    for _ in range(15):
        channels, hidden = draw.integer(1, 64), draw.integer(2, 90)
        yield channels, draw.integer(2, 9), hidden, draw.integer(2, 12)


def corners(draw):
    yield from [*alike(4), (2, 5, 1, 3), (64, 1, 2, 12)]


EXERCISE = Exercise(
    id="08.5",
    title="What GAP saves",
    statement=(
        "Maps (channels, size, size) are classified by a dense head (flatten, a dense "
        "layer to `hidden` units, one to `classes`) or by GAP and one dense layer. All "
        "dense layers have biases. Return which share of the dense head's parameters "
        "the second head saves (below 0 where it has more). Tiny case: 2 channels of "
        "3×3, 4 hidden units, 5 classes: 101 against 15 parameters, 0.851."
    ),
    minutes=6,
    difficulty=2,
    importance=4,
    solution=saved_by_gap,
    oracle=by_building,
    right=(by_fractions, step_by_step),
    wrong=(
        what_is_left,
        times_smaller,
        in_percent,
        difference,
        of_the_pooled,
        side_not_area,
        no_biases,
        no_last_layer,
        no_hidden_layer,
        pooling_learns_nothing,
        keeps_the_hidden_layer,
    ),
    hints=(
        "How many numbers come out of `flatten`? How many out of GAP?",
        "A dense layer from m to n has m·n + n parameters.",
        "`1 - (channels * classes + classes) / dense`, where `dense` has two layers.",
    ),
    takeaway=(
        "The flattened map is channels · size² numbers wide, GAP's output only "
        "channels: that factor is almost all of what a dense head costs."
    ),
    cases=cases,
    corners=corners,
)
