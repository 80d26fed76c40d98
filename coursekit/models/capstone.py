"""The nets of the capstone: from a plain one to a small one, one change at a time.

The dense head goes for global average pooling (Lin, Chen, Yan, arXiv 1312.4400, section
3.2); batch norm comes (Ioffe and Szegedy, arXiv 1502.03167); the channels are squeezed
by 1×1 transitions (as in Huang et al., arXiv 1608.06993, section 3).
"""

from torch import nn

from coursekit._base.validate import integer
from coursekit.blocks import ConvNormAct, DenseHead, GAPHead, Transition


def plain_net(size: int = 28) -> nn.Sequential:
    """Return the net to start from: three convolutions and a dense head.

    Args:
        size: height and width of the images in pixels, 4 to 120. The hidden layer's
            width follows it, so that the net has about 250,000 parameters (245,000 to
            255,000 from 12 to 40 pixels).

    Shape:
        (n, 1, size, size) → (n, 10)
    """
    side = integer("size", size, low=4, high=120) // 4
    hidden = 225_792 // (64 * side**2)
    head = DenseHead(64, side, 10, hidden=(hidden,))
    return nn.Sequential(*three_convolutions(norm=nn.Identity), head)


def gap_net() -> nn.Sequential:
    """Return the same three convolutions with GAP and one dense layer behind them.

    Shape:
        (n, 1, h, w) → (n, 10), h and w ≥ 4
    """
    return nn.Sequential(*three_convolutions(norm=nn.Identity), GAPHead(64, 10))


def norm_net() -> nn.Sequential:
    """Return `gap_net` with batch norm in place of the convolutions' biases.

    Shape:
        (n, 1, h, w) → (n, 10), h and w ≥ 4
    """
    return nn.Sequential(*three_convolutions(norm=nn.BatchNorm2d), GAPHead(64, 10))


def three_convolutions(norm) -> list[nn.Module]:
    """Return 3×3 convolutions to 16, 32 and 64 channels, with two poolings between."""
    return [
        ConvNormAct(1, 16, norm=norm), nn.MaxPool2d(2),
        ConvNormAct(16, 32, norm=norm), nn.MaxPool2d(2),
        ConvNormAct(32, 64, norm=norm),
    ]  # fmt: skip


def early_net() -> nn.Sequential:
    """Return a squeezed net that pools after its first and its second 3×3.

    Shape:
        (n, 1, h, w) → (n, 10), h and w ≥ 4
    """
    return nn.Sequential(
        ConvNormAct(1, 16),
        Transition(16, 8),
        ConvNormAct(8, 16),
        Transition(16, 8),
        ConvNormAct(8, 16),
        ConvNormAct(16, 16),
        ConvNormAct(16, 16),
        GAPHead(16, 10),
    )


def late_net() -> nn.Sequential:
    """Return the layers of `early_net` in another order: it pools later.

    Shape:
        (n, 1, h, w) → (n, 10), h and w ≥ 4
    """
    return nn.Sequential(
        ConvNormAct(1, 16),
        ConvNormAct(16, 16),
        Transition(16, 8),
        ConvNormAct(8, 16),
        ConvNormAct(16, 16),
        Transition(16, 8),
        ConvNormAct(8, 16),
        GAPHead(16, 10),
    )


def budget_net(
    before: tuple[int, ...], after: tuple[int, ...], *, padding: int = 0
) -> nn.Sequential:
    """Return a net of 3×3 convolutions and one pooling for a small budget.

    Without padding the map shrinks by 2 with each convolution, and no weight is spent
    on zeros from outside; (8, 10) and (12, 14, 16, 15) then fit 28×28 exactly. Smaller
    images need `padding=1`.

    Args:
        before, after: channels of the convolutions before and after the pooling.
        padding: pixels around each map, 0 or 1.

    Shape:
        (n, 1, h, w) → (n, 10)

    Example:
        >>> sum(map(torch.numel, budget_net((8, 10), (12, 14, 16, 15)).parameters()))
        7870
    """
    if padding not in (0, 1):
        raise ValueError(f"`padding` must be 0 or 1 pixel; got {padding!r}")
    layers, channels = [], 1
    for width in before:
        layers.append(ConvNormAct(channels, width, padding=padding))
        channels = width
    layers.append(nn.MaxPool2d(2))
    for width in after:
        layers.append(ConvNormAct(channels, width, padding=padding))
        channels = width
    return nn.Sequential(*layers, GAPHead(channels, 10))
