"""02.3 A transition layer: 1×1 convolution and pooling (claims C28, C37, C38)."""

import torch
from torch import nn
from torch.nn import functional as F

from coursekit.course.exercises.draw import alike, corner_shapes
from coursekit.course.exercises.exercise import Exercise, slip
from coursekit.course.exercises.modules import observe_module


class Transition(nn.Module):
    """Reduce depth by a 1×1 convolution without bias, then size by 2×2 max pooling."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.mix = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, images):
        return F.max_pool2d(self.mix(images), 2)


class Independent(nn.Module):
    """The oracle: a dense layer over the channels and plain indexing."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.dense = nn.Linear(in_channels, out_channels, bias=False)

    def forward(self, images):
        h, w = images.shape[2] // 2 * 2, images.shape[3] // 2 * 2
        mixed = torch.einsum("nchw,oc->nohw", images, self.dense.weight)
        even = mixed[:, :, :h, :w]
        return even.unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5))


class Sequence(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        mix = nn.Conv2d(in_channels, out_channels, (1, 1), bias=False)
        super().__init__(mix, nn.MaxPool2d(2, 2))


def built_by_function(in_channels, out_channels):
    mix = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
    return nn.Sequential(mix, nn.MaxPool2d(2))


@slip("bias")
class WithBias(Transition):
    """Your convolution has a bias; batch norm in the next block would remove it, so
    pass `bias=False`."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.mix = nn.Conv2d(in_channels, out_channels, 1)


class ThreeByThree(Transition):
    """Your convolution has 3×3 kernels; a transition only mixes channels: kernel size
    1."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.mix = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)


@slip("mean or sum")
class AveragePool(Transition):
    """You average each square; here the loudest value is kept: max pooling."""

    def forward(self, images):
        return F.avg_pool2d(self.mix(images), 2)


@slip("left out")
class NoPool(Transition):
    """Height and width stay as they are; the pooling is missing."""

    def forward(self, images):
        return self.mix(images)


@slip("stride")
class Strided(Transition):
    """You halve the map with a stride; that keeps one pixel of four without looking at
    the others. Pool instead."""

    def forward(self, images):
        h, w = images.shape[2] // 2 * 2, images.shape[3] // 2 * 2
        return self.mix(images)[:, :, :h:2, :w:2]


@slip("order")
class PoolFirst(Transition):
    """You pool before the convolution; then each channel keeps its own pixel and the
    mix takes values from different places. Convolve first."""

    def forward(self, images):
        return self.mix(F.max_pool2d(images, 2))


@slip("relu")
class ThroughRelu(Transition):
    """You put a ReLU in; this transition layer is only the 1×1 convolution and the
    pooling."""

    def forward(self, images):
        return F.max_pool2d(self.mix(images).relu(), 2)


@slip("stride")
class Overlapping(Transition):
    """Your pooling squares overlap (stride 1 or 3×3); use 2×2 with stride 2."""

    def forward(self, images):
        return F.max_pool2d(self.mix(images), 2, stride=1)


class SameDepth(Transition):
    """Your result has as many channels as the input; the 1×1 convolution goes from
    `in_channels` to `out_channels`."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, in_channels)


@slip("graph")
class CutFromTheGraph(Transition):
    """Your input is cut off from the graph (`.detach()`, `.data`), so no layer before
    this one would learn."""

    def forward(self, images):
        return super().forward(images.detach())


def cases(draw):
    for _ in range(4):
        n, c, out = draw.integer(2, 3), draw.integer(3, 6), draw.integer(1, 5)
        images = draw.normal(n, c, draw.integer(4, 9), draw.integer(5, 9))
        yield (c, out if out != c else out + 1), images


def corners(draw):
    for style, (n, c, h, w) in corner_shapes(2, 3, 5, 5, ones=(0, 1)):
        yield (c, draw.integer(1, 3)), draw.unusual(style, n, c, h, w)
    for c, out in alike(2):
        yield (c, out), draw.normal(2, c, 6, 5, dtype=torch.float32)


EXERCISE = Exercise(
    id="02.3",
    title="A transition layer",
    statement=(
        "Write the module `Transition(in_channels, out_channels)`: a 1×1 convolution "
        "without bias, then 2×2 max pooling with stride 2. No normalisation, no "
        "non-linearity."
    ),
    minutes=8,
    difficulty=2,
    importance=4,
    kind="module",
    solution=Transition,
    oracle=Independent,
    right=(Sequence, built_by_function),
    wrong=(
        WithBias,
        ThreeByThree,
        AveragePool,
        NoPool,
        Strided,
        PoolFirst,
        ThroughRelu,
        Overlapping,
        SameDepth,
        CutFromTheGraph,
    ),
    hints=(
        "Which operation changes the depth, and which changes height and width?",
        "`nn.Conv2d(in_channels, out_channels, 1, bias=False)` is made in `__init__`, "
        "after `super().__init__()`.",
        "`forward` pools what the convolution gives: `F.max_pool2d(self.mix(images), "
        "2)`.",
    ),
    takeaway="1×1 reduces the depth, pooling reduces height and width.",
    cases=cases,
    corners=corners,
    never={
        "`images`: axis of length 1 at 2": "a map of one row has no 2×2 square",
        "`images`: axis of length 1 at 3": "a map of one column has no 2×2 square",
    },
    observe=observe_module,
    inputs=("settings", "images"),
    device=True,
)
