"""07.6 The loss with auxiliary classifiers (claim C84)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes
from coursekit.course.exercises.exercise import Exercise, slip


def total_loss(main, auxiliary, labels, weight=0.3, training=True):
    """Add the weighted losses of the auxiliary logits to that of the main logits."""
    loss = F.cross_entropy(main, labels)
    if training:
        for logits in auxiliary:
            loss = loss + weight * F.cross_entropy(logits, labels)
    return loss


def by_stacking(main, auxiliary, labels, weight=0.3, training=True):
    """The oracle: the log-softmax of each head, picked by hand."""
    rows = torch.arange(len(labels))
    heads = [main, *auxiliary] if training else [main]
    losses = [(h.logsumexp(1) - h[rows, labels]).mean() for h in heads]
    return losses[0] + weight * sum(losses[1:])


def by_nll(main, auxiliary, labels, weight=0.3, training=True):
    def loss(logits):
        return F.nll_loss(F.log_softmax(logits, 1), labels)

    heads = auxiliary if training else []
    return torch.stack([loss(main), *(weight * loss(head) for head in heads)]).sum()


def by_one_hot(main, auxiliary, labels, weight=0.3, training=True):
    target = F.one_hot(labels, main.shape[1]).to(main.dtype)
    factor = weight if training else 0.0
    total = -(target * main.log_softmax(1)).sum(1)
    for logits in auxiliary:
        total = total - factor * (target * logits.log_softmax(1)).sum(1)
    return total.mean()


@slip("only one")
def main_only(main, auxiliary, labels, weight=0.3, training=True):
    """You use the main loss only; in training the auxiliary losses are added."""
    return F.cross_entropy(main, labels)


def equal_weights(main, auxiliary, labels, weight=0.3, training=True):
    """You add the auxiliary losses with full weight; multiply them by `weight`."""
    return by_stacking(main, auxiliary, labels, 1.0, training)


@slip("training")
def also_at_evaluation(main, auxiliary, labels, weight=0.3, training=True):
    """You add the auxiliary losses at evaluation too; they only help in training."""
    return by_stacking(main, auxiliary, labels, weight, True)


@slip("ignored")
def always_three_tenths(main, auxiliary, labels, weight=0.3, training=True):
    """You always use 0.3; the weight is an argument."""
    return by_stacking(main, auxiliary, labels, 0.3, training)


@slip("mean or sum")
def mean_of_the_auxiliaries(main, auxiliary, labels, weight=0.3, training=True):
    """You average the auxiliary losses; each of them is added with the weight."""
    return by_stacking(main, auxiliary, labels, weight / len(auxiliary), training)


@slip("only one")
def first_auxiliary_only(main, auxiliary, labels, weight=0.3, training=True):
    """You add one auxiliary loss; there may be several."""
    return by_stacking(main, auxiliary[:1], labels, weight, training)


def weighs_the_main_too(main, auxiliary, labels, weight=0.3, training=True):
    """You weigh the main loss by 1 − weight; it counts fully."""
    rest = by_stacking(main, auxiliary, labels, weight, training)
    return rest - weight * F.cross_entropy(main, labels) if training else rest


@slip("mean or sum")
def adds_logits(main, auxiliary, labels, weight=0.3, training=True):
    """You add up the logits and take one loss; each head has a loss of its own."""
    total = main + weight * sum(auxiliary) if training else main
    return F.cross_entropy(total, labels)


@slip("logits")
def softmax_first(main, auxiliary, labels, weight=0.3, training=True):
    """You take softmax before the cross-entropy; it takes the raw logits."""
    heads = [logits.softmax(1) for logits in auxiliary]
    return by_stacking(main.softmax(1), heads, labels, weight, training)


@slip("mean or sum")
def sums_the_batch(main, auxiliary, labels, weight=0.3, training=True):
    """You add up over the batch; each loss is the mean over it."""
    return len(labels) * by_stacking(main, auxiliary, labels, weight, training)


@slip("graph")
def cut_from_the_graph(main, auxiliary, labels, weight=0.3, training=True):
    """Your result is a plain number (`.item()`, `float`) or detached: training needs
    the gradient."""
    return by_stacking(main, auxiliary, labels, weight, training).detach()


@slip("graph")
def main_cut_from_the_graph(main, auxiliary, labels, weight=0.3, training=True):
    """The main loss is cut off from the graph; its gradient matters most."""
    rest = by_stacking(main, auxiliary, labels, weight, training)
    return rest - F.cross_entropy(main, labels) + F.cross_entropy(main, labels).detach()


@slip("graph")
def auxiliary_cut_from_the_graph(main, auxiliary, labels, weight=0.3, training=True):
    """The auxiliary losses are cut off from the graph; they are there for the gradient
    that they send into the early layers."""
    heads = [logits.detach() for logits in auxiliary]
    return by_stacking(main, heads, labels, weight, training)


def cases(draw):
    settings = ((2, 0.4, True), (1, 0.2, True), (3, 0.5, False), (2,), (2, 0.1, False))
    for dtype in (torch.float64, torch.float32):
        for count, *rest in settings:
            n, classes = draw.integer(3, 6), draw.integer(3, 5)
            heads = [2 * draw.normal(n, classes).to(dtype) for _ in range(count + 1)]
            yield heads[0], heads[1:], draw.labels(n, classes=classes), *rest


def corners(draw):
    for style, (n, classes) in corner_shapes(3, 4):
        heads = [draw.unusual(style, n, classes) for _ in range(3)]
        yield heads[0], heads[1:], draw.labels(n, classes=classes), 0.4
    main, other, labels = (
        draw.normal(3, 3),
        draw.normal(3, 3),
        draw.labels(3, classes=3),
    )
    for count, weight in ((0, 0.3), (5, 0.0), (1, 1.0)):
        yield main, [other] * count, labels, weight, True


EXERCISE = Exercise(
    id="07.6",
    title="Auxiliary classifiers",
    statement=(
        "`main` (n, classes) are the logits of the network, `auxiliary` a list of "
        "logits of classifiers half way. Return the mean cross-entropy of `main`, "
        "plus, in training only, `weight` times that of each auxiliary classifier. "
        "`labels` is (n,)."
    ),
    minutes=6,
    difficulty=2,
    importance=2,
    solution=total_loss,
    oracle=by_stacking,
    right=(by_nll, by_one_hot),
    wrong=(
        main_only,
        equal_weights,
        also_at_evaluation,
        always_three_tenths,
        mean_of_the_auxiliaries,
        first_auxiliary_only,
        weighs_the_main_too,
        adds_logits,
        softmax_first,
        sums_the_batch,
        cut_from_the_graph,
        main_cut_from_the_graph,
        auxiliary_cut_from_the_graph,
    ),
    hints=(
        "Which losses are left at evaluation?",
        "`F.cross_entropy(logits, labels)` is the mean over the batch already.",
        "main + weight · (sum of the auxiliary losses), the second part in training.",
    ),
    takeaway=(
        "The extra losses bring gradient to early layers and vanish at evaluation."
    ),
    cases=cases,
    device=True,
    corners=corners,
    never={
        "`labels`: below 0": "a label is a class, counted from 0",
        "`weight` below 0": "a weight is at least 0",
    },
    gradient=(0, 1),
)
