"""04.7 Grad-CAM from activations and gradients (claim C59)."""

import torch

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def grad_cam(activations, gradients):
    """Weigh the maps (n, c, h, w) by their mean gradients and add them up: (n, h,
    w)."""
    weights = gradients.mean((2, 3), keepdim=True)
    return (weights * activations).sum(1).relu()


def by_einsum(activations, gradients):
    weights = gradients.flatten(2).mean(-1)
    return torch.einsum("nc,nchw->nhw", weights, activations).clamp(min=0)


def by_loop(activations, gradients):
    maps = []
    for maps_of_one, gradients_of_one in zip(activations, gradients, strict=True):
        total = torch.zeros_like(maps_of_one[0])
        for one, gradient in zip(maps_of_one, gradients_of_one, strict=True):
            total = total + gradient.sum() / gradient.numel() * one
        maps.append(torch.maximum(total, torch.zeros_like(total)))
    return torch.stack(maps)


def by_product(activations, gradients):
    n, c, h, w = activations.shape
    weights = gradients.reshape(n, c, -1).mean(2)[:, None]
    cam = (weights @ activations.reshape(n, c, -1)).reshape(n, h, w)
    return torch.where(cam > 0, cam, torch.zeros_like(cam))


@slip("relu")
def no_relu(activations, gradients):
    """You keep negative values; the final ReLU keeps only what speaks for the
    class."""
    return (gradients.mean((2, 3), True) * activations).sum(1)


@slip("relu")
def relu_too_early(activations, gradients):
    """You cut off negative values in each map before you add the maps; the ReLU comes
    after the sum."""
    return (gradients.mean((2, 3), True) * activations).relu().sum(1)


@slip("relu")
def relu_on_the_weights(activations, gradients):
    """You cut off negative weights; a channel may speak against the class. Only the sum
    goes through the ReLU."""
    return (gradients.mean((2, 3), True).relu() * activations).sum(1).relu()


@slip("relu")
def absolute_value(activations, gradients):
    """You take the absolute value; what speaks against the class would look like what
    speaks for it. Use a ReLU."""
    return (gradients.mean((2, 3), True) * activations).sum(1).abs()


@slip("mean or sum")
def sums_the_gradients(activations, gradients):
    """Your weights are sums of the gradients; Grad-CAM takes their means."""
    return (gradients.sum((2, 3), True) * activations).sum(1).relu()


@slip("mean or sum")
def means_the_maps(activations, gradients):
    """You average over the channels; the weighted maps are added up."""
    return (gradients.mean((2, 3), True) * activations).mean(1).relu()


def pixel_by_pixel(activations, gradients):
    """You multiply gradient and activation pixel by pixel; Grad-CAM takes one weight
    per channel: the mean gradient."""
    return (gradients * activations).sum(1).relu()


@slip("left out")
def no_gradients(activations, gradients):
    """You add the maps up without weights; the gradients say which channels matter."""
    return activations.sum(1).relu()


@slip("order")
def swaps_the_two(activations, gradients):
    """You average the activations and add up the gradients; it is the other way
    round."""
    return (activations.mean((2, 3), True) * gradients).sum(1).relu()


@slip("axes")
def over_the_batch(activations, gradients):
    """Your weights average over the batch too; every image has its own."""
    return (gradients.mean((0, 2, 3), True) * activations).sum(1).relu()


@slip("question")
def rescaled(activations, gradients):
    """You rescale the map to 0 … 1; asked is the map itself."""
    cam = (gradients.mean((2, 3), True) * activations).sum(1).relu()
    return cam / (cam.amax((1, 2), keepdim=True) + 1e-12)


@slip("length one")
def keeps_the_axis(activations, gradients):
    """Your result keeps an axis of length 1, (n, 1, h, w); asked is (n, h, w)."""
    return (gradients.mean((2, 3), True) * activations).sum(1, keepdim=True).relu()


@slip("length one")
def squeezes(activations, gradients):
    """You `squeeze()` every axis of length 1 away, so a batch of one or a map of one
    row loses its axis; `sum(1)` takes away the right one."""
    return (gradients.mean((2, 3), True) * activations).sum(1).relu().squeeze()


@slip("axes")
def over_channels(activations, gradients):
    """You average the gradients over the channels; average over height and width, so
    that each channel keeps its own weight."""
    return (gradients.mean(1, keepdim=True) * activations).sum(1).relu()


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for _ in range(3):
            shape = draw.integer(2, 3), draw.integer(2, 5), *draw.integers(2, 2, 6)
            maps, gradients = draw.normal(*shape), draw.normal(*shape)
            yield maps.to(dtype), gradients.to(dtype)
    yield scattered(draw.normal(2, 3, 4, 5)), draw.normal(2, 3, 4, 5) - 0.5
    yield draw.uniform(2, 3, 5, 4).transpose(2, 3), draw.normal(2, 3, 4, 5)


def corners(draw):
    for style, shape in corner_shapes(2, 3, 4, 4):
        yield draw.unusual(style, *shape), draw.normal(*shape)
        yield draw.normal(*shape), draw.unusual(style, *shape)


EXERCISE = Exercise(
    id="04.7",
    title="Grad-CAM",
    statement=(
        "`activations` (n, c, h, w) are the maps of a layer, `gradients` the gradients "
        "of the class's logit with respect to them. Weigh each map by the mean of its "
        "gradient, add the maps up and keep what is positive: (n, h, w)."
    ),
    minutes=12,
    difficulty=3,
    importance=5,
    solution=grad_cam,
    oracle=by_einsum,
    right=(by_loop, by_product),
    wrong=(
        no_relu,
        relu_too_early,
        relu_on_the_weights,
        absolute_value,
        sums_the_gradients,
        means_the_maps,
        pixel_by_pixel,
        no_gradients,
        swaps_the_two,
        over_the_batch,
        rescaled,
        keeps_the_axis,
        squeezes,
        over_channels,
    ),
    hints=(
        "There is one weight per image and channel. Which axes are averaged away?",
        "`gradients.mean((2, 3), keepdim=True)` has shape (n, c, 1, 1) and multiplies "
        "the maps as it is.",
        "Sum over axis 1, then ReLU.",
    ),
    takeaway=(
        "Channels that raise the logit vote with their maps; that is all Grad-CAM does."
    ),
    cases=cases,
    corners=corners,
    device=True,
    equivalents={
        "(2, 3) → (3, 2)": "the order of the axes of a mean does not matter",
    },
)
