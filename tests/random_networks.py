"""Random networks of every construct anatomy claims to know, drawn by hypothesis.

A network is a list of steps, each either a module or a small functional class,
so that a failing example prints as something one can read and type in again.
"""

import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import Tensor, nn

CHANNELS = 4


class Step(nn.Module):
    """A functional step that prints as what it does."""

    def __init__(self, text, function):
        super().__init__()
        self.text, self.function = text, function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)

    def extra_repr(self) -> str:
        return self.text


class Branches(nn.Module):
    """Two paths side by side, cropped to a common size and joined."""

    def __init__(self, one, two, join):
        super().__init__()
        self.one, self.two, self.join = one, two, join

    def forward(self, x: Tensor) -> Tensor:
        one, two = self.one(x), self.two(x)
        h = min(one.shape[2], two.shape[2])
        w = min(one.shape[3], two.shape[3])
        one, two = one[:, :, :h, :w], two[:, :, :h, :w]
        if self.join == "add":
            return one + two
        if self.join == "cat":
            return torch.cat([one, two], dim=1)[:, ::2]
        return torch.cat([one[:, :2], two[:, 2:]], dim=1)  # some channels of each


class Twice(nn.Module):
    """One module called two times: its weights are shared."""

    def __init__(self, shared):
        super().__init__()
        self.shared = shared

    def forward(self, x: Tensor) -> Tensor:
        return self.shared(self.shared(x))


def pair(low: int, high: int):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def convolutions(draw):
    kernel, dilation = draw(pair(1, 4)), draw(pair(1, 2))
    mode = draw(st.sampled_from(["zeros", "zeros", "reflect", "replicate", "circular"]))
    return nn.Conv2d(
        CHANNELS,
        CHANNELS,
        kernel,
        draw(pair(1, 3)),
        draw(pair(0, 2)),
        dilation,
        groups=draw(st.sampled_from([1, 1, 2, CHANNELS])),
        padding_mode=mode,
        bias=draw(st.booleans()),
    )


@st.composite
def transposed(draw):
    stride = draw(pair(1, 3))
    extra = tuple(draw(st.integers(0, s - 1)) for s in stride)
    return nn.ConvTranspose2d(
        CHANNELS,
        CHANNELS,
        draw(pair(1, 4)),
        stride,
        draw(pair(0, 1)),
        extra,
        groups=draw(st.sampled_from([1, 2])),
    )


@st.composite
def pools(draw):
    kernel = draw(pair(1, 3))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    kind = draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))
    return kind(
        kernel,
        draw(st.one_of(st.none(), pair(1, 3))),
        padding,
        ceil_mode=draw(st.booleans()),
    )


@st.composite
def paddings(draw):
    sides = tuple(draw(st.integers(0, 2)) for _ in range(4))
    kind = draw(
        st.sampled_from(
            [nn.ZeroPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d, nn.CircularPad2d]
        )
    )
    return kind(sides)


def functional():
    return st.sampled_from(
        [
            Step("relu", F.relu),
            Step("x * sigmoid(x)", lambda x: x * torch.sigmoid(x)),
            Step("crop one row at the top", lambda x: x[:, :, 1:]),
            Step("every second column", lambda x: x[..., ::2]),
            Step("flip left and right", lambda x: x.flip(3)),
            Step("swap height and width", lambda x: x.transpose(2, 3)),
            Step("roll down by one", lambda x: x.roll(1, 2)),
            Step("shuffle channels", lambda x: F.channel_shuffle(x, 2)),
            Step("max_pool2d 2", lambda x: F.max_pool2d(x, 2)),
            Step("softmax over channels", lambda x: F.softmax(x, 1)),
            Step(
                "space to depth and back",
                lambda x: F.pixel_shuffle(
                    F.pixel_unshuffle(
                        x[:, :, : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2], 2
                    ),
                    2,
                ),
            ),
            Step("squeeze and excite", lambda x: x * x.mean((2, 3), keepdim=True)),
        ]
    )


def norms():
    return st.sampled_from(
        [
            nn.BatchNorm2d(CHANNELS),
            nn.Identity(),
            nn.Dropout2d(0.5),
            nn.GroupNorm(2, CHANNELS),
            nn.InstanceNorm2d(CHANNELS),
            nn.LocalResponseNorm(3),
            nn.PReLU(CHANNELS),
            nn.GELU(),
        ]
    )


def upsamplings(modes):
    return st.builds(
        lambda mode, scale: nn.Upsample(scale_factor=scale, mode=mode),
        st.sampled_from(modes),
        st.sampled_from([2, 3]),
    )


def heads():
    return st.sampled_from(
        [
            lambda: nn.AdaptiveAvgPool2d(1),
            lambda: nn.AdaptiveAvgPool2d((2, 3)),
            lambda: nn.AdaptiveMaxPool2d(2),
            lambda: nn.Sequential(
                nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(CHANNELS * 4, 3)
            ),
            lambda: Step("mean of the map", lambda x: x.mean((2, 3))),
            lambda: Step("two outputs", lambda x: {"map": x, "row": x.amax(2)}),
            lambda: Step("a tuple", lambda x: (x, x.sum(3))),
        ]
    ).map(lambda make: make())


def chains(steps, least=1, most=4):
    return st.lists(steps, min_size=least, max_size=most).map(
        lambda found: nn.Sequential(*found)
    )


def local_steps():
    """Constructs whose units see a window wherever they are."""
    return st.one_of(
        convolutions(),
        convolutions(),
        pools(),
        transposed(),
        upsamplings(["nearest", "nearest-exact"]),
    )


@st.composite
def joined(draw, steps):
    one, two = draw(chains(steps, 1, 2)), draw(chains(steps, 0, 2))
    return Branches(one, two, draw(st.sampled_from(["add", "cat", "mixed"])))


def networks():
    """Anything: for the comparison of every unit of every layer."""
    simple = st.one_of(local_steps(), local_steps(), paddings(), functional(), norms())
    steps = st.one_of(simple, simple, joined(simple), convolutions().map(Twice))
    return st.builds(
        lambda body, head: nn.Sequential(*body, *([head] if head else [])),
        chains(steps, 1, 4),
        st.one_of(st.none(), heads()),
    )


def linear_networks():
    """No maximum, no saturation: the response to one bright row is exact."""
    resize = upsamplings(["nearest", "bilinear", "bicubic"])
    steps = st.one_of(convolutions(), resize, transposed(), paddings())
    return chains(st.one_of(steps, joined(steps)), 1, 3)
