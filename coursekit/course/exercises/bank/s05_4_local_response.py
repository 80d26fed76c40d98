"""05.4 AlexNet's local response normalisation (claims C65, C70)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def local_response(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """Divide each value by (k + alpha · sum of squares of `size` channels) ** beta."""
    half = size // 2
    squares = F.pad(images**2, (0, 0, 0, 0, half, half))
    total = squares.unfold(1, size, 1).sum(-1)
    return images / (k + alpha * total) ** beta


def by_torch(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """torch divides alpha by the size, so it is multiplied here."""
    wide = images.float() if images.dtype == torch.float16 else images
    normal = F.local_response_norm(wide, size, alpha * size, beta, k)
    return normal.to(images.dtype)


def by_loop(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    channels, half = images.shape[1], size // 2
    results = []
    for c in range(channels):
        near = images[:, max(0, c - half) : min(channels, c + half + 1)]
        results.append(images[:, c] * (k + alpha * near.square().sum(1)) ** -beta)
    return torch.stack(results, 1)


def by_band_matrix(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    place = torch.arange(images.shape[1], device=images.device)
    near = (place[:, None] - place).abs() <= size // 2
    total = torch.einsum("nchw,dc->ndhw", images**2, near.to(images.dtype))
    return images / torch.pow(k + alpha * total, beta)


def torchs_alpha(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """You divide alpha by the size, as torch's `local_response_norm` does; the formula
    of the paper does not."""
    return by_loop(images, size, k, alpha / size, beta)


@slip("axes")
def across_the_map(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """You add the squares of neighbours in the map; the neighbours are the channels at
    the same pixel."""
    return by_loop(images.transpose(1, 2), size, k, alpha, beta).transpose(1, 2)


@slip("axes")
def all_channels(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """You add the squares of all channels; only the `size` channels around count."""
    total = images.square().sum(1, keepdim=True)
    return images / (k + alpha * total) ** beta


@slip("only one")
def own_channel(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """You use the channel's own square only; the channels around compete with it."""
    return images / (k + alpha * images**2) ** beta


@slip("mean or sum")
def no_squares(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """You add up values, not their squares."""
    total = by_loop_sum(images, size)
    return images / (k + alpha * total) ** beta


@slip("mean or sum")
def means_the_squares(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """At the first and last channels you divide by the number of neighbours that exist;
    the formula adds squares and never divides by their number."""
    count = by_loop_sum(torch.ones_like(images), size)
    total = by_loop_sum(images**2, size)
    return images / (k + alpha * total / count) ** beta


@slip("ignored")
def square_root(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """You always take the root; the exponent is beta, 0.75 in the paper."""
    return by_loop(images, size, k, alpha, 0.5)


@slip("ignored")
def forgets_k(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """You take 1 for k; it is an argument, 2 in the paper."""
    return by_loop(images, size, 1.0, alpha, beta)


@slip("inverse")
def multiplies(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """You multiply; loud neighbours make a channel quieter: divide."""
    return images * (images / by_loop(images, size, k, alpha, beta))


@slip("border")
def wraps_around(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """Your channels go round in a circle, so the first one sees the last; outside there
    is nothing to add."""
    half = size // 2
    shifted = [images.square().roll(step, 1) for step in range(-half, half + 1)]
    return images / (k + alpha * sum(shifted)) ** beta


def backwards_only(images, size=5, k=2.0, alpha=1e-4, beta=0.75):
    """Your window ends at the channel itself; it is centred on it: half before, half
    after."""
    squares = F.pad(images**2, (0, 0, 0, 0, size - 1, 0))
    total = squares.unfold(1, size, 1).sum(-1)
    return images / (k + alpha * total) ** beta


def by_loop_sum(values, size):
    """Add up the `size` channels around each channel."""
    padded = F.pad(values, (0, 0, 0, 0, size // 2, size // 2))
    return padded.unfold(1, size, 1).sum(-1)


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for size, alpha in ((5, 0.5), (3, 1.0)):
            n, c, h, w = (
                draw.integer(2, 3),
                draw.integer(8, 10),
                *draw.integers(2, 2, 5),
            )
            images = (2 * draw.uniform(n, c, h, w) + 0.1).to(dtype)
            yield images, size, 1.5, alpha, 0.6
    yield (10 * draw.uniform(2, 9, 3, 4),)
    yield scattered(draw.uniform(2, 7, 3, 4)), 5, 2.0, 0.1
    yield draw.normal(2, 9, 5, 3).transpose(2, 3), 3, 3.0, 0.05, 0.75


def corners(draw):
    numbers = (
        (1, 1.0, 1.0, 1.0),
        (3, 2.0, 0.0, 0.75),
        (5, 2.0, 0.1, 0.0),
        (1, 0.0, 0.5, 0.5),
    )
    for place, (style, shape) in enumerate(corner_shapes(2, 6, 4, 4)):
        yield draw.unusual(style, *shape), 5, 2.0, 0.1
        yield draw.uniform(2, 6, 3, 3) + 1, *numbers[place % len(numbers)]


EXERCISE = Exercise(
    id="05.4",
    title="Local response normalisation",
    statement=(
        "AlexNet's normalisation: divide each value of `images` (n, c, h, w) by (k + "
        "alpha · S) ** beta. S is the sum of the squares, at the same pixel, of the "
        "`size` (odd) channels around it; channels that do not exist count as 0. The "
        "formula is the paper's (section 3.3): alpha is not divided by the size."
    ),
    minutes=12,
    difficulty=4,
    importance=2,
    solution=local_response,
    oracle=by_torch,
    right=(by_loop, by_band_matrix),
    wrong=(
        torchs_alpha,
        across_the_map,
        all_channels,
        own_channel,
        no_squares,
        means_the_squares,
        square_root,
        forgets_k,
        multiplies,
        wraps_around,
        backwards_only,
    ),
    hints=(
        "For channel i and size 5, which channels does the sum run over? And for i = "
        "0?",
        "From max(0, i − 2) to min(c − 1, i + 2), both included.",
        "Loop over the channels, add up the squares of a slice, divide, stack.",
    ),
    takeaway="Neighbouring channels compete; a few years later batch norm replaced it.",
    cases=cases,
    device=True,
    corners=corners,
    never={
        "`size` is 2": "`size` is odd",
        "`size` is 0": "`size` is odd",
        "`k` below 0": "k, alpha and beta are at least 0",
        "`alpha` below 0": "k, alpha and beta are at least 0",
        "`beta` below 0": "k, alpha and beta are at least 0",
    },
    gradient=(0,),
)
