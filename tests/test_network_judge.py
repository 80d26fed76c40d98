"""One judge: what is a dense layer in disguise, what is honest, and for whom it is."""

from dataclasses import replace

import onnxruntime
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from coursekit.course import challenge, inspect_submission, submit
from coursekit.course.challenges.as_file import handed_in
from coursekit.course.challenges.census import census
from coursekit.course.challenges.measured import examine
from coursekit.course.challenges.network_judge import judge
from coursekit.course.challenges.requirements import Rule
from coursekit.course.challenges.shifting import still_layers
from coursekit.course.network_file.export import exported, on_cpu
from coursekit.course.network_file.graph import read_graph
from coursekit.course.network_file.replay import Replay
from coursekit.models import cifar_resnet, lenet5, separable_net, squeeze_expand
from tests.handin_files import here  # noqa: F401

pytestmark = [
    pytest.mark.usefixtures("here"),
    pytest.mark.filterwarnings("ignore:Using padding='same'"),
]
SHAPE = (1, 28, 28)
RULES = """
[judge]
title = "Everything about the network"
data = "none"
input_shape = [1, 28, 28]
parameters_below = 100_000
description_below = 8_000
receptive_field = 4
map_at_least = 2
channels_at_least = 1
layers = ["no dense layer except after global average pooling",
          "no dense layer in disguise", "no overlapping pooling"]
"""


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    """All rules that are about the network."""
    path = tmp_path_factory.mktemp("judge") / "judge.toml"
    path.write_text(RULES)
    return challenge("judge", path)


class Net(nn.Module):
    """A 28×28 image → an 8×7×7 map → whatever `head` makes of it."""

    def __init__(self, head, **parts):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.head, self.fc = head, nn.Linear(8, 10)
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        x = F.max_pool2d(self.norm(self.conv(x)).relu(), 4)  # n 8 7 7
        return self.head(self, x)


def weight(*shape):
    return nn.Parameter(torch.randn(*shape))


def gap(net, x):
    return net.fc(x.mean((2, 3)))


def stacked(x):
    parts = [x[:, :, i : i + 1, j : j + 1] for i in range(7) for j in range(7)]
    return torch.cat(parts, 1)


def rows(x):
    return torch.cat([x[:, :, i : i + 1] for i in range(7)], 1)


def attention(net, x):
    places = x.flatten(2).transpose(1, 2)
    weights = (net.q(x).flatten(2).transpose(1, 2) @ x.flatten(2)).softmax(-1)
    return net.fc((weights @ places).mean(1))


def mixed(net, x):
    kernel = (net.w + 0 * x.mean()).expand(len(x), -1, -1)
    return torch.bmm(kernel, x.flatten(1).unsqueeze(2)).squeeze(2)


def small_gate(net, x):
    gate = net.d(x.mean((2, 3))).view(-1, 1, 3, 3)
    return gap(net, x * F.interpolate(gate, size=(7, 7)).sigmoid())


