"""Gradient norms against sums over paths, and nets without norm against hand counts."""

import math

import pytest
import torch
from torch import nn

from coursekit.metrics import gradient_norms
from coursekit.models import cifar_resnet, depth_net
from coursekit.training import gradient_of


def chain(*weights: float) -> nn.Sequential:
    layers = [nn.Linear(1, 1, bias=False) for _ in weights]
    for layer, weight in zip(layers, weights, strict=True):
        nn.init.constant_(layer.weight, weight)
    return nn.Sequential(*layers)


def total(outputs, labels):
    return outputs.sum()


def test_the_gradient_of_a_chain_is_the_product_of_the_weights_behind():
    found = gradient_norms(
        chain(7, 2, -3, 5), torch.ones(1, 1), torch.tensor([0]), ["0", "2"], loss=total
    )
    assert found == {"0": pytest.approx(30), "2": pytest.approx(5)}


def test_cross_entropy_gives_probabilities_minus_one_at_the_right_class():
    net = nn.Sequential(nn.Linear(2, 2))
    found = gradient_norms(net, torch.zeros(1, 2), torch.tensor([0]), ["0"])
    p = net(torch.zeros(1, 2)).softmax(1)[0].tolist()
    assert found["0"] == pytest.approx(math.hypot(p[0] - 1, p[1]), rel=1e-5)


def test_the_gradients_of_all_weights_stand_in_one_row_in_their_order():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = torch.ones(4, 2)
    parts = torch.autograd.grad(net(x).sum(), list(net.parameters()))
    net(x).sum().backward()
    row = gradient_of(net)
    assert row.shape == (2 * 3 + 3 + 3 + 1,)
    torch.testing.assert_close(row, torch.cat([part.reshape(-1) for part in parts]))


def test_a_gradient_far_below_float32_is_not_zero():
    found = gradient_norms(
        chain(1, 1e-30, 1e-30), torch.ones(1, 1), torch.tensor([0]), ["0"], loss=total
    )
    assert found["0"] == pytest.approx(1e-60, rel=1e-5)


def test_a_relu_that_writes_into_its_input_does_not_spoil_the_layer_before():
    net = nn.Sequential(*chain(-2, 1))
    net.insert(1, nn.ReLU(inplace=True))
    found = gradient_norms(
        net, torch.ones(1, 1), torch.tensor([0]), ["0", "1"], loss=total
    )
    assert found == {"0": 0.0, "1": pytest.approx(1)}


def test_the_model_is_left_as_it_was():
    net = depth_net(8, shortcut="padded", norm="batch", start="torch").eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    gradient_norms(net, torch.randn(4, 1, 8, 8), torch.arange(4), ["2"])
    assert not net.training
    assert all(parameter.grad is None for parameter in net.parameters())
    assert all(torch.equal(before[name], v) for name, v in net.state_dict().items())
    assert not any(module._forward_hooks for module in net.modules())


def test_a_layer_that_is_not_there_or_not_used_is_named():
    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = nn.Linear(1, 1), nn.Linear(1, 1)

        def forward(self, x):
            return self.used(x)

    one, label = torch.ones(1, 1), torch.tensor([0])
    with pytest.raises(ValueError, match="such as used, idle; got 'nose'"):
        gradient_norms(Idle(), one, label, ["nose"])
    with pytest.raises(ValueError, match="'idle' is not"):
        gradient_norms(Idle(), one, label, ["idle"], loss=total)


@pytest.mark.parametrize("shortcut", ["none", "padded", "projection"])
@pytest.mark.parametrize("depth", [8, 20])
def test_without_norm_only_two_numbers_a_channel_are_missing(depth, shortcut):
    nets = {
        norm: depth_net(depth, shortcut=shortcut, norm=norm, start="he")
        for norm in ("batch", "none")
    }
    sizes = {n: sum(p.numel() for p in net.parameters()) for n, net in nets.items()}
    blocks = (depth - 2) // 6
    channels = 8 + 2 * blocks * (8 + 16 + 32)
    channels += 16 + 32 if shortcut == "projection" else 0
    assert sizes["batch"] - sizes["none"] == 2 * channels
    assert not any(isinstance(m, nn.BatchNorm2d) for m in nets["none"].modules())


def test_he_starts_with_two_over_the_weights_that_feed_on_an_output():
    net = depth_net(20, shortcut="none", norm="batch", start="he", width=32)
    convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 19
    for layer in convolutions[1:]:  # the first has too few weights to tell
        expected = math.sqrt(2 / (9 * layer.out_channels))
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.05)


def test_torch_is_the_start_that_torch_itself_gives():
    torch.manual_seed(3)
    expected = cifar_resnet(8, 10, 1, shortcut="padded", width=8).state_dict()
    state = torch.get_rng_state()
    net = depth_net(8, shortcut="padded", norm="batch", start="torch", seed=3)
    assert all(torch.equal(expected[k], v) for k, v in net.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"norm": "layer"}, "`norm` must be"),
        ({"start": "zeros"}, "`start` must be"),
        ({"depth": 21}, "6n \\+ 2"),
    ],
)
def test_what_cannot_be_built_is_refused(wrong, sentence):
    settings = {"depth": 8, "shortcut": "none", "norm": "none", "start": "he"} | wrong
    with pytest.raises(ValueError, match=sentence):
        depth_net(**settings)
