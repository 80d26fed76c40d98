"""05.5 Averaging gradients of several workers (claim C69)."""

import torch

from coursekit.course.exercises.draw import corner_shapes
from coursekit.course.exercises.exercise import Exercise, slip


def average_gradients(gradients, counts):
    """Return the gradient of the mean loss over all samples of all workers."""
    total = sum(g * count for g, count in zip(gradients, counts, strict=True))
    return total / sum(counts)


def by_stacking(gradients, counts):
    stacked = torch.stack(list(gradients))
    shares = stacked.new_tensor(counts) / sum(counts)
    return torch.tensordot(shares, stacked, dims=1)


def by_loop(gradients, counts):
    result = torch.zeros_like(gradients[0])
    for gradient, count in zip(gradients, counts, strict=True):
        result = result + gradient * (count / sum(counts))
    return result


def by_running_mean(gradients, counts):
    mean, seen = gradients[0], counts[0]
    for gradient, count in zip(gradients[1:], counts[1:], strict=True):
        seen += count
        mean = mean + (gradient - mean) * (count / seen)
    return mean * 1


@slip("mean or sum")
def plain_mean(gradients, counts):
    """You average the workers with equal weight; a worker that saw twice as many
    samples counts twice."""
    return torch.stack(list(gradients)).mean(0)


@slip("mean or sum")
def adds(gradients, counts):
    """You add the gradients up; the step would grow with the number of workers."""
    return torch.stack(list(gradients)).sum(0)


@slip("divisor")
def forgets_to_divide(gradients, counts):
    """You weigh by the counts and never divide by their sum."""
    return by_stacking(gradients, counts) * sum(counts)


@slip("divisor")
def divides_by_workers(gradients, counts):
    """You divide by the number of workers; after weighing by samples, divide by the
    number of samples."""
    return by_stacking(gradients, counts) * sum(counts) / len(counts)


@slip("only one")
def first_worker(gradients, counts):
    """You return one worker's gradient; every worker saw other samples."""
    return gradients[0].clone()


@slip("only one")
def largest_worker(gradients, counts):
    """You keep the gradient of the worker with the most samples; all of them count."""
    return gradients[max(range(len(counts)), key=lambda i: counts[i])].clone()


@slip("inverse")
def inverse_weights(gradients, counts):
    """You divide by the counts; each gradient already is a mean over its samples, so
    multiply by them."""
    shares = torch.tensor([1 / count for count in counts])
    shares = shares.to(gradients[0].dtype) / shares.sum().item()
    return torch.tensordot(shares, torch.stack(list(gradients)), dims=1)


@slip("in place")
def in_place(gradients, counts):
    """Your function changes the gradients it was given (`+=`, `*=`, `add_`); start from
    a new tensor."""
    total = gradients[0]
    total *= counts[0]
    for gradient, count in zip(gradients[1:], counts[1:], strict=True):
        total += gradient * count
    total /= sum(counts)
    return total


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for _ in range(4):
            workers = draw.integer(2, 5)
            shape = draw.integers(draw.integer(1, 3), 2, 4)
            gradients = [draw.normal(*shape).to(dtype) for _ in range(workers)]
            yield gradients, draw.integers(workers, 1, 64)
    yield [draw.normal(3, 4).T, draw.normal(4, 3)], [3, 1]


def corners(draw):
    for usual in ((3,), (3, 4), (2, 3, 4)):
        for style, shape in corner_shapes(*usual):
            yield (
                [draw.unusual(style, *shape) for _ in range(2)],
                draw.integers(2, 1, 3),
            )
    gradient = draw.normal(3, 4)
    yield [gradient], [2]
    yield [gradient] * 5, [3] * 5


EXERCISE = Exercise(
    id="05.5",
    title="Averaging the workers' gradients",
    statement=(
        "Data parallelism: `gradients` holds one tensor per worker, each the "
        "gradient of the mean loss over the worker's own samples; `counts` says "
        "how many samples each had. Return the gradient of the mean loss over all "
        "samples."
    ),
    minutes=8,
    difficulty=2,
    importance=3,
    solution=average_gradients,
    oracle=by_stacking,
    right=(by_loop, by_running_mean),
    wrong=(
        plain_mean,
        adds,
        forgets_to_divide,
        divides_by_workers,
        first_worker,
        largest_worker,
        inverse_weights,
        in_place,
    ),
    hints=(
        "Two workers, with 3 samples and with 1. How much should each count?",
        "A mean over n samples times n is the sum over these samples.",
        "Sum of gradient · count, divided by the sum of the counts.",
    ),
    takeaway="A worker counts by its images: its mean times their number is a sum.",
    cases=cases,
    device=True,
    corners=corners,
    never={
        "empty list": "there is at least one worker",
    },
    equivalents={
        "zip(gradients, counts, strict=True) → zip(counts, gradients, strict=True)": (
            "a product does not depend on the order of its factors"
        ),
    },
)