EVASIONS = {
    "a mask, multiplied": lambda: Net(lambda m, x: gap(m, x * m.w), w=weight(8, 7, 7)),
    "a mask by where": lambda: Net(
        lambda m, x: gap(m, torch.where(m.w > 0, x, 0.0)), w=weight(8, 7, 7)
    ),
    "−1e9 added, then ReLU": lambda: Net(
        lambda m, x: gap(m, (x + m.w).relu()), w=weight(1, 7, 7)
    ),
    "a mask from coordinates": lambda: Net(
        lambda m, x: gap(m, x * (torch.arange(7) == 3).float())
    ),
    "a small mask, enlarged": lambda: Net(
        lambda m, x: gap(m, x * F.interpolate(m.w, size=(7, 7))), w=weight(1, 8, 3, 3)
    ),
    "the smaller of map and template": lambda: Net(
        lambda m, x: gap(m, torch.minimum(x, m.w)), w=weight(8, 7, 7)
    ),
    "a power for every place": lambda: Net(
        lambda m, x: gap(m, x.abs().pow(m.w)), w=weight(7, 7)
    ),
    "norm with a scale per place": lambda: Net(
        lambda m, x: gap(m, m.n(x)), n=nn.LayerNorm((8, 7, 7))
    ),
    "batch norm of places": lambda: Net(
        lambda m, x: gap(m, m.n(x.reshape(len(x), -1, 1, 1)).view(x.shape)),
        n=nn.BatchNorm2d(392),
    ),
    "a slope per place": lambda: Net(
        lambda m, x: gap(m, m.n(x.reshape(len(x), -1)).view(x.shape)), n=nn.PReLU(392)
    ),
    "slices as channels": lambda: Net(
        lambda m, x: m.c(stacked(x)).flatten(1), c=nn.Conv2d(392, 10, 1)
    ),
    "rows as channels": lambda: Net(
        lambda m, x: m.c(rows(x)).mean((2, 3)), c=nn.Conv2d(56, 10, (1, 7))
    ),
    "rows as channels, 1×1": lambda: Net(
        lambda m, x: m.c(rows(x)).mean((2, 3)), c=nn.Conv2d(56, 10, 1)
    ),
    "pixels unshuffled": lambda: Net(
        lambda m, x: m.c(F.pixel_unshuffle(x, 7)).flatten(1), c=nn.Conv2d(392, 10, 1)
    ),
    "groups of places": lambda: Net(
        lambda m, x: m.c(x.reshape(len(x), -1, 1, 1)).flatten(1) @ m.u,
        c=nn.Conv2d(392, 392, 1, groups=392),
        u=weight(392, 10),
    ),
    "einsum": lambda: Net(
        lambda m, x: torch.einsum("nchw,kchw->nk", x, m.w), w=weight(10, 8, 7, 7)
    ),
    "einsum with dots": lambda: Net(
        lambda m, x: torch.einsum("n...,k...->nk", x, m.w), w=weight(10, 8, 7, 7)
    ),
    "einsum without an arrow": lambda: Net(
        lambda m, x: torch.einsum("chwn,kchw", x.permute(1, 2, 3, 0), m.w).T,
        w=weight(10, 8, 7, 7),
    ),
    "a linear layer over rows, one over columns": lambda: Net(
        lambda m, x: gap(m, m.b(m.a(x).transpose(2, 3))),
        a=nn.Linear(7, 7),
        b=nn.Linear(7, 7),
    ),
    "places mixed": lambda: Net(
        lambda m, x: m.fc(m.a(x.flatten(2)).mean(2)), a=nn.Linear(49, 49)
    ),
    "flattened": lambda: Net(lambda m, x: m.d(x.flatten(1)), d=nn.Linear(392, 10)),
    "flattened, an average after it": lambda: Net(
        lambda m, x: m.d(x.flatten(1)).view(-1, 10, 1, 1).mean((2, 3)),
        d=nn.Linear(392, 10),
    ),
    "columns averaged only": lambda: Net(
        lambda m, x: m.d(x.mean(3).flatten(1)), d=nn.Linear(56, 10)
    ),
    "unfolded": lambda: Net(
        lambda m, x: m.d(F.unfold(x, 7).flatten(1)), d=nn.Linear(392, 10)
    ),
    "distances to templates": lambda: Net(
        lambda m, x: -torch.cdist(x.flatten(1), m.w), w=weight(10, 392)
    ),
    "L1 templates": lambda: Net(
        lambda m, x: -(x.unsqueeze(1) - m.w).abs().sum((2, 3, 4)),
        w=weight(10, 8, 7, 7),
    ),
    "transposed": lambda: Net(
        lambda m, x: m.c(x).flatten(1), c=nn.ConvTranspose2d(8, 10, 7, padding=6)
    ),
    "dilated": lambda: Net(
        lambda m, x: m.c(x).flatten(1), c=nn.Conv2d(8, 10, 3, dilation=3)
    ),
    "nearly whole, a row of padding": lambda: Net(
        lambda m, x: m.c(x).mean((2, 3)), c=nn.Conv2d(8, 10, (6, 7), padding=(1, 0))
    ),
    "larger than the map": lambda: Net(
        lambda m, x: m.c(x).mean((2, 3)), c=nn.Conv2d(8, 10, 8, padding=1)
    ),
    "nearly whole": lambda: Net(
        lambda m, x: m.c(x).mean((2, 3)), c=nn.Conv2d(8, 10, 6)
    ),
    "one place by a stride": lambda: Net(
        lambda m, x: m.c(x).flatten(1), c=nn.Conv2d(8, 10, 5, stride=7)
    ),
    "in two steps": lambda: Net(
        lambda m, x: m.b(m.a(x)).flatten(1), a=nn.Conv2d(8, 8, 4), b=nn.Conv2d(8, 10, 4)
    ),
    "padded 9×9, one place picked": lambda: Net(
        lambda m, x: m.c(x)[:, :, 3, 3], c=nn.Conv2d(8, 10, 9, padding=4)
    ),
    "one place picked": lambda: Net(lambda m, x: m.fc(x[:, :, 3, 3])),
    "one place picked by a stride": lambda: Net(
        lambda m, x: m.fc(F.avg_pool2d(x, 1, stride=7).flatten(1))
    ),
    "three places picked": lambda: Net(
        lambda m, x: m.d(x.flatten(2)[:, :, [3, 24, 45]].flatten(1)),
        d=nn.Linear(24, 10),
    ),
    "a weight mixed with the image": lambda: Net(mixed, w=weight(10, 392)),
    "a bias laid out as a map": lambda: Net(
        lambda m, x: (m.d(x.mean((2, 3))).view(-1, 8, 7, 7) * x).sum((2, 3)) @ m.u,
        d=nn.Linear(8, 392),
        u=weight(8, 10),
    ),
    "a bias laid out as a small map": lambda: Net(small_gate, d=nn.Linear(8, 9)),
    "a learnt channel of places": lambda: Net(
        lambda m, x: m.c(torch.cat([x, m.w.expand(len(x), -1, -1, -1)], 1)).mean(
            (2, 3)
        ),
        c=nn.Conv2d(10, 10, 1),
        w=weight(1, 2, 7, 7),
    ),
    "a mask of the image times 0": lambda: Net(
        lambda m, x: gap(m, x * F.pad(0 * x[:, :, 1:-1, 1:-1] + 1, (1, 1, 1, 1)))
    ),
    "nearly times 0": lambda: Net(
        lambda m, x: gap(m, x * F.pad(1e-8 * x[:, :, :, 2:] + 1, (2, 0)))
    ),
    "padding counted, then a gate": lambda: Net(
        lambda m, x: gap(m, x * m.k(F.avg_pool2d(0 * x + 1, 3, 1, 1)).relu()),
        k=nn.Conv2d(8, 8, 1),
    ),
    "attention over places": lambda: Net(attention, q=nn.Conv2d(8, 8, 1)),
    "a table of answers by place": lambda: Net(
        lambda m, x: m.e(x.flatten(1).argmax(1)), e=nn.Embedding(392, 10)
    ),
}


