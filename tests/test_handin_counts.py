"""Counts, multiply-adds and fields of the graph against torch and the anatomy."""

import json
import os
import re
from contextlib import contextmanager

import pytest
import torch
import torchvision.models as tv
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.modules.module import register_module_forward_hook
from torch.utils.flop_counter import FlopCounterMode

from coursekit import models
from coursekit.anatomy import anatomy
from coursekit.course import challenge, inspect_submission, submit
from coursekit.course.challenges.as_file import handed_in
from coursekit.course.challenges.measured import examine, of_file
from coursekit.course.challenges.network_judge import judge
from coursekit.course.challenges.requirements import LAYER_RULES, Rule
from coursekit.course.network_file import export
from coursekit.course.network_file.count import STATISTICS
from coursekit.course.network_file.export import exported, on_cpu
from tests.handin_files import here  # noqa: F401
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

NETS = int(os.environ.get("COURSEKIT_NETS", "30"))  # 200 nightly


@pytest.fixture(autouse=True, scope="module")
def one_exporter():
    """Leave out the second exporter: it needs seconds for what the first refuses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "_writers", lambda: [export._by_tracing])
        yield


# The fields before the pooling are hand-typed from papers' tables and the course: of
# convolutions and poolings, so the gates of mobilenet_v3 see nothing (its strides and
# kernels give 639). LeNet-5's is that of its C5, a map of one place more or less.
KNOWN = {
    "tiny": (lambda: models.tiny_net(), (1, 16, 16), 18),
    "squeeze_expand": (lambda: models.squeeze_expand(), (1, 28, 28), 32),
    "separable": (lambda: models.separable_net(), (3, 32, 32), 23),
    "lenet5": (lambda: models.lenet5(), (1, 32, 32), 16),
    "cifar_resnet": (lambda: models.cifar_resnet(), (3, 32, 32), None),
    "googlenet": (lambda: models.googlenet(10), (3, 64, 64), 715),
    "torchvision resnet18": (lambda: tv.resnet18(num_classes=10), (3, 64, 64), 435),
    "torchvision mobilenet_v2": (lambda: tv.mobilenet_v2(), (3, 64, 64), 491),
    "torchvision mobilenet_v3": (lambda: tv.mobilenet_v3_small(), (3, 64, 64), 639),
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


def judged(net, shape):
    return of_file(exported(on_cpu(net), shape).SerializeToString())


@pytest.mark.parametrize("name", KNOWN)
def test_known_networks_count_as_in_torch(name):
    make, shape, field = KNOWN[name]
    net = make().eval()
    found = judged(net, shape)
    statistics = [b for b in net.buffers() if b.dim()]
    assert found.count.total == sum(p.numel() for p in net.parameters())
    assert found.count.statistics == sum(b.numel() for b in statistics)
    assert found.census.multiply_adds == torch_multiply_adds(net, shape)
    assert found.census.doubts == ()
    batch_norms = sum(isinstance(m, nn.BatchNorm2d) for m in net.modules())
    assert len(found.census.of("norm")) == batch_norms
    assert found.census.averaged == (name != "lenet5")
    assert field is None or found.census.last_map.field == (field, field)


def verdict(words, measured):
    found = judge(Rule("layers", words, ""), measured)
    return found.status, found.found


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


LOOKS = ("GroupNorm", "InstanceNorm", "LayerNorm")  # anatomy's field is the whole map
NO_FORM = re.compile(r"has no form in operator set|Unsupported: ONNX export of")


def goes_through(net, shape):
    """Tell whether torch runs a net, and no map on the way is empty."""
    sizes = []
    with register_module_forward_hook(lambda *call: sizes.append(call[2].numel())):
        try:
            net(torch.zeros(2, *shape))
        except (RuntimeError, ValueError):
            return False
    return min(sizes) > 0


@contextmanager
def a_form_of_its_own():
    """Discard an example with an operator that ONNX lacks; raise all other refusals."""
    try:
        yield
    except ValueError as error:
        assume(NO_FORM.search(str(error)) is None)
        raise


@seed(1)
@settings(
    max_examples=NETS,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # an export takes a tenth of a second
    suppress_health_check=list(HealthCheck),
)
@given(bodies())
def test_random_networks_count_and_see_as_in_torch_and_anatomy(body):
    shape = (CHANNELS, 17, 14)
    net = Headed(body).eval()
    # Its places go through the channels, so that no average of the map is left to see.
    assume("space to depth" not in str(body))
    assume("shuffle channels" not in str(body))  # only the second exporter writes it
    assume(goes_through(net, shape))
    expected = anatomy(body, shape).output.receptive_field
    with a_form_of_its_own():
        found = judged(net, shape)
    live = examine(net, shape)
    in_a_row = found.count.how.get(STATISTICS, 0)  # of a norm not after a convolution
    learnt = sum(p.numel() for p in net.parameters())
    assert found.count.total == learnt + in_a_row
    first, *more = str(body).split("BatchNorm2d")
    assert not in_a_row or (more and (len(more) > 1 or "Conv" not in first))
    assert found.census.multiply_adds == torch_multiply_adds(net, shape)
    assert found.census.averaged
    doubts, others = (
        {one.partition(": ")[2] for one in side.census.doubts} for side in (found, live)
    )
    assert doubts == others  # such as of a crop that leaves little of a map
    assert found.census.last_map.field == live.census.last_map.field
    for rule in LAYER_RULES:
        assert verdict(rule, found) == verdict(rule, live)
    if not any(one in str(body) for one in LOOKS):
        assert found.census.last_map.field == tuple(expected)


# ------------------------------------- what the student reads, the instructor reads

RULES = f"""
[all]
title = "Every rule about the network"
data = "none"
input_shape = [{CHANNELS}, 17, 14]
parameters_below = 300
description_below = 1_500
multiply_adds_at_most = 20_000
receptive_field = 9
map_at_least = 5
channels_at_least = 4
layers = {json.dumps(list(LAYER_RULES))}
"""


def both_sides(net, shape, folder):
    """Return what `check` and `inspect_submission` say of a net, number by number."""
    path = folder / "all.toml"
    path.write_text(RULES.replace(f"[{CHANNELS}, 17, 14]", str(list(shape))))
    task = challenge("all", path)
    table, mine = task.check(net), handed_in(net, shape)
    submit(net, challenge=task, path=folder / "a.zip")
    seen = inspect_submission(folder / "a.zip", rules=task)
    rows = [(row.rule.text, row.status) for row in table]
    student = (rows, mine.count, mine.census and mine.census.last_map.field)
    rows = [(one.wanted, one.status) for one in seen.rules]
    return student, (rows, seen.count, seen.field)


@pytest.mark.usefixtures("here")
@seed(2)
@settings(
    max_examples=max(5, NETS - 30),
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(body=bodies())
def test_both_sides_read_the_same_of_random_networks(body, tmp_path):
    net, shape = Headed(body).eval(), (CHANNELS, 17, 14)
    assume(goes_through(net, shape))
    with a_form_of_its_own():
        exported(on_cpu(net), shape)
    student, instructor = both_sides(net, shape, tmp_path)
    assert student == instructor


CLASSIFIERS = tv.list_models(module=tv) if NETS >= 200 else ["squeezenet1_1"]


@pytest.mark.usefixtures("here")
@pytest.mark.filterwarnings("ignore:The default weight initialization")
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_both_sides_read_the_same_of_torchvisions(name, tmp_path):
    net = tv.get_model(name, num_classes=10).eval()
    try:
        student, instructor = both_sides_at_a_size(net, tmp_path)
    except ValueError as error:
        if not TOO_LARGE.search(str(error)):
            raise
        pytest.skip(f"it cannot be handed in: {error}")
    assert student == instructor


# Only a size in bytes is a reason: every classifier fits one of these sides.
TOO_LARGE = re.compile(r"takes \d+ MB as ONNX|larger than the 2GiB limit")


def both_sides_at_a_size(net, tmp_path):
    """Return what both sides read of a net on small images, else on its own size."""
    try:
        return both_sides(net, (3, 64, 64), tmp_path)
    except ValueError as error:
        if TOO_LARGE.search(str(error)):
            raise
    return both_sides(net, (3, 224, 224), tmp_path)


def field_of(body, shape=(1, 12, 12)):
    net = nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    return [str(side) for side in judged(net, shape).census.last_map.field]


# r = 1 + Σ (k − 1) · d · strides before, by hand.
@pytest.mark.parametrize(
    ("body", "height", "width"),
    [
        (nn.Conv2d(1, 1, 3), "3", "3"),
        (nn.Conv2d(1, 1, (1, 5)), "1", "5"),
        (nn.Conv2d(1, 1, 3, dilation=2), "5", "5"),
        (nn.Sequential(nn.Conv2d(1, 1, 3, 2), nn.Conv2d(1, 1, 3)), "7", "7"),
        (nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(1, 1, 3)), "6", "6"),
        (nn.Conv2d(1, 1, 3, padding=(1, 2), padding_mode="circular"), "3", "3"),
        (nn.Sequential(nn.CircularPad2d((0, 2, 1, 0)), nn.Conv2d(1, 1, 3)), "3", "3"),
        (nn.Sequential(nn.Conv2d(1, 1, 3), nn.Upsample(scale_factor=2)), "3", "3"),
        (nn.Sequential(nn.Upsample(scale_factor=2), nn.MaxPool2d(2, 1)), "1–2", "1–2"),
        (nn.PixelShuffle(2), "1", "1"),
    ],
)
def test_the_field_follows_the_recurrence(body, height, width):
    shape = (4, 12, 12) if isinstance(body, nn.PixelShuffle) else (1, 12, 12)
    assert field_of(body, shape) == [height, width]
