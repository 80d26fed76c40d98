"""Anatomy against oracles that know nothing of receptive fields.

A row (or column) of the image is poisoned with NaN and the real network run on real
numbers: the units that turn NaN are those that see it. Linear networks with
interpolation are checked by their response to one bright row instead, because a weight
of zero times NaN would count as seeing.
"""

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, assume, given, settings
from torch import Tensor, nn

from coursekit.anatomy import UnknownOperatorError, Varies, anatomy
from coursekit.anatomy.field import full
from tests import random_networks as nets

EXAMPLES = settings(
    max_examples=2000,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)


def outputs_of_every_layer(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    handles = []

    def keep(name):
        def hook(module, args, out):
            calls = sum(key.split(":")[0] == name for key in found)
            label = name if not calls else f"{name}:{calls + 1}"
            if isinstance(out, Tensor):
                found[label] = out
            else:
                items = out.items() if isinstance(out, dict) else enumerate(out)
                for key, value in items:
                    found[f"{label}[{key!r}]"] = value

        return hook

    for name, module in model.named_modules():
        handles.append(module.register_forward_hook(keep(name)))
    try:
        with torch.no_grad():
            model(images)
    finally:
        for handle in handles:
            handle.remove()
    return found


def with_positive_weights(model: nn.Module) -> nn.Module:
    model = copy.deepcopy(model).double().eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(0.5, 1.5, generator=generator)
    return model


def poisoned_rows(shape: tuple, axis: int) -> Tensor:
    """One image per row (axis 0) or column (axis 1), that line being NaN."""
    size = shape[1 + axis]
    images = (
        torch.rand(
            size,
            *shape,
            dtype=torch.float64,
            generator=torch.Generator().manual_seed(1),
        )
        + 0.5
    )
    for place in range(size):
        images.select(0, place).select(1 + axis, place).fill_(torch.nan)
    return images


def bright_rows(shape: tuple, axis: int) -> Tensor:
    size = shape[1 + axis]
    images = torch.zeros(size, *shape, dtype=torch.float64)
    for place in range(size):
        images.select(0, place).select(1 + axis, place).fill_(1.0)
    return images


def first_and_last(seen: Tensor) -> tuple[Tensor, Tensor]:
    """(images, …) booleans → first and last image that reached each unit."""
    size = seen.shape[0]
    places = torch.arange(size).view(-1, *[1] * (seen.dim() - 1))
    first = torch.where(seen, places, 1 << 28).amin(0)
    last = torch.where(seen, places, -(1 << 28)).amax(0)
    return first, last


def assert_every_unit_agrees(model, shape, images_of, sees, skip=()):
    table = anatomy(model, shape)
    rows = {row.name: row for row in (*table.rows, *table.outputs)}
    for axis in (0, 1):
        found = outputs_of_every_layer(model, images_of(shape, axis))
        for name, out in found.items():
            row = rows[name]
            assert row.output_shape == tuple(out.shape[1:])
            bounds = full(row.units.axes[axis], (1, *out.shape[1:]))[:, 0]
            first, last = first_and_last(sees(out))
            assert torch.equal(bounds[0], first), (name, axis, model)
            assert torch.equal(-bounds[1], last), (name, axis, model)


def runs_and_stays_small(model: nn.Module, shape: tuple, most: int = 100) -> bool:
    """Tell whether torch runs the model and no map grows beyond `most` pixels."""
    try:
        images = torch.ones(1, *shape, dtype=torch.float64, device="meta")
        found = outputs_of_every_layer(copy.deepcopy(model).to("meta"), images)
    except (RuntimeError, ValueError, TypeError):  # torch refuses: not our matter
        return False
    sizes = [size for out in found.values() for size in out.shape[1:]]
    return min(sizes) > 0 and max(sizes) <= most


@EXAMPLES
@given(nets.networks())
def test_every_unit_of_every_layer_sees_what_poison_reaches(model):
    shape = (nets.CHANNELS, 13, 16)
    model = with_positive_weights(model)
    assume(runs_and_stays_small(model, shape))
    assert_every_unit_agrees(model, shape, poisoned_rows, torch.isnan)


@settings(EXAMPLES, max_examples=200)
@given(nets.linear_networks())
def test_every_unit_of_an_interpolating_net_responds_where_anatomy_says(model):
    shape = (nets.CHANNELS, 11, 9)
    model = with_positive_weights(model)
    for module in model.modules():
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
    assume(runs_and_stays_small(model, shape))
    assert_every_unit_agrees(model, shape, bright_rows, lambda out: out.abs() > 1e-12)


@settings(EXAMPLES, max_examples=200)
@given(nets.chains(nets.local_steps(), 1, 4))
def test_the_printed_numbers_are_those_of_a_unit_far_from_the_border(model):
    shape = (nets.CHANNELS, 60, 60)
    model = with_positive_weights(model)
    assume(runs_and_stays_small(model, shape, 130))
    assume(
        not any(
            getattr(m, "padding_mode", "zeros") == "circular" for m in model.modules()
        )
    )  # it sees both ends of the image at once
    table = anatomy(model, shape)
    assume(max(largest(r.receptive_field[0]) for r in table) < 30)
    found = outputs_of_every_layer(model, poisoned_rows(shape, 0))
    for row in table:
        first, last = first_and_last(torch.isnan(found[row.name]))
        first, last = first.amin((0, 2)), last.amax((0, 2))
        inside = (
            ((first > 15) & (first <= last) & (last < 45)).nonzero().flatten().tolist()
        )
        size, stride, start = (row.receptive_field[0], row.stride[0], row.start[0])
        for unit in inside:
            assert within(max(0, int(last[unit] - first[unit]) + 1), size)
            if isinstance(stride, int) and not isinstance(size, Varies):
                assert int(first[unit]) == start + unit * stride


def largest(value) -> int:
    return value.largest if isinstance(value, Varies) else value


def within(value: int, stated) -> bool:
    if isinstance(stated, Varies):
        return stated.smallest <= value <= stated.largest
    return value == stated


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_max_pooling_with_dilation_sees_its_taps(kernel, dilation):
    model = nn.Sequential(nn.MaxPool2d(kernel, 2, dilation=dilation)).double()
    assert_every_unit_agrees(model, (2, 17, 18), poisoned_rows, torch.isnan)


class Functional(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, stride=2)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.conv(x))


