"""The flow graph against graphs typed by hand."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from coursekit.anatomy.data_flow import Edge, Node, flow


class Net(nn.Module):
    """A network from its layers and a function."""

    def __init__(self, forward, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self._forward = forward

    def forward(self, x):
        return self._forward(self, x)


def conv(given: int = 3, out: int = 3) -> nn.Conv2d:
    return nn.Conv2d(given, out, 3, padding=1)


def graph(model, shape=(3, 8, 8)) -> set[str]:
    return {f"{edge.source} → {edge.target}" for edge in flow(model, shape).edges}


def typed(text: str) -> set[str]:
    return {line.strip() for line in text.strip().splitlines()}


def residual(self, x):
    y = F.relu(self.bn(self.conv(x)))
    y = self.last(y)
    return F.relu(y + x)


def inception(self, x):
    return torch.cat([self.one(x), self.three(self.reduce(x)), self.pool(x)], 1)


def dense(self, x):
    features = [x]
    for layer in (self.first, self.second, self.third):
        features.append(layer(torch.cat(features, 1)))
    return torch.cat(features, 1)


HAND_TYPED = {
    "a chain": (
        nn.Sequential(conv(), nn.ReLU(), nn.Flatten(), nn.Linear(192, 2)),
        """input → 0
        0 → 1
        1 → 2
        2 → 3
        3 → output""",
    ),
    "functional steps pass their source on": (
        Net(lambda s, x: s.b(F.max_pool2d(F.relu(s.a(x)), 2)), a=conv(), b=conv()),
        """input → a
        a → b
        b → output""",
    ),
    "a residual block": (
        Net(residual, conv=conv(), bn=nn.BatchNorm2d(3), last=conv()),
        """input → conv
        conv → bn
        bn → last
        last → (add)
        input → (add)
        (add) → output""",
    ),
    "an inception module": (
        Net(inception, one=conv(), reduce=nn.Conv2d(3, 2, 1), three=conv(2),
            pool=nn.MaxPool2d(3, 1, 1)),
        """input → one
        input → reduce
        reduce → three
        input → pool
        one → (cat)
        three → (cat)
        pool → (cat)
        (cat) → output""",
    ),
    "dense connections": (
        Net(dense, first=conv(3, 2), second=conv(5, 2), third=conv(7, 2)),
        """input → first
        input → (cat)
        first → (cat)
        (cat) → second
        input → (cat:2)
        first → (cat:2)
        second → (cat:2)
        (cat:2) → third
        input → (cat:3)
        first → (cat:3)
        second → (cat:3)
        third → (cat:3)
        (cat:3) → output""",
    ),
    "a module called twice": (
        Net(lambda s, x: s.a(s.relu(s.a(s.relu(x)))), a=conv(), relu=nn.ReLU()),
        """input → relu
        relu → a
        a → relu:2
        relu:2 → a:2
        a:2 → output""",
    ),
    "several outputs": (
        Net(lambda s, x: {"main": s.b(s.a(x)), "aux": s.c(s.a(x))},
            a=conv(), b=conv(), c=conv()),
        """input → a
        input → a:2
        a → b
        a:2 → c
        b → output['main']
        c → output['aux']""",
    ),
    "a layer with two inputs": (
        Net(lambda s, x: s.both(s.a(x), s.b(x)), a=conv(), b=conv(),
            both=nn.Bilinear(8, 8, 4)),
        """input → a
        input → b
        a → both
        b → both
        both → output""",
    ),
    "a gate": (
        Net(lambda s, x: x * torch.sigmoid(s.gate(x.mean((2, 3), keepdim=True))),
            gate=nn.Conv2d(3, 3, 1)),
        """input → gate
        input → (multiply)
        gate → (multiply)
        (multiply) → output""",
    ),
    "a sum in place": (
        Net(lambda s, x: s.b(s.a(x).add_(x)), a=conv(), b=conv()),
        """input → a
        a → (add)
        input → (add)
        (add) → b
        b → output""",
    ),
    "a layer that hands its input through": (
        Net(lambda s, x: s.a(x) + s.same(x), a=conv(), same=nn.Identity()),
        """input → a
        input → same
        a → (add)
        same → (add)
        (add) → output""",
    ),
    "activations in place": (
        nn.Sequential(conv(), nn.ReLU(inplace=True), conv(), nn.ReLU(inplace=True)),
        """input → 0
        0 → 1
        1 → 2
        2 → 3
        3 → output""",
    ),
    "layers in blocks": (
        Net(lambda s, x: s.blocks[1](s.blocks[0](x)),
            blocks=nn.ModuleList([nn.Sequential(conv(), nn.ReLU()), conv()])),
        """input → blocks.0.0
        blocks.0.0 → blocks.0.1
        blocks.0.1 → blocks.1
        blocks.1 → output""",
    ),
    "a layer made of functions is one node": (
        nn.Sequential(Net(lambda s, x: x + F.conv2d(x, s.w), w=nn.Parameter(
            torch.ones(3, 3, 1, 1))), nn.ReLU()),
        """input → 0
        0 → 1
        1 → output""",
    ),
    "joins inside a leaf are its own affair": (
        Net(lambda s, x: s.b(s.attend(s.a(x).flatten(2))[0]), a=conv(),
            attend=Net(lambda s, x: (torch.softmax(x @ x.mT, -1) @ x, x)), b=nn.ReLU()),
        """input → a
        a → attend
        attend → b
        b → output""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HAND_TYPED)