@pytest.mark.parametrize("make", EVASIONS.values(), ids=EVASIONS)
def test_what_tells_places_apart_is_found_or_for_a_person(make, task):
    table = task.check(make())
    seen = {table[NO_DENSE].status, table[NO_DISGUISE].status}
    assert {"not met", "for a person"} & seen


def squeezed(net, x):
    return gap(net, x * net.g(x.mean((2, 3)))[..., None, None].sigmoid())


def over_channels(net, x):
    flat = x.flatten(2)
    return gap(net, ((flat @ flat.transpose(1, 2)).softmax(-1) @ flat).view(x.shape))


def spatial(net, x):
    two = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
    return gap(net, x * net.s(two).sigmoid())


def efficient(net, x):
    gate = net.k(x.mean((2, 3)).unsqueeze(1)).transpose(1, 2).unsqueeze(-1)
    return gap(net, x * gate.sigmoid())


def coordinates(net, x):
    line = torch.linspace(-1, 1, 7).view(1, 1, 1, 7).expand(x.shape[0], 1, 7, 7)
    return net.c(torch.cat([x, line], 1)).mean((2, 3))


def standardised(net, x):
    w = net.c.weight
    w = (w - w.mean((1, 2, 3), keepdim=True)) / (w.std((1, 2, 3), keepdim=True) + 1e-5)
    return F.conv2d(x, w).mean((2, 3))


