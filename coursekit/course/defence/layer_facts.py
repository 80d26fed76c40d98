"""What the questions about a network are made from: its layers, in numbers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from torch import nn

from coursekit.anatomy import anatomy
from coursekit.anatomy.table import Layer

SLIDING = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
POOLINGS = {"MaxPool": "MaxPool2d", "AveragePool": "AvgPool2d"}


@dataclass(frozen=True)
class Window:
    """A layer that slides over a map: a convolution, or a pooling without channels.

    Args:
        row: of `anatomy`.
        kind: as torch calls it, "Conv2d".
        kernel, stride, dilation: along the height.
        channels: (in, out) of a convolution; () of a pooling.
        is_square: whether the width is like the height.
        kernel_width: along the width.
    """

    row: Layer
    kind: str
    kernel: int
    stride: int
    dilation: int
    is_square: bool
    kernel_width: int
    channels: tuple[int, ...] = ()
    groups: int = 1
    bias: bool = False

    @property
    def parameters(self) -> int:
        """Return the numbers in the weights of a convolution."""
        inside, out = self.channels
        return out * inside // self.groups * self.kernel**2 + out * self.bias

    def __str__(self) -> str:
        sides = f"{self.kernel}×{self.kernel_width}"
        channels = " {} → {}".format(*self.channels) if self.channels else ""
        return f"`{self.row.name}` ({self.kind}{channels}, {sides})"


class Facts:
    """The rows of `anatomy` and the windows among them.

    Args:
        model: of torch, or a hand-in file replayed; it is left as it was found.
        shape: (channels, height, width) of one image.
    """

    def __init__(self, model: nn.Module, shape: tuple[int, ...]) -> None:
        self.model, self.shape = model, shape
        self.modules = dict(model.named_modules())
        self.table = anatomy(model, shape)
        leaves = [row for row in self.table.rows if row.is_leaf and row.output_shape]
        self.leaves = [row for row in leaves if row.name in self.modules]
        pairs = ((row, self.modules[row.name]) for row in self.leaves)
        self.windows = [*filter(None, (window_of(*pair, model) for pair in pairs))]
        self.convolutions = [w for w in self.windows if w.channels and w.is_square]
        self.pools = [w for w in self.windows if not w.channels]

    def chain(self, last: Window) -> list[tuple[int, int, int]]:
        """Return (kernel, stride, dilation) of all windows down to `last`."""
        down = self.windows[: self.windows.index(last) + 1]
        return [(one.kernel, one.stride, one.dilation) for one in down]

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Let a layer hand on what it is given, as if it were taken out."""
        module = self.modules[name]
        module.forward = lambda given, *rest: given
        try:
            yield
        finally:
            del module.forward


def window_of(row: Layer, module: nn.Module, model: nn.Module) -> Window | None:
    """Return a layer as a window; None where it slides over no map."""
    if len(row.output_shape) != 3:
        return None
    if isinstance(module, nn.Conv2d):
        given = module.kernel_size, module.stride, module.dilation
        channels = module.in_channels, module.out_channels
        bias = module.bias is not None
        return _window(row, row.kind, given, channels, module.groups, bias)
    if isinstance(module, SLIDING):
        given = module.kernel_size, module.stride, getattr(module, "dilation", 1)
        return _window(row, row.kind, given)
    node = getattr(module, "node", None)  # a step of a replayed file
    return _of_step(row, node, model.graph.stored) if node else None


def _of_step(row: Layer, node, stored: Mapping[str, object]) -> Window | None:
    """Read an operator of ONNX; of a convolution the weight tells the kernel."""
    said = node.settings
    moves = said.get("strides", 1), said.get("dilations", 1)
    if node.op in POOLINGS:
        return _window(row, POOLINGS[node.op], (said["kernel_shape"], *moves))
    if node.op != "Conv" or node.inputs[1] not in stored:
        return None
    out, inside, *kernel = stored[node.inputs[1]].array.shape
    groups, bias = said.get("group", 1), len(node.inputs) == 3
    channels = inside * groups, out
    return _window(row, "Conv2d", (tuple(kernel), *moves), channels, groups, bias)


def _window(row: Layer, kind: str, sizes: tuple, *more: object) -> Window:
    pairs = [one if isinstance(one, tuple) else (one, one) for one in sizes]
    square = all(pair[0] == pair[-1] for pair in pairs)
    high = (pair[0] for pair in pairs)
    return Window(row, kind, *high, square, pairs[0][-1], *more)
