"""LeNet-5, as published and as taught today.

LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document
Recognition" (Proceedings of the IEEE, 1998), section II.B and Table I.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from coursekit._base.validate import integer

# Table I: which of the 6 maps of S2 each of the 16 maps of C3 is connected to.
CONNECTIONS = (
    *("012", "123", "234", "345", "045", "015"),
    *("0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245", "0235"),
    "012345",
)


class SubSampling(nn.Module):
    """Add up 2×2 pixels, times one trainable coefficient per map, plus a bias.

    Shape:
        (n, channels, h, w) → (n, channels, ⌊h / 2⌋, ⌊w / 2⌋)
    """

    def __init__(self, channels: int):
        super().__init__()
        self.coefficient = nn.Parameter(torch.full((channels, 1, 1), 0.25))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = 4 * F.avg_pool2d(x, 2)  # n c h/2 w/2
        x = x * self.coefficient + self.bias
        return x


class TableConv(nn.Module):
    """A convolution whose output maps each see only the input maps of a table.

    Args:
        table: for each output map the digits of the input maps it is connected to.
        kernel_size: pixels.

    Shape:
        (n, 6, h, w) → (n, len(table), h − kernel_size + 1, w − kernel_size + 1)
    """

    def __init__(self, table: tuple[str, ...] = CONNECTIONS, kernel_size: int = 5):
        super().__init__()
        self.places = [[int(digit) for digit in row] for row in table]
        self.maps = nn.ModuleList(
            nn.Conv2d(len(row), 1, kernel_size) for row in self.places
        )

    def forward(self, x: Tensor) -> Tensor:
        maps = [
            conv(torch.stack([x[:, place] for place in places], 1))
            for conv, places in zip(self.maps, self.places, strict=True)
        ]
        return torch.cat(maps, dim=1)  # n 16 h-4 w-4


def lenet5(
    num_classes: int = 10, in_channels: int = 1, *, original: bool = False
) -> nn.Sequential:
    """Return LeNet-5 for 32×32 images.

    Args:
        num_classes: outputs, ≥ 1.
        in_channels: channels of the image; the original form takes 1.
        original: the network of 1998 with its connection table, trainable sub-sampling
            and tanh, 60,000 trainable numbers up to F6. The paper's output layer,
            distances to fixed ASCII pictures, is a plain dense layer here, because the
            pictures exist for digits only. False: full connections, max pooling
            and ReLU, 61,706 parameters.

    Shape:
        (n, in_channels, 32, 32) → (n, num_classes)
    """
    integer("num_classes", num_classes, low=1)
    if original:
        if in_channels != 1:
            raise ValueError(f"the original LeNet-5 has `in_channels` 1; got "
                             f"{in_channels}")  # fmt: skip
        features = [
            nn.Conv2d(1, 6, 5), nn.Tanh(), SubSampling(6), nn.Tanh(),
            TableConv(), nn.Tanh(), SubSampling(16), nn.Tanh(),
        ]  # fmt: skip
        activation = nn.Tanh
    else:
        features = [
            nn.Conv2d(integer("in_channels", in_channels, low=1), 6, 5), nn.ReLU(),
            nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        ]  # fmt: skip
        activation = nn.ReLU
    return nn.Sequential(
        *features,
        nn.Conv2d(16, 120, 5), activation(), nn.Flatten(),
        nn.Linear(120, 84), activation(), nn.Linear(84, num_classes),
    )  # fmt: skip
