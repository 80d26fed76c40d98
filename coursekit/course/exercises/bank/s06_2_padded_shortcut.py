"""06.2 The shortcut without parameters (claim C75)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import alike, corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def padded_shortcut(images, out_channels, stride=2):
    """Keep every `stride`-th row and column, and add channels of zeros at the end."""
    kept = images[:, :, ::stride, ::stride]
    missing = out_channels - images.shape[1]
    return F.pad(kept, (0, 0, 0, 0, 0, missing))


def by_torch(images, out_channels, stride=2):
    like = {"dtype": images.dtype, "device": images.device}
    kernel = torch.eye(out_channels, images.shape[1], **like)
    return F.conv2d(images, kernel[:, :, None, None], stride=stride)


def by_cat(images, out_channels, stride=2):
    kept = images[..., ::stride, ::stride]
    n, c, h, w = kept.shape
    return torch.cat([kept, kept.new_zeros(n, out_channels - c, h, w)], 1)


def by_pooling(images, out_channels, stride=2):
    kept = F.avg_pool2d(images, 1, stride)
    missing = out_channels - kept.shape[1]
    extra = torch.zeros_like(kept[:, :1]).expand(-1, missing, -1, -1)
    return torch.concat((kept, extra), dim=1)


@slip("order")
def zeros_in_front(images, out_channels, stride=2):
    """You put the new channels in front; the old ones come first, zeros after them."""
    missing = out_channels - images.shape[1]
    return F.pad(images[:, :, ::stride, ::stride], (0, 0, 0, 0, missing, 0))


@slip("border")
def zeros_on_both_sides(images, out_channels, stride=2):
    """You put zeros on both sides of the channels; here all of them come at the end."""
    missing = out_channels - images.shape[1]
    half = missing // 2
    kept = images[:, :, ::stride, ::stride]
    return F.pad(kept, (0, 0, 0, 0, half, missing - half))


def repeats_channels(images, out_channels, stride=2):
    """You repeat the channels; the new ones hold zeros, so that nothing is added
    there."""
    kept = images[:, :, ::stride, ::stride]
    places = torch.arange(out_channels) % images.shape[1]
    return kept[:, places]


@slip("mean or sum")
def averages(images, out_channels, stride=2):
    """You average squares; this shortcut takes every `stride`-th pixel as it is."""
    pooled = F.avg_pool2d(images, stride, stride, ceil_mode=True)
    return by_cat(pooled, out_channels, 1)


@slip("mean or sum")
def largest(images, out_channels, stride=2):
    """You take the maximum of squares; this shortcut takes every `stride`-th pixel as
    it is."""
    return by_cat(F.max_pool2d(images, stride, stride, ceil_mode=True), out_channels, 1)


@slip("stride")
def keeps_the_size(images, out_channels, stride=2):
    """You never use the stride; the shortcut has to be as small as the block's
    result."""
    return by_cat(images, out_channels, 1)


def keeps_the_channels(images, out_channels, stride=2):
    """Your result has as many channels as the input; add channels of zeros."""
    return images[:, :, ::stride, ::stride].clone()


@slip("off by one")
def starts_late(images, out_channels, stride=2):
    """You start at row and column `stride` − 1; start at 0."""
    return by_cat(images[:, :, stride - 1 :, stride - 1 :], out_channels, stride)


@slip("axes")
def pads_the_width(images, out_channels, stride=2):
    """You pad the width: `F.pad` starts with the last axis, so channels are the third
    pair."""
    missing = out_channels - images.shape[1]
    return F.pad(images[:, :, ::stride, ::stride], (0, missing))


@slip("border")
def pads_ones(images, out_channels, stride=2):
    """Your new channels hold ones; they must hold zeros, so that nothing is added."""
    missing = out_channels - images.shape[1]
    return F.pad(images[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, missing), value=1.0)


@slip("one axis")
def rows_only(images, out_channels, stride=2):
    """You skip rows only; columns have to be skipped as well."""
    missing = out_channels - images.shape[1]
    return F.pad(images[:, :, ::stride], (0, 0, 0, 0, 0, missing))


@slip("ignored")
def always_two(images, out_channels, stride=2):
    """You always skip by 2; the stride is an argument."""
    return by_cat(images, out_channels, 2)


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for stride in ((), (3,), (2,), (1,)):
            n, c, h, w = draw.integer(2, 3), draw.integer(2, 4), *draw.integers(2, 6, 9)
            more = c + draw.integer(1, 5)
            yield draw.normal(n, c, h, w).to(dtype), more, *stride
    yield scattered(draw.normal(2, 3, 5, 6)), 6
    yield draw.normal(2, 3, 5, 8).transpose(2, 3), 7, 2
    yield draw.normal(2, 3, 6, 6), 3, 2


def corners(draw):
    for style, (n, c, h, w) in corner_shapes(2, 2, 5, 5):
        yield draw.unusual(style, n, c, h, w), c + draw.integer(0, 1), 3
    for c, out, stride in alike(3):
        yield draw.normal(2, c, 4, 4), out, stride


EXERCISE = Exercise(
    id="06.2",
    title="A shortcut without parameters",
    statement=(
        "Where a residual block halves the map and adds channels, the shortcut has to "
        "follow without learning anything: keep every `stride`-th row and column of "
        "`images` (n, c, h, w), starting with the first, and add channels of zeros at "
        "the end until there are `out_channels`."
    ),
    minutes=8,
    difficulty=2,
    importance=2,
    solution=padded_shortcut,
    oracle=by_torch,
    right=(by_cat, by_pooling),
    wrong=(
        zeros_in_front,
        zeros_on_both_sides,
        repeats_channels,
        averages,
        largest,
        keeps_the_size,
        keeps_the_channels,
        starts_late,
        pads_the_width,
        pads_ones,
        rows_only,
        always_two,
    ),
    hints=(
        "Two steps: fewer pixels, then more channels.",
        "`images[:, :, ::stride, ::stride]` keeps every stride-th row and column.",
        "`torch.cat` along axis 1 with `new_zeros`, or `F.pad` with the third pair.",
    ),
    takeaway="The paper's option A: no parameter, and the sum still works.",
    cases=cases,
    device=True,
    corners=corners,
    gradient=(0,),
)
