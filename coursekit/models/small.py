"""The course's own networks: squeeze-and-expand, a separable net, laptop sizes.

Squeeze-and-expand nets grow channels by 3×3 convolutions within a block and take them
back by a 1×1 at each transition; the separable net is MobileNet (arXiv
1704.04861, Table 1) cut down to 32×32 images.
"""

from torch import nn

from coursekit._base.validate import integer
from coursekit.blocks import ConvNormAct, DepthwiseSeparable, GAPHead, Transition


def squeeze_expand(
    num_classes: int = 10,
    in_channels: int = 1,
    *,
    width: int = 8,
    blocks: int = 2,
    dropout: float = 0.0,
) -> nn.Sequential:
    """Return a squeeze-and-expand net.

    Each block expands `width` → 2·width → 2·width channels by two 3×3 convolutions;
    a transition squeezes them back to `width` and halves the map.

    Args:
        num_classes, in_channels: ≥ 1.
        width: channels after each transition; 8 gives a net for MNIST (10,010 numbers
            at 2 blocks), 64 with 3 blocks one for CIFAR.
        blocks: blocks that end in a transition; one more without it comes last.
        dropout: probability of dropping a channel after each convolution, 0 to 1.

    Shape:
        (n, in_channels, h, w) → (n, num_classes), h and w ≥ 2 ** blocks
    """
    integer("width", width, low=1)
    layers, channels = [], integer("in_channels", in_channels, low=1)
    for number in range(integer("blocks", blocks, low=0) + 1):
        layers += [ConvNormAct(channels, 2 * width), nn.Dropout2d(dropout)]
        layers += [ConvNormAct(2 * width, 2 * width), nn.Dropout2d(dropout)]
        channels = 2 * width
        if number < blocks:
            layers.append(Transition(channels, width))
            channels = width
    return nn.Sequential(*layers, GAPHead(channels, num_classes))


def separable_net(
    num_classes: int = 10, in_channels: int = 3, *, width: int = 16
) -> nn.Sequential:
    """Return a MobileNet-style net for small images.

    Args:
        num_classes, in_channels: ≥ 1.
        width: channels of the first layer, doubled at every stride.

    Shape:
        (n, in_channels, h, w) → (n, num_classes), h and w ≥ 8
    """
    integer("width", width, low=1)
    return nn.Sequential(
        ConvNormAct(in_channels, width),
        DepthwiseSeparable(width, 2 * width),
        DepthwiseSeparable(2 * width, 4 * width, stride=2),
        DepthwiseSeparable(4 * width, 4 * width),
        DepthwiseSeparable(4 * width, 8 * width, stride=2),
        DepthwiseSeparable(8 * width, 8 * width),
        GAPHead(8 * width, num_classes),
    )


def tiny_net(
    num_classes: int = 10, in_channels: int = 1, *, width: int = 8
) -> nn.Sequential:
    """Return the smallest net of the course: three convolutions, two poolings, GAP.

    Shape:
        (n, in_channels, h, w) → (n, num_classes), h and w ≥ 4
    """
    return nn.Sequential(
        ConvNormAct(in_channels, width), nn.MaxPool2d(2),
        ConvNormAct(width, 2 * width), nn.MaxPool2d(2),
        ConvNormAct(2 * width, 4 * width),
        GAPHead(4 * width, num_classes),
    )  # fmt: skip
