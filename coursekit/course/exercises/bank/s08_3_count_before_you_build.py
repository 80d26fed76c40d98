"""08.3 The parameters of a budget net, before it is built (challenge A2)."""

from itertools import pairwise

import torch
from torch import nn

from coursekit.course.exercises.exercise import Exercise, slip


def net_parameters(channels, classes):
    """Count 3×3 convolutions with batch norm, GAP and a dense layer."""
    total, before = 0, channels[0]
    for after in channels[1:]:
        total += 9 * before * after + 2 * after
        before = after
    return total + channels[-1] * classes + classes


def by_building(channels, classes):
    """Build the layers and count what they hold."""
    layers = []
    for place in range(1, len(channels)):
        pair = channels[place - 1 : place + 1]
        layers += [nn.Conv2d(*pair, 3, bias=False), nn.BatchNorm2d(pair[1])]
    layers.append(nn.Linear(channels[-1], classes))
    held = nn.Sequential(*layers).parameters()
    return sum(parameter.numel() for parameter in held)


def in_one_sum(channels, classes):
    convolutions = sum(
        9 * channels[k] * channels[k + 1] for k in range(len(channels) - 1)
    )
    return convolutions + 2 * sum(channels[1:]) + classes * (channels[-1] + 1)


def by_recursion(channels, classes):
    if len(channels) == 1:
        return classes + classes * channels[0]
    return channels[1] * (9 * channels[0] + 2) + by_recursion(channels[1:], classes)


def with_tensors(channels, classes):
    sizes = torch.tensor(channels)
    layers = (9 * sizes[:-1] + 2) * sizes[1:]
    return int(layers.sum()) + classes * int(sizes[-1] + 1)


@slip("left out")
def no_batch_norm(channels, classes):
    """You left batch norm out: it learns a scale and a shift for each channel."""
    return by_recursion(channels, classes) - 2 * sum(channels[1:])


@slip("bias")
def bias_too(channels, classes):
    """You gave the convolutions a bias; batch norm takes it away again at once, so they
    have none."""
    return by_recursion(channels, classes) + sum(channels[1:])


@slip("bias")
def bias_instead(channels, classes):
    """You counted one number per channel for batch norm; it learns two, a scale and a
    shift."""
    return by_recursion(channels, classes) - sum(channels[1:])


def running_numbers_too(channels, classes):
    """You counted the running mean and variance; they are measured, not learned."""
    return by_recursion(channels, classes) + 2 * sum(channels[1:])


def norm_of_the_input(channels, classes):
    """You gave the input a batch norm; each stands behind a convolution."""
    return by_recursion(channels, classes) + 2 * channels[0]


def norm_of_the_channels_before(channels, classes):
    """Your batch norm counts the channels that go into the convolution; it stands
    behind it and has those that come out."""
    return by_recursion(channels, classes) + 2 * (channels[0] - channels[-1])


@slip("left out")
def no_head(channels, classes):
    """You forgot the dense layer behind GAP."""
    return by_recursion(channels, classes) - classes * (channels[-1] + 1)


@slip("bias")
def head_without_bias(channels, classes):
    """Your dense layer has no bias; asked is a usual one."""
    return by_recursion(channels, classes) - classes


def flattened_head(channels, classes):
    """Your dense layer reads a map of 7×7; GAP leaves one number per channel."""
    return by_recursion(channels, classes) + 48 * channels[-1] * classes


@slip("only one")
def one_kernel_per_filter(channels, classes):
    """You counted one 3×3 kernel for each output channel; a filter has one for each
    input channel."""
    kernels = sum(9 * after for after in channels[1:])
    return kernels + 2 * sum(channels[1:]) + classes * (channels[-1] + 1)


def pointwise(channels, classes):
    """You forgot the 9 of a 3×3 kernel."""
    weights = sum(before * after for before, after in pairwise(channels))
    return weights + 2 * sum(channels[1:]) + classes * (channels[-1] + 1)


def every_layer_from_the_input(channels, classes):
    """All your convolutions read the input's channels; each reads those of the layer
    before."""
    weights = 9 * channels[0] * sum(channels[1:])
    return weights + 2 * sum(channels[1:]) + classes * (channels[-1] + 1)


def cases(draw):
    yield from [([1, 8], 10), ([1, 8, 16, 16], 10)]
    for _ in range(15):
        yield draw.integers(draw.integer(2, 6), 1, 40), draw.integer(2, 12)


def corners(draw):
    yield from [([8], 1), ([2, 2, 2], 2), ([1, 1], 1), ([3] * 6, 3)]


EXERCISE = Exercise(
    id="08.3",
    title="Count before you build",
    statement=(
        "`channels` is a list such as `[1, 8, 16]`: the input's channels, then those "
        "of each 3×3 convolution. The convolutions have no bias, each is followed by "
        "batch norm; at the end GAP and a dense layer with bias to `classes`. Return "
        "the number of parameters. Tiny case: `net_parameters([1, 8], 10)` is "
        "72 + 16 + 90 = 178."
    ),
    minutes=8,
    difficulty=2,
    importance=5,
    solution=net_parameters,
    oracle=by_building,
    right=(in_one_sum, by_recursion, with_tensors),
    wrong=(
        no_batch_norm,
        bias_too,
        bias_instead,
        running_numbers_too,
        norm_of_the_input,
        norm_of_the_channels_before,
        no_head,
        head_without_bias,
        flattened_head,
        one_kernel_per_filter,
        pointwise,
        every_layer_from_the_input,
    ),
    hints=(
        "Three parts: kernels, batch norms, the dense layer. Pooling and GAP learn "
        "nothing.",
        "A 3×3 layer from m to n channels: 9·m·n weights, and 2·n for its batch norm.",
        "Add `9 * m * n + 2 * n` over all neighbouring pairs, and "
        "`channels[-1] * classes + classes` at the end.",
    ),
    takeaway=(
        "The kernels cost 9·m·n: two wide layers side by side eat a budget, and batch "
        "norm is almost free."
    ),
    cases=cases,
    corners=corners,
    never={
        "empty list": "the input comes first",
    },
)
