"""Residual blocks, their plain twins, and the three shortcuts.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition" (arXiv 1512.03385):
section 3.2 and Figure 5; the shortcut options A (padded) and B (projection) are
those of section 3.3. Layers carry torchvision's names, so its weights load.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from coursekit._base.validate import choice, integer
from coursekit.blocks.normalise import Norm, norm_for

SHORTCUTS = ("projection", "padded", "none")


class Padded(nn.Module):
    """Shortcut without parameters: every stride-th pixel, zeros for new channels.

    Shape:
        (n, in_channels, h, w) → (n, out_channels, ⌈h / stride⌉, ⌈w / stride⌉)
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1):
        super().__init__()
        if out_channels < in_channels:
            raise ValueError(
                f"a padded shortcut cannot drop channels: `out_channels` must be ≥ "
                f"{in_channels}; got {out_channels}"
            )
        self.extra, self.stride = out_channels - in_channels, stride

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :, :: self.stride, :: self.stride]
        x = F.pad(x, (0, 0, 0, 0, 0, self.extra))
        return x


def shortcut_for(
    kind: str, in_channels: int, out_channels: int, stride: int, norm: Norm = "batch"
) -> nn.Module | None:
    """Return the module of a shortcut: None where it is the bare identity."""
    choice("shortcut", kind, SHORTCUTS)
    if kind == "none" or (in_channels == out_channels and stride == 1):
        return None
    if kind == "padded":
        return Padded(in_channels, out_channels, stride)
    normal = norm_for(norm)
    bias = normal is nn.Identity
    conv = nn.Conv2d(in_channels, out_channels, 1, stride, bias=bias)
    return nn.Sequential(conv, normal(out_channels))


def conv3x3(
    in_channels: int, out_channels: int, stride: int = 1, bias: bool = False
) -> nn.Conv2d:
    """Return a 3×3 convolution that keeps the size at stride 1."""
    return nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=bias)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions learn what to add to the input: H(x) = F(x) + x.

    Args:
        in_channels, out_channels: ≥ 1.
        stride: of the first convolution, 1 or 2.
        shortcut: "projection" (1×1 where the shape changes, else identity), "padded"
            (no parameters) or "none": the plain block, the sum left out.
        norm: as in `ConvNormAct`; with None the convolutions have biases.

    Shape:
        (n, in_channels, h, w) → (n, out_channels, ⌈h / stride⌉, ⌈w / stride⌉)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        shortcut: str = "projection",
        *,
        norm: Norm = "batch",
    ):
        super().__init__()
        sides = (
            integer("in_channels", in_channels, low=1),
            integer("out_channels", out_channels, low=1),
        )
        normal = norm_for(norm)
        bias = normal is nn.Identity
        self.conv1 = conv3x3(*sides, stride, bias)
        self.bn1 = normal(out_channels)
        self.conv2 = conv3x3(out_channels, out_channels, bias=bias)
        self.bn2 = normal(out_channels)
        self.downsample = shortcut_for(shortcut, *sides, stride, norm)
        self.adds_input = shortcut != "none"

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)

        x = F.relu(self.bn1(self.conv1(x)))  # n c h/stride w/stride
        x = self.bn2(self.conv2(x))

        x = x + identity if self.adds_input else x
        return F.relu(x)


class Bottleneck(nn.Module):
    """1×1 squeezes, 3×3 works on few channels, 1×1 expands; then the sum.

    Args:
        in_channels: ≥ 1.
        width: channels of the 3×3; the output has four times as many.
        stride: 1 or 2.
        stride_on: "3x3" as torchvision has it ("ResNet V1.5", the better of the two)
            or "1x1" as in the paper; the receptive fields differ.
        shortcut, norm: as in `BasicBlock`.

    Shape:
        (n, in_channels, h, w) → (n, 4 · width, ⌈h / stride⌉, ⌈w / stride⌉)
    """

    expansion = 4

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        *,
        stride_on: str = "3x3",
        shortcut: str = "projection",
        norm: Norm = "batch",
    ):
        super().__init__()
        choice("stride_on", stride_on, ("1x1", "3x3"))
        first, second = (stride, 1) if stride_on == "1x1" else (1, stride)
        out_channels = self.expansion * integer("width", width, low=1)
        normal = norm_for(norm)
        bias = normal is nn.Identity
        self.conv1 = nn.Conv2d(in_channels, width, 1, first, bias=bias)
        self.bn1 = normal(width)
        self.conv2 = conv3x3(width, width, second, bias)
        self.bn2 = normal(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=bias)
        self.bn3 = normal(out_channels)
        self.downsample = shortcut_for(
            shortcut, in_channels, out_channels, stride, norm
        )
        self.adds_input = shortcut != "none"

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)

        x = F.relu(self.bn1(self.conv1(x)))  # n width h w
        x = F.relu(self.bn2(self.conv2(x)))  # n width h/stride w/stride
        x = self.bn3(self.conv3(x))  # n 4·width h/stride w/stride

        x = x + identity if self.adds_input else x
        return F.relu(x)


class PlainBlock(BasicBlock):
    """The twin of `BasicBlock` without the sum: two convolutions in a row."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        *,
        norm: Norm = "batch",
    ):
        super().__init__(in_channels, out_channels, stride, "none", norm=norm)
