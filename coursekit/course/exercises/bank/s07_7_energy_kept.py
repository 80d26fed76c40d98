"""07.7 How much a bottleneck can keep (claim C82)."""

import torch

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def energy_kept(maps, k):
    """Return the share of the variance in the first k principal channels."""
    pixels = maps.movedim(1, -1).reshape(-1, maps.shape[1])
    centred = pixels - pixels.mean(0)
    energy = torch.linalg.svdvals(centred) ** 2
    return (energy[:k].sum() / energy.sum()).item()


def by_covariance(maps, k):
    pixels = maps.permute(1, 0, 2, 3).flatten(1)
    covariance = torch.cov(pixels).reshape(len(pixels), -1)
    values = torch.linalg.eigvalsh(covariance).clamp(min=0)
    return (values.sort(descending=True).values[:k].sum() / values.sum()).item()


def by_reconstruction(maps, k):
    """Squeeze through k channels and back, and see what is lost."""
    pixels = maps.movedim(1, -1).flatten(0, 2)
    centred = pixels - pixels.mean(0, keepdim=True)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    kept = centred @ directions[:k].T @ directions[:k]
    return 1 - ((centred - kept).square().sum() / centred.square().sum()).item()


def by_gram(maps, k):
    columns = maps.transpose(0, 1).reshape(maps.shape[1], -1)
    columns = columns - columns.mean(1, keepdim=True)
    values = torch.linalg.eigvalsh(columns @ columns.T)
    return float(values[len(values) - k :].sum() / values.sum())


def _pixels(maps):
    pixels = maps.movedim(1, -1).reshape(-1, maps.shape[1])
    return pixels - pixels.mean(0)


@slip("mean or sum")
def singular_values(maps, k):
    """You add up singular values; energy is their square."""
    values = torch.linalg.svdvals(_pixels(maps))
    return (values[:k].sum() / values.sum()).item()


@slip("left out")
def not_centred(maps, k):
    """You do not subtract each channel's mean; the variance is measured from it."""
    pixels = maps.movedim(1, -1).reshape(-1, maps.shape[1])
    energy = torch.linalg.svdvals(pixels) ** 2
    return (energy[:k].sum() / energy.sum()).item()


@slip("sign")
def smallest_directions(maps, k):
    """You keep the k smallest directions: `eigvalsh` sorts from small to large."""
    energy = torch.linalg.svdvals(_pixels(maps)) ** 2
    return (energy.flip(0)[:k].sum() / energy.sum()).item()


def loudest_channels(maps, k):
    """You keep the k channels with the largest variance; principal channels are
    mixtures and keep more."""
    energy = _pixels(maps).var(0).sort(descending=True).values
    return (energy[:k].sum() / energy.sum()).item()


def first_channels(maps, k):
    """You keep the first k channels as they are; principal channels are the best
    mixtures."""
    energy = _pixels(maps).var(0)
    return (energy[:k].sum() / energy.sum()).item()


@slip("question")
def share_lost(maps, k):
    """You return what is lost; asked is what is kept."""
    energy = torch.linalg.svdvals(_pixels(maps)) ** 2
    return (energy[k:].sum() / energy.sum()).item()


@slip("divisor")
def not_a_share(maps, k):
    """You return the energy itself; divide by that of all directions."""
    energy = torch.linalg.svdvals(_pixels(maps)) ** 2
    return energy[:k].sum().item()


@slip("only one")
def kth_only(maps, k):
    """You count the k-th direction alone; the first k are kept together."""
    energy = torch.linalg.svdvals(_pixels(maps)) ** 2
    return (energy[k - 1] / energy.sum()).item()


def share_of_channels(maps, k):
    """You return k / channels; channels are redundant, so a few directions keep
    more."""
    return k / maps.shape[1]


@slip("axes")
def over_images(maps, k):
    """You look for directions among the images; they are mixtures of channels."""
    rows = maps.flatten(1)
    energy = torch.linalg.svdvals(rows - rows.mean(0)) ** 2
    return (energy[:k].sum() / energy.sum()).item()


@slip("axes")
def scrambled(maps, k):
    """You reshape without moving the channels to the end, so numbers of different
    channels land in the same column."""
    pixels = maps.reshape(-1, maps.shape[1])
    energy = torch.linalg.svdvals(pixels - pixels.mean(0)) ** 2
    return (energy[:k].sum() / energy.sum()).item()


def cases(draw):
    for k in (1, 2, 3, 2):
        c, rank = draw.integer(5, 8), draw.integer(2, 3)
        n, h, w = draw.integer(3, 5), *draw.integers(2, 4, 6)
        few = draw.normal(n, rank, h, w)
        maps = torch.einsum("nrhw,cr->nchw", few, draw.normal(c, rank))
        yield maps + 0.4 * draw.normal(n, c, h, w) + 2 * draw.normal(1, c, 1, 1), k
    yield scattered(draw.normal(3, 5, 4, 4)), 2
    yield draw.normal(4, 6, 5, 3).transpose(2, 3), 4


def corners(draw):
    for style, (n, c, h, w) in corner_shapes(3, 4, 4, 4):
        yield draw.unusual(style, n, c, h, w), draw.integer(1, min(3, c))


EXERCISE = Exercise(
    id="07.7",
    title="How much a bottleneck can keep",
    statement=(
        "See `maps` (n, c, h, w), float64, as n·h·w points with c coordinates. Return "
        "the share of their variance (a float) that the best k mixtures of channels "
        "keep: the first k principal components of the centred points."
    ),
    minutes=15,
    difficulty=4,
    importance=2,
    solution=energy_kept,
    oracle=by_covariance,
    right=(by_reconstruction, by_gram),
    wrong=(
        singular_values,
        not_centred,
        smallest_directions,
        loudest_channels,
        first_channels,
        share_lost,
        not_a_share,
        kth_only,
        share_of_channels,
        over_images,
        scrambled,
    ),
    hints=(
        "First bring the channels to the last axis, then flatten: (n·h·w, c).",
        "Subtract the mean of each channel; `torch.linalg.svdvals` gives the singular "
        "values, largest first.",
        "Their squares are the energies: sum of the first k over the sum of all.",
    ),
    takeaway="Centre, then square the singular values: their shares are what is kept.",
    cases=cases,
    corners=corners,
    never={
        "half precision": "`maps` is float64",
        "single precision": "`maps` is float64",
        "`k` is 0": "k counts channels",
        "`k` below 0": "k counts channels",
    },
    equivalents={
        "pixels - pixels.mean(0) → pixels.mean(0) - pixels": (
            "the singular values of −X are those of X"
        ),
        "(energy[:k].sum() / energy.sum()).item() → energy[:k].sum() / energy.sum()": (
            "a tensor with a single number counts as a number"
        ),
    },
)