def context(net, x):
    wide = F.interpolate(net.c(F.adaptive_avg_pool2d(x, 1)), size=(7, 7))
    return gap(net, x + wide)


def attended(net, x):
    shares = net.s(x).flatten(2).softmax(2).view(-1, 1, 7, 7)
    return net.fc((x * shares).sum((2, 3)))


def padded(mode):
    conv = nn.Conv2d(8, 10, 3, padding=1, padding_mode=mode)
    return Net(lambda m, x: m.c(x).mean((2, 3)), c=conv)


HONEST = {
    "average pooling": lambda: Net(gap),
    "squeeze and excite": lambda: Net(squeezed, g=nn.Linear(8, 8)),
    "attention over channels": lambda: Net(over_channels),
    "attention where": lambda: Net(spatial, s=nn.Conv2d(2, 1, 7, padding=3)),
    "efficient channel attention": lambda: Net(
        efficient, k=nn.Conv1d(1, 1, 3, padding=1)
    ),
    "group norm before it": lambda: Net(
        lambda m, x: gap(m, m.n(x)), n=nn.GroupNorm(2, 8)
    ),
    "layer norm as a group": lambda: Net(
        lambda m, x: gap(m, m.n(x)), n=nn.GroupNorm(1, 8)
    ),
    "instance norm before it": lambda: Net(
        lambda m, x: gap(m, m.n(x)), n=nn.InstanceNorm2d(8, affine=True)
    ),
    "group norm, then a window": lambda: Net(
        lambda m, x: m.fc(F.avg_pool2d(m.n(x), 7).flatten(1)), n=nn.GroupNorm(2, 8)
    ),
    "layer norm of channels": lambda: Net(
        lambda m, x: gap(m, m.n(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)),
        n=nn.LayerNorm(8),
    ),
    "coordinates as a channel": lambda: Net(coordinates, c=nn.Conv2d(9, 10, 3)),
    "standardised weights": lambda: Net(
        standardised, c=nn.Conv2d(8, 10, 3, bias=False)
    ),
    "circular padding": lambda: padded("circular"),
    "reflecting padding": lambda: padded("reflect"),
    "replicating padding": lambda: padded("replicate"),
    "channels shuffled": lambda: Net(
        lambda m, x: gap(m, x.view(-1, 2, 4, 7, 7).transpose(1, 2).reshape(x.shape))
    ),
    "attention pooling": lambda: Net(attended, s=nn.Conv2d(8, 1, 1)),
    "context of the whole map": lambda: Net(context, c=nn.Conv2d(8, 8, 1)),
    "depthwise": lambda: Net(
        lambda m, x: gap(m, m.c(x)), c=nn.Conv2d(8, 8, 5, padding=2, groups=8)
    ),
    "class convolution": lambda: Net(
        lambda m, x: m.c(x).mean((2, 3)), c=nn.Conv2d(8, 10, 1)
    ),
    "channels last": lambda: Net(lambda m, x: m.fc(x.permute(0, 2, 3, 1)).mean((1, 2))),
    "cropped": lambda: Net(lambda m, x: gap(m, x[:, :, 1:-1, 1:-1])),
    "gelu": lambda: Net(lambda m, x: gap(m, F.gelu(x))),
    "a slope per channel": lambda: Net(lambda m, x: gap(m, m.p(x)), p=nn.PReLU(8)),
    "squeeze_expand": squeeze_expand,
    "an even kernel, the same size": lambda: Net(
        lambda m, x: m.c(x).mean((2, 3)), c=nn.Conv2d(8, 10, 4, padding="same")
    ),
    "weight norm": lambda: Net(
        lambda m, x: m.c(x).mean((2, 3)), c=weight_norm(nn.Conv2d(8, 10, 3))
    ),
    "a window as large as the map": lambda: Net(
        lambda m, x: m.fc(F.avg_pool2d(x, x.shape[2:]).view(x.size(0), -1))
    ),
    "maxout": lambda: Net(
        lambda m, x: m.d(torch.max(*x.chunk(2, 1)).mean((2, 3))), d=nn.Linear(4, 10)
    ),
    "generalised mean": lambda: Net(
        lambda m, x: m.fc(x.clamp(min=1e-6).pow(m.p).mean((2, 3)).pow(1 / m.p)),
        p=weight(1),
    ),
    "mean and deviation": lambda: Net(
        lambda m, x: m.d(torch.cat([x.mean((2, 3)), x.std((2, 3))], 1)),
        d=nn.Linear(16, 10),
    ),
    "local response norm": lambda: Net(
        lambda m, x: gap(m, F.local_response_norm(x, 5))
    ),
    "resized twice": lambda: Net(
        lambda m, x: gap(m, F.interpolate(F.max_pool2d(x, 2), size=x.shape[2:]) + x)
    ),
    "both ways round": lambda: Net(
        lambda m, x: gap(m, torch.max(m.c(x), m.c(x.transpose(2, 3)))),
        c=nn.Conv2d(8, 8, 3, padding=1),
    ),
}
if torch.__version__ < "2.5":  # its exporter takes no window that is computed
    del HONEST["a window as large as the map"]


