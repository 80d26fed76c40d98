"""07.1 An inception module with bottlenecks (claims C80, C81)."""

import torch
from torch import nn
from torch.nn import functional as F

from coursekit.course.exercises.draw import alike, corner_shapes
from coursekit.course.exercises.exercise import Exercise, slip
from coursekit.course.exercises.modules import observe_module


class Inception(nn.Module):
    """Four branches side by side; `three` and `five` are (reduced, out) channels."""

    def __init__(self, in_channels, one, three, five, pool):
        super().__init__()
        self.one = nn.Conv2d(in_channels, one, 1)
        self.reduce_three = nn.Conv2d(in_channels, three[0], 1)
        self.three = nn.Conv2d(three[0], three[1], 3, padding=1)
        self.reduce_five = nn.Conv2d(in_channels, five[0], 1)
        self.five = nn.Conv2d(five[0], five[1], 5, padding=2)
        self.pool = nn.Conv2d(in_channels, pool, 1)

    def forward(self, images):
        one = self.one(images).relu()
        three = self.three(self.reduce_three(images).relu()).relu()
        five = self.five(self.reduce_five(images).relu()).relu()
        pool = self.pool(F.max_pool2d(images, 3, stride=1, padding=1)).relu()
        return torch.cat([one, three, five, pool], 1)


def conv(*settings, **more):
    """A convolution followed by ReLU."""
    return nn.Sequential(nn.Conv2d(*settings, **more), nn.ReLU())


class Branches(nn.Module):
    """The oracle: branches as a list."""

    def __init__(self, in_channels, one, three, five, pool):
        super().__init__()
        c = in_channels
        pooling = nn.MaxPool2d((3, 3), (1, 1), (1, 1))
        self.branches = nn.ModuleList(
            [
                conv(c, one, 1),
                nn.Sequential(conv(c, three[0], 1), conv(*three, 3, padding="same")),
                nn.Sequential(conv(c, five[0], 1), conv(*five, 5, padding="same")),
                nn.Sequential(pooling, conv(c, pool, 1)),
            ]
        )

    def forward(self, images):
        return torch.cat([branch(images) for branch in self.branches], dim=1)


class LastReluAtOnce(Inception):
    """One ReLU after the concatenation does the same as four before it."""

    def forward(self, images):
        three = F.relu(self.reduce_three(images))
        five = F.relu(self.reduce_five(images))
        pooled = F.pad(images, (1, 1, 1, 1), value=float("-inf"))
        pooled = pooled.unfold(2, 3, 1).unfold(3, 3, 1).amax((4, 5))
        maps = self.one(images), self.three(three), self.five(five), self.pool(pooled)
        return F.relu(torch.cat(maps, 1))


class Filled(nn.Module):
    """Write each branch into its place of the result."""

    def __init__(self, in_channels, one, three, five, pool):
        super().__init__()
        self.a = nn.Conv2d(in_channels, one, 1)
        self.b1 = nn.Conv2d(in_channels, three[0], kernel_size=1)
        self.b2 = nn.Conv2d(*three, kernel_size=3, padding=1)
        self.c1 = nn.Conv2d(in_channels, five[0], kernel_size=1)
        self.c2 = nn.Conv2d(*five, kernel_size=5, padding=2)
        self.d = nn.Conv2d(in_channels, pool, kernel_size=1)

    def forward(self, images):
        branches = [
            self.a(images),
            self.b2(self.b1(images).clamp(min=0)),
            self.c2(self.c1(images).clamp(min=0)),
            self.d(F.max_pool2d(images, 3, 1, 1)),
        ]
        n, _, h, w = images.shape
        result = images.new_zeros(n, sum(b.shape[1] for b in branches), h, w)
        start = 0
        for branch in branches:
            end = start + branch.shape[1]
            result[:, start:end] = branch.relu()
            start = end
        return result


@slip("order")
class OtherOrder(Inception):
    """Your branches are in another order; it is 1×1, 3×3, 5×5, pooling."""

    def forward(self, images):
        widths = [layer.out_channels for layer in (self.one, self.three, self.five)]
        one, three, five, pool = (
            super().forward(images).tensor_split(torch.tensor(widths).cumsum(0), 1)
        )
        return torch.cat([pool, one, three, five], 1)


@slip("left out")
class NoPoolProjection(Inception):
    """Your pooling branch has no 1×1 after it, so it keeps all input channels."""

    def forward(self, images):
        maps = super().forward(images)[:, : -self.pool.out_channels]
        return torch.cat([maps, F.max_pool2d(images, 3, 1, 1)], 1)


@slip("mean or sum")
class AveragePool(Inception):
    """Your pooling branch averages; it takes the maximum."""

    def forward(self, images):
        maps = super().forward(images)[:, : -self.pool.out_channels]
        pooled = self.pool(F.avg_pool2d(images, 3, 1, 1)).relu()
        return torch.cat([maps, pooled], 1)


@slip("relu")
class NoLastRelu(Inception):
    """The ReLU after each branch is missing."""

    def forward(self, images):
        one = self.one(images)
        three = self.three(self.reduce_three(images).relu())
        five = self.five(self.reduce_five(images).relu())
        pool = self.pool(F.max_pool2d(images, 3, 1, 1))
        return torch.cat([one, three, five, pool], 1)


@slip("relu")
class NoRelu(Inception):
    """There is no ReLU at all; every convolution is followed by one."""

    def forward(self, images):
        one = self.one(images)
        three = self.three(self.reduce_three(images))
        five = self.five(self.reduce_five(images))
        pool = self.pool(F.max_pool2d(images, 3, 1, 1))
        return torch.cat([one, three, five, pool], 1)


