"""02.7 From twelve colours back to RGB (claim C27)."""

import torch

from coursekit.course.exercises.exercise import Exercise, slip


def way_back(weight):
    """Return the (3, 12) weight that undoes a 1×1 convolution of weight (12, 3)."""
    return torch.linalg.pinv(weight)


def by_normal_equations(weight):
    return torch.linalg.solve(weight.T @ weight, weight.T)


def by_three_rows(weight):
    """Any three independent rows are enough; the other nine get weight 0."""
    back = torch.zeros_like(weight.T)
    back[:, :3] = torch.linalg.inv(weight[:3])
    return back


def by_qr(weight):
    q, r = torch.linalg.qr(weight)
    return torch.linalg.solve_triangular(r, q.T, upper=True)


@slip("order")
def transpose(weight):
    """You transpose the weight; that undoes it only where its columns are
    orthonormal."""
    return weight.T


@slip("order")
def scaled_transpose(weight):
    """You transpose and rescale the weight; the columns still overlap, so colours leak
    into each other."""
    return weight.T / weight.pow(2).sum(0)[:, None]


@slip("order")
def wrong_shape(weight):
    """Your weight is (12, 3); the way back goes from 12 channels to 3: (3, 12)."""
    return torch.linalg.pinv(weight).T


@slip("inverse")
def reciprocal(weight):
    """You invert each number; a matrix is not undone entry by entry."""
    return (1 / weight).T / weight.shape[0]


def unit_rows(weight):
    """Your weight picks three of the twelve channels as they are; each of them is a
    mixture of red, green and blue."""
    return torch.eye(*weight.T.shape, dtype=weight.dtype)


def least_norm(weight):
    """You build (w wᵀ)⁻¹: that matrix is 12×12 of rank 3 and has no inverse; it is wᵀw,
    3×3, that can be inverted."""
    gram = weight @ weight.T + 1e-3 * torch.eye(len(weight), dtype=weight.dtype)
    return weight.T @ torch.linalg.inv(gram)


def observe(answer, weight):
    """What counts is what comes back: back · weight must be the identity."""
    back = answer(weight)
    if not isinstance(back, torch.Tensor):
        return back
    if back.shape != weight.T.shape or back.dtype != weight.dtype:
        return {"your weight": back}
    return {"your weight": torch.zeros_like(weight.T), "back @ weight": back @ weight}


def cases(draw):
    for _ in range(8):
        yield (draw.normal(12, 3) + 2 * torch.eye(12, 3, dtype=torch.float64),)
    yield (draw.uniform(3, 12).T + torch.eye(12, 3, dtype=torch.float64),)


def corners(draw):
    weight = draw.normal(12, 3) + 2 * torch.eye(12, 3, dtype=torch.float64)
    yield from [(200 * weight,), (weight.float(),)]
    coarse = torch.cat(
        [torch.eye(3, dtype=torch.float64), draw.unusual("coarse", 9, 3)]
    )
    yield (coarse,)
    for style in ("below", "above"):
        yield (draw.unusual(style, 12, 3),)


EXERCISE = Exercise(
    id="02.7",
    title="From twelve colours back to RGB",
    statement=(
        "A 1×1 convolution with `weight` (12, 3) makes twelve channels of red, green "
        "and blue. Return the weight (3, 12) of a 1×1 convolution that gives back "
        "the picture exactly."
    ),
    minutes=8,
    difficulty=3,
    importance=2,
    solution=way_back,
    oracle=by_normal_equations,
    right=(by_three_rows, by_qr),
    wrong=(
        transpose,
        scaled_transpose,
        wrong_shape,
        reciprocal,
        unit_rows,
        least_norm,
    ),
    hints=(
        "At each pixel the layer multiplies by a 12×3 matrix. Which matrix times it is "
        "the 3×3 identity?",
        "A tall matrix with independent columns has many left inverses; one of them is "
        "(wᵀw)⁻¹wᵀ.",
        "`torch.linalg.pinv(weight)`.",
    ),
    takeaway="A tall matrix has many left inverses: any of them brings all of it back.",
    cases=cases,
    corners=corners,
    never={
        "axis of length 1": "the weight is (12, 3)",
        "long axis": "the weight is (12, 3)",
        "h < w": "the weight is (12, 3)",
        "h = w": "the weight is (12, 3)",
        "half precision": "torch's linear algebra has no half precision",
        "large mean": "its columns would not be independent",
    },
    observe=observe,
    tolerance=1e3,
)
