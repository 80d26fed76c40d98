"""01.9 Rescaling is not standardisation (claim C21)."""

import torch

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def standardise(images):
    """Give each channel of (n, c, h, w) mean 0 and deviation 1 over the batch."""
    mean = images.mean((0, 2, 3), keepdim=True)
    deviation = images.std((0, 2, 3), correction=0, keepdim=True)
    return (images - mean) / deviation


def by_definition(images):
    """Treat each channel as one long list of numbers."""
    columns = images.transpose(0, 1).reshape(images.shape[1], -1)
    centred = columns - columns.mean(1, keepdim=True)
    power = (centred * centred).mean(1, keepdim=True)
    swapped = images.transpose(0, 1)
    return (centred * power.rsqrt()).reshape(swapped.shape).transpose(0, 1)


def by_torch(images):
    return torch.nn.functional.batch_norm(images, None, None, training=True, eps=1e-14)


def by_channel_loop(images):
    channels = []
    for channel in images.unbind(1):
        centred = channel - channel.mean()
        channels.append(centred / centred.pow(2).mean().sqrt())
    return torch.stack(channels, 1)


@slip("left out")
def rescales(images):
    """You divide by 255: that is rescaling. Standardisation subtracts the mean and
    divides by the deviation."""
    return images / 255


def to_zero_one(images):
    """You map the smallest value to 0 and the largest to 1: that is rescaling.
    Standardisation subtracts the mean and divides by the deviation."""
    low, high = images.amin((0, 2, 3), True), images.amax((0, 2, 3), True)
    return (images - low) / (high - low)


@slip("left out")
def centres_only(images):
    """You only subtract the mean; divide by the deviation as well."""
    return images - images.mean((0, 2, 3), keepdim=True)


@slip("left out")
def scales_only(images):
    """You only divide by the deviation; subtract the mean first."""
    return images / images.std((0, 2, 3), correction=0, keepdim=True)


@slip("deviation")
def divides_by_the_variance(images):
    """You divide by the variance; the deviation is its square root."""
    return centres_only(images) / images.var((0, 2, 3), correction=0, keepdim=True)


@slip("count")
def sample_deviation(images):
    """Your deviation divides by count − 1 (torch's default); here it is the
    population's: `correction=0`."""
    return centres_only(images) / images.std((0, 2, 3), keepdim=True)


@slip("axes")
def one_mean_for_all(images):
    """You use one mean and one deviation for all channels; each channel has its own."""
    return (images - images.mean()) / images.std(correction=0)


@slip("axes")
def each_image_alone(images):
    """You standardise every image by itself; mean and deviation are taken over the
    whole batch."""
    mean = images.mean((2, 3), keepdim=True)
    return (images - mean) / images.std((2, 3), correction=0, keepdim=True)


@slip("axes")
def each_pixel_alone(images):
    """You take mean and deviation over the batch only, so each pixel has its own; take
    them over rows and columns too."""
    mean = images.mean(0, keepdim=True)
    return (images - mean) / images.std(0, correction=0, keepdim=True)


@slip("order")
def divides_before_subtracting(images):
    """You divide before you subtract the mean, so the mean does not become 0: brackets
    around (images − mean)."""
    mean = images.mean((0, 2, 3), keepdim=True)
    return images - mean / images.std((0, 2, 3), correction=0, keepdim=True)


@slip("in place")
def in_place(images):
    """Your function changes the images it was given (`-=`, `/=`, `sub_`); return a new
    tensor instead."""
    images -= images.mean((0, 2, 3), keepdim=True)
    images /= images.std((0, 2, 3), correction=0, keepdim=True)
    return images


def cancels(images):
    """You take the variance as mean of squares minus square of the mean; far from 0
    both are huge and their difference is rounded away. Subtract the mean first."""
    mean = images.mean((0, 2, 3), keepdim=True)
    variance = (images**2).mean((0, 2, 3), keepdim=True) - mean**2
    return (images - mean) / variance.sqrt()


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for _ in range(3):
            n, c, h, w = draw.integer(2, 4), *draw.integers(3, 2, 5)
            scale = 1 + 3 * draw.uniform(1, c, 1, 1)
            shift = 2 * draw.normal(1, c, 1, 1)
            yield ((draw.normal(n, c, h, w) * scale + shift).to(dtype),)
    yield (scattered(draw.normal(3, 2, 4, 5) + 1),)
    yield (draw.uniform(2, 3, 5, 4).transpose(2, 3),)


def corners(draw):
    for style, shape in corner_shapes(3, 3, 4, 4):
        yield (draw.unusual(style, *shape),)


EXERCISE = Exercise(
    id="01.9",
    title="Rescaling is not standardisation",
    statement=(
        "Standardise `images` (n, c, h, w): after it each channel has mean 0 and "
        "deviation 1, taken over the batch, the rows and the columns. Use the "
        "population's deviation (divide by the count). No channel is constant."
    ),
    minutes=10,
    difficulty=2,
    importance=4,
    solution=standardise,
    oracle=by_definition,
    right=(by_torch, by_channel_loop),
    wrong=(
        rescales,
        to_zero_one,
        centres_only,
        scales_only,
        divides_by_the_variance,
        sample_deviation,
        one_mean_for_all,
        each_image_alone,
        each_pixel_alone,
        divides_before_subtracting,
        in_place,
        cancels,
    ),
    hints=(
        "Which axes does one channel's mean run over? In (n, c, h, w), all but one.",
        "`images.mean((0, 2, 3), keepdim=True)` has shape (1, c, 1, 1) and can be "
        "subtracted as it is.",
        "Divide by `images.std((0, 2, 3), correction=0, keepdim=True)`.",
    ),
    takeaway="Dividing by 255 only rescales; the mean stays where it was.",
    cases=cases,
    corners=corners,
    gradient=(0,),
    device=True,
    equivalents=dict.fromkeys(
        (
            "(0, 2, 3) → (0, 3, 2)",
            "(0, 2, 3) → (0, 3, 2) (#2)",
            "(0, 2, 3) → (2, 0, 3)",
            "(0, 2, 3) → (2, 0, 3) (#2)",
        ),
        "the order of the axes of a mean does not matter",
    ),
)
