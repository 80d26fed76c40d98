"""07.3 What bottlenecks save in an inception module (claim C81)."""

from coursekit.course.exercises.draw import alike
from coursekit.course.exercises.exercise import Exercise, slip


def bottleneck_cost(side, in_channels, one, three, five, reduced):
    """Return the multiplications with 1×1 reductions before 3×3, 5×5, after pooling."""
    before = in_channels * (one + reduced + reduced)
    inside = reduced * (9 * three + 25 * five)
    after_pooling = in_channels * reduced
    return side * side * (before + inside + after_pooling)


def by_layers(side, in_channels, one, three, five, reduced):
    """List all six convolutions."""
    layers = [
        (in_channels, one, 1),
        (in_channels, reduced, 1),
        (reduced, three, 3),
        (in_channels, reduced, 1),
        (reduced, five, 5),
        (in_channels, reduced, 1),
    ]
    return sum(side * side * a * b * k * k for a, b, k in layers)


def by_pixel(side, in_channels, one, three, five, reduced):
    per_pixel = in_channels * one + 3 * in_channels * reduced
    per_pixel += reduced * three * 9 + reduced * five * 25
    return per_pixel * side**2


def by_branches(side, in_channels, one, three, five, reduced):
    area = side * side
    branches = {
        "one": area * in_channels * one,
        "three": area * reduced * (in_channels + 9 * three),
        "five": area * reduced * (in_channels + 25 * five),
        "pool": area * in_channels * reduced,
    }
    return sum(branches.values())


@slip("left out")
def forgets_one_reduction(side, in_channels, one, three, five, reduced):
    """One of the three 1×1 reductions is missing: one stands before the 3×3, one before
    the 5×5, and one after the pooling."""
    full = by_layers(side, in_channels, one, three, five, reduced)
    return full - side**2 * in_channels * reduced


@slip("left out")
def forgets_the_reductions(side, in_channels, one, three, five, reduced):
    """Two of the three 1×1 reductions are missing: one stands before the 3×3, one
    before the 5×5, and one after the pooling; each costs something."""
    full = by_layers(side, in_channels, one, three, five, reduced)
    return full - 2 * side**2 * in_channels * reduced


def three_twice(side, in_channels, one, three, five, reduced):
    """You count the 3×3 twice, as the lecture's 358 million does; its own six terms add
    up to 271,351,808."""
    full = by_layers(side, in_channels, one, three, five, reduced)
    return full + side**2 * 9 * reduced * three


def naive(side, in_channels, one, three, five, reduced):
    """Your 3×3 and 5×5 still see all input channels; after the reduction they see
    `reduced` channels only."""
    per_pixel = in_channels * (one + 9 * three + 25 * five) + 3 * in_channels * reduced
    return side**2 * per_pixel


@slip("left out")
def no_bottleneck(side, in_channels, one, three, five, reduced):
    """You give the cost of the naive module, without any 1×1 reduction."""
    return side**2 * in_channels * (one + 9 * three + 25 * five)


def reduces_one_too(side, in_channels, one, three, five, reduced):
    """You put a reduction before the 1×1 branch; that one needs none."""
    full = by_layers(side, in_channels, one, three, five, reduced)
    extra = in_channels * reduced + reduced * one - in_channels * one
    return full + side**2 * extra


@slip("only one")
def one_pixel(side, in_channels, one, three, five, reduced):
    """You count one pixel; there are side · side."""
    return by_layers(1, in_channels, one, three, five, reduced)


@slip("square")
def kernels_not_squared(side, in_channels, one, three, five, reduced):
    """You count 3 and 5 weights; the kernels are 3×3 and 5×5."""
    per_pixel = in_channels * (one + 3 * reduced)
    return side**2 * (per_pixel + reduced * (3 * three + 5 * five))


@slip("question")
def returns_the_saving(side, in_channels, one, three, five, reduced):
    """You return how many times cheaper it is; asked is the number of
    multiplications."""
    plain = no_bottleneck(side, in_channels, one, three, five, reduced)
    return plain / by_layers(side, in_channels, one, three, five, reduced)


def cases(draw):
    yield 28, 256, 128, 192, 96, 64
    yield 2, 3, 1, 1, 1, 2
    for _ in range(10):
        yield draw.integer(4, 30), *draw.integers(4, 2, 60), draw.integer(1, 20)


def corners(draw):
    yield from alike(6)


EXERCISE = Exercise(
    id="07.3",
    title="What bottlenecks save",
    statement=(
        "As 07.2, but a 1×1 convolution to `reduced` channels stands before the 3×3, "
        "another before the 5×5, and another after the pooling. Return the "
        "multiplications of all six convolutions. Tiny case: 2, 3, 1, 1, 1, 2: 356."
    ),
    minutes=8,
    difficulty=3,
    importance=4,
    solution=bottleneck_cost,
    oracle=by_layers,
    right=(by_pixel, by_branches),
    wrong=(
        forgets_one_reduction,
        forgets_the_reductions,
        three_twice,
        naive,
        no_bottleneck,
        reduces_one_too,
        one_pixel,
        kernels_not_squared,
        returns_the_saving,
    ),
    hints=(
        "Write the six convolutions down as (channels in, channels out, kernel).",
        "The 3×3 and 5×5 now have `reduced` channels in; each has its own reduction.",
        "side² times the sum of in · out · K² over the six.",
    ),
    takeaway=(
        "271,351,808 instead of 854,196,224 for the lecture's module: 3.1 times less."
    ),
    cases=cases,
    corners=corners,
)
