"""03.4 Negative log-likelihood and its gradient by hand (claim C52)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def nll(logits, labels):
    """Return (mean loss of the right classes, gradient with respect to logits)."""
    rows = torch.arange(len(labels), device=logits.device)
    loss = -logits.log_softmax(1)[rows, labels].mean()
    gradient = logits.softmax(1)
    gradient[rows, labels] -= 1
    return loss, gradient / len(labels)


def by_autograd(logits, labels):
    with torch.enable_grad():
        leaf = logits.detach().clone().requires_grad_()
        loss = F.cross_entropy(leaf, labels)
        (gradient,) = torch.autograd.grad(loss, leaf)
    return loss.detach(), gradient


def by_one_hot(logits, labels):
    target = F.one_hot(labels, logits.shape[1]).to(logits.dtype)
    loss = -(target * F.log_softmax(logits, -1)).sum() / len(logits)
    return loss, (F.softmax(logits, -1) - target) / len(logits)


def by_gather(logits, labels):
    chosen = logits.gather(1, labels[:, None])
    loss = (logits.logsumexp(1, keepdim=True) - chosen).mean()
    shares = (logits - logits.logsumexp(1, keepdim=True)).exp()
    minus = torch.full_like(chosen, -1.0)
    return loss, shares.scatter_add(1, labels[:, None], minus) / logits.shape[0]


@slip("mean or sum")
def sums_the_loss(logits, labels):
    """Your loss is the sum over the batch; asked is the mean (the gradient is
    right)."""
    loss, gradient = by_one_hot(logits, labels)
    return loss * len(labels), gradient


@slip("mean or sum")
def sums_both(logits, labels):
    """You add up over the batch; asked are the mean loss and its gradient: divide both
    by n."""
    loss, gradient = by_one_hot(logits, labels)
    return loss * len(labels), gradient * len(labels)


@slip("mean or sum")
def gradient_of_the_sum(logits, labels):
    """Your loss is a mean, but your gradient is that of the sum: divide it by n."""
    loss, gradient = by_one_hot(logits, labels)
    return loss, gradient * len(labels)


@slip("sign")
def forgets_the_sign(logits, labels):
    """Your loss is negative: it is minus the log-likelihood."""
    loss, gradient = by_one_hot(logits, labels)
    return -loss, gradient


@slip("sign")
def ascends(logits, labels):
    """Your gradient points the wrong way: it is p − y, share minus target."""
    loss, gradient = by_one_hot(logits, labels)
    return loss, -gradient


@slip("left out")
def forgets_the_target(logits, labels):
    """Your gradient is the softmax; at the right class subtract 1: p − y."""
    loss, _ = by_one_hot(logits, labels)
    return loss, logits.softmax(1) / len(labels)


@slip("only one")
def right_class_only(logits, labels):
    """Your gradient is zero at the wrong classes; their logits should go down, by their
    share p."""
    loss, gradient = by_one_hot(logits, labels)
    return loss, gradient * F.one_hot(labels, logits.shape[1]).to(logits.dtype)


@slip("logits")
def nll_of_probabilities(logits, labels):
    """You took the shares themselves instead of their logarithms for the loss."""
    loss = F.nll_loss(logits.softmax(1), labels)
    return loss, by_one_hot(logits, labels)[1]


@slip("logits")
def softmax_twice(logits, labels):
    """You take softmax twice; `F.cross_entropy` takes the raw logits."""
    return by_autograd(logits.softmax(1), labels)


def all_classes(logits, labels):
    """Your loss averages over all classes; only the right class of each row counts."""
    loss = -logits.log_softmax(1).mean()
    return loss, by_one_hot(logits, labels)[1]


@slip("question")
def loss_only(logits, labels):
    """You return the loss alone; asked is the pair (loss, gradient)."""
    return by_one_hot(logits, labels)[0]


@slip("divisor")
def divides_by_classes(logits, labels):
    """You divide by the number of classes too; the mean runs over the n rows only."""
    loss, gradient = by_one_hot(logits, labels)
    return loss / logits.shape[1], gradient / logits.shape[1]


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for scale in (1.0, 5.0, 100.0):
            n, k = draw.integer(3, 6), draw.integer(3, 6)
            logits = (scale * draw.normal(n, k)).to(dtype)
            yield logits, draw.labels(n, classes=k)
    yield scattered(draw.normal(4, 3)), draw.labels(4, classes=3)
    yield draw.normal(3, 5).T, draw.labels(5, classes=3)


def corners(draw):
    for style, (n, classes) in corner_shapes(3, 4):
        yield draw.unusual(style, n, classes), draw.labels(n, classes=classes)
    yield draw.normal(3, 3), draw.labels(3, classes=3)


EXERCISE = Exercise(
    id="03.4",
    title="The loss and its gradient by hand",
    statement=(
        "`logits` is (n, classes), `labels` (n,) holds the right classes. Return the "
        "pair: the mean over the batch of −log softmax at the right class, and the "
        "gradient of this number with respect to `logits`, written down without "
        "autograd. Both are tensors, the loss one without axes."
    ),
    minutes=15,
    difficulty=3,
    importance=5,
    solution=nll,
    oracle=by_autograd,
    right=(by_one_hot, by_gather),
    wrong=(
        sums_the_loss,
        sums_both,
        gradient_of_the_sum,
        forgets_the_sign,
        ascends,
        forgets_the_target,
        right_class_only,
        nll_of_probabilities,
        softmax_twice,
        all_classes,
        loss_only,
        divides_by_classes,
    ),
    hints=(
        "Start with the loss: `logits.log_softmax(1)` and pick one number per row.",
        "`x[torch.arange(n), labels]` picks one number per row. The gradient of one "
        "row is p − y: the shares, minus 1 at the right class.",
        "Both are means: divide the gradient by n.",
    ),
    takeaway=(
        "p − y: the further the share of the right class is from 1, the harder the "
        "pull."
    ),
    cases=cases,
    forbids=("autograd",),
    corners=corners,
    never={
        "`labels`: below 0": "a label is a class, counted from 0",
    },
    device=True,
    equivalents={
        "torch.arange(len(labels), device=logits.device) → torch.arange(len(labels))": (
            "torch accepts an index on the CPU for a tensor on any device"
        ),
    },
)
