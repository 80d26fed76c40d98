"""05.3 Parameters of a VGG (claims C44, C67)."""

from itertools import pairwise

from torch import nn

from coursekit.course.exercises.exercise import Exercise, slip


def vgg_parameters(channels, dense):
    """Return (parameters of the 3×3 convolutions, parameters of the dense layers)."""

    def count(sizes, area):
        places = range(1, len(sizes))
        return sum((area * sizes[i - 1] + 1) * sizes[i] for i in places)

    return count(channels, 9), count(dense, 1)


def by_torch(channels, dense):
    def count(kind, sizes, *settings):
        pairs = pairwise(sizes)
        layers = [kind(*pair, *settings, device="meta") for pair in pairs]
        return sum(p.numel() for layer in layers for p in layer.parameters())

    return count(nn.Conv2d, channels, 3), count(nn.Linear, dense)


def by_index(channels, dense):
    convolutions = 0
    for place in range(1, len(channels)):
        convolutions += channels[place] * (channels[place - 1] * 3 * 3 + 1)
    fully_connected = 0
    for place in range(1, len(dense)):
        fully_connected += dense[place] * (dense[place - 1] + 1)
    return convolutions, fully_connected


def by_previous(channels, dense):
    totals = []
    for area, sizes in ((9, channels), (1, dense)):
        total, before = 0, sizes[0]
        for after in sizes[1:]:
            total += (area * before + 1) * after
            before = after
        totals.append(total)
    return totals


def _weights(sizes, area):
    return sum(area * a * b for a, b in pairwise(sizes))


@slip("bias")
def forgets_biases(channels, dense):
    """You forget the biases: one for every output channel and every dense unit."""
    return _weights(channels, 9), _weights(dense, 1)


@slip("bias")
def dense_without_bias(channels, dense):
    """You forget the biases of the dense layers."""
    return _weights(channels, 9) + sum(channels[1:]), _weights(dense, 1)


@slip("bias")
def convolutions_without_bias(channels, dense):
    """You forget the biases of the convolutions."""
    return _weights(channels, 9), _weights(dense, 1) + sum(dense[1:])


@slip("question")
def one_sum(channels, dense):
    """You return one sum; asked are the two parts, as a pair."""
    return sum(by_index(channels, dense))


@slip("order")
def swaps_the_two(channels, dense):
    """You return the dense layers first; the convolutions come first."""
    return by_index(channels, dense)[::-1]


@slip("square")
def kernel_not_squared(channels, dense):
    """You take 3 weights per pair of channels; a 3×3 kernel has 9."""
    return _weights(channels, 3) + sum(channels[1:]), by_index(channels, dense)[1]


@slip("bias")
def bias_for_the_input(channels, dense):
    """You count a bias for the first entry as well; that is the input, not a layer."""
    convolutions, fully_connected = by_index(channels, dense)
    return convolutions + channels[0], fully_connected + dense[0]


@slip("bias")
def bias_per_input(channels, dense):
    """You count a bias per input channel; biases belong to the outputs."""
    convolutions = _weights(channels, 9) + sum(channels[:-1])
    return convolutions, _weights(dense, 1) + sum(dense[:-1])


def kernels_in_dense_layers(channels, dense):
    """You multiply the dense layers by 9 too; a dense layer has one weight per pair."""
    return by_index(channels, dense)[0], _weights(dense, 9) + sum(dense[1:])


@slip("only one")
def skips_the_first(channels, dense):
    """You leave out the first layer: the first entry is the input, so layer 1 goes from
    entry 0 to entry 1."""
    return by_index(channels[1:], dense[1:])


@slip("only one")
def skips_the_last(channels, dense):
    """You leave out the last layer of each list."""
    return by_index(channels[:-1], dense[:-1])


@slip("only one")
def same_channels(channels, dense):
    """You square each number of channels; a layer goes from one entry to the next."""
    convolutions = sum(9 * c * c + c for c in channels[1:])
    return convolutions, by_index(channels, dense)[1]


VGG16 = [3, 64, 64, 128, 128, 256, 256, 256, *[512] * 6]


def cases(draw):
    yield [3, 8], [32, 10]
    yield VGG16, [25088, 4096, 4096, 1000]
    for _ in range(10):
        channels = draw.integers(draw.integer(3, 6), 2, 200)
        yield channels, draw.integers(draw.integer(3, 5), 2, 500)


def corners(draw):
    yield from [([3], [10]), ([1, 1, 1], [1, 1]), ([2, 2], [2, 2, 2]), ([3, 3], [3, 3])]


EXERCISE = Exercise(
    id="05.3",
    title="Parameters of a VGG",
    statement=(
        "`channels` lists the channels along the 3×3 convolutions, the input first "
        "([3, 64, 64, 128, …]); `dense` lists the sizes along the dense layers "
        "([25088, 4096, 4096, 1000]). Return the parameters of the convolutions and of "
        "the dense layers, all with biases. Tiny case: [3, 8], [32, 10]: (224, 330)."
    ),
    minutes=10,
    difficulty=2,
    importance=4,
    solution=vgg_parameters,
    oracle=by_torch,
    right=(by_index, by_previous),
    wrong=(
        forgets_biases,
        dense_without_bias,
        convolutions_without_bias,
        one_sum,
        swaps_the_two,
        kernel_not_squared,
        bias_for_the_input,
        bias_per_input,
        kernels_in_dense_layers,
        skips_the_first,
        skips_the_last,
        same_channels,
    ),
    hints=(
        "How many layers does [3, 64, 64, 128] describe?",
        "Layer i goes from `channels[i - 1]` to `channels[i]`, for i = 1, 2, …",
        "9·before·after + after for a convolution, before·after + after for a dense "
        "layer.",
    ),
    takeaway=(
        "VGG-16: 14,714,688 in the convolutions, 123,642,856 in the dense layers: 89 %."
    ),
    cases=cases,
    corners=corners,
    never={
        "empty list": "the input comes first",
    },
)
