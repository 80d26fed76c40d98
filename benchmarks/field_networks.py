"""The networks that `field_tools.py` asks every tool about, each with its truth.

Four kinds: networks whose field is published, layers of torchvision's zoo, the random
networks that the tests draw, and constructs that are no convolution on the paper but
are one in the numbers. Where nothing is published, the truth is found by poisoning: one
line of the image after another is set to NaN and the real network run; the lines that
turn a channel of the middle unit into NaN are those it sees. No tool takes part in it.
"""

import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, Phase, given, settings
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from anatomy_zoo import build, poisoned

from coursekit import models
from tests import random_networks
from tests.test_anatomy_oracle import runs_and_stays_small, with_positive_weights

ZOO = ("resnet18", "densenet121", "mobilenet_v2", "shufflenet_v2_x0_5", "googlenet")
ZOO += ("squeezenet1_1", "efficientnet_b0", "convnext_tiny", "regnet_y_400mf")


@dataclass(frozen=True)
class Case:
    """A question: how large is the field of the middle unit of one layer's map?

    Args:
        layer: its name, "" for the output.
        truth: rows and columns in pixels.
    """

    kind: str
    name: str
    model: nn.Module
    shape: tuple[int, int, int]
    layer: str
    truth: tuple[int, int]


def cases(random: int) -> Iterator[Case]:
    """Yield every case, `random` random networks among them."""
    yield from published()
    yield from map(zoo_layer, ZOO)
    drawn = ((f"random {i}", net) for i, net in enumerate(drawn_networks(random)))
    for name, model in drawn:
        yield from asked_about(
            "random", name, model, (random_networks.CHANNELS, 56, 60)
        )
    for name, build_it in WRITTEN.items():
        torch.manual_seed(0)
        yield from asked_about("written", name, build_it(), (3, 32, 32))


# --- published: Araujo et al., Distill 2019; the two branches typed in by hand


class Misaligned(nn.Module):
    """Two branches, each three wide, one looking left and one looking right: 5."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 1, 3), nn.Conv2d(3, 1, 3)

    def forward(self, x):
        return self.left(F.pad(x, (2, 0, 2, 0))) + self.right(F.pad(x, (0, 2, 0, 2)))


def upto(model: nn.Module, *names: str) -> nn.Sequential:
    """Return the named parts of a model in a row."""
    return nn.Sequential(*(model.get_submodule(name) for name in names))


def resnet(build_it: Callable, **options) -> nn.Sequential:
    names = ["conv1", "bn1", "relu", "maxpool", *(f"layer{i}" for i in range(1, 5))]
    return upto(build_it(10, **options), *names)


def inception() -> nn.Sequential:
    names = ["stem", "inception3a", "inception3b", "pool3", "inception4a"]
    names += [f"inception4{x}" for x in "bcde"]
    return upto(models.googlenet(10), *names, "pool4", "inception5a", "inception5b")


# name → (network up to its last map, side of the image in pixels, true field)
PUBLISHED = {
    "two branches": (Misaligned, 32, 5),
    "AlexNet": (lambda: upto(models.alexnet_one_tower(10), "features"), 320, 195),
    "VGG-16": (lambda: upto(models.vgg16(10), "features"), 320, 212),
    "ResNet-50, paper": (lambda: resnet(models.resnet50, stride_on="1x1"), 640, 483),
    "ResNet-50, torchvision": (lambda: resnet(models.resnet50), 640, 427),
    "GoogLeNet, paper": (inception, 960, 715),
}


def published() -> Iterator[Case]:
    for name, (build_it, side, field) in PUBLISHED.items():
        torch.manual_seed(0)
        shape = (3, side, side)
        yield Case("published", name, build_it().eval(), shape, "", (field, field))


# --- found by poisoning


def inside(model: nn.Module, shape: tuple) -> dict[str, tuple[int, int]]:
    """Return the fields of the middle unit, all its channels, of every map of a layer
    that runs once; only of fields that end inside the image, where their end is seen.
    """
    plain = torch.backends.mkldnn.flags(enabled=False)
    with plain, torch.backends.nnpack.flags(enabled=False):  # no Winograd: it would
        seen = [poisoned(model, shape, axis) for axis in (0, 1)]  # spread a NaN
    fields = {}
    for layer in seen[0]:
        ends = [lines[layer] for lines in seen]
        several = ":" in layer or f"{layer}:2" in seen[0]
        if several or ends[0][0].dim() != 3:
            continue
        row, column = middle(ends[0][0].shape)
        sides = [
            (int(first[:, row, column].min()), int(last[:, row, column].max()))
            for first, last in ends
        ]
        if all(0 < a <= b < n - 1 for (a, b), n in zip(sides, shape[1:], strict=True)):
            fields[layer] = tuple(b - a + 1 for a, b in sides)
    return fields


def middle(shape: tuple) -> tuple[int, int]:
    """Return row and column of the middle unit of a map (c, h, w)."""
    return shape[1] // 2, shape[2] // 2


def zoo_layer(name: str) -> Case:
    """Ask about the last layer whose middle unit does not see to the image's end."""
    torch.manual_seed(0)
    model, shape = build(name, "cpu"), (3, 96, 96)
    leaves = {n for n, module in model.named_modules() if not any(module.children())}
    fields = {layer: f for layer, f in inside(model, shape).items() if layer in leaves}
    layer = list(fields)[-1]
    return Case("zoo", f"{name}, {layer}", model, shape, layer, fields[layer])


