"""04.5 Cutout (claims C57, C58)."""

import torch

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def cutout(images, centres, length):
    """Clear a square around each image's centre (y, x); it may hang over the border."""
    rows = torch.arange(images.shape[2], device=images.device)
    columns = torch.arange(images.shape[3], device=images.device)
    top, left = (centres - length // 2).unbind(1)
    inside_y = (rows >= top[:, None]) & (rows < top[:, None] + length)
    inside_x = (columns >= left[:, None]) & (columns < left[:, None] + length)
    square = inside_y[:, None, :, None] & inside_x[:, None, None, :]
    return images.masked_fill(square, 0.0)


def by_slices(images, centres, length):
    result = images.clone()
    for image, (y, x) in zip(result, centres.tolist(), strict=True):
        top, left = y - length // 2, x - length // 2
        rows = slice(max(top, 0), top + length)
        columns = slice(max(left, 0), left + length)
        image[:, rows, columns] = 0
    return result


def by_distance(images, centres, length):
    h, w = images.shape[2:]
    y = torch.arange(h, device=images.device)[None] - centres[:, :1] + length // 2
    x = torch.arange(w, device=images.device)[None] - centres[:, 1:] + length // 2
    hit_y, hit_x = (y >= 0) & (y < length), (x >= 0) & (x < length)
    keep = ~(hit_y[:, :, None] & hit_x[:, None, :])
    return images * keep[:, None].to(images.dtype)


def by_padding(images, centres, length):
    padded = torch.nn.functional.pad(images, (length,) * 4)
    keep = torch.ones_like(padded)
    for place in range(len(images)):
        y = int(centres[place, 0]) - length // 2 + length
        x = int(centres[place, 1]) - length // 2 + length
        keep[place, :, y : y + length, x : x + length] = 0
    h, w = images.shape[2:]
    return (padded * keep)[:, :, length : length + h, length : length + w]


def _cut(images, centres, length, top=None, left=None):
    result = images.clone()
    for place, (y, x) in enumerate(centres.tolist()):
        first = y - length // 2 if top is None else top(y)
        start = x - length // 2 if left is None else left(x)
        rows = slice(max(first, 0), first + length)
        columns = slice(max(start, 0), start + length)
        result[place, :, rows, columns] = 0
    return result


@slip("border")
def stays_inside(images, centres, length):
    """You push the square inside the image; it may hang over the border, and the paper
    found that this matters."""
    h, w = images.shape[2:]
    half = length // 2
    low = torch.tensor([half, half])
    high = torch.tensor([h, w]) - (length - half)
    return by_slices(images, torch.minimum(torch.maximum(centres, low), high), length)


@slip("order")
def swaps_the_axes(images, centres, length):
    """You take the centre as (x, y); it is (y, x): row first."""
    return by_slices(images, centres.flip(1), length)


def centre_is_the_corner(images, centres, length):
    """You start the square at the centre; it reaches length // 2 up and to the left of
    it."""
    return _cut(images, centres, length, lambda y: y, lambda x: x)


@slip("off by one")
def one_too_few(images, centres, length):
    """For odd lengths your square is one pixel too small: from centre − length // 2 on
    it is `length` long."""
    half = length // 2
    result = images.clone()
    for place, (y, x) in enumerate(centres.tolist()):
        rows = slice(max(y - half, 0), y + half)
        result[place, :, rows, max(x - half, 0) : x + half] = 0
    return result


@slip("off by one")
def one_too_many(images, centres, length):
    """For even lengths your square is one pixel too large: it is `length` long, not
    2 · (length // 2) + 1."""
    half = length // 2
    result = images.clone()
    for place, (y, x) in enumerate(centres.tolist()):
        rows = slice(max(y - half, 0), y + half + 1)
        result[place, :, rows, max(x - half, 0) : x + half + 1] = 0
    return result


@slip("border")
def wraps_around(images, centres, length):
    """Your square disappears near the upper or left border: a negative index counts
    from the other end. Use `max(…, 0)`."""
    half = length // 2
    result = images.clone()
    for place, (y, x) in enumerate(centres.tolist()):
        top, left = y - half, x - half
        result[place, :, top : top + length, left : left + length] = 0
    return result


@slip("axes")
def same_square_for_all(images, centres, length):
    """You clear the same square in every image; each image has its own centre."""
    return by_slices(images, centres[:1].expand_as(centres), length)


@slip("axes")
def first_channel_only(images, centres, length):
    """You clear one channel only; the square is cleared in all channels."""
    cleared = by_slices(images, centres, length)
    return torch.cat([cleared[:, :1], images[:, 1:]], 1)


@slip("order")
def keeps_the_square(images, centres, length):
    """You keep the square and clear the rest; it is the other way round."""
    return images - by_slices(images, centres, length)


def fills_with_the_mean(images, centres, length):
    """You fill the square with the mean of the image; cutout fills it with 0 (the mean
    of standardised images)."""
    mask = by_slices(torch.ones_like(images), centres, length)
    return images * mask + images.mean((1, 2, 3), keepdim=True) * (1 - mask)


def fills_with_ones(images, centres, length):
    """You fill the square with 1; cutout fills it with 0."""
    return (
        images
        + 1
        - by_slices(torch.ones_like(images), centres, length)
        - (images - by_slices(images, centres, length))
    )


@slip("one axis")
def stripes(images, centres, length):
    """You clear whole rows and columns; a pixel is cleared where its row and its
    column lie in the square."""
    result = images.clone()
    for place, (y, x) in enumerate(centres.tolist()):
        top, left = y - length // 2, x - length // 2
        result[place, :, max(top, 0) : top + length] = 0
        result[place, :, :, max(left, 0) : left + length] = 0
    return result


@slip("in place")
def in_place(images, centres, length):
    """Your function changes the images it was given; start with `images.clone()`."""
    images.copy_(by_slices(images, centres, length))
    return images


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for length in (4, 3, draw.integer(1, 9), draw.integer(2, 12)):
            n, c, h, w = 5, draw.integer(2, 3), draw.integer(7, 10), draw.integer(7, 10)
            y, x = draw.labels(n, classes=h), draw.labels(n, classes=w)
            y[:2], x[:2] = torch.tensor([0, h - 1]), torch.tensor([w - 1, 0])
            yield draw.normal(n, c, h, w).to(dtype), torch.stack([y, x], 1), length
    yield scattered(draw.normal(2, 3, 8, 6)), draw.labels(2, 2, classes=6), 5
    yield draw.normal(2, 2, 6, 9).transpose(2, 3), draw.labels(2, 2, classes=6), 4


def corners(draw):
    for style, (n, c, h, w) in corner_shapes(2, 3, 6, 6):
        y, x = draw.labels(n, classes=h), draw.labels(n, classes=w)
        centres = torch.stack([y, x], 1)
        yield draw.unusual(style, n, c, h, w), centres, draw.integer(1, 3)
    for length in (1, 2):
        yield draw.normal(2, 2, 5, 5), torch.full((2, 2), 3), length


EXERCISE = Exercise(
    id="04.5",
    title="Cutout",
    statement=(
        "Set a square of side `length` to 0 in every image of (n, c, h, w). `centres` "
        "(n, 2) int64 holds pixels (y, x) of the images: the square covers rows "
        "y − length // 2 up to, but not including, y − length // 2 + length, and "
        "columns alike. Parts outside the image are cut off. Return a new tensor."
    ),
    minutes=15,
    difficulty=3,
    importance=5,
    solution=cutout,
    oracle=by_distance,
    right=(by_slices, by_padding),
    wrong=(
        stays_inside,
        swaps_the_axes,
        centre_is_the_corner,
        one_too_few,
        one_too_many,
        wraps_around,
        same_square_for_all,
        first_channel_only,
        keeps_the_square,
        fills_with_the_mean,
        fills_with_ones,
        stripes,
        in_place,
    ),
    hints=(
        "Write it for one image first: which rows and which columns does the square "
        "cover, when its centre is near the border?",
        "A loop over the images with slices is fine: `result = images.clone()` and "
        "`result[i, :, rows, columns] = 0`.",
        "Slices must not start below 0: `slice(max(top, 0), top + length)`.",
    ),
    takeaway="The centre lies inside the picture, the square need not: near the border "
    "it hides less.",
    cases=cases,
    forbids=("shared memory",),
    corners=corners,
    never={
        "`centres`: axis of length 1 at 1": "`centres` is (n, 2)",
        "`centres`: long axis at 1": "`centres` is (n, 2)",
        "`centres`: below 0": "a centre is a pixel of the image",
    },
    device=True,
    equivalents={
        "(:, None, None, :) → (:, None, None)": "the last axis is there anyway",
        "length // 2 → length / 2": "the rows inside are whole numbers either way",
    },
)
