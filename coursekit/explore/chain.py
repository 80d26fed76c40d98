"""Chains of convolutions and poolings: described, drawn up, built as a model.

The named chains: AlexNet (Krizhevsky, Sutskever and Hinton, NeurIPS 2012, sizes as in
torchvision), VGG-16 (Simonyan and Zisserman, https://arxiv.org/abs/1409.1556, table 1,
column D), the dilated one after Yu and Koltun (https://arxiv.org/abs/1511.07122).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from torch import nn

from coursekit.explore.setting import Choice, Whole

LONGEST = 24
SETTINGS = {
    "kind": Choice("kind", ("convolution", "max pooling")),
    "kernel_size": Whole("kernel size", 1, 11),
    "stride": Whole("stride", 1, 4),
    "padding": Whole("padding", 0, 8),
    "dilation": Whole("dilation", 1, 8),
}


@dataclass(frozen=True)
class ChainLayer:
    """Describe one layer of a chain; sizes in pixels of the map below it.

    Args:
        kind, kernel_size, stride, padding, dilation: as `SETTINGS` allow.

    Raises:
        ValueError: a value out of range.
    """

    kind: str = "convolution"
    kernel_size: int = 3
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            setting.checked(name, getattr(self, name), {})

    @property
    def local(self) -> int:
        """How many units of the map below the layer covers, gaps included."""
        return self.dilation * (self.kernel_size - 1) + 1

    @property
    def title(self) -> str:
        """What a student would call the layer: "conv 3×3, stride 2"."""
        name = "conv" if self.kind == "convolution" else "max pool"
        text = f"{name} {self.kernel_size}×{self.kernel_size}"
        if self.stride > 1:
            text += f", stride {self.stride}"
        return text + (f", dilation {self.dilation}" if self.dilation > 1 else "")

    def module(self, channels: int) -> nn.Module:
        """Return the layer for torch; weights do not matter for what it sees."""
        sizes = (self.kernel_size, self.stride, self.padding, self.dilation)
        if self.kind == "convolution":
            return nn.Conv2d(channels, channels, *sizes)
        return nn.MaxPool2d(*sizes)


def conv(kernel_size: int, stride: int = 1, dilation: int = 1) -> ChainLayer:
    """Return a convolution padded so that stride 1 keeps the size."""
    padding = dilation * (kernel_size - 1) // 2
    return ChainLayer("convolution", kernel_size, stride, padding, dilation)


def pool(kernel_size: int, stride: int = 2) -> ChainLayer:
    """Return a max pooling without padding."""
    return ChainLayer("max pooling", kernel_size, stride)


_BLOCK = (conv(3), conv(3), pool(2))
CHAINS = {
    "three 3×3": (conv(3),) * 3,
    "one 7×7": (conv(7),),
    "five 3×3": (conv(3),) * 5,
    "3×3 and pooling": (*_BLOCK * 3, conv(3), conv(3)),
    "3×3 with dilation 1, 2, 4, 8": tuple(conv(3, dilation=d) for d in (1, 2, 4, 8)),
    "AlexNet": (
        ChainLayer("convolution", 11, 4, 2), pool(3), conv(5), pool(3),
        conv(3), conv(3), conv(3), pool(3),
    ),
    "VGG-16": (*_BLOCK * 2, *(conv(3), conv(3), conv(3), pool(2)) * 3),
}  # fmt: skip
LAYERS = {
    layer.title: layer
    for layer in (
        conv(3), conv(5), conv(7), conv(1), conv(3, stride=2), conv(3, dilation=2),
        pool(2), pool(3),
    )
}  # fmt: skip


@lru_cache(maxsize=64)
def misfit(chain: tuple[ChainLayer, ...], size: tuple[int, int]) -> str:
    """Return in one sentence why a chain cannot work on a photo, "" if it can.

    Args:
        chain: the layers in order.
        size: (height, width) of the photo.
    """
    for number, layer in enumerate(chain, 1):
        if layer.kind == "max pooling" and layer.padding > layer.kernel_size // 2:
            return (
                f"Layer {number} ({layer.title}) has padding {layer.padding}; max "
                f"pooling allows at most half of its kernel: {layer.kernel_size // 2}."
            )
        padded = [side + 2 * layer.padding for side in size]
        if min(padded) < layer.local:
            return (
                f"Layer {number} ({layer.title}) does not fit: it covers {layer.local} "
                f"units and its padded input has only {min(padded)}."
            )
        size = tuple((side - layer.local) // layer.stride + 1 for side in padded)
    return ""


def build(chain: Sequence[ChainLayer], channels: int) -> nn.Sequential:
    """Return the chain as a model whose layers are named "1", "2", …"""
    model = nn.Sequential()
    for number, layer in enumerate(chain, 1):
        model.add_module(str(number), layer.module(channels))
    return model
