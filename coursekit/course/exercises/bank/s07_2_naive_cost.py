"""07.2 What a naive inception module costs (claims C80, C81)."""

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from coursekit.course.exercises.draw import alike
from coursekit.course.exercises.exercise import Exercise, slip


def naive_cost(side, in_channels, one, three, five):
    """Return (channels out, multiplications) of 1×1, 3×3, 5×5 and pooling side by
    side."""
    weights = in_channels * (one + 9 * three + 25 * five)
    return one + three + five + in_channels, side * side * weights


def by_torch(side, in_channels, one, three, five):
    images = torch.empty(1, in_channels, side, side, device="meta")
    maps = [F.max_pool2d(images, 3, 1, 1)]
    with FlopCounterMode(display=False) as counter:
        for out, size in ((one, 1), (three, 3), (five, 5)):
            kernel = torch.empty(out, in_channels, size, size, device="meta")
            maps.append(F.conv2d(images, kernel, padding=size // 2))
    return torch.cat(maps, 1).shape[1], counter.get_total_flops() // 2


def by_branch(side, in_channels, one, three, five):
    cost, depth = 0, in_channels
    for out, kernel_size in ((one, 1), (three, 3), (five, 5)):
        cost += out * side * side * in_channels * kernel_size * kernel_size
        depth += out
    return depth, cost


def by_output_value(side, in_channels, one, three, five):
    outs = {1: one, 3: three, 5: five}
    costs = [side**2 * out * (size**2 * in_channels) for size, out in outs.items()]
    return [sum(outs.values()) + in_channels, sum(costs)]


@slip("left out")
def forgets_pooling(side, in_channels, one, three, five):
    """Your depth leaves out the pooling branch; it keeps all input channels."""
    depth, cost = by_branch(side, in_channels, one, three, five)
    return depth - in_channels, cost


@slip("only one")
def one_pixel(side, in_channels, one, three, five):
    """You count the multiplications of one pixel; there are side · side of them."""
    depth, cost = by_branch(side, in_channels, one, three, five)
    return depth, cost // side**2


@slip("left out")
def forgets_input_channels(side, in_channels, one, three, five):
    """You forget that each kernel is as deep as the input."""
    depth, cost = by_branch(side, in_channels, one, three, five)
    return depth, cost // in_channels


@slip("square")
def kernels_not_squared(side, in_channels, one, three, five):
    """You count 3 and 5 weights; the kernels are 3×3 and 5×5."""
    depth = one + three + five + in_channels
    return depth, side**2 * in_channels * (one + 3 * three + 5 * five)


def pooling_multiplies(side, in_channels, one, three, five):
    """You count multiplications for the pooling; comparing values needs none."""
    depth, cost = by_branch(side, in_channels, one, three, five)
    return depth, cost + 9 * side**2 * in_channels


@slip("question")
def adds_too(side, in_channels, one, three, five):
    """You count additions as well; asked are multiplications."""
    depth, cost = by_branch(side, in_channels, one, three, five)
    return depth, 2 * cost


@slip("border")
def without_padding(side, in_channels, one, three, five):
    """Your larger kernels make smaller maps; zero padding keeps all branches at
    side × side, or they could not be put together."""
    depth = one + three + five + in_channels
    pixels = [max(side - 2 * half, 0) ** 2 for half in (0, 1, 2)]
    parts = zip(pixels, (one, 9 * three, 25 * five), strict=True)
    return depth, in_channels * sum(area * weights for area, weights in parts)


@slip("order")
def swaps_the_two(side, in_channels, one, three, five):
    """You return the multiplications first; the channels come first."""
    return by_branch(side, in_channels, one, three, five)[::-1]


@slip("only one")
def largest_branch(side, in_channels, one, three, five):
    """Your depth is that of the deepest branch; branches are put one after the other,
    so their channels add up."""
    _, cost = by_branch(side, in_channels, one, three, five)
    return max(one, three, five, in_channels), cost


@slip("square")
def sides_added(side, in_channels, one, three, five):
    """You multiply by the side once (or twice the side); a map has side · side
    pixels."""
    depth, cost = by_branch(side, in_channels, one, three, five)
    return depth, cost // side


def cases(draw):
    yield 28, 256, 128, 192, 96
    yield 2, 1, 1, 1, 1
    for _ in range(8):
        yield draw.integer(5, 30), *draw.integers(4, 2, 60)


def corners(draw):
    yield from alike(5)


EXERCISE = Exercise(
    id="07.2",
    title="The price of a naive module",
    statement=(
        "1×1, 3×3 and 5×5 convolutions with `one`, `three` and `five` channels and a "
        "3×3 max pooling with stride 1 work side by side on a map side × side with "
        "`in_channels` channels; zero padding keeps the size. Return (channels of "
        "the concatenated result, multiplications). Tiny case: 2, 1, 1, 1, 1: (4, "
        "140)."
    ),
    minutes=10,
    difficulty=2,
    importance=4,
    solution=naive_cost,
    oracle=by_torch,
    right=(by_branch, by_output_value),
    wrong=(
        forgets_pooling,
        one_pixel,
        forgets_input_channels,
        kernels_not_squared,
        pooling_multiplies,
        adds_too,
        without_padding,
        swaps_the_two,
        largest_branch,
        sides_added,
    ),
    hints=(
        "How many channels leave the pooling branch?",
        "One value of the 5×5 branch costs 25 · in_channels multiplications.",
        "side² · in_channels · (one + 9 · three + 25 · five).",
    ),
    takeaway="28×28×256 with 128, 192 and 96: 672 channels for 854,196,224 products.",
    cases=cases,
    corners=corners,
)
