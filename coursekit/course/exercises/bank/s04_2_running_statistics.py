"""04.2 The running statistics of batch norm (claim C54)."""

import torch
from torch import nn

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def update_running(running_mean, running_var, images, momentum=0.1):
    """Return (running mean, running variance) after a batch (n, c, h, w)."""
    mean = images.mean((0, 2, 3))
    variance = images.var((0, 2, 3), correction=1)
    new_mean = (1 - momentum) * running_mean + momentum * mean
    return new_mean, (1 - momentum) * running_var + momentum * variance


def by_torch(running_mean, running_var, images, momentum=0.1):
    mean, var = running_mean.clone(), running_var.clone()
    nn.functional.batch_norm(images, mean, var, training=True, momentum=momentum)
    return mean, var


def by_lerp(running_mean, running_var, images, momentum=0.1):
    pixels = images.transpose(0, 1).flatten(1)
    mean, var = pixels.mean(1), pixels.var(1)
    return running_mean.lerp(mean, momentum), running_var.lerp(var, momentum)


def by_moments(running_mean, running_var, images, momentum=0.1):
    count = images.numel() / images.shape[1]
    mean = images.sum((0, 2, 3)) / count
    centred = images - mean[None, :, None, None]
    var = centred.square().sum((0, 2, 3)) / (count - 1)
    moved = running_mean + momentum * (mean - running_mean)
    return [moved, running_var + momentum * (var - running_var)]


def _moved(running_mean, running_var, images, momentum, axes=(0, 2, 3), correction=1):
    mean, var = images.mean(axes), images.var(axes, correction=correction)
    keep = 1 - momentum
    return keep * running_mean + momentum * mean, keep * running_var + momentum * var


@slip("count")
def biased_variance(running_mean, running_var, images, momentum=0.1):
    """Your running variance is the biased one: it divides by the count. The batch is
    normalised with that, but the running variance divides by count − 1."""
    return _moved(running_mean, running_var, images, momentum, correction=0)


@slip("inverse")
def momentum_reversed(running_mean, running_var, images, momentum=0.1):
    """You keep `momentum` of the old value; in torch's batch norm the momentum is the
    weight of the new batch: (1 − momentum)·old + momentum·new."""
    return _moved(running_mean, running_var, images, 1 - momentum)


@slip("left out")
def forgets_the_past(running_mean, running_var, images, momentum=0.1):
    """You return the statistics of this batch; the old values count too, with the
    weight 1 − momentum."""
    return _moved(running_mean, running_var, images, 1.0)


@slip("left out")
def adds_without_fading(running_mean, running_var, images, momentum=0.1):
    """You add to the old values without making them smaller; multiply them by
    1 − momentum first."""
    mean, var = images.mean((0, 2, 3)), images.var((0, 2, 3))
    return running_mean + momentum * mean, running_var + momentum * var


@slip("ignored")
def always_a_tenth(running_mean, running_var, images, momentum=0.1):
    """You always use 0.1; the momentum is an argument."""
    return _moved(running_mean, running_var, images, 0.1)


@slip("deviation")
def keeps_deviations(running_mean, running_var, images, momentum=0.1):
    """You track the deviation; torch tracks the variance."""
    mean, var = images.mean((0, 2, 3)), images.std((0, 2, 3))
    keep = 1 - momentum
    return keep * running_mean + momentum * mean, keep * running_var + momentum * var


@slip("order")
def swaps_the_two(running_mean, running_var, images, momentum=0.1):
    """You return (variance, mean); the mean comes first."""
    return _moved(running_mean, running_var, images, momentum)[::-1]


@slip("count")
def counts_images(running_mean, running_var, images, momentum=0.1):
    """You divide by (images − 1) × pixels or so; a channel's count is n·h·w, and the
    unbiased variance divides by n·h·w − 1."""
    n, _, h, w = images.shape
    mean = images.mean((0, 2, 3))
    squares = (images - mean[None, :, None, None]).square().sum((0, 2, 3))
    var, keep = squares / ((n - 1) * h * w), 1 - momentum
    return keep * running_mean + momentum * mean, keep * running_var + momentum * var


