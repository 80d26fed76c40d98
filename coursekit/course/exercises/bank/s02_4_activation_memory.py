"""02.4 Memory of activations (claim C35)."""

import math

import torch

from coursekit.course.exercises.exercise import Exercise, slip


def activation_bytes(shapes, batch_size, bytes_per_value=4):
    """Return the bytes of all maps (c, h, w) of a batch together."""
    values = sum(c * h * w for c, h, w in shapes)
    return values * batch_size * bytes_per_value


def by_torch(shapes, batch_size, bytes_per_value=4):
    dtypes = {1: torch.int8, 2: torch.float16, 4: torch.float32, 8: torch.float64}
    dtype = dtypes[bytes_per_value]
    maps = [torch.empty(batch_size, *s, dtype=dtype, device="meta") for s in shapes]
    return sum(one.numel() * one.element_size() for one in maps)


def by_product(shapes, batch_size, bytes_per_value=4):
    return sum(math.prod([*shape, batch_size, bytes_per_value]) for shape in shapes)


def by_loop(shapes, batch_size, bytes_per_value=4):
    total = 0
    for shape in shapes:
        values = 1
        for length in shape:
            values *= length
        total += bytes_per_value * values
    return total * batch_size


@slip("question")
def counts_values(shapes, batch_size, bytes_per_value=4):
    """You count numbers, not bytes: a float32 takes four bytes."""
    return sum(math.prod(shape) for shape in shapes) * batch_size


@slip("only one")
def one_image(shapes, batch_size, bytes_per_value=4):
    """You count a single image; every image of the batch has its own maps."""
    return sum(math.prod(shape) for shape in shapes) * bytes_per_value


@slip("only one")
def forgets_channels(shapes, batch_size, bytes_per_value=4):
    """You count one channel per map; a map (c, h, w) has c of them."""
    return sum(h * w for _, h, w in shapes) * batch_size * bytes_per_value


@slip("only one")
def last_map_only(shapes, batch_size, bytes_per_value=4):
    """You count the last map only; for the gradient every map is kept."""
    return math.prod(shapes[-1]) * batch_size * bytes_per_value


@slip("only one")
def largest_map_only(shapes, batch_size, bytes_per_value=4):
    """You count the largest map only; for the gradient every map is kept, so add
    them."""
    return max(math.prod(shape) for shape in shapes) * batch_size * bytes_per_value


@slip("ignored")
def always_four(shapes, batch_size, bytes_per_value=4):
    """You always take four bytes per number; half precision takes two."""
    return sum(math.prod(shape) for shape in shapes) * batch_size * 4


@slip("added")
def multiplies_maps(shapes, batch_size, bytes_per_value=4):
    """You multiply the maps with each other; memory adds up."""
    values = math.prod(math.prod(shape) for shape in shapes)
    return values * batch_size * bytes_per_value


@slip("question")
def in_bits(shapes, batch_size, bytes_per_value=4):
    """You count bits; asked are bytes."""
    return by_product(shapes, batch_size, bytes_per_value) * 8


@slip("question")
def in_megabytes(shapes, batch_size, bytes_per_value=4):
    """You divided by a million or by 2²⁰; asked are bytes."""
    return by_product(shapes, batch_size, bytes_per_value) / 1e6


@slip("added")
def adds_sides(shapes, batch_size, bytes_per_value=4):
    """You add channels, height and width; the map holds c · h · w numbers."""
    return sum(sum(shape) for shape in shapes) * batch_size * bytes_per_value


def cases(draw):
    yield [(3, 224, 224), (32, 112, 112), (6, 64, 64)], 1000
    yield [(1, 1, 1), (2, 3, 4)], 1, 4
    for _ in range(12):
        count = draw.integer(2, 5)
        shapes = [tuple(draw.integers(3, 2, 60)) for _ in range(count)]
        yield shapes, draw.integer(2, 300), draw.choice([1, 2, 4, 8])


def corners(draw):
    yield from [([], 2), ([(2, 3, 4)], 3), ([(3, 3, 3)] * 2, 4, 4)]
    yield from [([(1, 2, 3)], 1, 1), ([(2, 2, 2)] * 6, 2, 2)]


EXERCISE = Exercise(
    id="02.4",
    title="Memory of activations",
    statement=(
        "`shapes` lists the maps (c, h, w) that one image makes on its way through a "
        "network. Return how many bytes all maps of a batch take. Tiny case: one map "
        "(2, 3, 4), a batch of 10, four bytes per value: 960."
    ),
    minutes=6,
    difficulty=1,
    importance=4,
    solution=activation_bytes,
    oracle=by_torch,
    right=(by_product, by_loop),
    wrong=(
        counts_values,
        one_image,
        forgets_channels,
        last_map_only,
        largest_map_only,
        always_four,
        multiplies_maps,
        in_bits,
        in_megabytes,
        adds_sides,
    ),
    hints=(
        "How many numbers does one map (c, h, w) hold?",
        "Add the numbers of all maps, then multiply by what repeats: images, bytes.",
        "sum of c·h·w, times batch size, times bytes per value.",
    ),
    takeaway="576,512 numbers an image are 2.3 GB for 1,000 images in float32.",
    cases=cases,
    corners=corners,
    never={
        "`bytes_per_value` is 3": "a number takes 1, 2, 4 or 8 bytes",
    },
)