@pytest.mark.parametrize("make", HONEST.values(), ids=HONEST)
def test_honest_nets_meet_every_rule(make, task):
    assert [row.rule.text for row in task.check(make()) if row.status != "met"] == []


def layers_that_stay(net):
    """Return the layers whose answer does not move along, by a run on numbers."""
    generator = torch.Generator().manual_seed(0)
    for parameter in net.parameters():  # untrained ones are often all alike
        parameter.data = torch.randn(parameter.shape, generator=generator)
    replay = Replay(read_graph(exported(on_cpu(net), SHAPE).SerializeToString()))
    return still_layers(replay, census(replay, SHAPE))


# What tells places apart by its numbers, and the layer that does. Not here: a kernel
# that sees a part of the map and leaves one place, which only the structure tells.
STAYING = {
    "a mask, multiplied": "Mul",
    "a mask by where": "Where",
    "−1e9 added, then ReLU": "Add",
    "the smaller of map and template": "Min",
    "a power for every place": "Pow",
    "norm with a scale per place": "n",
    "slices as channels": "c",
    "rows as channels": "c",
    "pixels unshuffled": "c",
    "einsum": "Einsum",
    "places mixed": "MatMul",
    "flattened": "d",
    "columns averaged only": "d",
    "unfolded": "d",
    "distances to templates": ("MatMul", "ReduceSum"),  # as the exporter writes it
    "L1 templates": "Sub",
    "transposed": "c",
    "dilated": "c",
    "nearly whole, a row of padding": "c",
    "in two steps": "b",
    "a weight mixed with the image": "MatMul",
    "a bias laid out as a map": "Mul",
    "a small mask, enlarged": "Mul",
}


@pytest.mark.parametrize("name", STAYING)
def test_the_layer_that_tells_places_apart_does_not_move_along(name):
    staying = layers_that_stay(EVASIONS[name]())
    kinds = STAYING[name]
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    assert kinds & {label.split("_")[0] for label in staying}


