"""04.1 Batch norm in training (claim C54)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def batch_norm(images, scale, shift, eps=1e-5):
    """Normalise each channel of (n, c, h, w) over the batch, then scale and shift."""
    mean = images.mean((0, 2, 3), keepdim=True)
    variance = images.var((0, 2, 3), correction=0, keepdim=True)
    normal = (images - mean) / torch.sqrt(variance + eps)
    return normal * scale[None, :, None, None] + shift[None, :, None, None]


def by_torch(images, scale, shift, eps=1e-5):
    return F.batch_norm(images, None, None, scale, shift, training=True, eps=eps)


def by_channel(images, scale, shift, eps=1e-5):
    channels = []
    for place, channel in enumerate(images.unbind(1)):
        centred = channel - channel.mean()
        normal = centred / (centred.pow(2).mean() + eps).sqrt()
        channels.append(normal * scale[place] + shift[place])
    return torch.stack(channels, 1)


def by_flattening(images, scale, shift, eps=1e-5):
    pixels = images.movedim(1, -1)
    flat = pixels.reshape(-1, images.shape[1])
    variance, mean = torch.var_mean(flat, 0, correction=0)
    factor = scale * (variance + eps).rsqrt()
    return (pixels * factor + (shift - mean * factor)).movedim(-1, 1)


def _normal(images, axes, correction, eps):
    mean = images.mean(axes, keepdim=True)
    variance = images.var(axes, correction=correction, keepdim=True)
    return (images - mean) / torch.sqrt(variance + eps)


def _scaled(normal, scale, shift):
    return normal * scale[None, :, None, None] + shift[None, :, None, None]


@slip("count")
def sample_variance(images, scale, shift, eps=1e-5):
    """You divide by count − 1 in the variance (torch's default for `var`); batch norm
    normalises with the population's variance: `correction=0`."""
    return _scaled(_normal(images, (0, 2, 3), 1, eps), scale, shift)


@slip("axes")
def over_the_batch_only(images, scale, shift, eps=1e-5):
    """You normalise each pixel over the batch; a channel has one mean for the whole
    map: axes 0, 2 and 3."""
    return _scaled(_normal(images, (0,), 0, eps), scale, shift)


@slip("axes")
def instance_norm(images, scale, shift, eps=1e-5):
    """You normalise every image by itself; that is instance norm. The mean runs over
    the batch too."""
    return _scaled(_normal(images, (2, 3), 0, eps), scale, shift)


@slip("axes")
def layer_norm(images, scale, shift, eps=1e-5):
    """You normalise over channels, height and width of each image; that is layer
    norm. Each channel has its own mean, over the batch."""
    return _scaled(_normal(images, (1, 2, 3), 0, eps), scale, shift)


@slip("axes")
def over_everything(images, scale, shift, eps=1e-5):
    """You use one mean and variance for all channels; each channel has its own."""
    return _scaled(_normal(images, (0, 1, 2, 3), 0, eps), scale, shift)


@slip("ignored")
def forgets_eps(images, scale, shift, eps=1e-5):
    """You never use eps; a channel without any variation is then divided by 0."""
    return _scaled(_normal(images, (0, 2, 3), 0, 0.0), scale, shift)


@slip("deviation")
def eps_outside_the_root(images, scale, shift, eps=1e-5):
    """You add eps to the deviation; it is added to the variance, inside the root."""
    deviation = images.std((0, 2, 3), correction=0, keepdim=True)
    centred = images - images.mean((0, 2, 3), keepdim=True)
    return _scaled(centred / (deviation + eps), scale, shift)


@slip("deviation")
def divides_by_the_variance(images, scale, shift, eps=1e-5):
    """You divide by the variance; divide by its square root."""
    variance = images.var((0, 2, 3), correction=0, keepdim=True)
    centred = images - images.mean((0, 2, 3), keepdim=True)
    return _scaled(centred / (variance + eps), scale, shift)


@slip("left out")
def forgets_scale(images, scale, shift, eps=1e-5):
    """You never multiply by the scale."""
    return _scaled(_normal(images, (0, 2, 3), 0, eps), torch.ones_like(scale), shift)


@slip("left out")
def forgets_shift(images, scale, shift, eps=1e-5):
    """You never add the shift."""
    return _scaled(_normal(images, (0, 2, 3), 0, eps), scale, torch.zeros_like(shift))


@slip("left out")
def forgets_both(images, scale, shift, eps=1e-5):
    """You normalise and stop; each channel is then multiplied by its scale and its
    shift is added."""
    return _normal(images, (0, 2, 3), 0, eps)


@slip("order")
def swaps_scale_and_shift(images, scale, shift, eps=1e-5):
    """You use scale and shift the wrong way round: multiply by `scale`, add `shift`."""
    return _scaled(_normal(images, (0, 2, 3), 0, eps), shift, scale)


@slip("order")
def shifts_first(images, scale, shift, eps=1e-5):
    """You add the shift before you multiply by the scale; multiply first."""
    normal = _normal(images, (0, 2, 3), 0, eps) + shift[None, :, None, None]
    return normal * scale[None, :, None, None]


@slip("axes")
def scales_the_last_axis(images, scale, shift, eps=1e-5):
    """You multiply along the width: `x * scale` lines up with the last axis. Give scale
    the shape (1, c, 1, 1)."""
    normal = _normal(images, (0, 2, 3), 0, eps)
    if images.shape[1] != images.shape[3]:
        return _scaled(normal, scale, shift)
    return normal * scale + shift


def between_zero_and_one(images, scale, shift, eps=1e-5):
    """You squeeze each channel between 0 and 1; batch norm gives mean 0 and deviation
    1."""
    low, high = images.amin((0, 2, 3), True), images.amax((0, 2, 3), True)
    return _scaled((images - low) / (high - low + eps), scale, shift)


@slip("left out")
def forgets_the_mean(images, scale, shift, eps=1e-5):
    """You never subtract the mean."""
    variance = images.var((0, 2, 3), correction=0, keepdim=True)
    return _scaled(images / torch.sqrt(variance + eps), scale, shift)


@slip("graph")
def constant_statistics(images, scale, shift, eps=1e-5):
    """Your values are right, but mean and variance are cut off from the graph
    (`.detach()`, `no_grad`); in training the gradient flows through both."""
    mean = images.mean((0, 2, 3), keepdim=True).detach()
    variance = images.var((0, 2, 3), correction=0, keepdim=True).detach()
    return _scaled((images - mean) / torch.sqrt(variance + eps), scale, shift)


def cancels(images, scale, shift, eps=1e-5):
    """You take the variance as mean of squares minus square of the mean; far from 0
    both are huge and their difference is rounded away. Subtract the mean first."""
    mean = images.mean((0, 2, 3), keepdim=True)
    variance = (images**2).mean((0, 2, 3), keepdim=True) - mean**2
    return _scaled((images - mean) / torch.sqrt(variance + eps), scale, shift)


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for _ in range(3):
            n, c, h, w = draw.integer(2, 4), *draw.integers(3, 2, 5)
            images = (1 + draw.uniform(1, c, 1, 1)) * draw.normal(n, c, h, w)
            images = images + draw.normal(1, c, 1, 1)
            yield tuple(x.to(dtype) for x in (images, draw.normal(c), draw.normal(c)))
    yield draw.normal(3, 4, 5, 4), draw.normal(4), draw.normal(4), 0.1
    yield scattered(draw.normal(3, 2, 4, 5)), draw.normal(2), draw.normal(2), 1e-2
    yield draw.normal(2, 3, 5, 4).transpose(2, 3), draw.normal(3), draw.normal(3)
    yield torch.ones(2, 2, 3, 3, dtype=torch.float64), draw.normal(2), draw.normal(2)


def corners(draw):
    for style, (n, c, h, w) in corner_shapes(3, 3, 4, 4):
        vectors = draw.normal(c), draw.normal(c)
        if style != "far":  # then the sum with the shift would cancel
            vectors = draw.unusual(style, c), draw.unusual(style, c)
        yield draw.unusual(style, n, c, h, w), *vectors, draw.choice([1e-5, 1.0])
    yield draw.normal(3, 2, 4, 4), draw.normal(2), draw.normal(2), 1.0


EXERCISE = Exercise(
    id="04.1",
    title="Batch norm in training",
    statement=(
        "`images` is (n, c, h, w), `scale` and `shift` are (c,). Subtract from each "
        "channel its mean over batch, height and width, divide by the root of its "
        "(population) variance plus `eps`, multiply by scale and add shift."
    ),
    minutes=15,
    difficulty=3,
    importance=5,
    solution=batch_norm,
    oracle=by_torch,
    right=(by_channel, by_flattening),
    wrong=(
        sample_variance,
        over_the_batch_only,
        instance_norm,
        layer_norm,
        over_everything,
        forgets_eps,
        eps_outside_the_root,
        divides_by_the_variance,
        forgets_scale,
        forgets_shift,
        forgets_both,
        swaps_scale_and_shift,
        shifts_first,
        scales_the_last_axis,
        between_zero_and_one,
        forgets_the_mean,
        constant_statistics,
        cancels,
    ),
    hints=(
        "How many means are there for (n, c, h, w)? One per channel: which axes does "
        "it run over?",
        "`keepdim=True` gives (1, c, 1, 1); `var` divides by count − 1 unless you say "
        "`correction=0`.",
        "(images − mean) / sqrt(variance + eps), times `scale[None, :, None, None]`, "
        "plus `shift[None, :, None, None]`.",
    ),
    takeaway="Mean 0 and deviation 1 per channel, not values between 0 and 1.",
    cases=cases,
    corners=corners,
    never={
        "`eps` is 0": "eps is a small number above 0",
        "`eps` below 0": "eps is a small number above 0",
    },
    gradient=(0, 1, 2),
    device=True,
    equivalents=dict.fromkeys(
        (
            "(0, 2, 3) → (0, 3, 2)",
            "(0, 2, 3) → (0, 3, 2) (#2)",
            "(0, 2, 3) → (2, 0, 3)",
            "(0, 2, 3) → (2, 0, 3) (#2)",
        ),
        "the order of the axes of a mean does not matter",
    )
    | dict.fromkeys(
        (
            "(None, :, None, None) → (:, None, None)",
            "(None, :, None, None) → (:, None, None) (#2)",
        ),
        "torch puts missing axes in front by itself",
    ),
)
