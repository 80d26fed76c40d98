"""03.1 Global average pooling (claims C45, C47)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def gap(images):
    """Average each channel over its map: (n, c, h, w) to (n, c)."""
    return images.mean((2, 3))


def by_torch(images):
    return F.adaptive_avg_pool2d(images, 1).flatten(1)


def by_sum(images):
    return images.sum((2, 3)) / (images.shape[2] * images.shape[3])


def by_product(images):
    pixels = images.reshape(*images.shape[:2], -1)
    ones = pixels.new_full((pixels.shape[-1],), 1 / pixels.shape[-1])
    return pixels @ ones


@slip("mean or sum")
def sums(images):
    """You add the values up; GAP averages them, so that the size of the map does not
    matter."""
    return images.sum((2, 3))


@slip("mean or sum")
def global_maximum(images):
    """You keep the largest value of each map; that is global max pooling."""
    return images.amax((2, 3))


@slip("length one")
def keeps_axes(images):
    """Your result is (n, c, 1, 1); asked is (n, c): flatten it."""
    return images.mean((2, 3), keepdim=True)


@slip("length one")
def squeezes(images):
    """You `squeeze()` every axis of length 1 away, so a batch of one or a single
    channel loses its axis; name the axes that go: `mean((2, 3))`."""
    return images.mean((2, 3)).squeeze()


@slip("axes")
def over_channels(images):
    """You average over the channels; GAP averages over height and width and keeps the
    channels."""
    return images.mean(1)


@slip("axes")
def over_the_batch(images):
    """You average over the batch as well; every image has its own c numbers."""
    return images.mean((0, 2, 3))


@slip("one axis")
def rows_only(images):
    """You average over the height only; average over the width too."""
    return images.mean(2)


@slip("divisor")
def half_the_size(images):
    """You pool 2×2; global pooling takes the whole map at once."""
    return F.avg_pool2d(images, 2)


@slip("one axis")
def wrong_size(images):
    """You divide by height² (or a fixed size); maps need not be square: divide by
    height · width."""
    return images.sum((2, 3)) / images.shape[2] ** 2


@slip("relu")
def through_relu(images):
    """You cut off negative values first; GAP averages all of them."""
    return images.relu().mean((2, 3))


@slip("divisor")
def divides_by_channels(images):
    """You divide by the number of channels; divide by the pixels of the map."""
    return images.sum((2, 3)) / images.shape[1]


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for _ in range(3):
            shape = draw.integer(2, 3), draw.integer(2, 5), *draw.integers(2, 2, 9)
            yield (draw.normal(*shape).to(dtype),)
    yield (scattered(draw.normal(2, 3, 7, 4)),)
    yield (draw.normal(2, 3, 5, 8).transpose(2, 3),)


def corners(draw):
    for style, shape in corner_shapes(2, 3, 4, 4):
        yield (draw.unusual(style, *shape),)


EXERCISE = Exercise(
    id="03.1",
    title="Global average pooling",
    statement=(
        "Average every channel of `images` (n, c, h, w) over its whole map, whatever "
        "its size: the result is (n, c)."
    ),
    minutes=5,
    difficulty=1,
    importance=5,
    solution=gap,
    oracle=by_torch,
    right=(by_sum, by_product),
    wrong=(
        sums,
        global_maximum,
        keeps_axes,
        squeezes,
        over_channels,
        over_the_batch,
        rows_only,
        half_the_size,
        wrong_size,
        through_relu,
        divides_by_channels,
    ),
    hints=(
        "Which two of the four axes disappear?",
        "`mean` takes a tuple of axes.",
        "`images.mean((2, 3))`.",
    ),
    takeaway="512 maps become 512 numbers, without a parameter, for any picture size.",
    cases=cases,
    corners=corners,
    gradient=(0,),
    device=True,
    equivalents={
        "(2, 3) → (3, 2)": "the order of the axes of a mean does not matter",
    },
)
