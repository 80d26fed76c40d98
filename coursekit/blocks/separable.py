"""Depthwise-separable convolution and the inverted bottleneck built on it.

Howard et al., "MobileNets" (arXiv 1704.04861, section 3.1); Sandler et al.,
"MobileNetV2" (arXiv 1801.04381, section 3.3 and Table 1).
"""

from torch import Tensor, nn

from coursekit._base.validate import choice, integer
from coursekit.blocks.basic import ConvNormAct
from coursekit.blocks.normalise import Norm


class DepthwiseSeparable(nn.Sequential):
    """A 3×3 on each channel alone, then a 1×1 that mixes the channels.

    Costs 9·c_in + c_in·c_out weights where a full 3×3 costs 9·c_in·c_out.

    Shape:
        (n, in_channels, h, w) → (n, out_channels, ⌈h / stride⌉, ⌈w / stride⌉)
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, norm: Norm = "batch"
    ):
        alone = {"stride": stride, "groups": in_channels, "norm": norm}
        super().__init__(
            ConvNormAct(in_channels, in_channels, 3, **alone),
            ConvNormAct(in_channels, out_channels, 1, norm=norm),
        )


class InvertedBottleneck(nn.Module):
    """Expand by a 1×1, filter each channel by a 3×3, project back by a linear 1×1.

    Args:
        in_channels, out_channels: ≥ 1.
        expansion: how many times wider the middle is, ≥ 1.
        stride: 1 or 2; the input is added where the shape does not change.
        norm: as in `ConvNormAct`.

    Shape:
        (n, in_channels, h, w) → (n, out_channels, ⌈h / stride⌉, ⌈w / stride⌉)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        expansion: int = 6,
        stride: int = 1,
        norm: Norm = "batch",
    ):
        super().__init__()
        choice("stride", stride, (1, 2))
        width = in_channels * integer("expansion", expansion, low=1)
        bent = {"activation": nn.ReLU6, "norm": norm}
        flat = {"activation": nn.Identity, "norm": norm}
        self.expand = ConvNormAct(in_channels, width, 1, **bent)
        self.filter = ConvNormAct(width, width, 3, stride=stride, groups=width, **bent)
        self.project = ConvNormAct(width, out_channels, 1, **flat)
        self.adds_input = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        identity = x

        x = self.expand(x)  # n expansion·c h w
        x = self.filter(x)  # n expansion·c h/stride w/stride
        x = self.project(x)  # n out h/stride w/stride

        return x + identity if self.adds_input else x
