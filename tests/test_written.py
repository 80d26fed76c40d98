"""Writes into tensors that `forward` makes, against poisoned pixels."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from coursekit.anatomy import UnknownOperatorError, anatomy, flow
from tests.test_anatomy_oracle import (
    assert_every_unit_agrees,
    poisoned_rows,
    with_positive_weights,
)

SHAPE = (2, 13, 16)


class Net(nn.Module):
    """Two convolutions and a step that a function takes with them."""

    def __init__(self, step):
        super().__init__()
        self.one, self.two = nn.Conv2d(2, 4, 3), nn.Conv2d(2, 4, 3, padding=1)
        self.step = step
        self.register_buffer("kept", torch.zeros(1, 4, 11, 14))

    def forward(self, x: Tensor) -> Tensor:
        return self.step(self, x)


def zeros(x: Tensor, c: int, h: int, w: int) -> Tensor:
    return torch.zeros(len(x), c, h, w, dtype=x.dtype)


def convolution_by_hand(net, x):
    n, _, h, w = x.shape
    y = torch.zeros(n, 4, h - 2, w - 2)
    for i in range(h - 2):
        for j in range(w - 2):
            patch = x[:, None, :, i : i + 3, j : j + 3]  # n 1 c 3 3
            y[:, :, i, j] = (patch * net.one.weight).sum((2, 3, 4))
    return y


def padding_by_hand(net, x):
    p = zeros(x, 2, x.shape[2] + 2, x.shape[3] + 2)
    p[:, :, 1:-1, 1:-1] = x
    return net.one(p)


def padding_by_joining(net, x):
    row = x.new_zeros(len(x), 2, 1, x.shape[3])
    x = torch.cat([row, x, row], 2)
    column = torch.zeros_like(x[..., :1])
    return net.one(torch.cat([column, x, column], 3))


def added_in_place(net, x):
    y = zeros(x, 4, 11, 14)
    y += net.one(x)
    return y


def through_a_view(net, x):
    y = zeros(x, 4, 11, 14)
    half = y[:, :2]
    half += net.one(x)[:, :2]
    return y


def a_view_taken_before(net, x):
    y = zeros(x, 4, 11, 14)
    flat = y.view(len(x), -1)
    y.copy_(net.one(x))
    return flat.view(len(x), 4, 11, 14)


def a_view_taken_before_a_sum(net, x):
    y = net.two(x) * 2
    flat = y.flatten(1)
    y += x[:, :1].roll(3, 2)
    return flat


def channel_by_channel(net, x):
    y, z = net.one(x), torch.empty_like(net.one(x))
    for k, channel in enumerate(y.unbind(1)):
        z.select(1, 3 - k).copy_(channel)
    return z


def two_halves(net, x):
    y = x.new_zeros(len(x), 8, 13, 16)
    y[:, :4, 1:-1, 1:-1] = net.one(x)
    y[:, 4:] = net.two(x)
    return y


def a_sum_into_a_slice(net, x):
    y = torch.cat([net.one(x), net.one(x.flip(2))], 1)[:, :6]
    y += x.roll(2, 3)[:, :1, :11, :14]
    return y


def places_in_a_list(net, x):
    y = zeros(x, 4, 11, 14)
    y[:, [0, 2]] = net.one(x)[:, 1:3]
    return y


def a_mask(net, x):
    y, mask = zeros(x, 4, 11, 14), torch.arange(154).view(11, 14) % 3 == 0
    y[:, :, mask] = net.one(x)[:, :, mask]
    return y


def scattered(net, x):
    y = net.one(x)
    rows = torch.tensor([3, 0, 5]).view(1, 1, 3, 1).expand(len(x), 4, 3, 14)
    return zeros(x, 4, 11, 14).scatter(2, rows, y[:, :, :3])


def added_at_places(net, x):
    rows = torch.tensor([3, 0, 3])
    return net.one(x).index_add(2, rows, net.one(x)[:, :, 8:11])


def copied_to_places(net, x):
    return net.one(x).index_copy(
        3, torch.tensor([0, 4]), x[:, :1, :11, 8:10].repeat(1, 4, 1, 1)
    )


def interleaved(net, x):
    y = zeros(x, 4, 22, 28)
    y[:, :, ::2, ::2] = net.one(x)
    return y


def border_repeated(net, x):
    p = F.pad(x, (1, 1, 1, 1))
    p[:, :, 0], p[:, :, -1] = p[:, :, 2], p[:, :, -3]
    return net.one(p)


def cleared(net, x):
    y = net.one(x) * 2
    y[:, :, :3] = 0
    y[:, :, :, 5].zero_()
    return y


def written_out(net, x):
    y = torch.empty(len(x), 4, 11, 14, dtype=x.dtype)
    torch.mul(net.one(x), 2, out=y)
    return y


def through_data(net, x):
    y = zeros(x, 4, 11, 14)
    y.data.copy_(net.one(x))
    return y


def constants_on_the_images_device(net, x):
    places = torch.arange(4, device=x.device).flip(0)
    return net.one(x).index_select(1, places).to(places.device)


def another_object(net, x):
    return nn.Parameter(net.one(x), requires_grad=False)


def a_subclass(net, x):
    return net.one(x).as_subclass(Special).as_subclass(Tensor)


class Special(Tensor):
    """A tensor of another class."""


class Watched(TorchDispatchMode):
    """Do what is asked."""

    def __torch_dispatch__(self, call, types, args=(), kwargs=None):
        return call(*args, **kwargs or {})


def gives_tensors_another_class():
    """Say whether this torch can while it is watched; 2.4 cannot."""
    try:
        with Watched():
            torch.ones(1).add(1).as_subclass(Special)
    except RuntimeError:
        return False
    return True


STEPS = (
    convolution_by_hand, padding_by_hand, padding_by_joining, added_in_place,
    through_a_view, a_view_taken_before, a_view_taken_before_a_sum, channel_by_channel,
    two_halves, a_sum_into_a_slice, places_in_a_list, a_mask, scattered,
    added_at_places, copied_to_places, interleaved, border_repeated, cleared,
    written_out, through_data, another_object, constants_on_the_images_device,
    *([a_subclass] if gives_tensors_another_class() else []),
)  # fmt: skip


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_what_is_written_sees_what_poison_reaches(step):
    model = with_positive_weights(Net(step))
    assert_every_unit_agrees(model, SHAPE, poisoned_rows, torch.isnan)


class Chain(nn.Sequential):
    """The step between two convolutions, so that what it prints is used again."""

    def __init__(self, step: nn.Module):
        first, last = nn.Conv2d(2, 2, 3, 2, padding=1), nn.Conv2d(4, 4, 5, padding=2)
        super().__init__(first, step, nn.BatchNorm2d(4), last)


TWINS = {
    convolution_by_hand: nn.Conv2d(2, 4, 3),
    padding_by_hand: nn.Conv2d(2, 4, 3, padding=1),
    padding_by_joining: nn.Conv2d(2, 4, 3, padding=1),
}


@pytest.mark.parametrize("side", [28, 64])
@pytest.mark.parametrize("step", TWINS, ids=lambda step: step.__name__)
def test_a_layer_by_hand_prints_the_numbers_of_the_layer(step, side):
    by_hand, twin = Chain(Net(step)), Chain(TWINS[step])
    row = anatomy(by_hand, (2, side, side)).output
    expected = anatomy(twin, (2, side, side)).output
    for name in ("output_shape", "receptive_field", "stride", "start"):
        assert getattr(row, name) == getattr(expected, name)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_layer_whose_output_is_written_somewhere_feeds_what_comes_next(step):
    layer = "two" if step is a_view_taken_before_a_sum else "one"
    edges = {(edge.source, edge.target) for edge in flow(Net(step), SHAPE).edges}
    feeding = {source for source, _ in edges}
    if step is convolution_by_hand:
        assert edges == {("input", "model"), ("model", "output")}
    else:
        assert layer in feeding
        assert "input" in feeding
        assert all(target != "output" or source != "input" for source, target in edges)


def test_what_a_pass_writes_into_buffers_and_lists_of_the_model_is_gone_afterwards():
    def step(net, x):
        net.kept[:] = net.one(x)
        net.kept = net.kept + net.two(x)[:, :, 1:-1, 1:-1]
        net.seen.append(net.kept)
        net.named["last"] = net.kept
        return net.kept

    net = Net(step)
    net.seen, net.named = [1], {}
    kept = net.kept
    assert anatomy(net, SHAPE).output.receptive_field == (3, 3)
    assert flow(net, SHAPE).before("output") == ("(add)",)
    assert net.kept is kept
    assert not kept.any()
    assert (net.seen, net.named) == ([1], {})


def test_a_write_into_a_list_of_tensors_is_refused():
    def step(net, x):
        y = torch.zeros(len(x), 4, 11, 14)
        torch._foreach_add_([y], [net.one(x)])
        return y

    with pytest.raises(UnknownOperatorError, match="_foreach_add_"):
        anatomy(Net(step), SHAPE)
    assert flow(Net(step), SHAPE).before("output") == ("one",)


def test_a_write_at_places_that_depend_on_the_image_is_refused():
    def step(net, x):
        y = torch.zeros(len(x), 4, 11, 14)
        return y.scatter(
            1, net.one(x).argmax(1, keepdim=True), net.two(x)[:, :1, 1:-1, 1:-1]
        )

    with pytest.raises(
        UnknownOperatorError, match="places whose numbers are not known"
    ):
        anatomy(Net(step), SHAPE)


@pytest.mark.parametrize(
    "leave", [lambda y: torch.from_numpy(y.numpy()), lambda y: torch.tensor(y.tolist())]
)
def test_values_that_leave_torch_are_not_lost_silently(leave):
    def step(net, x):
        y = torch.zeros(len(x), 4, 11, 14)
        y[:] = net.one(x)
        return leave(y)

    for function in (anatomy, flow):
        with pytest.raises(ValueError, match=r"`Net` asks for a number in a tensor"):
            function(Net(step), SHAPE)