MOVING = ("squeeze and excite", "average pooling", "attention over channels",
          "circular padding", "replicating padding", "reflecting padding",
          "instance norm before it", "resized twice", "cropped", "channels last",
          "coordinates as a channel", "attention pooling", "depthwise")  # fmt: skip


@pytest.mark.parametrize("name", MOVING)
def test_what_treats_every_place_alike_moves_along(name):
    assert layers_that_stay(HONEST[name]()) == ()


def test_a_layer_that_does_not_move_along_is_a_dense_one():
    seen = examine(HONEST["average pooling"](), SHAPE)
    rule = Rule("layers", "no dense layer in disguise", "")
    assert judge(rule, seen).status == "met"
    found = judge(rule, replace(seen, census=replace(seen.census, still=("head.w",))))
    assert found.status == "not met"
    assert "`head.w` does not move along" in found.says


@pytest.mark.parametrize("name", [*HONEST, *EVASIONS])
def test_student_and_instructor_read_the_same(name, task, tmp_path):
    net = {**HONEST, **EVASIONS}[name]()
    table = task.check(net)
    try:
        submit(net, challenge=task, path=tmp_path / "a.zip")
    except ValueError:  # neither can be handed in nor be met
        assert not table.met
        return
    seen = inspect_submission(tmp_path / "a.zip", rules=task).rules
    mine = [(row.rule.text, row.status, row.found) for row in table]
    theirs = [(one.wanted, one.status, one.found) for one in seen]
    assert [one[:2] for one in mine] == [one[:2] for one in theirs]
    assert all(m[2] in ("", t[2]) for m, t in zip(mine, theirs, strict=True))


@pytest.mark.parametrize("name", HONEST)
def test_the_replay_answers_as_onnxruntime_does(name):
    net = HONEST[name]()
    images = torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(0))
    net.train()(images)  # statistics that are not 0 and 1
    written = exported(on_cpu(net.eval()), SHAPE).SerializeToString()
    (expected,) = onnxruntime.InferenceSession(written).run(
        None, {"images": images.numpy()}
    )
    with torch.no_grad():
        found = Replay(read_graph(written))(images)
    assert torch.allclose(found, torch.from_numpy(expected), atol=1e-4)


# Each row of the table of disagreements, decided once.


def four_pools():
    parts = []
    for inputs in (1, 8, 8, 8):
        parts += [nn.Conv2d(inputs, 8, 3, padding=1), nn.BatchNorm2d(8)]
        parts += [nn.ReLU(), nn.MaxPool2d(2)]
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
    return nn.Sequential(*parts, *head)


def pre_activation():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3),
        nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 10, 1), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )  # fmt: skip


def on_a_small_map(layer):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.MaxPool2d(4), layer,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(10),
    )  # fmt: skip


def ruled(model, words):
    model(torch.zeros(2, *SHAPE))
    found = handed_in(model.eval(), SHAPE)
    return judge(Rule("layers", words, ""), found).status


NO_DENSE = "no dense layer except after global average pooling"
NO_DISGUISE = "no dense layer in disguise"


def test_a_map_that_max_pooling_made_one_place_was_not_averaged():
    assert ruled(four_pools(), NO_DENSE) == "not met"
    # 3, pool 4, 3×3: 8, pool 10, 3×3: 18, pool 22, 3×3: 38 on a map of 3×3
    field = handed_in(four_pools().eval(), SHAPE).census.last_map
    assert (field.shape, field.field) == ((8, 3, 3), (38, 38))


def test_norm_after_every_convolution_may_stand_before_the_next():
    everywhere = "batch norm after every convolution"
    assert ruled(pre_activation(), everywhere) == "met"


def test_a_kernel_larger_than_its_map_is_in_disguise():
    layer = nn.Conv2d(8, 10, 8, padding=1)
    assert ruled(on_a_small_map(layer), NO_DISGUISE) == "not met"