@slip("axes")
def one_mean_for_all(running_mean, running_var, images, momentum=0.1):
    """You use one mean and variance for all channels; each channel has its own."""
    return _moved(running_mean, running_var, images, momentum, (0, 1, 2, 3))


@slip("left out")
def mean_only(running_mean, running_var, images, momentum=0.1):
    """Your running variance stays as it was; it moves just like the mean."""
    return _moved(running_mean, running_var, images, momentum)[0], running_var


@slip("in place")
def in_place(running_mean, running_var, images, momentum=0.1):
    """Your function changes the statistics it was given (`*=`, `+=`, `mul_`, `lerp_`);
    return new tensors."""
    running_mean.lerp_(images.mean((0, 2, 3)), momentum)
    running_var.lerp_(images.var((0, 2, 3)), momentum)
    return running_mean, running_var


@slip("axes")
def mean_of_variances(running_mean, running_var, images, momentum=0.1):
    """You average the variances of the single images; the variance is taken over the
    whole batch at once, so that differences between images count."""
    mean, var = images.mean((0, 2, 3)), images.var((2, 3)).mean(0)
    keep = 1 - momentum
    return keep * running_mean + momentum * mean, keep * running_var + momentum * var


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for momentum in (0.1, 0.3, draw.number(0.05, 0.9)):
            n, c, h, w = draw.integer(2, 4), *draw.integers(3, 2, 4)
            images = draw.normal(n, c, h, w) + draw.normal(n, c, 1, 1)
            tensors = draw.normal(c), 2 * draw.uniform(c), images
            yield (*(x.to(dtype) for x in tensors), momentum)
    yield draw.normal(2), draw.uniform(2), scattered(draw.normal(3, 2, 4, 5))
    yield draw.normal(3), draw.uniform(3), draw.normal(2, 3, 5, 4).transpose(2, 3)


def corners(draw):
    for style, (n, c, h, w) in corner_shapes(3, 3, 4, 4):
        running = draw.unusual(style, c), draw.unusual(style, c).abs()
        yield *running, draw.unusual(style, n, c, h, w), draw.choice([0.2, 0.7])
    for momentum in (0.0, 1.0):
        yield draw.normal(2), draw.uniform(2), draw.normal(3, 2, 4, 4), momentum


EXERCISE = Exercise(
    id="04.2",
    title="Running statistics",
    statement=(
        "In training batch norm also keeps a running mean and variance (c,) for later. "
        "Return both after one batch: (1 − momentum) · old + momentum · new, where the "
        "new variance is the unbiased one (divided by count − 1), as in torch."
    ),
    minutes=12,
    difficulty=3,
    importance=4,
    solution=update_running,
    oracle=by_torch,
    right=(by_lerp, by_moments),
    wrong=(
        biased_variance,
        momentum_reversed,
        forgets_the_past,
        adds_without_fading,
        always_a_tenth,
        keeps_deviations,
        swaps_the_two,
        counts_images,
        one_mean_for_all,
        mean_only,
        in_place,
        mean_of_variances,
    ),
    hints=(
        "With momentum 0.1, how much of the old value should stay?",
        "new = (1 − momentum)·old + momentum·batch, for mean and variance alike.",
        "`images.var((0, 2, 3))` divides by count − 1 by itself.",
    ),
    takeaway="Training uses the batch's statistics, evaluation the running ones.",
    cases=cases,
    device=True,
    corners=corners,
    never={
        "`running_var`: all below -20": "a variance is never negative",
        "`momentum` below 0": "a momentum lies between 0 and 1",
    },
    equivalents=dict.fromkeys(
        (
            "(0, 2, 3) → (0, 3, 2)",
            "(0, 2, 3) → (0, 3, 2) (#2)",
            "(0, 2, 3) → (2, 0, 3)",
            "(0, 2, 3) → (2, 0, 3) (#2)",
        ),
        "the order of the axes of a mean does not matter",
    )
    | {
        "images.var((0, 2, 3), correction=1) → images.var((0, 2, 3))": (
            "1 is torch's default"
        ),
    },
)
