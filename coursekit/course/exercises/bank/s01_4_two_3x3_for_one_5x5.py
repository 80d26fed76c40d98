"""01.4 Two 3×3 layers against one 5×5 (claim C07)."""

from torch import nn

from coursekit.course.exercises.exercise import Exercise, slip


def parameters(channels):
    """Return (weights of one 5×5 layer, weights of two 3×3 layers), without biases."""
    pairs = channels * channels
    return 5 * 5 * pairs, 2 * 3 * 3 * pairs


def by_torch(channels):
    def weights(kernel_size):
        layer = nn.Conv2d(channels, channels, kernel_size, bias=False, device="meta")
        return layer.weight.numel()

    return weights(5), weights(3) + weights(3)


def by_square(channels):
    return 25 * channels**2, 18 * channels**2


def by_loop(channels):
    one_5x5 = sum(channels * 5 * 5 for _ in range(channels))
    two_3x3 = sum(channels * 3 * 3 for _ in range(channels)) * 2
    return [one_5x5, two_3x3]


@slip("ignored")
def ignores_channels(channels):
    """You count the weights of a single channel; every output channel has one kernel
    for every input channel: multiply by C·C."""
    return 25, 18


@slip("only one")
def one_channel_factor(channels):
    """You multiply by the channels once; there is a kernel for every pair of input
    and output channel, so it is C·C."""
    return 25 * channels, 18 * channels


@slip("only one")
def counts_one_3x3(channels):
    """You count one 3×3 layer; it takes two of them to see 5×5."""
    return 25 * channels**2, 9 * channels**2


@slip("bias")
def counts_biases(channels):
    """You count the biases; asked are the weights only."""
    return 25 * channels**2 + channels, 18 * channels**2 + 2 * channels


@slip("order")
def swaps_the_two(channels):
    """You return the two numbers the wrong way round: the 5×5 comes first."""
    return 18 * channels**2, 25 * channels**2


@slip("added")
def squares_the_layers(channels):
    """You multiply the two 3×3 layers; their weights are added: 2 · 9."""
    return 25 * channels**2, 81 * channels**2


@slip("question")
def returns_the_ratio(channels):
    """You return how much is saved; asked are both numbers, as a pair."""
    return 18 / 25


@slip("added")
def adds_channels(channels):
    """You multiply by the sum of input and output channels; each input is connected
    with each output, so it is their product C·C."""
    return 25 * 2 * channels, 18 * 2 * channels


def cases(draw):
    yield from [(1,), (3,), (64,)]
    for _ in range(10):
        yield (draw.integer(2, 600),)


def corners(draw):
    yield (2,)


EXERCISE = Exercise(
    id="01.4",
    title="Two 3×3 against one 5×5",
    statement=(
        "A layer has `channels` channels in and as many out. Return the number of "
        "weights of one 5×5 layer, and of two 3×3 layers, which together see the same "
        "5×5 pixels; without biases. Tiny case: 1 channel: (25, 18)."
    ),
    minutes=6,
    difficulty=1,
    importance=4,
    solution=parameters,
    oracle=by_torch,
    right=(by_square, by_loop),
    wrong=(
        ignores_channels,
        one_channel_factor,
        counts_one_3x3,
        counts_biases,
        swaps_the_two,
        squares_the_layers,
        returns_the_ratio,
        adds_channels,
    ),
    hints=(
        "How many numbers are in one 5×5 kernel, and how many kernels does a layer "
        "have with C channels in and C out?",
        "Each of the C output channels looks at all C input channels with a kernel of "
        "its own: C·C kernels.",
        "One 5×5: 25·C·C. Two 3×3: twice 9·C·C.",
    ),
    takeaway=(
        "Two 3×3 see as much as one 5×5 with 28 % fewer weights and one non-linearity "
        "more."
    ),
    cases=cases,
    corners=corners,
)
