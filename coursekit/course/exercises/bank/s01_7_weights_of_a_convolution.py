"""01.7 Weights of a convolution (claim C04)."""

from torch import nn

from coursekit.course.exercises.draw import alike
from coursekit.course.exercises.exercise import Exercise, slip


def conv_weights(in_channels, out_channels, kernel_size, bias=True):
    """Return the number of parameters of a convolution with a square kernel."""
    weights = out_channels * in_channels * kernel_size**2
    return weights + out_channels if bias else weights


def by_torch(in_channels, out_channels, kernel_size, bias=True):
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, bias=bias, device="meta")
    return sum(parameter.numel() for parameter in layer.parameters())


def by_kernel(in_channels, out_channels, kernel_size, bias=True):
    one_kernel = in_channels * kernel_size * kernel_size + int(bias)
    return one_kernel * out_channels


def by_adding(in_channels, out_channels, kernel_size, bias=True):
    total = 0
    for _ in range(out_channels):
        total += sum(kernel_size * kernel_size for _ in range(in_channels))
        if bias:
            total += 1
    return total


@slip("ignored")
def ignores_input_channels(in_channels, out_channels, kernel_size, bias=True):
    """You forget the input channels: a kernel is as deep as its input, so 96 filters
    11×11 on RGB have 34,848 weights and not 11,616."""
    return out_channels * kernel_size**2 + out_channels * bias


@slip("ignored")
def ignores_output_channels(in_channels, out_channels, kernel_size, bias=True):
    """You count one kernel; there is one for every output channel."""
    return in_channels * kernel_size**2 + out_channels * bias


@slip("bias")
def ignores_bias(in_channels, out_channels, kernel_size, bias=True):
    """You never count the biases: one for every output channel when `bias` is True."""
    return out_channels * in_channels * kernel_size**2


@slip("bias")
def always_bias(in_channels, out_channels, kernel_size, bias=True):
    """You count biases even when `bias` is False."""
    return out_channels * in_channels * kernel_size**2 + out_channels


@slip("bias")
def one_bias(in_channels, out_channels, kernel_size, bias=True):
    """You count a single bias for the layer; every output channel has its own."""
    return out_channels * in_channels * kernel_size**2 + int(bias)


@slip("bias")
def bias_per_input(in_channels, out_channels, kernel_size, bias=True):
    """You count a bias per input channel; the bias is added to the output, so there is
    one per output channel."""
    return out_channels * in_channels * kernel_size**2 + in_channels * bias


@slip("bias")
def bias_per_kernel(in_channels, out_channels, kernel_size, bias=True):
    """You count a bias for every pair of channels; the sums over all input channels are
    added first, then one bias per output channel."""
    return out_channels * in_channels * (kernel_size**2 + bias)


@slip("square")
def kernel_not_squared(in_channels, out_channels, kernel_size, bias=True):
    """You multiply by K once; the kernel is K×K."""
    return out_channels * in_channels * kernel_size + out_channels * bias


@slip("added")
def adds_channels(in_channels, out_channels, kernel_size, bias=True):
    """You add the channels; every input is connected with every output: multiply."""
    return (out_channels + in_channels) * kernel_size**2 + out_channels * bias


def cases(draw):
    yield from [(3, 96, 11), (1, 1, 1), (3, 96, 11, False), (64, 128, 3, False)]
    for _ in range(15):
        yield (
            *draw.integers(2, 1, 300),
            draw.integer(1, 11),
            draw.choice([True, False]),
        )


def corners(draw):
    yield from [*alike(3), (9, 2, 5)]


EXERCISE = Exercise(
    id="01.7",
    title="Weights of a convolution",
    statement=(
        "Return how many numbers a convolution learns: `in_channels` channels in, "
        "`out_channels` out, a square kernel, with or without biases. Tiny case: 3 in, "
        "2 out, 1×1, with biases: 8."
    ),
    minutes=6,
    difficulty=1,
    importance=5,
    solution=conv_weights,
    oracle=by_torch,
    right=(by_kernel, by_adding),
    wrong=(
        ignores_input_channels,
        ignores_output_channels,
        ignores_bias,
        always_bias,
        one_bias,
        bias_per_input,
        bias_per_kernel,
        kernel_not_squared,
        adds_channels,
    ),
    hints=(
        "Think of a single output channel first. What does its kernel look at?",
        "One output channel has a K×K kernel for each input channel, and one bias.",
        "out · in · K · K, plus out when there are biases.",
    ),
    takeaway=(
        "N·M·K·K + N, whatever the size of the picture: that is why convolutions are "
        "cheap in weights."
    ),
    cases=cases,
    corners=corners,
)
