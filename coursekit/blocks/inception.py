"""Inception modules: several kernel sizes side by side, concatenated along depth.

Szegedy et al., "Going Deeper with Convolutions" (arXiv 1409.4842): Figure 2 (naive and
with dimension reduction), Table 1, section 5 (auxiliary classifiers). Szegedy et
al., "Rethinking the Inception Architecture" (arXiv 1512.00567, section 3.2): n×n
factorised into 1×n and n×1.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from coursekit._base.validate import integer


def conv_relu(
    in_channels: int, out_channels: int, kernel_size: int = 1, stride: int = 1
) -> nn.Sequential:
    """Return convolution and ReLU as GoogLeNet has them: a bias, no batch norm.

    Shape:
        (n, in_channels, h, w) → (n, out_channels, ⌈h / stride⌉, ⌈w / stride⌉)
    """
    integer("in_channels", in_channels, low=1)
    integer("out_channels", out_channels, low=1)
    padding = kernel_size // 2
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding)
    return nn.Sequential(conv, nn.ReLU())


class NaiveInception(nn.Module):
    """1×1, 3×3, 5×5 and 3×3 max pooling on the full input (Figure 2a).

    Shape:
        (n, in_channels, h, w) → (n, one + three + five + in_channels, h, w)
    """

    def __init__(self, in_channels: int, *, one: int, three: int, five: int):
        super().__init__()
        self.one = conv_relu(in_channels, one, 1)
        self.three = conv_relu(in_channels, three, 3)
        self.five = conv_relu(in_channels, five, 5)
        self.pool = nn.MaxPool2d(3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.one(x), self.three(x), self.five(x), self.pool(x)]
        return torch.cat(branches, dim=1)  # n one+three+five+c h w


class Inception(nn.Module):
    """The module with 1×1 bottlenecks (Figure 2b) and a true 5×5.

    torchvision's `Inception` has a 3×3 where the paper has 5×5 (its receptive field is
    smaller for it); this one follows the paper.

    Args:
        in_channels: ≥ 1.
        one: channels of the 1×1 branch.
        three, five: (channels after the 1×1 bottleneck, channels of the branch).
        pool: channels of the 1×1 behind the 3×3 max pooling.

    Shape:
        (n, in_channels, h, w) → (n, one + three[1] + five[1] + pool, h, w)

    Example:
        >>> Inception(192, one=64, three=(96, 128), five=(16, 32), pool=32)  # "3a"
    """

    def __init__(
        self,
        in_channels: int,
        *,
        one: int,
        three: tuple[int, int],
        five: tuple[int, int],
        pool: int,
    ):
        super().__init__()
        self.one = conv_relu(in_channels, one)
        self.three = self._reduced(in_channels, three, 3)
        self.five = self._reduced(in_channels, five, 5)
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_relu(in_channels, pool))
        self.out_channels = one + three[1] + five[1] + pool

    @staticmethod
    def _reduced(in_channels: int, widths: tuple[int, int], kernel_size: int):
        first, second = widths
        return nn.Sequential(
            conv_relu(in_channels, first), conv_relu(first, second, kernel_size)
        )

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.one(x), self.three(x), self.five(x), self.pool(x)]
        return torch.cat(branches, dim=1)  # n one+three+five+pool h w


class Factorised(nn.Sequential):
    """A 1×n convolution followed by n×1: 2n weights per channel pair, not n².

    Shape:
        (n, in_channels, h, w) → (n, out_channels, h, w), `kernel_size` odd
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 7):
        integer("kernel_size", kernel_size, low=1)
        if kernel_size % 2 == 0:
            raise ValueError(f"`kernel_size` must be odd; got {kernel_size}")
        half = kernel_size // 2
        super().__init__(
            nn.Conv2d(in_channels, out_channels, (1, kernel_size), padding=(0, half)),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, (kernel_size, 1), padding=(half, 0)),
            nn.ReLU(),
        )


class AuxiliaryClassifier(nn.Module):
    """The small head that feeds gradient into the middle of GoogLeNet (section 5).

    Shape:
        (n, in_channels, 14, 14) → (n, num_classes)
    """

    def __init__(self, in_channels: int, num_classes: int):
        super().__init__()
        self.conv = conv_relu(in_channels, 128)
        self.fc1 = nn.Linear(128 * 4 * 4, 1024)
        self.fc2 = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, 5, 3)  # n c 4 4
        x = self.conv(x)  # n 128 4 4
        x = x.flatten(1)  # n 2048
        x = F.dropout(F.relu(self.fc1(x)), 0.7, self.training)  # n 1024
        x = self.fc2(x)  # n classes
        return x
