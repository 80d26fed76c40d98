"""GoogLeNet as in Table 1 of its paper.

Szegedy et al., "Going Deeper with Convolutions" (arXiv 1409.4842). torchvision's
version has batch norm, no biases and a 3×3 where the paper has 5×5.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from coursekit._base.validate import integer
from coursekit.blocks import (
    AuxiliaryClassifier,
    Inception,
    conv_relu,
    local_response_norm,
)


@dataclass(frozen=True, eq=False)
class GoogLeNetOutput:
    """The logits of the three classifiers, each (n, num_classes).

    Args:
        main: at the end.
        after_4a, after_4d: of the auxiliary classifiers.
    """

    main: Tensor
    after_4a: Tensor
    after_4d: Tensor


# Table 1: #1×1, (#3×3 reduce, #3×3), (#5×5 reduce, #5×5), pool proj
MODULES = {
    "3a": (64, (96, 128), (16, 32), 32),
    "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64),
    "4b": (160, (112, 224), (24, 64), 64),
    "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64),
    "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128),
    "5b": (384, (192, 384), (48, 128), 128),
}


class GoogLeNet(nn.Module):
    """Stem, nine inception modules, global average pooling, one dense layer.

    Shape:
        (n, in_channels, 224, 224) → (n, num_classes), or a `GoogLeNetOutput` while
        training with auxiliary classifiers
    """

    def __init__(self, num_classes: int, in_channels: int, auxiliary: bool):
        super().__init__()
        self.stem = nn.Sequential(
            conv_relu(in_channels, 64, 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True),
            local_response_norm(), conv_relu(64, 64), conv_relu(64, 192, 3),
            local_response_norm(), nn.MaxPool2d(3, 2, ceil_mode=True),
        )  # fmt: skip
        channels = 192
        for name, (one, three, five, pool) in MODULES.items():
            block = Inception(channels, one=one, three=three, five=five, pool=pool)
            setattr(self, f"inception{name}", block)
            channels = block.out_channels
        self.pool3 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.pool4 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.aux4a = AuxiliaryClassifier(512, num_classes) if auxiliary else None
        self.aux4d = AuxiliaryClassifier(528, num_classes) if auxiliary else None
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor | GoogLeNetOutput:
        x = self.stem(x)  # n 192 28 28
        x = self.pool3(self.inception3b(self.inception3a(x)))  # n 480 14 14

        after_4a = x = self.inception4a(x)  # n 512 14 14
        after_4d = x = self.inception4d(self.inception4c(self.inception4b(x)))
        x = self.pool4(self.inception4e(x))  # n 832 7 7

        x = self.inception5b(self.inception5a(x))  # n 1024 7 7
        x = x.mean((2, 3))  # n 1024
        x = self.fc(self.dropout(x))  # n classes

        if self.aux4a is None or not self.training:
            return x
        return GoogLeNetOutput(x, self.aux4a(after_4a), self.aux4d(after_4d))


def googlenet(
    num_classes: int = 1000, in_channels: int = 3, *, auxiliary: bool = False
) -> GoogLeNet:
    """Return GoogLeNet: 6,998,552 parameters for 1000 classes without auxiliaries.

    Args:
        num_classes, in_channels: ≥ 1.
        auxiliary: add the two classifiers that help to train it.
    """
    integer("num_classes", num_classes, low=1)
    integer("in_channels", in_channels, low=1)
    return GoogLeNet(num_classes, in_channels, auxiliary)
