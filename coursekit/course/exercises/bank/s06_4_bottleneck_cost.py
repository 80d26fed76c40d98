"""06.4 Weights of a bottleneck block (claims C39, C78)."""

from torch import nn

from coursekit.course.exercises.draw import alike
from coursekit.course.exercises.exercise import Exercise, slip


def block_weights(channels, reduced):
    """Return the weights of (two 3×3 on all channels, a 1×1–3×3–1×1 bottleneck)."""
    basic = 2 * 9 * channels**2
    return basic, channels * reduced + 9 * reduced**2 + reduced * channels


def by_torch(channels, reduced):
    def count(*layers):
        made = [nn.Conv2d(*layer, bias=False, device="meta") for layer in layers]
        return sum(layer.weight.numel() for layer in made)

    basic = count((channels, channels, 3), (channels, channels, 3))
    down, up = (channels, reduced, 1), (reduced, channels, 1)
    return basic, count(down, (reduced, reduced, 3), up)


def by_factoring(channels, reduced):
    return 18 * channels * channels, reduced * (2 * channels + 9 * reduced)


def by_list(channels, reduced):
    bottleneck = [(channels, reduced, 1), (reduced, reduced, 3), (reduced, channels, 1)]
    plain = [(channels, channels, 3)] * 2
    return [sum(a * b * k * k for a, b, k in layers) for layers in (plain, bottleneck)]


@slip("only one")
def one_pointwise(channels, reduced):
    """You count one 1×1; there are two: one goes down to the reduced channels, one
    comes back, so that the input can be added."""
    return 18 * channels**2, channels * reduced + 9 * reduced**2


def wide_middle(channels, reduced):
    """Your 3×3 works on all channels; between the 1×1s it sees the reduced ones
    only."""
    return 18 * channels**2, 2 * channels * reduced + 9 * channels**2


def middle_from_wide(channels, reduced):
    """Your 3×3 goes between all and the reduced channels; it has reduced channels in
    and out."""
    return 18 * channels**2, 2 * channels * reduced + 9 * channels * reduced


@slip("only one")
def one_basic_layer(channels, reduced):
    """Your plain block has one 3×3; it has two."""
    return 9 * channels**2, by_torch(channels, reduced)[1]


@slip("square")
def pointwise_with_nine(channels, reduced):
    """You give the 1×1 convolutions nine weights per pair of channels; they have
    one."""
    return 18 * channels**2, 18 * channels * reduced + 9 * reduced**2


@slip("square")
def middle_with_one(channels, reduced):
    """You count the 3×3 as if it had one weight per pair of channels; it has nine."""
    return 18 * channels**2, 2 * channels * reduced + reduced**2


@slip("order")
def swaps_the_two(channels, reduced):
    """You return the bottleneck first; the plain block comes first."""
    return by_torch(channels, reduced)[::-1]


@slip("bias")
def counts_biases(channels, reduced):
    """You count biases; asked are weights only."""
    basic, bottleneck = by_torch(channels, reduced)
    return basic + 2 * channels, bottleneck + 2 * reduced + channels


def basic_on_reduced(channels, reduced):
    """Your plain block works on the reduced channels; it keeps all of them."""
    return 18 * reduced**2, by_torch(channels, reduced)[1]


def cases(draw):
    yield from [(256, 64), (4, 2), (1, 1)]
    for _ in range(12):
        yield draw.integer(10, 600), draw.integer(2, 150)


def corners(draw):
    yield from [*alike(2), (2, 5)]


EXERCISE = Exercise(
    id="06.4",
    title="What a bottleneck saves",
    statement=(
        "A plain block has two 3×3 convolutions on `channels` channels. A bottleneck "
        "goes down to `reduced` channels with a 1×1, does a 3×3 there, and comes back "
        "with a 1×1. Return the weights of both (no biases). Tiny case: 4 and 2: "
        "(288, 52)."
    ),
    minutes=6,
    difficulty=2,
    importance=3,
    solution=block_weights,
    oracle=by_torch,
    right=(by_factoring, by_list),
    wrong=(
        one_pointwise,
        wide_middle,
        middle_from_wide,
        one_basic_layer,
        pointwise_with_nine,
        middle_with_one,
        swaps_the_two,
        counts_biases,
        basic_on_reduced,
    ),
    hints=(
        "List the three convolutions of the bottleneck with channels in, out and "
        "kernel.",
        "(C, R, 1×1), (R, R, 3×3), (R, C, 1×1).",
        "18·C² against 2·C·R + 9·R².",
    ),
    takeaway="256 channels through 64: 69,632 weights instead of 1,179,648.",
    cases=cases,
    corners=corners,
)
