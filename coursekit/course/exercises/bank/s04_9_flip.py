"""04.9 Flipping chosen images (claims C57, C63)."""

import torch

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def flip(images, chosen):
    """Mirror the images (n, c, h, w) left to right where `chosen` (n,) is True."""
    return torch.where(chosen[:, None, None, None], images.flip(3), images)


def by_loop(images, chosen):
    pairs = zip(images, chosen.tolist(), strict=True)
    return torch.stack([image.flip(-1) if yes else image for image, yes in pairs])


def by_gather(images, chosen):
    width = images.shape[3]
    columns = torch.arange(width, device=images.device).expand(images.shape)
    mirrored = width - 1 - columns
    places = torch.where(chosen.reshape(-1, 1, 1, 1), mirrored, columns)
    return images.gather(3, places)


def by_mask(images, chosen):
    mask = chosen.to(images.dtype).reshape(-1, 1, 1, 1)
    backwards = list(range(images.shape[3] - 1, -1, -1))
    return mask * images[..., backwards] + (1 - mask) * images


@slip("order")
def upside_down(images, chosen):
    """You turn the images upside down: that flips the rows. Left to right means the
    last axis."""
    return by_loop(images.transpose(2, 3), chosen).transpose(2, 3)


def flips_all(images, chosen):
    """You mirror every image; only those where `chosen` is True."""
    return images.flip(3)


@slip("left out")
def flips_none(images, chosen):
    """No image is mirrored."""
    return images.clone()


def flips_the_others(images, chosen):
    """You mirror the images that were not chosen."""
    return by_loop(images, ~chosen)


@slip("axes")
def rotates(images, chosen):
    """You turn the chosen images by 180°; mirroring left to right flips one axis
    only."""
    return torch.where(chosen[:, None, None, None], images.flip(2, 3), images)


@slip("axes")
def flips_channels(images, chosen):
    """You reverse the channels (red and blue change places) instead of the columns."""
    return torch.where(chosen[:, None, None, None], images.flip(1), images)


@slip("only one")
def drops_the_others(images, chosen):
    """You return the chosen images only; the others stay in the batch, unchanged."""
    return images[chosen].flip(3)


@slip("order")
def reorders(images, chosen):
    """Your batch is in another order: mirrored images first or last. Then labels no
    longer fit."""
    return torch.cat([images[chosen].flip(3), images[~chosen]])


def shifts(images, chosen):
    """You roll the columns; mirroring reverses their order."""
    return torch.where(chosen[:, None, None, None], images.roll(1, 3), images)


@slip("in place")
def in_place(images, chosen):
    """Your function changes the images it was given; start with `images.clone()`."""
    images[chosen] = images[chosen].flip(3)
    return images


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for _ in range(3):
            n, c, h, w = draw.integer(4, 6), draw.integer(2, 3), *draw.integers(2, 3, 6)
            chosen = draw.uniform(n) < 0.5
            chosen[:3] = torch.tensor([False, True, False])
            yield draw.normal(n, c, h, w).to(dtype), chosen
    some = torch.tensor([False, True, True])
    yield scattered(draw.normal(3, 2, 4, 5)), some
    yield draw.normal(3, 2, 5, 4).transpose(2, 3), some
    yield draw.normal(3, 2, 4, 4), torch.zeros(3, dtype=torch.bool)


def corners(draw):
    for style, shape in corner_shapes(3, 3, 4, 4):
        yield draw.unusual(style, *shape), draw.uniform(shape[0]) < 0.5
    yield draw.normal(3, 2, 4, 4), torch.ones(3, dtype=torch.bool)


EXERCISE = Exercise(
    id="04.9",
    title="Flipping chosen images",
    statement=(
        "`chosen` (n,) bool says which of the `images` (n, c, h, w) to mirror left to "
        "right; the others stay as they are and in their place. Return a new tensor."
    ),
    minutes=6,
    difficulty=2,
    importance=3,
    solution=flip,
    oracle=by_gather,
    right=(by_loop, by_mask),
    wrong=(
        upside_down,
        flips_all,
        flips_none,
        flips_the_others,
        rotates,
        flips_channels,
        drops_the_others,
        reorders,
        shifts,
        in_place,
    ),
    hints=(
        "Which of the four axes runs from left to right?",
        "`images.flip(3)` mirrors all of them; `torch.where` chooses per image.",
        "`chosen[:, None, None, None]` lines up with (n, c, h, w).",
    ),
    takeaway="Augmentation on whole batches: one mask, no loop, no workers.",
    cases=cases,
    forbids=("shared memory",),
    corners=corners,
    device=True,
)
