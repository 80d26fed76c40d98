"""03.8 A head of global average pooling and one dense layer (claims C45, C53)."""

import torch
from torch import nn

from coursekit.course.exercises.draw import alike, corner_shapes
from coursekit.course.exercises.exercise import Exercise, slip
from coursekit.course.exercises.modules import observe_module


class GapHead(nn.Module):
    """Average each channel over its map, then one dense layer to the classes."""

    def __init__(self, channels, classes):
        super().__init__()
        self.classify = nn.Linear(channels, classes)

    def forward(self, images):
        return self.classify(images.mean((2, 3)))


class Independent(nn.Module):
    """The oracle: a product and a sum with the parameters of a layer."""

    def __init__(self, channels, classes):
        super().__init__()
        self.dense = nn.Linear(channels, classes)

    def forward(self, images):
        area = images.shape[2] * images.shape[3]
        products = torch.einsum("nchw,kc->nk", images, self.dense.weight)
        return products / area + self.dense.bias


class Sequence(nn.Sequential):
    def __init__(self, channels, classes):
        pool, flat = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        super().__init__(pool, flat, nn.Linear(channels, classes))


class DenseFirst(nn.Module):
    """The mean of dense layers is the dense layer of the mean."""

    def __init__(self, channels, classes):
        super().__init__()
        self.dense = nn.Linear(channels, classes)

    def forward(self, images):
        return self.dense(images.permute(0, 2, 3, 1)).mean((1, 2))


@slip("mean or sum")
class MaxPooled(GapHead):
    """You keep the largest value of each map; GAP averages."""

    def forward(self, images):
        return self.classify(images.amax((2, 3)))


@slip("mean or sum")
class Summed(GapHead):
    """You add the values of each map up; GAP averages, so that the size of the picture
    does not matter."""

    def forward(self, images):
        return self.classify(images.sum((2, 3)))


@slip("relu")
class WithRelu(GapHead):
    """You put a ReLU after the last layer; nothing stands between it and the
    prediction."""

    def forward(self, images):
        return super().forward(images).relu()


@slip("logits")
class WithSoftmax(GapHead):
    """You return shares; the loss wants the raw logits and takes log-softmax itself."""

    def forward(self, images):
        return super().forward(images).softmax(1)


@slip("logits")
class WithLogSoftmax(GapHead):
    """You return log-shares; `cross_entropy` wants the raw logits and takes log-softmax
    itself."""

    def forward(self, images):
        return super().forward(images).log_softmax(1)


@slip("bias")
class NoBias(GapHead):
    """Your dense layer has no bias; asked is a usual dense layer."""

    def __init__(self, channels, classes):
        super().__init__(channels, classes)
        self.classify = nn.Linear(channels, classes, bias=False)


class WithDropout(GapHead):
    """Your result in training is random: there is a dropout. Nothing stands between the
    maps and the prediction here."""

    def forward(self, images):
        pooled = nn.functional.dropout(images.mean((2, 3)), 0.5, self.training)
        return self.classify(pooled)


@slip("question")
class TwoLayers(GapHead):
    """Your head has a hidden layer; asked is a single dense layer."""

    def __init__(self, channels, classes):
        super().__init__(channels, classes)
        hidden = nn.Linear(channels, channels)
        self.classify = nn.Sequential(hidden, nn.ReLU(), self.classify)


@slip("relu")
class ReluFirst(GapHead):
    """You cut off negative values before averaging; take the maps as they are."""

    def forward(self, images):
        return self.classify(images.relu().mean((2, 3)))


@slip("length one")
class KeepsAxes(GapHead):
    """Your result keeps axes of length 1, (n, classes, 1, 1); asked is (n, classes)."""

    def forward(self, images):
        return super().forward(images)[:, :, None, None]


@slip("graph")
class CutFromTheGraph(GapHead):
    """Your input is cut off from the graph (`.detach()`, `.data`), so no layer before
    this one would learn."""

    def forward(self, images):
        return super().forward(images.detach())


@slip("length one")
class Squeezes(GapHead):
    """You `squeeze()` every axis of length 1 away, so a batch of one loses its axis;
    name the axes that go: `mean((2, 3))`."""

    def forward(self, images):
        return self.classify(images.mean((2, 3))).squeeze()


def cases(draw):
    for _ in range(4):
        channels, classes = draw.integer(2, 6), draw.integer(2, 7)
        shape = (draw.integer(2, 4), channels, *draw.integers(2, 2, 8))
        yield (channels, classes), draw.normal(*shape)


def corners(draw):
    for style, (n, c, h, w) in corner_shapes(2, 3, 4, 4):
        yield (c, draw.integer(1, 3)), draw.unusual(style, n, c, h, w)
    for c, classes in (*alike(2), (5, 2)):
        yield (c, classes), draw.normal(2, c, 6, 5, dtype=torch.float32)


EXERCISE = Exercise(
    id="03.8",
    title="A head of GAP and one dense layer",
    statement=(
        "Write the module `GapHead(channels, classes)`: maps (n, channels, h, w) of "
        "any size are averaged to (n, channels); one dense layer with bias gives the "
        "logits (n, classes)."
    ),
    minutes=8,
    difficulty=2,
    importance=5,
    kind="module",
    solution=GapHead,
    oracle=Independent,
    right=(Sequence, DenseFirst),
    wrong=(
        MaxPooled,
        Summed,
        WithRelu,
        WithSoftmax,
        WithLogSoftmax,
        NoBias,
        WithDropout,
        TwoLayers,
        ReluFirst,
        KeepsAxes,
        Squeezes,
        CutFromTheGraph,
    ),
    hints=(
        "How many numbers are left per image after GAP? That is what the dense layer "
        "reads, whatever the picture's size.",
        "`nn.Linear(channels, classes)` is made in `__init__`, after "
        "`super().__init__()`.",
        "`forward`: `self.classify(images.mean((2, 3)))`.",
    ),
    takeaway="channels · classes + classes parameters, for pictures of every size.",
    cases=cases,
    corners=corners,
    observe=observe_module,
    inputs=("settings", "images"),
    device=True,
    equivalents={
        "(2, 3) → (3, 2)": "the order of the axes of a mean does not matter",
    },
)