def test_a_window_over_the_whole_map_overlaps_with_nothing():
    net = on_a_small_map(nn.AvgPool2d(7, stride=1))
    assert ruled(net, "no overlapping pooling") == "met"
    assert ruled(net, NO_DENSE) == "met"


def test_statistics_of_the_whole_map_do_not_widen_the_field():
    for layer in (nn.ReLU(), nn.GroupNorm(2, 8)):
        net = on_a_small_map(layer)
        net(torch.zeros(2, *SHAPE))
        last = handed_in(net.eval(), SHAPE).census.last_map
        assert last.field == (6, 6)


def test_an_average_of_a_part_says_of_how_much():
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.MaxPool2d(7),
        nn.AvgPool2d(3), nn.Flatten(), nn.Linear(8, 10),
    )  # fmt: skip
    says = challenge("mnist-20k").check(net)[NO_DENSE].says
    assert "average 9 of 16 places; make the pooling `AvgPool2d(4)`" in says


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: lenet5(), (1, 32, 32)),
        (lambda: cifar_resnet(20), (3, 32, 32)),
        (lambda: separable_net(), (3, 32, 32)),
    ],
)
def test_the_courses_models_leave_no_doubt(make, shape):
    net = make().eval()
    found = handed_in(net, shape)
    assert found.census.doubts == ()
    assert found.count.total == sum(p.numel() for p in net.parameters())


class Ghost(nn.BatchNorm2d):
    """Statistics for two halves of a batch; the first ones answer in eval mode."""

    def __init__(self, channels):
        super().__init__(channels)
        self.register_buffer("running_mean", torch.zeros(2 * channels))
        self.register_buffer("running_var", torch.ones(2 * channels))

    def forward(self, x):
        c = x.shape[1]
        return F.batch_norm(
            x, self.running_mean[:c], self.running_var[:c], self.weight, self.bias
        )


def test_statistics_of_a_ghost_batch_norm_are_not_learnt():
    net = Net(gap)
    net.norm = Ghost(8)
    assert handed_in(net.eval(), SHAPE).count.total == 80 + 16 + 90


def test_own_normalisation_of_the_image_is_not_learnt():
    net = nn.Sequential(Normalised(), Net(gap))
    assert handed_in(net.eval(), SHAPE).count.total == 80 + 16 + 90


class Normalised(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.13]))
        self.register_buffer("std", torch.tensor([0.31]))

    def forward(self, x):
        return (x - self.mean) / self.std


def statistics_count(way, **parts):
    """Return how many statistics of a net count: its own norm follows a convolution."""
    net = Net(lambda m, x: gap(m, way(m, x)), **parts).eval()
    learnt = sum(p.numel() for p in net.parameters())
    return handed_in(net, SHAPE).count.total - learnt


def bare(channels=8):
    return nn.BatchNorm2d(channels, affine=False)


def weighing():
    return nn.Conv2d(8, 8, 1)