def test_the_graph_is_the_one_typed_by_hand(name):
    model, text = HAND_TYPED[name]
    assert graph(model) == typed(text)


def test_nodes_know_their_kind_their_blocks_and_their_size():
    model = nn.Sequential(
        nn.Sequential(conv(3, 4), nn.BatchNorm2d(4)), nn.Flatten(), nn.Linear(256, 2)
    )
    assert flow(model, (3, 8, 8)).nodes == (
        Node("input", "input", (), (3, 8, 8)),
        Node("0.0", "Conv2d", ("0",), (4, 8, 8)),
        Node("0.1", "BatchNorm2d", ("0",), (4, 8, 8)),
        Node("1", "Flatten", (), (256,)),
        Node("2", "Linear", (), (2,)),
        Node("output", "output", (), (2,)),
    )


def test_a_join_stands_in_the_block_it_is_made_in():
    model = nn.Sequential(Net(lambda s, x: s.a(x) + x, a=conv()))
    (join,) = (node for node in flow(model, (3, 8, 8)).nodes if node.is_join)
    assert (join.name, join.kind, join.inside) == ("0.(add)", "add", ("0",))
    assert join.output_shape == (3, 8, 8)


def test_a_block_called_twice_is_two_blocks():
    block = nn.Sequential(conv(), nn.ReLU())
    found = flow(Net(lambda s, x: s.block(s.block(x)), block=block), (3, 8, 8))
    assert [node.inside for node in found.nodes[1:-1]] == [
        ("block",), ("block",), ("block:2",), ("block:2",),
    ]  # fmt: skip
    assert Edge("block.1", "block.0:2") in found.edges


def test_a_single_layer_is_a_graph_too():
    assert graph(conv()) == {"input → model", "model → output"}


def test_before_and_after_are_the_ends_of_the_edges():
    found = flow(Net(residual, conv=conv(), bn=nn.BatchNorm2d(3), last=conv()),
                 (3, 8, 8))  # fmt: skip
    assert found.before("(add)") == ("last", "input")
    assert found.after("input") == ("conv", "(add)")


def test_an_unused_layer_is_no_node():
    found = flow(Net(lambda s, x: s.a(x), a=conv(), spare=conv()), (3, 8, 8))
    assert "spare" not in {node.name for node in found.nodes}


def test_the_model_and_the_generators_are_left_as_they_were():
    model = nn.Sequential(conv(), nn.BatchNorm2d(3), nn.Dropout(0.5))
    model[2].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    flow(model, (3, 8, 8))
    assert [module.training for module in model] == [True, True, False]
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[n], v) for n, v in model.state_dict().items())
    assert not nn.modules.module._global_forward_hooks
    assert not nn.modules.module._global_forward_pre_hooks


def test_the_hooks_are_gone_after_an_error():
    with pytest.raises(ValueError, match="layer `1`"):
        flow(nn.Sequential(conv(), conv(4)), (3, 8, 8))
    assert not nn.modules.module._global_forward_hooks
    assert not nn.modules.module._global_forward_pre_hooks


@pytest.mark.parametrize(
    ("model", "shape", "sentence"),
    [
        ("resnet", (3, 8, 8), "`model` must be an nn.Module instance; got str"),
        (nn.Conv2d, (3, 8, 8), "the class Conv2d: call it first"),
        (conv(), 8, r"`input_shape` must be \(channels, height, width\)"),
        (conv(), (3, 0, 8), "`input_shape` must be a whole number ≥ 1; got 0"),
        (conv(), (1, 8, 8), "it takes 3 channels, not 1"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(model, shape, sentence):
    with pytest.raises(ValueError, match=sentence):
        flow(model, shape)
