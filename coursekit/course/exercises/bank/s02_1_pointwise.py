"""02.1 A 1×1 convolution is a dense layer per pixel (claims C26, C42)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def pointwise(images, weight):
    """Mix the channels of (n, c, h, w) at each pixel with `weight` (out, c)."""
    return torch.einsum("nchw,oc->nohw", images, weight)


def by_torch(images, weight):
    return F.conv2d(images, weight[:, :, None, None])


def by_linear(images, weight):
    return F.linear(images.permute(0, 2, 3, 1), weight).permute(0, 3, 1, 2)


def by_matrix_product(images, weight):
    n, _, h, w = images.shape
    return (weight @ images.reshape(n, -1, h * w)).reshape(n, -1, h, w)


def by_loop(images, weight):
    mixed = [
        sum(row[c] * images[:, c] for c in range(images.shape[1])) for row in weight
    ]
    return torch.stack(mixed, 1)


@slip("axes")
def channels_last(images, weight):
    """Your result has the channels last, (n, h, w, out); move them back to axis 1."""
    return F.linear(images.permute(0, 2, 3, 1), weight)


@slip("mean or sum")
def averages_channels(images, weight):
    """You take the mean over the input channels; the products are added up."""
    return by_torch(images, weight) / images.shape[1]


@slip("axes")
def mixes_neighbours(images, weight):
    """Your result depends on the pixels around; a 1×1 convolution looks at one pixel
    only, through all its channels."""
    kernel = weight[:, :, None, None].expand(-1, -1, 3, 3)
    return F.conv2d(images, kernel, padding=1)


@slip("order")
def transposes_the_weight(images, weight):
    """You use the weight the wrong way round: row o of `weight` holds what output
    channel o takes from each input channel."""
    if weight.shape[0] != weight.shape[1]:
        return by_torch(images, weight)
    return by_torch(images, weight.T)


@slip("axes")
def scrambles_pixels(images, weight):
    """You reshape from channels-last to channels-first: that scrambles pixels and
    channels; axes are moved by `permute`."""
    mixed = F.linear(images.permute(0, 2, 3, 1), weight)
    n, _, h, w = images.shape
    return mixed.reshape(n, -1, h, w)


@slip("relu")
def adds_a_relu(images, weight):
    """You cut off negative values; the layer itself is linear, a ReLU comes after
    it."""
    return by_torch(images, weight).relu()


@slip("only one")
def uses_the_diagonal(images, weight):
    """Each of your output channels takes its own input channel only; a 1×1 convolution
    mixes all of them."""
    if weight.shape[0] != weight.shape[1]:
        return by_torch(images, weight)
    return images * weight.diagonal()[None, :, None, None]


@slip("order")
def swaps_rows_and_columns(images, weight):
    """You swap height and width on the way back; check the order in `permute`."""
    return by_torch(images, weight).transpose(2, 3)


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        yield draw.normal(2, 3, 4, 4).to(dtype), draw.normal(3, 3).to(dtype)
        for _ in range(3):
            n, c, h, w, out = draw.integer(2, 3), *draw.integers(4, 1, 6)
            yield draw.normal(n, c, h, w).to(dtype), draw.normal(out, c).to(dtype)
    yield scattered(draw.normal(2, 3, 5, 4)), draw.normal(3, 2).T
    yield draw.normal(2, 3, 5, 4).transpose(2, 3), scattered(draw.normal(4, 3))


def corners(draw):
    for style, (n, c, h, w) in corner_shapes(2, 3, 4, 4):
        for out in (1, 17):
            weight = draw.unusual(style, out, c)
            yield draw.unusual(style, n, c, h, w), weight


EXERCISE = Exercise(
    id="02.1",
    title="A dense layer per pixel",
    statement=(
        "Build a 1×1 convolution without torch's own convolutions: at every pixel of "
        "`images` (n, c, h, w) multiply the vector of its c channels by `weight` "
        "(out, c). The result is (n, out, h, w)."
    ),
    minutes=10,
    difficulty=2,
    importance=5,
    solution=pointwise,
    oracle=by_torch,
    right=(by_linear, by_matrix_product, by_loop),
    wrong=(
        channels_last,
        averages_channels,
        mixes_neighbours,
        transposes_the_weight,
        scrambles_pixels,
        adds_a_relu,
        uses_the_diagonal,
        swaps_rows_and_columns,
    ),
    hints=(
        "Take one pixel: a vector of c numbers. What is a dense layer from c to out?",
        "`F.linear` works on the last axis: bring the channels there with `permute`, "
        "and back afterwards.",
        '`torch.einsum("nchw,oc->nohw", images, weight)` says it in one line.',
    ),
    takeaway="Depth changes, height and width stay, and no neighbour is looked at.",
    cases=cases,
    corners=corners,
    gradient=(0, 1),
    device=True,
    forbids=("convolution",),
)