def asked_about(kind: str, name: str, model: nn.Module, shape: tuple) -> Iterator[Case]:
    """Yield the case of a network's output, if its field ends inside the image."""
    found = inside(with_positive_weights(model).float(), shape).get("")
    if found is not None:
        yield Case(kind, name, model.eval(), shape, "", found)


def drawn_networks(count: int) -> list[nn.Module]:
    """Return the first `count` different networks that the tests' strategy draws and
    torch runs, the same ones each time."""
    found = {}

    @settings(
        max_examples=6 * count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(random_networks.networks())
    def collect(model: nn.Module) -> None:
        if runs_and_stays_small(model, (random_networks.CHANNELS, 56, 60), 300):
            found.setdefault(repr(model), model)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        collect()
    return list(found.values())[:count]


# --- convolutions written in other words


class Written(nn.Module):
    """Convolution, then something written by hand with a linear layer, convolution."""

    def __init__(self, function: Callable, inner: int, out: int = 4, stride: int = 1):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 3, stride), nn.Conv2d(out, 2, 3)
        self.linear, self.function = nn.Linear(inner, out), function

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.function(self.first(x), self.linear))


def per_pixel(x: Tensor, linear: nn.Module) -> Tensor:
    return linear(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def unfolded(x: Tensor, linear: nn.Module) -> Tensor:
    columns = F.unfold(x, 3, padding=1).transpose(1, 2)
    return linear(columns).transpose(1, 2).unflatten(2, x.shape[2:])


def patches(x: Tensor, linear: nn.Module) -> Tensor:
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return linear(x.flatten(3)).permute(0, 3, 1, 2)


def windows(x: Tensor, linear: nn.Module) -> Tensor:
    x = x.unfold(2, 3, 1).unfold(3, 3, 1).permute(0, 2, 3, 1, 4, 5)
    return linear(x.flatten(3)).permute(0, 3, 1, 2)


def written_in(x: Tensor, linear: nn.Module) -> Tensor:
    padded = x.new_zeros(*x.shape[:2], x.shape[2] + 2, x.shape[3])
    padded[:, :, 2:] = x
    return per_pixel(padded[:, :, :-2] + x, linear)


def shifted(x: Tensor, linear: nn.Module) -> Tensor:
    return per_pixel(x[:, :, 2:, 3:] * x[:, :, :-2, :-3], linear)


def unshuffled(x: Tensor, linear: nn.Module) -> Tensor:
    return per_pixel(F.pixel_unshuffle(x, 2), linear)


def stacked(x: Tensor, linear: nn.Module) -> Tensor:
    parts = [x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]
    return per_pixel(torch.cat(parts, 1), linear)


WRITTEN = {
    "permute + linear": lambda: Written(per_pixel, 4),
    "F.unfold + linear": lambda: Written(unfolded, 36),
    "patches by reshape + linear": lambda: Written(patches, 16),
    "Tensor.unfold + linear": lambda: Written(windows, 36),
    "written into a larger map": lambda: Written(written_in, 4),
    "slices multiplied": lambda: Written(shifted, 4),
    "pixel_unshuffle + linear": lambda: Written(unshuffled, 16),
    "strided slices stacked": lambda: Written(stacked, 16),
    "patches of a stride-2 map": lambda: Written(
        lambda x, linear: patches(x[..., :14, :14], linear), 16, stride=2
    ),
}
