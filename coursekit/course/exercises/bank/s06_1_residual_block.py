"""06.1 The residual block of ResNet-18 and -34 (claims C74, C75)."""

import torch
from torch import nn
from torch.nn import functional as F

from coursekit.course.exercises.draw import alike, corner_shapes
from coursekit.course.exercises.exercise import Exercise, slip
from coursekit.course.exercises.modules import observe_module


class ResidualBlock(nn.Module):
    """Add the input to what two 3×3 convolutions make of it; project if shapes
    differ."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, out_channels, 3, stride, padding=1, bias=False
        )
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, images):
        x = self.norm1(self.conv1(images)).relu()
        x = self.norm2(self.conv2(x))
        return (x + self.shortcut(images)).relu()


class ByTorchvision(nn.Module):
    """The oracle: torchvision's block inside."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        from torchvision.models.resnet import BasicBlock

        down = None
        if stride > 1 or in_channels != out_channels:
            project = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            down = nn.Sequential(project, nn.BatchNorm2d(out_channels))
        self.block = BasicBlock(in_channels, out_channels, stride, down)
        self.block.relu = nn.ReLU()

    def forward(self, images):
        return self.block(images)


class Functional(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.stride, self.same = stride, stride == 1 and in_channels == out_channels
        if not self.same:
            self.down = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.down_norm = nn.BatchNorm2d(out_channels)
        shape = (out_channels, in_channels, 3, 3)
        self.first = nn.Parameter(torch.zeros(shape))
        self.second = nn.Parameter(torch.zeros(out_channels, out_channels, 3, 3))
        self.norms = nn.ModuleList(nn.BatchNorm2d(out_channels) for _ in range(2))

    def forward(self, images):
        same = images if self.same else self.down_norm(self.down(images))
        x = F.conv2d(images, self.first, stride=self.stride, padding=1)
        x = F.conv2d(F.relu(self.norms[0](x)), self.second, padding=1)
        return torch.clamp(self.norms[1](x) + same, min=0)


class Sequence(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        c = out_channels
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, c, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(c),
            nn.ReLU(),
            nn.Conv2d(c, c, 3, stride=1, padding=1, bias=False),
            nn.BatchNorm2d(c),
        )
        layers = [nn.Conv2d(in_channels, c, 1, stride=stride, bias=False)]
        layers.append(nn.BatchNorm2d(c))
        change = (in_channels, stride) != (out_channels, 1)
        self.skip = nn.Sequential(*layers) if change else nn.Identity()

    def forward(self, images):
        return F.relu(self.skip(images) + self.body(images))


@slip("left out")
class NoShortcut(ResidualBlock):
    """You never add the input (or its projection): this is a plain block."""

    def forward(self, images):
        x = self.norm1(self.conv1(images)).relu()
        x = self.norm2(self.conv2(x))
        return (x + 0 * self.shortcut(images)).relu()


@slip("relu")
class ReluBeforeSum(ResidualBlock):
    """You put the last ReLU before the sum; then the block can only add, never
    subtract. The ReLU comes after it."""

    def forward(self, images):
        x = self.norm1(self.conv1(images)).relu()
        return self.norm2(self.conv2(x)).relu() + self.shortcut(images)


@slip("relu")
class NoLastRelu(ResidualBlock):
    """The ReLU after the sum is missing."""

    def forward(self, images):
        x = self.norm1(self.conv1(images)).relu()
        return self.norm2(self.conv2(x)) + self.shortcut(images)


@slip("relu")
class ReluOnBoth(ResidualBlock):
    """You put a ReLU before the sum as well; only the first batch norm and the sum have
    one."""

    def forward(self, images):
        x = self.norm1(self.conv1(images)).relu()
        return (self.norm2(self.conv2(x)).relu() + self.shortcut(images)).relu()


@slip("relu")
class NoMiddleRelu(ResidualBlock):
    """The ReLU between the two convolutions is missing; without it they are one linear
    map."""

    def forward(self, images):
        x = self.norm2(self.conv2(self.norm1(self.conv1(images))))
        return (x + self.shortcut(images)).relu()


@slip("bias")
class WithBiases(ResidualBlock):
    """Your convolutions have biases; batch norm removes them: `bias=False`."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels, stride)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1)


class OneNorm(ResidualBlock):
    """Both convolutions share one batch norm; each has its own."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels, stride)
        self.norm2 = self.norm1


class ProjectionWithoutNorm(ResidualBlock):
    """Your projection has no batch norm after it."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels, stride)
        self.shortcut = self.shortcut[:1]


@slip("ignored")
class AlwaysProjects(ResidualBlock):
    """You project even where the shapes agree; there the shortcut is the input itself,
    without a parameter."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels, stride)
        project = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
        self.shortcut = nn.Sequential(project, nn.BatchNorm2d(out_channels))


@slip("stride")
class StrideOnTheSecond(ResidualBlock):
    """Your stride is on the second convolution; it belongs to the first."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels, stride)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, 1, 1, bias=False)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride, 1, bias=False)


@slip("mean or sum")
class Concatenates(ResidualBlock):
    """You concatenate input and result; a residual block adds them."""

    def forward(self, images):
        x = self.norm1(self.conv1(images)).relu()
        x = self.norm2(self.conv2(x))
        return torch.cat([x, self.shortcut(images)], 1).relu()


class BigProjection(ResidualBlock):
    """Your projection has 3×3 kernels; it only changes depth and size: 1×1."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels, stride)
        if len(self.shortcut):
            self.shortcut[0] = nn.Conv2d(
                in_channels, out_channels, 3, stride, 1, bias=False
            )


@slip("left out")
class SecondUnused(ResidualBlock):
    """The second convolution is made but never used."""

    def forward(self, images):
        x = self.norm2(self.norm1(self.conv1(images)).relu())
        return (x + self.shortcut(images)).relu()


@slip("graph")
class CutFromTheGraph(ResidualBlock):
    """Your input is cut off from the graph (`.detach()`, `.data`), so no layer before
    this one would learn."""

    def forward(self, images):
        return super().forward(images.detach())


def cases(draw):
    for before, after, stride in ((3, 3, 1), (2, 4, 1), (3, 5, 2), (4, 4, 2)):
        shape = draw.integer(3, 4), before, *draw.integers(2, 5, 8)
        yield (before, after, stride), draw.normal(*shape)
    yield (3, 3), draw.normal(4, 3, 5, 6)


def corners(draw):
    settings = ((1, 2, 3), (2, 1, 3), (3, 2), (2, 3, 2), (1, 1, 2))
    for (style, shape), one in zip(corner_shapes(3, 3, 6, 6), settings, strict=True):
        n, _, h, w = shape
        yield one, draw.unusual(style, n, one[0], h, w)
    for one in (*alike(3), (17, 2)):
        yield one, draw.normal(3, one[0], 6, 7, dtype=torch.float32)


EXERCISE = Exercise(
    id="06.1",
    title="A residual block",
    statement=(
        "Write the module `ResidualBlock(in_channels, out_channels, stride=1)`: 3×3 "
        "convolution (with the stride), batch norm, ReLU, 3×3 convolution, batch "
        "norm; add the shortcut; ReLU. The shortcut is the input itself, or, where "
        "the stride is not 1 or the channels change, a 1×1 convolution with this "
        "stride and a batch norm. Padding keeps the size, no convolution has a bias."
    ),
    minutes=20,
    difficulty=4,
    importance=5,
    kind="module",
    solution=ResidualBlock,
    oracle=ByTorchvision,
    right=(Functional, Sequence),
    wrong=(
        NoShortcut,
        ReluBeforeSum,
        NoLastRelu,
        ReluOnBoth,
        NoMiddleRelu,
        WithBiases,
        OneNorm,
        ProjectionWithoutNorm,
        AlwaysProjects,
        StrideOnTheSecond,
        Concatenates,
        BigProjection,
        SecondUnused,
        CutFromTheGraph,
    ),
    hints=(
        "Write the plain block first: convolution, norm, ReLU, convolution, norm. What "
        "can be added to its result if the shapes agree?",
        "`self.shortcut = nn.Sequential()` is the identity; replace it by a 1×1 "
        "convolution and a batch norm where stride or channels change.",
        "`return (x + self.shortcut(images)).relu()`: the last ReLU after the sum.",
    ),
    takeaway="Where the shapes agree the shortcut has no weights: exactly as many "
    "parameters as the plain block.",
    cases=cases,
    corners=corners,
    observe=observe_module,
    inputs=("settings", "images"),
    device=True,
)