# Two a channel count where the input was normalised since a layer weighed it.
STATISTICS = {
    "a second norm": (lambda m, x: m.n(x), {"n": bare()}, 16),
    "three more": (
        lambda m, x: m.n(x), {"n": nn.Sequential(bare(), bare(), bare())}, 48),
    "a second norm that learns": (lambda m, x: m.n(x), {"n": nn.BatchNorm2d(8)}, 16),
    "after pooling what was normalised": (
        lambda m, x: m.n(F.max_pool2d(x, 3)), {"n": bare()}, 16),
    "after adding what was normalised": (
        lambda m, x: m.n(x + m.c(x)), {"n": bare(), "c": weighing()}, 16),
    "after joining what was normalised": (
        lambda m, x: m.n(torch.cat([x, m.c(x)], 1))[:, :8],
        {"n": bare(16), "c": weighing()}, 32),
    "after a convolution": (
        lambda m, x: m.n(m.c(x)), {"n": bare(), "c": weighing()}, 0),
    "after its activation": (
        lambda m, x: m.n(m.c(x).relu()), {"n": bare(), "c": weighing()}, 0),
    "after its pooling": (
        lambda m, x: m.n(F.avg_pool2d(m.c(x), 3)), {"n": bare(), "c": weighing()}, 0),
    "after two of them, added": (
        lambda m, x: m.n(m.c(x) + m.d(x)),
        {"n": bare(), "c": weighing(), "d": weighing()}, 0),
    "after two of them, joined": (
        lambda m, x: m.n(torch.cat([m.c(x), m.d(x)], 1))[:, :8],
        {"n": bare(16), "c": weighing(), "d": weighing()}, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_rest_where_a_weighing_layer_made_the_input(name):
    way, parts, numbers = STATISTICS[name]
    assert statistics_count(way, **parts) == numbers


def test_statistics_that_count_are_counted_alike_and_said_on_both_sides(task, tmp_path):
    net = Net(lambda m, x: gap(m, m.n(x)), n=bare())
    mine = task.check(net)["parameters_below"]
    submit(net, challenge=task, path=tmp_path / "a.zip")
    seen = inspect_submission(tmp_path / "a.zip", rules=task)
    theirs = next(one for one in seen.rules if one.key == "parameters_below")
    assert (mine.found, theirs.found) == ("202", "202")  # 80 + 16 + 90 + 16
    for said in (mine.says, theirs.note):
        assert "16 as running means and variances of a batch norm" in said
    assert "`n.running_mean` is a buffer, but 8 numbers in it count" in mine.says


# Answers that depend on the other images of a batch, or on the place among them.
NEIGHBOURS = {
    "the batch's mean": lambda m, x: gap(m, x - x.mean(0, keepdim=True)),
    "the batch's mean, times 0": lambda m, x: gap(m, x + 0 * (x * x).mean(0)),
    "softmax over the batch": lambda m, x: gap(m, x.softmax(0)),
    "the batch turned round": lambda m, x: gap(m, x + x.flip(0)),
    "the last image": lambda m, x: gap(m, x * x[-1:].sigmoid()),
    "the batch as channels": lambda m, x: gap(
        m, x + x.transpose(0, 1).mean(1, keepdim=True).transpose(0, 1)),
    "answers compared": lambda m, x: gap(m, x) @ (gap(m, x).T @ gap(m, x)),
    "a view over images": lambda m, x: gap(m, x + x.view(8, -1, 7, 7).transpose(0, 1)),
    "a norm over the batch": lambda m, x: gap(
        m, F.group_norm(x.transpose(0, 1).reshape(1, 8, -1), 8)
        .view(8, -1, 7, 7).transpose(0, 1)),
    "the number of the image": lambda m, x: gap(
        m, x + torch.arange(len(x)).view(-1, 1, 1, 1)),
}  # fmt: skip


@pytest.mark.parametrize("way", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_what_looks_at_neighbours_in_the_batch_is_for_a_person(way, task):
    statuses = {row.status for row in task.check(Net(way))}
    assert "for a person" in statuses
    assert statuses <= {"for a person", "not met", "not judged"}


def test_numbers_written_into_settings_count_from_fifty_on():
    slopes = nn.Sequential(*[nn.LeakyReLU(k / 1000) for k in range(1, 61)])
    found = handed_in(Net(lambda m, x: gap(m, m.n(x)), n=slopes).eval(), SHAPE)
    assert found.count.how["single numbers in the code"] == 63  # and ε, momentum, 1


def test_instance_norm_is_no_batch_norm_live_or_as_a_file():
    net = Net(lambda m, x: gap(m, m.n(x)), n=nn.InstanceNorm2d(8)).eval()
    for found in (handed_in(net, SHAPE), examine(net, SHAPE)):
        assert [step.layer for step in found.census.of("norm")] == ["norm"]
