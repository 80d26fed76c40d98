"""ResNet-9, the network of the CIFAR-10 speed runs.

David Page, "How to Train Your ResNet" (2018, https://github.com/davidcpage/cifar10-fast;
94 % in the DAWNBench of that time), cut down from ResNet-18: eight convolutions and one
dense layer, residuals in the first and the last stage only, a maximum instead of the
global average, and logits scaled by 1/8.
"""

from torch import Tensor, nn

from coursekit._base.validate import integer
from coursekit.blocks import ConvNormAct


class Residual(nn.Sequential):
    """Add what two convolutions make of a map to the map.

    Shape:
        (n, channels, h, w) → the same
    """

    def __init__(self, channels: int):
        super().__init__(*(ConvNormAct(channels, channels) for _ in range(2)))

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class ResNet9(nn.Module):
    """A stem, three stages that halve the map and double the channels, a maximum.

    Shape:
        (n, in_channels, h, w) → (n, num_classes), h and w from 8 pixels
    """

    def __init__(self, num_classes: int, in_channels: int, width: int, scale: float):
        super().__init__()
        self.stem = ConvNormAct(integer("in_channels", in_channels, low=1), width)
        self.layer1 = nn.Sequential(*_halved(width, 2 * width), Residual(2 * width))
        self.layer2 = nn.Sequential(*_halved(2 * width, 4 * width))
        self.layer3 = nn.Sequential(*_halved(4 * width, 8 * width), Residual(8 * width))
        self.pool = nn.AdaptiveMaxPool2d(1)
        classes = integer("num_classes", num_classes, low=1)
        self.fc = nn.Linear(8 * width, classes, bias=False)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)  # n 64 h w
        x = self.layer1(x)  # n 128 h/2 w/2
        x = self.layer2(x)  # n 256 h/4 w/4
        x = self.layer3(x)  # n 512 h/8 w/8

        x = self.pool(x).flatten(1)  # n 512
        x = self.scale * self.fc(x)  # n classes
        return x


def _halved(in_channels: int, out_channels: int) -> tuple[nn.Module, nn.Module]:
    return ConvNormAct(in_channels, out_channels), nn.MaxPool2d(2)


def resnet9(
    num_classes: int = 10,
    in_channels: int = 3,
    *,
    width: int = 64,
    scale: float = 1 / 8,
) -> ResNet9:
    """Return ResNet-9: 6,573,120 parameters for 10 classes.

    Args:
        num_classes, in_channels: ≥ 1.
        width: channels of the stem, ≥ 1; the last stage has eight times as many.
        scale: of the logits; a smaller one keeps the softmax soft at high rates.
    """
    return ResNet9(num_classes, in_channels, integer("width", width, low=1), scale)
