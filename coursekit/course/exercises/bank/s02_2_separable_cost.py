"""02.2 Weights of a depthwise-separable convolution (claims C39, C86)."""

from torch import nn

from coursekit.course.exercises.draw import alike
from coursekit.course.exercises.exercise import Exercise, slip


def separable_weights(in_channels, out_channels, kernel_size):
    """Return (weights of a usual convolution, of a depthwise-separable one)."""
    usual = out_channels * in_channels * kernel_size**2
    separable = in_channels * kernel_size**2 + in_channels * out_channels
    return usual, separable


def by_torch(in_channels, out_channels, kernel_size):
    options = {"bias": False, "device": "meta"}
    c = in_channels
    usual = nn.Conv2d(c, out_channels, kernel_size, **options)
    depthwise = nn.Conv2d(c, c, kernel_size, groups=c, **options)
    pointwise = nn.Conv2d(c, out_channels, 1, **options)
    return usual.weight.numel(), depthwise.weight.numel() + pointwise.weight.numel()


def by_factoring(in_channels, out_channels, kernel_size):
    area = kernel_size * kernel_size
    return area * in_channels * out_channels, in_channels * (area + out_channels)


def by_channel(in_channels, out_channels, kernel_size):
    area = kernel_size * kernel_size
    usual = sum(in_channels * area for _ in range(out_channels))
    separable = sum(area + out_channels for _ in range(in_channels))
    return [usual, separable]


@slip("only one")
def depthwise_only(in_channels, out_channels, kernel_size):
    """You count the depthwise part only; the 1×1 convolution that mixes the channels
    has in · out weights more."""
    area = kernel_size**2
    return out_channels * in_channels * area, in_channels * area


@slip("only one")
def pointwise_only(in_channels, out_channels, kernel_size):
    """You count the 1×1 part only; the depthwise part has one K×K kernel for each input
    channel."""
    area = kernel_size**2
    return out_channels * in_channels * area, in_channels * out_channels


def full_depthwise(in_channels, out_channels, kernel_size):
    """Your depthwise part has a kernel for every pair of channels; each channel is
    filtered on its own: one K×K kernel per input channel."""
    area = kernel_size**2
    usual = out_channels * in_channels * area
    return usual, in_channels**2 * area + in_channels * out_channels


def depthwise_on_outputs(in_channels, out_channels, kernel_size):
    """You give the depthwise part one kernel per output channel; it runs first, on the
    input channels."""
    area = kernel_size**2
    usual = out_channels * in_channels * area
    return usual, out_channels * area + in_channels * out_channels


@slip("added")
def multiplies_the_parts(in_channels, out_channels, kernel_size):
    """You multiply the two parts; they are two layers, so their weights are added."""
    usual = out_channels * in_channels * kernel_size**2
    return usual, usual * in_channels


@slip("square")
def kernel_not_squared(in_channels, out_channels, kernel_size):
    """You multiply by K once; the kernels are K×K."""
    usual = out_channels * in_channels * kernel_size
    return usual, in_channels * kernel_size + in_channels * out_channels


@slip("question")
def returns_the_ratio(in_channels, out_channels, kernel_size):
    """You return how many times smaller it is; asked are both numbers, as a pair."""
    usual, separable = by_torch(in_channels, out_channels, kernel_size)
    return usual / separable


@slip("order")
def swaps_the_two(in_channels, out_channels, kernel_size):
    """You return the two numbers the wrong way round: the usual convolution comes
    first."""
    return by_torch(in_channels, out_channels, kernel_size)[::-1]


@slip("bias")
def counts_biases(in_channels, out_channels, kernel_size):
    """You count the biases; asked are the weights only."""
    usual, separable = by_torch(in_channels, out_channels, kernel_size)
    return usual + out_channels, separable + in_channels + out_channels


def cases(draw):
    yield from [(1, 1, 1), (3, 8, 3), (64, 128, 3)]
    for _ in range(12):
        yield (*draw.integers(2, 2, 200), draw.integer(1, 7))


def corners(draw):
    yield from [*alike(3), (2, 9, 5), (9, 2, 5)]


EXERCISE = Exercise(
    id="02.2",
    title="What depthwise-separable saves",
    statement=(
        "A depthwise-separable convolution filters each input channel with a K×K "
        "kernel of its own, then mixes the channels with a 1×1 convolution. Return "
        "the number of weights (no biases) of a usual K×K convolution and of the "
        "separable one. Tiny case: 3 in, 8 out, K = 3: (216, 51)."
    ),
    minutes=8,
    difficulty=2,
    importance=4,
    solution=separable_weights,
    oracle=by_torch,
    right=(by_factoring, by_channel),
    wrong=(
        depthwise_only,
        pointwise_only,
        full_depthwise,
        depthwise_on_outputs,
        multiplies_the_parts,
        kernel_not_squared,
        returns_the_ratio,
        swaps_the_two,
        counts_biases,
    ),
    hints=(
        "How many kernels does the depthwise part have, when no channel looks at "
        "another?",
        "Depthwise: one K×K kernel per input channel. Pointwise: a 1×1 convolution "
        "from in to out.",
        "K·K·in·out against K·K·in + in·out.",
    ),
    takeaway="For 3×3 and many channels that is almost nine times fewer weights.",
    cases=cases,
    corners=corners,
)
