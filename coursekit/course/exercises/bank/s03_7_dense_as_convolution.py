"""03.7 A dense layer is a convolution with a kernel as large as the map (claim C42)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import STYLES, Draw, alike
from coursekit.course.exercises.exercise import Exercise, slip


def dense_as_conv(weight, channels, height, width):
    """Turn a dense weight (out, c·h·w) into a kernel (out, c, h, w)."""
    return weight.reshape(-1, channels, height, width)


def by_unflatten(weight, channels, height, width):
    return weight.unflatten(1, (channels, height, width))


def by_index(weight, channels, height, width):
    place = torch.arange(channels * height * width)
    c, rest = place // (height * width), place % (height * width)
    kernel = weight.new_zeros(len(weight), channels, height, width)
    kernel[:, c, rest // width, rest % width] = weight
    return kernel


def by_rows(weight, channels, height, width):
    return torch.stack([row.reshape(channels, height, width) for row in weight])


@slip("axes")
def channels_last(weight, channels, height, width):
    """You order the weights as (h, w, c); flattening (c, h, w) runs through the width
    first and the channels last."""
    kernel = weight.reshape(-1, height, width, channels)
    return kernel.permute(0, 3, 1, 2).contiguous()


@slip("order")
def swaps_the_sides(weight, channels, height, width):
    """You swap height and width: a row of the map is `width` numbers long."""
    return weight.reshape(-1, channels, width, height).transpose(2, 3).contiguous()


@slip("order")
def transposes(weight, channels, height, width):
    """You transpose the weight first; row o of a dense weight already belongs to output
    o."""
    return weight.T.reshape(-1, channels, height, width)


@slip("order")
def flips(weight, channels, height, width):
    """You turn the kernel by 180°; deep learning's convolution does not flip, so
    neither must you."""
    return weight.reshape(-1, channels, height, width).flip(2, 3)


def pointwise(weight, channels, height, width):
    """You make 1×1 kernels with c·h·w channels; the kernel has the size of the map."""
    return weight[:, :, None, None]


def one_output(weight, channels, height, width):
    """You return a kernel without the axis of the outputs; there is one kernel for each
    row of the weight."""
    return weight[0].reshape(channels, height, width)


def observe(answer, weight, channels, height, width):
    """What counts: the convolution gives what the dense layer gives."""
    kernel = answer(weight, channels, height, width)
    shape = (len(weight), channels, height, width)
    if not isinstance(kernel, torch.Tensor) or kernel.shape != shape:
        return {"the kernel": kernel}
    images = Draw(0).normal(2, channels, height, width, dtype=weight.dtype)
    return {"the kernel": kernel, "the convolution": F.conv2d(images, kernel)}


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for _ in range(3):
            c, h, w = draw.integer(2, 4), draw.integer(2, 4), draw.integer(5, 6)
            weight = draw.normal(draw.integer(2, 5), c * h * w)
            yield weight.to(dtype), c, h, w
    yield draw.normal(18, 4).T, 2, 3, 3


def corners(draw):
    settings = [*alike(3), (3, 2, 1), (17, 1, 1)]
    for style, (c, h, w) in zip(STYLES, settings, strict=True):
        for out in (1, 17):
            yield draw.unusual(style, out, c * h * w), c, h, w


EXERCISE = Exercise(
    id="03.7",
    title="A dense layer as a convolution",
    statement=(
        "A dense layer with `weight` (out, c·h·w) reads a flattened map (c, h, w). "
        "Return the kernel (out, c, h, w) of a convolution without padding that gives "
        "the same numbers on the unflattened map."
    ),
    minutes=8,
    difficulty=2,
    importance=4,
    solution=dense_as_conv,
    oracle=by_index,
    right=(by_unflatten, by_rows),
    wrong=(
        channels_last,
        swaps_the_sides,
        transposes,
        flips,
        pointwise,
        one_output,
    ),
    hints=(
        "How many places does a kernel as large as the map take on it?",
        "Column k of the dense weight multiplies number k of the flattened map. In "
        "which order does `flatten` run through channels, rows and columns?",
        "The kernel is the weight itself, in another shape.",
    ),
    takeaway="So a dense layer sees the whole map: its local field is the input.",
    cases=cases,
    corners=corners,
    observe=observe,
)
