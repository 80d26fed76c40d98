"""CIFAR's plain and residual nets with and without batch norm, from two starts.

He et al., arXiv 1512.03385, section 4.2, for the net; He et al., "Delving Deep into
Rectifiers" (arXiv 1502.01852), section 2.2, for the start named "he".
"""

import torch
from torch import nn

from coursekit._base.validate import choice
from coursekit.models.resnet import cifar_resnet

NORMS = ("batch", "none")
STARTS = ("torch", "he")


def depth_net(
    depth: int,
    *,
    shortcut: str,
    norm: str,
    start: str,
    width: int = 8,
    in_channels: int = 1,
    seed: int = 0,
) -> nn.Sequential:
    """Return an untrained net of `depth` layers; torch's random numbers are kept.

    Args:
        depth, shortcut, width, in_channels: as in `cifar_resnet`.
        norm: "batch", or "none": every batch norm is taken out.
        start: "torch", what a convolution begins with by itself, or "he": a normal
            distribution with deviation √(2 / (9 · output channels)) for a 3×3.
        seed: of the start.

    Shape:
        (n, in_channels, h, w) → (n, 10)

    Raises:
        ValueError: an argument that cannot be.
    """
    choice("norm", norm, NORMS)
    choice("start", start, STARTS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = cifar_resnet(depth, 10, in_channels, shortcut=shortcut, width=width)
        if start == "he":
            for layer in net.modules():
                if isinstance(layer, nn.Conv2d):
                    nn.init.kaiming_normal_(layer.weight, mode="fan_out")
    if norm == "none":
        for parent in list(net.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, nn.BatchNorm2d):
                    setattr(parent, name, nn.Identity())
    return net
