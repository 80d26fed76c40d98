"""02.6 Multiply-adds of a convolution (claim C33)."""

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from coursekit.course.exercises.draw import alike
from coursekit.course.exercises.exercise import Exercise, slip


def multiply_adds(in_channels, out_channels, kernel_size, height, width, groups=1):
    """Return the multiplications of a convolution with a map (height, width) out."""
    per_value = in_channels // groups * kernel_size**2
    return out_channels * height * width * per_value


def by_torch(in_channels, out_channels, kernel_size, height, width, groups=1):
    size = (height + kernel_size - 1, width + kernel_size - 1)
    images = torch.empty(1, in_channels, *size, device="meta")
    shape = (out_channels, in_channels // groups, kernel_size, kernel_size)
    kernel = torch.empty(shape, device="meta")
    with FlopCounterMode(display=False) as counter:
        F.conv2d(images, kernel, groups=groups)
    return counter.get_total_flops() // 2


def by_weights(in_channels, out_channels, kernel_size, height, width, groups=1):
    weights = out_channels * in_channels * kernel_size * kernel_size // groups
    return weights * (height * width)


def by_group(in_channels, out_channels, kernel_size, height, width, groups=1):
    total = 0
    for _ in range(groups):
        pairs = (in_channels // groups) * (out_channels // groups)
        total += pairs * kernel_size**2 * height * width
    return total


@slip("question")
def weights_only(in_channels, out_channels, kernel_size, height, width, groups=1):
    """You count the weights; each weight is used once at every place of the map."""
    return out_channels * (in_channels // groups) * kernel_size**2


@slip("ignored")
def ignores_groups(in_channels, out_channels, kernel_size, height, width, groups=1):
    """You ignore the groups; an output channel sees only the input channels of its
    group."""
    return out_channels * in_channels * kernel_size**2 * height * width


def groups_squared(in_channels, out_channels, kernel_size, height, width, groups=1):
    """You divide both channel counts by the groups; each of all output channels sees
    in / groups channels, so divide once."""
    pairs = (in_channels // groups) * (out_channels // groups)
    return pairs * kernel_size**2 * height * width


@slip("question")
def counts_both(in_channels, out_channels, kernel_size, height, width, groups=1):
    """You count multiplications and additions separately; a multiply-add is one."""
    return 2 * by_weights(in_channels, out_channels, kernel_size, height, width, groups)


@slip("left out")
def forgets_kernel(in_channels, out_channels, kernel_size, height, width, groups=1):
    """You forget the kernel: every value is a sum over K·K places."""
    return out_channels * (in_channels // groups) * height * width


@slip("square")
def kernel_not_squared(in_channels, out_channels, kernel_size, height, width, groups=1):
    """You multiply by K once; the kernel is K×K."""
    return out_channels * (in_channels // groups) * kernel_size * height * width


@slip("only one")
def forgets_outputs(in_channels, out_channels, kernel_size, height, width, groups=1):
    """You count one output channel; there are `out_channels` of them."""
    return (in_channels // groups) * kernel_size**2 * height * width


@slip("only one")
def forgets_inputs(in_channels, out_channels, kernel_size, height, width, groups=1):
    """You count one input channel; every value sums over all channels of its group."""
    return out_channels * kernel_size**2 * height * width


@slip("one axis")
def square_map(in_channels, out_channels, kernel_size, height, width, groups=1):
    """You use the height for the width; maps need not be square."""
    per_place = out_channels * (in_channels // groups) * kernel_size**2
    return per_place * height * height


def cases(draw):
    yield from [(256, 128, 1, 28, 28), (3, 96, 11, 55, 55), (2, 4, 3, 5, 7, 2)]
    for _ in range(10):
        groups = draw.integer(1, 4)
        pair = (groups * draw.integer(1, 9), groups * draw.integer(1, 9))
        yield (*pair, draw.integer(1, 7), *draw.integers(2, 2, 40), groups)


def corners(draw):
    yield from [*alike(6), (3, 3, 1, 1, 2, 3), (3, 3, 1, 2, 1, 3)]


EXERCISE = Exercise(
    id="02.6",
    title="Multiply-adds of a convolution",
    statement=(
        "Return how many multiplications a convolution with a square kernel does for "
        "one image, when its output map is height × width; with `groups`, each "
        "output channel sees only in / groups input channels. Tiny case: 1 in, 1 "
        "out, 3×3, map 2×2: 36."
    ),
    minutes=8,
    difficulty=2,
    importance=4,
    solution=multiply_adds,
    oracle=by_torch,
    right=(by_weights, by_group),
    wrong=(
        weights_only,
        ignores_groups,
        groups_squared,
        counts_both,
        forgets_kernel,
        kernel_not_squared,
        forgets_outputs,
        forgets_inputs,
        square_map,
    ),
    hints=(
        "How many multiplications make one value of the result?",
        "One value: in / groups · K · K. How many values are in the result?",
        "out · height · width values, each in // groups · K · K multiplications.",
    ),
    takeaway="Halve the map, double the channels: a layer costs as much as before.",
    cases=cases,
    corners=corners,
    never={
        "`in_channels` < `groups`": "each group has an input channel",
        "`out_channels` < `groups`": "each group has an output channel",
    },
)
