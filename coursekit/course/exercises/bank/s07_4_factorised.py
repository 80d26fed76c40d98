"""07.4 One K×K kernel as 1×K and K×1 (claim C86)."""

from torch import nn

from coursekit.course.exercises.draw import alike
from coursekit.course.exercises.exercise import Exercise, slip


def factorised_weights(in_channels, middle, out_channels, kernel_size):
    """Return the weights of (one K×K, a 1×K to `middle` channels and a K×1 after
    it)."""
    square = in_channels * out_channels * kernel_size**2
    return square, kernel_size * middle * (in_channels + out_channels)


def by_torch(in_channels, middle, out_channels, kernel_size):
    def count(before, after, size):
        return nn.Conv2d(before, after, size, bias=False, device="meta").weight.numel()

    row = count(in_channels, middle, (1, kernel_size))
    column = count(middle, out_channels, (kernel_size, 1))
    return count(in_channels, out_channels, kernel_size), row + column


def by_layer(in_channels, middle, out_channels, kernel_size):
    wide = in_channels * middle * 1 * kernel_size
    high = middle * out_channels * kernel_size * 1
    return kernel_size * kernel_size * in_channels * out_channels, wide + high


def by_list(in_channels, middle, out_channels, kernel_size):
    layers = [(in_channels, middle), (middle, out_channels)]
    thin = sum(a * b for a, b in layers) * kernel_size
    return [in_channels * out_channels * pow(kernel_size, 2), thin]


@slip("one axis")
def first_only(in_channels, middle, out_channels, kernel_size):
    """You count the 1×K only; the K×1 after it has weights too."""
    square, _ = by_layer(in_channels, middle, out_channels, kernel_size)
    return square, in_channels * middle * kernel_size


@slip("one axis")
def second_only(in_channels, middle, out_channels, kernel_size):
    """You count the K×1 only; the 1×K before it has weights too."""
    square, _ = by_layer(in_channels, middle, out_channels, kernel_size)
    return square, middle * out_channels * kernel_size


@slip("added")
def multiplies(in_channels, middle, out_channels, kernel_size):
    """You multiply the two parts; they are two layers: add."""
    square, _ = by_layer(in_channels, middle, out_channels, kernel_size)
    return square, in_channels * middle * middle * out_channels * kernel_size**2


@slip("ignored")
def ignores_the_middle(in_channels, middle, out_channels, kernel_size):
    """You let both parts go from in to out; between them there are `middle`
    channels."""
    square, _ = by_layer(in_channels, middle, out_channels, kernel_size)
    return square, 2 * kernel_size * in_channels * out_channels


@slip("square")
def still_square(in_channels, middle, out_channels, kernel_size):
    """Your two parts still have K×K kernels; they have K weights per pair of
    channels."""
    square, thin = by_layer(in_channels, middle, out_channels, kernel_size)
    return square, thin * kernel_size


@slip("order")
def swaps_the_two(in_channels, middle, out_channels, kernel_size):
    """You return the pair first; the square kernel comes first."""
    return by_layer(in_channels, middle, out_channels, kernel_size)[::-1]


@slip("square")
def square_with_k(in_channels, middle, out_channels, kernel_size):
    """Your square kernel has K weights per pair of channels; it has K·K."""
    _, thin = by_layer(in_channels, middle, out_channels, kernel_size)
    return in_channels * out_channels * kernel_size, thin


def square_through_the_middle(in_channels, middle, out_channels, kernel_size):
    """Your square kernel goes to the middle channels; it goes from in to out."""
    _, thin = by_layer(in_channels, middle, out_channels, kernel_size)
    return in_channels * middle * kernel_size**2, thin


@slip("bias")
def counts_biases(in_channels, middle, out_channels, kernel_size):
    """You count biases; asked are weights only."""
    square, thin = by_layer(in_channels, middle, out_channels, kernel_size)
    return square + out_channels, thin + middle + out_channels


def cases(draw):
    yield from [(1, 1, 1, 3), (128, 128, 192, 7), (2, 3, 4, 5)]
    for _ in range(12):
        yield *draw.integers(3, 2, 200), draw.integer(2, 9)


def corners(draw):
    yield from alike(4)


EXERCISE = Exercise(
    id="07.4",
    title="1×K and K×1",
    statement=(
        "Later inception modules replace a K×K convolution by a 1×K to `middle` "
        "channels and a K×1 from there to `out_channels`. Return the weights (no "
        "biases) of the K×K and of the pair. Tiny case: 2, 3, 4, 5: (200, 90)."
    ),
    minutes=6,
    difficulty=2,
    importance=2,
    solution=factorised_weights,
    oracle=by_torch,
    right=(by_layer, by_list),
    wrong=(
        first_only,
        second_only,
        multiplies,
        ignores_the_middle,
        still_square,
        swaps_the_two,
        square_with_k,
        square_through_the_middle,
        counts_biases,
    ),
    hints=(
        "How many weights does a 1×K kernel have per pair of channels?",
        "in · middle · K for the first, middle · out · K for the second.",
    ),
    takeaway="For K = 7 and equal channels: 14 weights per pair instead of 49.",
    cases=cases,
    corners=corners,
)
