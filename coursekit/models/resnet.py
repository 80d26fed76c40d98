"""Residual networks for ImageNet and CIFAR sizes, and their plain twins.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition" (arXiv 1512.03385):
Table 1 (18 to 152 layers), section 4.2 (CIFAR-10, 6n + 2 layers).
"""

from torch import Tensor, nn

from coursekit._base.validate import choice, integer
from coursekit.blocks import BasicBlock, Bottleneck
from coursekit.blocks.residual import conv3x3

BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
SEVEN = {"kernel_size": 7, "stride": 2, "padding": 3}  # the stem of the paper


class ResNet(nn.Module):
    """A stem, four stages of blocks that halve the map and double the channels, GAP.

    Where images are small the stem is a 3×3 convolution that keeps their size.

    Layers carry torchvision's names, so `load_state_dict` takes its weights.

    Shape:
        (n, in_channels, h, w) → (n, num_classes), h and w from 32 pixels
    """

    def __init__(
        self,
        depth: int,
        num_classes: int,
        in_channels: int,
        *,
        shortcut: str = "projection",
        stride_on: str = "3x3",
        small: bool = False,
    ):
        super().__init__()
        window = {"kernel_size": 3, "padding": 1} if small else SEVEN
        integer("in_channels", in_channels, low=1)
        self.conv1 = nn.Conv2d(in_channels, 64, **window, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        channels = 64
        for number in range(4):
            stage, channels = _stage(depth, number, channels, shortcut, stride_on)
            setattr(self, f"layer{number + 1}", stage)
        self.fc = nn.Linear(channels, integer("num_classes", num_classes, low=1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))  # n 64 h/2 w/2
        x = self.maxpool(x)  # n 64 h/4 w/4

        x = self.layer2(self.layer1(x))  # n c h/8 w/8
        x = self.layer4(self.layer3(x))  # n c h/32 w/32

        x = x.mean((2, 3))  # n c
        x = self.fc(x)  # n classes
        return x


def _stage(
    depth: int, number: int, channels: int, shortcut: str, stride_on: str
) -> tuple[nn.Sequential, int]:
    """Return the blocks of stage `number` (from 0) and the channels they give."""
    blocks, width = [], 64 * 2**number
    for index in range(BLOCKS[depth][number]):
        stride = 2 if number and not index else 1
        block = (
            BasicBlock(channels, width, stride, shortcut)
            if depth < 50
            else Bottleneck(
                channels, width, stride, stride_on=stride_on, shortcut=shortcut
            )
        )
        channels = width if depth < 50 else width * Bottleneck.expansion
        blocks.append(block)
    return nn.Sequential(*blocks), channels


def resnet18(num_classes: int = 1000, in_channels: int = 3) -> ResNet:
    """Return ResNet-18: 11,689,512 parameters for 1000 classes."""
    return ResNet(18, num_classes, in_channels)


def tiny_imagenet_resnet(
    num_classes: int = 200, in_channels: int = 3, *, depth: int = 18
) -> ResNet:
    """Return a ResNet for pictures of 64×64: 11,271,432 parameters, a last map of 8×8.

    The paper's stem would leave a map of 2×2. This one is a 3×3 convolution without
    stride, and no pooling follows it, as its authors have it for CIFAR (section 4.2).

    Args:
        num_classes, in_channels: ≥ 1.
        depth: 18, 34, 50, 101 or 152.
    """
    choice("depth", depth, BLOCKS)
    return ResNet(depth, num_classes, in_channels, small=True)


def resnet34(num_classes: int = 1000, in_channels: int = 3) -> ResNet:
    """Return ResNet-34: 21,797,672 parameters for 1000 classes."""
    return ResNet(34, num_classes, in_channels)


def resnet50(
    num_classes: int = 1000, in_channels: int = 3, *, stride_on: str = "3x3"
) -> ResNet:
    """Return ResNet-50: 25,557,032 parameters; `stride_on="1x1"` as in the paper."""
    return ResNet(50, num_classes, in_channels, stride_on=stride_on)


def resnet101(
    num_classes: int = 1000, in_channels: int = 3, *, stride_on: str = "3x3"
) -> ResNet:
    """Return ResNet-101: 44,549,160 parameters; `stride_on="1x1"` as in the paper."""
    return ResNet(101, num_classes, in_channels, stride_on=stride_on)


def resnet152(
    num_classes: int = 1000, in_channels: int = 3, *, stride_on: str = "3x3"
) -> ResNet:
    """Return ResNet-152: 60,192,808 parameters; `stride_on="1x1"` as in the paper."""
    return ResNet(152, num_classes, in_channels, stride_on=stride_on)


def plain18(num_classes: int = 1000, in_channels: int = 3) -> ResNet:
    """Return the twin of ResNet-18 without shortcuts: 11,515,688 parameters."""
    return ResNet(18, num_classes, in_channels, shortcut="none")


def plain34(num_classes: int = 1000, in_channels: int = 3) -> ResNet:
    """Return the twin of ResNet-34 without shortcuts: 21,623,848 parameters."""
    return ResNet(34, num_classes, in_channels, shortcut="none")


def cifar_resnet(
    depth: int = 20,
    num_classes: int = 10,
    in_channels: int = 3,
    *,
    shortcut: str = "padded",
    width: int = 16,
) -> nn.Sequential:
    """Return the residual network of section 4.2 for 32×32 images.

    Args:
        depth: weight layers, 6n + 2: 8, 14, 20, 32, 44, 56, 110 …
        num_classes, in_channels: ≥ 1.
        shortcut: "padded" (the paper's option A), "projection" or "none".
        width: channels of the first stage; doubled in each of the next two.

    Shape:
        (n, in_channels, 32, 32) → (n, num_classes); any size ≥ 4 works

    Raises:
        ValueError: `depth` is not 6n + 2.
    """
    if integer("depth", depth, low=8) % 6 != 2:
        near = max(8, round((depth - 2) / 6) * 6 + 2)
        raise ValueError(
            f"`depth` must be 6n + 2 (8, 14, 20 …); got {depth}, near is {near}"
        )
    stem = [
        conv3x3(integer("in_channels", in_channels, low=1), width),
        nn.BatchNorm2d(width), nn.ReLU(),
    ]  # fmt: skip
    stages, channels = [], integer("width", width, low=1)
    for number in range(3):
        blocks = []
        for index in range((depth - 2) // 6):
            out, stride = width * 2**number, 2 if number and not index else 1
            blocks.append(BasicBlock(channels, out, stride, shortcut))
            channels = out
        stages.append(nn.Sequential(*blocks))
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_classes)]
    return nn.Sequential(*stem, *stages, *head)


def cifar_plain(
    depth: int = 20, num_classes: int = 10, in_channels: int = 3, *, width: int = 16
) -> nn.Sequential:
    """Return the plain twin of `cifar_resnet`: the same layers, nothing added."""
    return cifar_resnet(depth, num_classes, in_channels, shortcut="none", width=width)
