"""01.6 Max pooling 2×2 (claim C16)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def max_pool2x2(images):
    """Return the maximum of every 2×2 square of images (n, c, h, w)."""
    h, w = images.shape[2] // 2 * 2, images.shape[3] // 2 * 2
    even = images[:, :, :h, :w]
    rows = torch.maximum(even[:, :, ::2], even[:, :, 1::2])
    return torch.maximum(rows[..., ::2], rows[..., 1::2])


def by_torch(images):
    return F.max_pool2d(images, 2)


def by_loops(images):
    n, c, h, w = images.shape
    result = images.new_empty(n, c, h // 2, w // 2)
    for y in range(h // 2):
        for x in range(w // 2):
            square = images[:, :, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
            result[:, :, y, x] = square.flatten(2).max(2).values
    return result


def by_reshape(images):
    n, c, h, w = images.shape
    images = images[:, :, : h - h % 2, : w - w % 2]
    return images.reshape(n, c, h // 2, 2, w // 2, 2).amax((3, 5))


def by_unfold(images):
    return images.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4).max(-1).values


@slip("mean or sum")
def averages(images):
    """You average each square; max pooling keeps its largest value."""
    return F.avg_pool2d(images, 2)


@slip("stride")
def keeps_the_corner(images):
    """You keep the top left value of each square; that is a stride without pooling.
    Take the largest of the four."""
    h, w = images.shape[2] // 2 * 2, images.shape[3] // 2 * 2
    return images[:, :, :h:2, :w:2]


@slip("stride")
def overlaps(images):
    """Your squares overlap: step by 2 rows and 2 columns, so that each value is looked
    at once."""
    return F.max_pool2d(images, 2, stride=1)


@slip("float")
def rounds_up(images):
    """You keep a last odd row and column; this exercise drops them, as torch does by
    default."""
    return F.max_pool2d(images, 2, ceil_mode=True)


@slip("one axis")
def rows_only(images):
    """You pool the rows only; the columns have to be halved as well."""
    return F.max_pool2d(images, (2, 1))


@slip("one axis")
def columns_only(images):
    """You pool the columns only; the rows have to be halved as well."""
    return F.max_pool2d(images, (1, 2))


def largest_size(images):
    """You take the largest absolute value; −3 is smaller than 1, so 1 is the
    maximum."""
    large, small = F.max_pool2d(images, 2), -F.max_pool2d(-images, 2)
    return torch.where(small.abs() > large, small, large)


@slip("off by one")
def starts_at_zero(images):
    """You start from 0, so squares of negative numbers give 0; start from the first
    value of the square."""
    return F.max_pool2d(images, 2).clamp(min=0)


@slip("axes")
def mixes_channels(images):
    """You take the maximum over the channels too; each channel is pooled on its own."""
    return (
        F.max_pool2d(images, 2)
        .amax(1, keepdim=True)
        .expand(-1, images.shape[1], -1, -1)
    )


@slip("sign")
def minimum(images):
    """You keep the smallest value; the loud features survive, so take the largest."""
    return -F.max_pool2d(-images, 2)


@slip("axes")
def global_maximum(images):
    """You take the maximum of the whole map; each 2×2 square has its own."""
    return images.amax((2, 3), keepdim=True)


@slip("left out")
def all_zeros(images):
    """Your result is all zeros: the shape is right, the values were never filled in."""
    return torch.zeros_like(F.max_pool2d(images, 2))


@slip("stride")
def strided_maximum(images):
    """You pair each value with the one half the image away; neighbours are pooled:
    rows 0 and 1, rows 2 and 3."""
    n, c, h, w = images.shape
    images = images[:, :, : h // 2 * 2, : w // 2 * 2]
    return images.reshape(n, c, 2, h // 2, 2, w // 2).amax((2, 4))


@slip("graph")
def cut_from_the_graph(images):
    """Your result is cut off from the graph (`.detach()`, `.item()`, numpy or
    `torch.tensor(...)`): no gradient can flow back through it."""
    return F.max_pool2d(images, 2).detach()


def cases(draw):
    yield (draw.normal(2, 3, 4, 6),)
    for dtype in (torch.float64, torch.float32):
        for _ in range(3):
            shape = [draw.integer(1, 3), draw.integer(1, 4), *draw.integers(2, 4, 9)]
            yield (draw.normal(*shape).to(dtype),)
    yield (-draw.uniform(2, 2, 5, 7),)
    yield (scattered(draw.normal(2, 2, 6, 5)),)
    yield (draw.normal(2, 3, 5, 8).transpose(2, 3),)


def corners(draw):
    for style, shape in corner_shapes(2, 3, 5, 5, ones=(0, 1)):
        yield (draw.unusual(style, *shape),)


EXERCISE = Exercise(
    id="01.6",
    title="Max pooling 2×2",
    statement=(
        "Return the largest value of every 2×2 square of `images` (n, c, h, w): the "
        "result is (n, c, h // 2, w // 2); a last odd row or column is dropped. "
        "Build it without torch's own pooling."
    ),
    minutes=10,
    difficulty=3,
    importance=4,
    solution=max_pool2x2,
    oracle=by_torch,
    right=(by_loops, by_reshape, by_unfold),
    wrong=(
        averages,
        keeps_the_corner,
        overlaps,
        rounds_up,
        rows_only,
        columns_only,
        largest_size,
        starts_at_zero,
        mixes_channels,
        minimum,
        global_maximum,
        all_zeros,
        strided_maximum,
        cut_from_the_graph,
    ),
    hints=(
        "Square (y, x) covers rows 2y and 2y + 1 and columns 2x and 2x + 1. How many "
        "squares are there in a map of 5×7?",
        "Cut off the odd row and column first. `images[:, :, ::2]` are the even rows, "
        "`images[:, :, 1::2]` the odd ones.",
        "`torch.maximum(even rows, odd rows)`, then the same for the columns.",
    ),
    takeaway="Three of four numbers are gone, and nothing was learnt: no parameters.",
    cases=cases,
    forbids=("pooling",),
    corners=corners,
    never={
        "`images`: axis of length 1 at 2": "a map of one row has no 2×2 square",
        "`images`: axis of length 1 at 3": "a map of one column has no 2×2 square",
    },
    gradient=(0,),
    device=True,
)
