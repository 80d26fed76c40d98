"""01.10 Local contrast normalisation of patches (claim C25)."""

import torch

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def local_contrast(patches):
    """Subtract each patch's mean and divide by its deviation: (n, h, w)."""
    centred = patches - patches.mean((1, 2), keepdim=True)
    return centred / centred.pow(2).mean((1, 2), keepdim=True).sqrt()


def by_layer_norm(patches):
    return torch.nn.functional.layer_norm(patches, patches.shape[1:], eps=0.0)


def by_patch(patches):
    return torch.stack([(one - one.mean()) / one.std(correction=0) for one in patches])


def by_flattening(patches):
    flat = patches.reshape(len(patches), -1)
    variance, mean = torch.var_mean(flat, 1, correction=0, keepdim=True)
    return ((flat - mean) * variance.rsqrt()).reshape(patches.shape)


@slip("axes")
def over_the_batch(patches):
    """You use one mean and deviation for all patches; each patch has its own, so that
    light and shadow in the picture do not matter."""
    return (patches - patches.mean()) / patches.std(correction=0)


@slip("axes")
def per_pixel(patches):
    """You take the mean over the patches (axis 0); take it inside each patch (axes 1
    and 2)."""
    return (patches - patches.mean(0)) / patches.std(0, correction=0)


@slip("one axis")
def rows_only(patches):
    """You normalise every row by itself; the patch is two-dimensional: axes 1 and 2."""
    mean = patches.mean(2, keepdim=True)
    return (patches - mean) / patches.std(2, correction=0, keepdim=True)


@slip("left out")
def centres_only(patches):
    """You only subtract the mean: brightness is gone, contrast is not. Divide by the
    deviation too."""
    return patches - patches.mean((1, 2), keepdim=True)


@slip("left out")
def scales_only(patches):
    """You only divide by the deviation; subtract the mean first."""
    return patches / patches.std((1, 2), correction=0, keepdim=True)


@slip("deviation")
def divides_by_the_variance(patches):
    """You divide by the variance; the deviation is its square root."""
    return centres_only(patches) / patches.var((1, 2), correction=0, keepdim=True)


@slip("count")
def sample_deviation(patches):
    """Your deviation divides by count − 1 (torch's default); here it is the
    population's: `correction=0`."""
    return centres_only(patches) / patches.std((1, 2), keepdim=True)


@slip("deviation")
def divides_by_the_norm(patches):
    """You divide by the length of the patch as a vector, √(sum of squares); the
    deviation is √(mean of squares)."""
    centred = centres_only(patches)
    return centred / centred.pow(2).sum((1, 2), keepdim=True).sqrt()


def to_zero_one(patches):
    """You map each patch to 0 … 1; one bright pixel then decides about all others.
    Subtract the mean and divide by the deviation."""
    low, high = patches.amin((1, 2), True), patches.amax((1, 2), True)
    return (patches - low) / (high - low)


@slip("in place")
def in_place(patches):
    """Your function changes the patches it was given (`-=`, `/=`, `sub_`); return a new
    tensor instead."""
    patches -= patches.mean((1, 2), keepdim=True)
    patches /= patches.std((1, 2), correction=0, keepdim=True)
    return patches


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for _ in range(3):
            n, h, w = draw.integer(2, 5), *draw.integers(2, 2, 6)
            light = 0.5 + draw.uniform(n, 1, 1)
            yield ((draw.normal(n, h, w) * light + draw.normal(n, 1, 1)).to(dtype),)
    yield (scattered(draw.normal(3, 4, 5)),)
    yield (draw.normal(4, 3, 5).transpose(1, 2),)


def corners(draw):
    for style, shape in corner_shapes(3, 4, 4):
        yield (draw.unusual(style, *shape),)


EXERCISE = Exercise(
    id="01.10",
    title="Local contrast",
    statement=(
        "`patches` (n, h, w) are small windows of a photo. Subtract from each patch "
        "its own mean and divide by its own deviation (the population's: divide by "
        "the count). No patch is constant."
    ),
    minutes=10,
    difficulty=2,
    importance=3,
    solution=local_contrast,
    oracle=by_layer_norm,
    right=(by_patch, by_flattening),
    wrong=(
        over_the_batch,
        per_pixel,
        rows_only,
        centres_only,
        scales_only,
        divides_by_the_variance,
        sample_deviation,
        divides_by_the_norm,
        to_zero_one,
        in_place,
    ),
    hints=(
        "Which axes belong to one patch? The mean of (n, h, w) over them has one "
        "number per patch.",
        "`keepdim=True` keeps the shape (n, 1, 1), so that it can be subtracted.",
        "The deviation is the square root of the mean of the squared differences.",
    ),
    takeaway="The same patch under other light gives the same answer.",
    cases=cases,
    corners=corners,
    gradient=(0,),
    device=True,
    equivalents=dict.fromkeys(
        ("(1, 2) → (2, 1)", "(1, 2) → (2, 1) (#2)"),
        "the order of the axes of a mean does not matter",
    ),
)
