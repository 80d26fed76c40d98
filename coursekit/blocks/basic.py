"""The everyday blocks: convolve–normalise–activate, 1×1, transition, and the two heads.

Lin, Chen, Yan, "Network in Network" (arXiv 1312.4400): 1×1 convolutions (section 3.1)
and global average pooling (3.2). Ioffe and Szegedy (arXiv 1502.03167, section 3.2): the
normalisation stands between convolution and non-linearity and replaces the bias.
"""

from collections.abc import Callable

from torch import Tensor, nn

from coursekit._base.validate import integer
from coursekit.blocks.normalise import Norm, norm_for


class ConvNormAct(nn.Sequential):
    """Convolve, normalise, activate.

    Args:
        in_channels, out_channels: ≥ 1.
        kernel_size: pixels, a number or (height, width).
        stride, dilation, groups: as in `nn.Conv2d`.
        padding: pixels; None keeps the size at stride 1 with odd kernels.
        norm: "batch", "ghost", "group", "layer", "instance", None for none (the
            convolution then has a bias), or a function channels → layer.
        activation: () → non-linearity, never in place so that Grad-CAM stays right.

    Shape:
        (n, in_channels, h, w) → (n, out_channels, ⌈h / stride⌉, ⌈w / stride⌉) with the
        default padding and an odd kernel.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int] = 3,
        *,
        stride: int = 1,
        padding: int | tuple[int, int] | None = None,
        dilation: int = 1,
        groups: int = 1,
        norm: Norm = "batch",
        activation: Callable[[], nn.Module] = nn.ReLU,
    ):
        check_groups(in_channels, out_channels, groups)
        if padding is None:
            padding = same_padding(kernel_size, dilation)
        norm = norm_for(norm)
        conv = nn.Conv2d(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups,
            bias=norm is nn.Identity,
        )  # fmt: skip
        super().__init__(conv, norm(out_channels), activation())


def check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    """Refuse channel numbers that do not divide into the groups.

    Raises:
        ValueError: a number < 1, or `groups` divides one of the channel numbers not.
    """
    integer("in_channels", in_channels, low=1)
    integer("out_channels", out_channels, low=1)
    integer("groups", groups, low=1)
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"`groups` must divide `in_channels` ({in_channels}) and `out_channels` "
            f"({out_channels}); got {groups}"
        )


def same_padding(
    kernel_size: int | tuple[int, int], dilation: int = 1
) -> int | tuple[int, int]:
    """Return the padding that keeps the size at stride 1: (k − 1)·d / 2.

    Raises:
        ValueError: (k − 1)·d is odd: no equal padding on both sides keeps the size.
    """
    sizes = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
    spans = [(integer("kernel_size", k, low=1) - 1) * dilation for k in sizes]
    if any(span % 2 for span in spans):
        raise ValueError(
            f"`kernel_size` {kernel_size} is even and has no centre: give `padding`"
        )
    return tuple(span // 2 for span in spans)


def pointwise(in_channels: int, out_channels: int, *, bias: bool = True) -> nn.Conv2d:
    """Return a 1×1 convolution: the same dense layer at every pixel.

    Shape:
        (n, in_channels, h, w) → (n, out_channels, h, w)
    """
    check_groups(in_channels, out_channels, 1)
    return nn.Conv2d(in_channels, out_channels, 1, bias=bias)


class Transition(nn.Sequential):
    """Squeeze the channels with a 1×1, then halve the map by 2×2 max pooling.

    DenseNet's transition layer (Huang et al., arXiv 1608.06993, section 3) with the
    normalisation after the convolution and max in place of average pooling, as the
    course's squeeze-and-expand nets have it.

    Shape:
        (n, in_channels, h, w) → (n, out_channels, ⌊h / 2⌋, ⌊w / 2⌋)
    """

    def __init__(self, in_channels: int, out_channels: int, norm: Norm = "batch"):
        conv = ConvNormAct(in_channels, out_channels, 1, norm=norm)
        super().__init__(conv, nn.MaxPool2d(2))


class GAPHead(nn.Module):
    """Average every channel over the map, then one dense layer to the classes.

    Takes maps of any size: the parameters depend on the channels alone.

    Shape:
        (n, in_channels, h, w) → (n, num_classes)
    """

    def __init__(self, in_channels: int, num_classes: int):
        super().__init__()
        integer("num_classes", num_classes, low=1)
        self.fc = nn.Linear(integer("in_channels", in_channels, low=1), num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.mean((2, 3))  # n c
        x = self.fc(x)  # n classes
        return x


class DenseHead(nn.Sequential):
    """Flatten the map and classify it with dense layers, one place one weight.

    Args:
        in_channels: channels of the map.
        size: its height and width in pixels, which the weights are tied to.
        num_classes: outputs.
        hidden: widths of the dense layers before the last.
        dropout: probability in front of each hidden layer, 0 to 1.

    Shape:
        (n, in_channels, size, size) → (n, num_classes)
    """

    def __init__(
        self,
        in_channels: int,
        size: int,
        num_classes: int,
        hidden: tuple[int, ...] = (),
        dropout: float = 0.0,
    ):
        features = (
            integer("in_channels", in_channels, low=1)
            * integer("size", size, low=1) ** 2
        )
        layers: list[nn.Module] = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Dropout(dropout), nn.Linear(features, width), nn.ReLU()]
            features = width
        super().__init__(*layers, nn.Linear(features, num_classes))