@slip("relu")
class NoReluAfterReduction(NoRelu):
    """The ReLU between the 1×1 reduction and the larger kernel is missing; every
    convolution is followed by one."""

    def forward(self, images):
        return super().forward(images).relu()


class ThreeByThreeForFive(Inception):
    """Your 5×5 branch has 3×3 kernels (as torchvision's GoogLeNet does, by mistake)."""

    def __init__(self, in_channels, one, three, five, pool):
        super().__init__(in_channels, one, three, five, pool)
        self.five = nn.Conv2d(five[0], five[1], 3, padding=1)


@slip("bias")
class NoBias(Inception):
    """Your convolutions have no biases; without batch norm they keep them."""

    def __init__(self, in_channels, one, three, five, pool):
        super().__init__(in_channels, one, three, five, pool)
        for layer in self.children():
            layer.register_parameter("bias", None)


class Naive(nn.Module):
    """Your 3×3 and 5×5 look at the input itself; a 1×1 reduction comes before each."""

    def __init__(self, in_channels, one, three, five, pool):
        super().__init__()
        self.one = nn.Conv2d(in_channels, one, 1)
        self.three = nn.Conv2d(in_channels, three[1], 3, padding=1)
        self.five = nn.Conv2d(in_channels, five[1], 5, padding=2)
        self.pool = nn.Conv2d(in_channels, pool, 1)

    def forward(self, images):
        pooled = self.pool(F.max_pool2d(images, 3, 1, 1))
        maps = self.one(images), self.three(images), self.five(images), pooled
        return torch.cat(maps, 1).relu()


@slip("order")
class SwapsReducedAndOut(Inception):
    """You read the pairs as (out, reduced); they are (reduced, out)."""

    def __init__(self, in_channels, one, three, five, pool):
        super().__init__(in_channels, one, three[::-1], five[::-1], pool)


@slip("order")
class ReducesAfterPooling(Inception):
    """Your pooling comes after the 1×1; in this branch the pooling comes first."""

    def forward(self, images):
        maps = super().forward(images)[:, : -self.pool.out_channels]
        pooled = F.max_pool2d(self.pool(images), 3, 1, 1).relu()
        return torch.cat([maps, pooled], 1)


@slip("axes")
class ConcatenatesRows(Inception):
    """You concatenate along the height; the branches are put together along the
    channels: axis 1."""

    def forward(self, images):
        maps = super().forward(images)
        widths = [layer.out_channels for layer in (self.one, self.three, self.five)]
        parts = maps.tensor_split(torch.tensor(widths).cumsum(0), 1)
        most = max(part.shape[1] for part in parts)
        padded = [F.pad(p, (0, 0, 0, 0, 0, most - p.shape[1])) for p in parts]
        return torch.cat(padded, 2)


@slip("graph")
class CutFromTheGraph(Inception):
    """Your input is cut off from the graph (`.detach()`, `.data`), so no layer before
    this one would learn."""

    def forward(self, images):
        return super().forward(images.detach())


def cases(draw):
    settings = ((4, 2, (2, 3), (2, 2), 3), (3, 3, (4, 2), (1, 3), 2))
    for one in (*settings, (5, 2, (3, 4), (2, 3), 1)):
        shape = draw.integer(2, 3), one[0], *draw.integers(2, 5, 8)
        yield one, draw.normal(*shape)


def corners(draw):
    settings = [(c, c, (c, c), (c, c), c) for c, _ in alike(2)]
    settings += [(1, 2, (1, 2), (2, 1), 4), (17, 1, (2, 1), (1, 2), 2)]
    shapes = corner_shapes(2, 3, 5, 5)
    for (style, shape), one in zip(shapes, settings, strict=True):
        n, _, h, w = shape
        yield one, draw.unusual(style, n, one[0], h, w)
    yield settings[-2], draw.normal(2, 1, 5, 5, dtype=torch.float32)


EXERCISE = Exercise(
    id="07.1",
    title="An inception module",
    statement=(
        "Write the module `Inception(in_channels, one, three, five, pool)` with four "
        "branches: a 1×1 to `one` channels; a 1×1 to `three[0]`, then 3×3 to "
        "`three[1]`; a 1×1 to `five[0]`, then 5×5 to `five[1]`; 3×3 max pooling with "
        "stride 1, then 1×1 to `pool`. All keep height and width, every convolution "
        "has a bias and is followed by ReLU, and the results are put together along "
        "the channels in this order."
    ),
    minutes=20,
    difficulty=4,
    importance=5,
    kind="module",
    solution=Inception,
    oracle=Branches,
    right=(LastReluAtOnce, Filled),
    wrong=(
        OtherOrder,
        NoPoolProjection,
        AveragePool,
        NoReluAfterReduction,
        NoLastRelu,
        NoRelu,
        ThreeByThreeForFive,
        NoBias,
        Naive,
        SwapsReducedAndOut,
        ReducesAfterPooling,
        ConcatenatesRows,
        CutFromTheGraph,
    ),
    hints=(
        "Write one branch at a time and look at its shape. Which padding keeps the "
        "size for 3×3, for 5×5, and for the pooling?",
        "Six convolutions in `__init__`; in `forward` a ReLU after each of them.",
        "`torch.cat([one, three, five, pool], 1)`.",
    ),
    takeaway="One layer, four fields: 1, 3, 5 and 3, side by side.",
    cases=cases,
    corners=corners,
    observe=observe_module,
    inputs=("settings", "images"),
    device=True,
)
