"""01.1 Output size of a convolution (claim C03)."""

import math

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import alike
from coursekit.course.exercises.exercise import Exercise, slip


def output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """Return the side of the output map of a convolution."""
    reach = dilation * (kernel_size - 1) + 1
    return (size + 2 * padding - reach) // stride + 1


def by_torch(size, kernel_size, stride=1, padding=0, dilation=1):
    signal = torch.zeros(1, 1, size)
    kernel = torch.zeros(1, 1, kernel_size)
    return F.conv1d(signal, kernel, None, stride, padding, dilation).shape[-1]


def by_counting(size, kernel_size, stride=1, padding=0, dilation=1):
    last = size + padding - dilation * (kernel_size - 1)
    return len(range(-padding, last, stride))


def by_floor(size, kernel_size, stride=1, padding=0, dilation=1):
    free = size - dilation * (kernel_size - 1) - 1 + padding + padding
    return math.floor(free / stride + 1)


@slip("off by one")
def forgets_plus_one(size, kernel_size, stride=1, padding=0, dilation=1):
    """One is missing: the first position of the kernel counts as well, so the formula
    ends in + 1."""
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride


@slip("border")
def pads_once(size, kernel_size, stride=1, padding=0, dilation=1):
    """You add the padding once; P pixels are added on both sides, so it is 2P."""
    return (size + padding - dilation * (kernel_size - 1) - 1) // stride + 1


@slip("ignored")
def ignores_padding(size, kernel_size, stride=1, padding=0, dilation=1):
    """Your result does not depend on the padding; it makes the input 2P larger."""
    return (size - dilation * (kernel_size - 1) - 1) // stride + 1


@slip("ignored")
def ignores_dilation(size, kernel_size, stride=1, padding=0, dilation=1):
    """Your result does not depend on the dilation; a kernel of size K with dilation d
    reaches over d(K − 1) + 1 pixels."""
    return (size + 2 * padding - kernel_size) // stride + 1


@slip("dilation")
def dilates_the_kernel(size, kernel_size, stride=1, padding=0, dilation=1):
    """You stretch the kernel to d·K; only the K − 1 gaps between its weights grow, so
    it reaches over d(K − 1) + 1 pixels."""
    return (size + 2 * padding - dilation * kernel_size) // stride + 1


@slip("ignored")
def ignores_stride(size, kernel_size, stride=1, padding=0, dilation=1):
    """Your result does not depend on the stride; divide by it before adding 1."""
    return size + 2 * padding - dilation * (kernel_size - 1)


@slip("float")
def true_division(size, kernel_size, stride=1, padding=0, dilation=1):
    """You return a float; a kernel that no longer fits is dropped, so divide with `//`,
    which rounds down and keeps an int."""
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1


@slip("float")
def rounds_up(size, kernel_size, stride=1, padding=0, dilation=1):
    """You round up; a kernel that hangs over the border is dropped, so round down."""
    free = size + 2 * padding - dilation * (kernel_size - 1) - 1
    return math.ceil(free / stride) + 1


@slip("off by one")
def adds_one_first(size, kernel_size, stride=1, padding=0, dilation=1):
    """You divide the + 1 too; divide by the stride first, then add 1."""
    return (size + 2 * padding - dilation * (kernel_size - 1)) // stride


def cases(draw):
    yield from [(5, 3), (9, 3), (7, 7), (227, 11, 4), (224, 7, 2, 3)]
    for _ in range(40):
        kernel_size, dilation = draw.integer(1, 6), draw.integer(1, 4)
        reach = dilation * (kernel_size - 1) + 1
        size = reach + draw.integer(0, 30)
        yield size, kernel_size, draw.integer(1, 5), draw.integer(0, 4), dilation


def corners(draw):
    yield from [(1, 1), (2, 1), (3, 3), (2, 5, 1, 2), (1, 1, 1, 4), *alike(5)]


EXERCISE = Exercise(
    id="01.1",
    title="Output size of a convolution",
    statement=(
        "A kernel slides over a row of `size` pixels. Return how many positions it "
        "takes, for any kernel size, stride, padding and dilation; it always fits into "
        "the padded row. Tiny case: 9 pixels, kernel 3, nothing else: 7 positions."
    ),
    minutes=6,
    difficulty=2,
    importance=5,
    solution=output_size,
    oracle=by_torch,
    right=(by_counting, by_floor),
    wrong=(
        forgets_plus_one,
        pads_once,
        ignores_padding,
        ignores_dilation,
        dilates_the_kernel,
        ignores_stride,
        true_division,
        rounds_up,
        adds_one_first,
    ),
    hints=(
        "Draw 9 squares and slide a kernel of 3 over them. Where is its left end "
        "first, and where is it last?",
        "The left end can move by (padded size − reach of the kernel) pixels. A stride "
        "of S takes only every S-th of these positions, and the first one counts too.",
        "reach = d(K − 1) + 1, padded size = D + 2P, and the result is "
        "⌊(padded size − reach) / S⌋ + 1.",
    ),
    takeaway="3×3 without padding takes 2 off the side; with padding 1 it keeps it.",
    cases=cases,
    corners=corners,
    never={
        "`padding` below 0": "a padding is at least 0",
        "`kernel` larger than the image": "the kernel fits into the padded row",
    },
)
