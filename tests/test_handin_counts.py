"""Counts, multiply-adds and fields of the graph against torch and the anatomy."""

import pytest
import torch
import torchvision.models as tv
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from coursekit import models
from coursekit.anatomy import anatomy
from coursekit.anatomy.window import Varies
from coursekit.course.handin import export
from coursekit.course.handin import multiply_adds as costs
from coursekit.course.handin.count import count
from coursekit.course.handin.export import exported, on_cpu
from coursekit.course.handin.graph import read_graph
from coursekit.course.handin.graph_field import receptive_field
from coursekit.course.handin.layers import structure
from coursekit.course.handin.maps import places
from tests.random_networks import (
    CHANNELS,
    Branches,
    chains,
    convolutions,
    functional,
    norms,
    pools,
    transposed,
)


@pytest.fixture(autouse=True, scope="module")
def one_exporter():
    """Leave out the second exporter: it needs seconds for what the first refuses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "_writers", lambda: [export._by_tracing])
        yield


# The fields before the pooling are hand-typed from papers' tables and the course; in
# mobilenet_v3 a gate has seen the whole image. LeNet-5's is that before its C5.
NETS = {
    "tiny": (lambda: models.tiny_net(), (1, 16, 16), 18),
    "squeeze_expand": (lambda: models.squeeze_expand(), (1, 28, 28), 32),
    "separable": (lambda: models.separable_net(), (3, 32, 32), 23),
    "lenet5": (lambda: models.lenet5(), (1, 32, 32), 16),
    "cifar_resnet": (lambda: models.cifar_resnet(), (3, 32, 32), None),
    "googlenet": (lambda: models.googlenet(10), (3, 64, 64), 715),
    "torchvision resnet18": (lambda: tv.resnet18(num_classes=10), (3, 64, 64), 435),
    "torchvision mobilenet_v2": (lambda: tv.mobilenet_v2(), (3, 64, 64), 491),
    "torchvision mobilenet_v3": (lambda: tv.mobilenet_v3_small(), (3, 64, 64), 64),
    "torchvision googlenet": (
        lambda: tv.GoogLeNet(10, aux_logits=False, init_weights=False),
        (3, 64, 64),
        None,
    ),
    "torchvision shufflenet": (lambda: tv.shufflenet_v2_x0_5(), (3, 64, 64), None),
}


def torch_multiply_adds(net, shape):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, *shape))
    return counter.get_total_flops() // 2


def graph_of(net, shape):
    return read_graph(exported(on_cpu(net), shape).SerializeToString())


@pytest.mark.parametrize("name", NETS)
def test_known_networks_count_as_in_torch(name):
    make, shape, field = NETS[name]
    net = make().eval()
    graph = graph_of(net, shape)
    counted, parts = count(graph), structure(graph)
    statistics = [b for b in net.buffers() if b.dim()]
    assert counted.parameters == sum(p.numel() for p in net.parameters())
    assert counted.statistics == sum(b.numel() for b in statistics)
    assert costs.total(graph) == torch_multiply_adds(net, shape)
    assert parts.unknown == ()
    batch_norms = sum(isinstance(m, nn.BatchNorm2d) for m in net.modules())
    found = [layer.kind for layer in parts.layers].count("batch norm")
    assert found == batch_norms
    assert parts.gap == (name != "lenet5")
    sides = receptive_field(graph, places(graph), parts.last_map)
    assert field is None or [str(side) for side in sides] == [str(field)] * 2


class Headed(nn.Module):
    """A body with global average pooling and a dense layer."""

    def __init__(self, body):
        super().__init__()
        self.body, self.fc = body, nn.Linear(CHANNELS, 3)

    def forward(self, x):
        return self.fc(self.body(x).mean((2, 3)))


@st.composite
def joined(draw, steps):
    one, two = draw(chains(steps, 1, 2)), draw(chains(steps, 0, 2))
    return Branches(one, two, draw(st.sampled_from(["add", "cat", "mixed"])))


def keeps_stride(layer):
    """Branches of different strides drift apart: no border-free field is defined."""
    return layer.stride in (1, (1, 1))


def bodies():
    upsample = st.sampled_from([2, 3]).map(lambda s: nn.Upsample(scale_factor=s))
    local = st.one_of(convolutions(), pools().filter(lambda p: not p.ceil_mode))
    simple = st.one_of(local, local, upsample, functional(), norms())
    return chains(
        st.one_of(simple, transposed(), joined(local.filter(keeps_stride))), 1, 4
    )


@seed(1)
@settings(
    max_examples=30,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # an export takes a tenth of a second
    suppress_health_check=list(HealthCheck),
)
@given(bodies())
def test_random_networks_count_and_see_as_in_torch_and_anatomy(body):
    shape = (CHANNELS, 17, 14)
    net = Headed(body).eval()
    try:
        expected = anatomy(body, shape).output.receptive_field
        net(torch.zeros(2, *shape))
    except (RuntimeError, ValueError):
        assume(False)
    # Its places go through the channels, so that no average of the map is left to see.
    assume("space to depth" not in str(body))
    assume("shuffle channels" not in str(body))  # only the second exporter writes it
    graph = graph_of(net, shape)
    parts = structure(graph)
    assert count(graph).parameters == sum(p.numel() for p in net.parameters())
    assert costs.total(graph) == torch_multiply_adds(net, shape)
    assert parts.gap
    sides = receptive_field(graph, places(graph), parts.last_map)
    assume(not any(side.unknown for side in sides))
    wanted = [
        (s.smallest, s.largest) if isinstance(s, Varies) else (s, s) for s in expected
    ]
    assert [(side.smallest, side.largest) for side in sides] == wanted


def field_of(body, shape=(1, 12, 12)):
    body = nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    graph = graph_of(body.eval(), shape)
    last = structure(graph).last_map
    return [str(side) for side in receptive_field(graph, places(graph), last)]


# r = 1 + Σ (k − 1) · d · strides before, by hand.
@pytest.mark.parametrize(
    ("body", "height", "width"),
    [
        (nn.Conv2d(1, 1, 3), "3", "3"),
        (nn.Conv2d(1, 1, (1, 5)), "1", "5"),
        (nn.Conv2d(1, 1, 3, dilation=2), "5", "5"),
        (nn.Sequential(nn.Conv2d(1, 1, 3, 2), nn.Conv2d(1, 1, 3)), "7", "7"),
        (nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(1, 1, 3)), "6", "6"),
        (nn.Sequential(nn.Conv2d(1, 1, 3), nn.Upsample(scale_factor=2)), "3", "3"),
        (nn.Sequential(nn.Upsample(scale_factor=2), nn.MaxPool2d(2, 1)), "1–2", "1–2"),
        (nn.PixelShuffle(2), "1", "1"),
    ],
)
def test_the_field_follows_the_recurrence(body, height, width):
    shape = (4, 12, 12) if isinstance(body, nn.PixelShuffle) else (1, 12, 12)
    assert field_of(body, shape) == [height, width]


def test_an_operator_that_cannot_be_followed_is_named():
    rolled = nn.Sequential(nn.Conv2d(1, 1, 3), Rolled())
    assert field_of(rolled) == ["not computed: operator Concat"] * 2


class Rolled(nn.Module):
    def forward(self, x):
        return x.roll((1, 1), (2, 3))