MASK = torch.arange(36).view(6, 6) % 3 == 0
UNUSUAL = {
    "upper triangle": lambda x: x.triu(1),
    "lower triangle": lambda x: x.tril(),
    "running sum": lambda x: x.cumsum(2),
    "masked by a constant": lambda x: x.masked_fill(MASK, 0.0),
    "chosen by a constant": lambda x: torch.where(MASK, x, torch.zeros(())),
    "sliding blocks": lambda x: F.unfold(x, 2, padding=1, stride=2),
    "self-attention": lambda x: (
        (t := x.flatten(2).transpose(1, 2)) @ t.transpose(1, 2) @ t
    ),
    "channels against channels": lambda x: torch.einsum("nchw,nkhw->nck", x, x),
    "matrix by vector": lambda x: x[0, 0] @ x[0, 0, :, 0],
    "sum over a batch of products": lambda x: torch.addbmm(x[0, 0], x[0], x[0]),
    "largest two": lambda x: x.topk(2, dim=1).values,
    "median of rows": lambda x: x.median(dim=2).values,
    "diagonal": lambda x: x.diagonal(dim1=2, dim2=3),
    "turned": lambda x: x.rot90(1, (2, 3)),
    "repeated": lambda x: x.repeat_interleave(2, dim=2),
    "gathered": lambda x: x.index_select(2, torch.tensor([5, 0, 2])),
    "indexed by a tensor": lambda x: x[:, :, torch.tensor([5, 0, 2])],
    "indexed by a list": lambda x: x[:, :, [5, 0, 2]],
    "stacked": lambda x: torch.stack([x, x.flip(2)], dim=2),
    "layer norm": lambda x: F.layer_norm(x, (6,)),
}


# No rule for these; and torch turns a list into a tensor without numbers on its own.
REFUSED = ("matrix by vector", "sum over a batch of products", "indexed by a list")


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_operator_sees_what_poison_reaches_or_is_refused(name):
    """One image at a time: some of these mix the batch."""
    model, shape = with_positive_weights(Functional(UNUSUAL[name])), (2, 13, 13)
    if name in REFUSED:
        with pytest.raises(UnknownOperatorError):
            anatomy(model, shape)
        return
    table = anatomy(model, shape)
    for axis in (0, 1):
        outs = [model(image[None]).detach() for image in poisoned_rows(shape, axis)]
        seen = torch.isnan(torch.stack(outs))
        first, last = first_and_last(seen)
        axis_units = table.output.units.axes[axis]
        bounds = full(axis_units, table.output.units.shape)
        assert torch.equal(bounds[0].expand_as(first), first), (name, axis)
        assert torch.equal(-bounds[1].expand_as(last), last), (name, axis)
