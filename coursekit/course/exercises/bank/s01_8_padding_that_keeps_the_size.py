"""01.8 Padding that keeps the size (claims C03, C06)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.exercise import Exercise, slip


def same_padding(kernel_size, dilation=1):
    """Return the padding that keeps the map's size (odd kernel, stride 1)."""
    return dilation * (kernel_size - 1) // 2


def by_trying(kernel_size, dilation=1):
    """Pad until torch's convolution gives back the length it was given."""
    size = dilation * kernel_size + 3
    kernel = torch.zeros(1, 1, kernel_size)
    for padding in range(size):
        signal = torch.zeros(1, 1, size)
        result = F.conv1d(signal, kernel, padding=padding, dilation=dilation)
        if result.shape[-1] == size:
            return padding
    raise AssertionError("an odd kernel always has such a padding")


def by_centre(kernel_size, dilation=1):
    return (kernel_size // 2) * dilation


def by_reach(kernel_size, dilation=1):
    reach = 1 + (kernel_size - 1) * dilation
    return (reach - 1) // 2


@slip("ignored")
def ignores_dilation(kernel_size, dilation=1):
    """You ignore the dilation: the gaps between the weights grow with it, and so must
    the padding."""
    return kernel_size // 2


@slip("dilation")
def halves_the_stretched_kernel(kernel_size, dilation=1):
    """You halve d·K; the kernel reaches over d(K − 1) + 1 pixels, d − 1 fewer."""
    return dilation * kernel_size // 2


@slip("border")
def both_sides_at_once(kernel_size, dilation=1):
    """You return what is lost altogether; the padding goes on both sides, so half of
    it."""
    return dilation * (kernel_size - 1)


@slip("float")
def true_division(kernel_size, dilation=1):
    """You return a float; a padding is a whole number of pixels, so use `//`."""
    return dilation * (kernel_size - 1) / 2


@slip("border")
def pads_by_the_kernel(kernel_size, dilation=1):
    """You pad by the whole kernel size; then the map grows. A 3×3 kernel needs 1."""
    return kernel_size


@slip("ignored")
def always_one(kernel_size, dilation=1):
    """You always return 1; that keeps the size for an undilated 3×3 only."""
    return 1


@slip("float")
def rounds_up(kernel_size, dilation=1):
    """You take (K + 1)/2 for the reach: an odd kernel has a centre, and (K − 1)/2
    weights on each side of it, `dilation` pixels apart."""
    return dilation * (kernel_size + 1) // 2


def dilation_only(kernel_size, dilation=1):
    """You return the dilation; that is right for K = 3 only."""
    return dilation


def cases(draw):
    yield from [(1,), (3,), (5,), (7,), (3, 2), (11, 3)]
    for _ in range(15):
        yield 2 * draw.integer(0, 7) + 1, draw.integer(1, 5)


EXERCISE = Exercise(
    id="01.8",
    title="Padding that keeps the size",
    statement=(
        "Return the padding with which a convolution of stride 1 gives a map as large "
        "as its input, for an odd kernel and any dilation. Tiny cases: K = 3: 1; "
        "K = 3 with dilation 2: 2."
    ),
    minutes=6,
    difficulty=1,
    importance=4,
    solution=same_padding,
    oracle=by_trying,
    right=(by_centre, by_reach),
    wrong=(
        ignores_dilation,
        halves_the_stretched_kernel,
        both_sides_at_once,
        true_division,
        pads_by_the_kernel,
        always_one,
        rounds_up,
        dilation_only,
    ),
    hints=(
        "How many pixels does a 3×3 kernel take off each side without padding? A 5×5?",
        "The kernel's centre has to reach the first pixel, so the padding is the reach "
        "of the kernel to one side of its centre.",
        "Reach d(K − 1) + 1, minus the centre, halved: d(K − 1) // 2.",
    ),
    takeaway=(
        "3×3 with padding 1, 5×5 with padding 2, 7×7 with padding 3 keep the size."
    ),
    cases=cases,
    never={
        "`kernel_size` is 2": "the kernel is odd",
    },
)
