"""Anatomy against published tables, hand-typed answers and the models' own sums."""

import copy
from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import coursekit
from coursekit.anatomy import (
    Layer,
    UnknownOperatorError,
    Varies,
    anatomy,
    carry,
    seen,
)
from coursekit.anatomy.field import Grid, whole_image
from coursekit.anatomy.window import Window, slide, spread

zoo = torchvision.models


def empty(factory, **kwargs):
    """Build a torchvision model without weights in memory."""
    with torch.device("meta"):
        return factory(weights=None, **kwargs)


# --- published numbers -------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        # Araujo, Norris, Sim (Distill, 2019) give 195 and 212 for the last map; the
        # rows before are the recurrence done by hand.
        (
            "alexnet",
            {
                "0": 11,
                "2": 19,
                "3": 51,
                "5": 67,
                "6": 99,
                "8": 131,
                "10": 163,
                "12": 195,
            },
        ),
        (
            "vgg16",
            {
                "0": 3,
                "2": 5,
                "4": 6,
                "5": 10,
                "7": 14,
                "9": 16,
                "14": 40,
                "16": 44,
                "21": 92,
                "23": 100,
                "28": 196,
                "30": 212,
            },
        ),
    ],
)
def test_chains_have_the_published_fields(name, fields):
    table = anatomy(empty(getattr(zoo, name)), (3, 224, 224))
    found = {k: table[f"features.{k}"].receptive_field for k in fields}
    assert found == {k: (size, size) for k, size in fields.items()}


def with_stride_on_the_first_convolution(model):
    """He et al. 2016 put the stride of a bottleneck on its 1×1, torchvision on 3×3."""
    for stage in (model.layer2, model.layer3, model.layer4):
        stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    return model


@pytest.mark.parametrize(
    ("name", "size"), [("resnet50", 483), ("resnet101", 1027), ("resnet152", 1507)]
)
def test_residual_networks_of_the_paper_have_the_published_fields(name, size):
    model = with_stride_on_the_first_convolution(empty(getattr(zoo, name)))
    row = anatomy(model, (3, 224, 224))["layer4"]
    assert row.receptive_field == (size, size)
    assert row.stride == (32, 32)


def test_torchvision_resnet50_with_stride_on_the_3x3_sees_427():
    row = anatomy(empty(zoo.resnet50), (3, 224, 224))["layer4"]
    assert (row.kind, row.output_shape) == ("Sequential", (2048, 7, 7))
    assert row.receptive_field == (427, 427)


def test_inception_v3_has_the_published_field_stride_and_padding():
    model = empty(zoo.inception_v3, init_weights=False)
    row = anatomy(model, (3, 299, 299))["Mixed_7c"]
    assert (row.receptive_field, row.stride, row.start) == (
        (1311, 1311),
        (32, 32),
        (-618, -618),
    )


def mobilenet_v1():
    """Howard et al. 2017, Table 1: one full and 13 separable convolutions."""
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    body = [nn.Conv2d(3, 8, 3, 2, 1)]
    for stride in strides:
        body += [nn.Conv2d(8, 8, 3, stride, 1, groups=8), nn.Conv2d(8, 8, 1)]
    return nn.Sequential(*body)


def test_mobilenet_v1_has_the_published_field():
    assert anatomy(mobilenet_v1(), (3, 224, 224))[-1].receptive_field == (315, 315)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("alexnet", 61_100_840),
        ("vgg16", 138_357_544),
        ("resnet18", 11_689_512),
        ("resnet50", 25_557_032),
        ("densenet121", 7_978_856),
    ],
)
def test_parameters_are_those_of_the_published_models(name, parameters):
    assert anatomy(empty(getattr(zoo, name)), (3, 224, 224)).parameters == parameters


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "shufflenet_v2_x1_0"])
def test_multiply_adds_are_half_of_what_torch_counts(name):
    model = empty(getattr(zoo, name)).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, 3, 224, 224, device="meta"))
    table = anatomy(model, (3, 224, 224))
    assert table.multiply_adds == counter.get_total_flops() // 2
    assert sum(row.multiply_adds for row in table if row.is_leaf) == table.multiply_adds


@pytest.mark.parametrize(
    "name",
    [
        "vit_b_16",
        "swin_t",
        "convnext_tiny",
        "efficientnet_b0",
        "googlenet",
        "mnasnet0_5",
        "regnet_y_400mf",
    ],
)
def test_a_classifier_in_the_end_sees_the_whole_image(name):
    model = getattr(zoo, name)(
        weights=None, **({"init_weights": False} if name == "googlenet" else {})
    )
    assert anatomy(model, (3, 224, 224)).output.receptive_field == (224, 224)


def test_squeezenet_never_sees_the_last_row_its_first_stride_leaves_over():
    table = anatomy(empty(zoo.squeezenet1_1), (3, 224, 224))
    assert table.seen("", ()) == ((0, 223), (0, 223))


# --- joins, holes and units that differ ---------------------------------------------


class Misaligned(nn.Module):
    """Two branches, each three wide, one looking left and one looking right."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)

    def forward(self, x):
        left = self.left(F.pad(x, (2, 0, 2, 0)))
        right = self.right(F.pad(x, (0, 2, 0, 2)))
        return left + right


def test_a_join_sees_the_union_of_its_branches_not_the_larger_of_them():
    table = anatomy(Misaligned(), (1, 9, 9))
    assert table["left"].receptive_field == (3, 3)
    assert table["right"].receptive_field == (3, 3)
    assert table.output.receptive_field == (5, 5)
    assert table.output.start == (-2, -2)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("name", ["Hardswish", "Mish", "Hardsigmoid", "SiLU", "ELU"])
def test_an_activation_sees_its_own_place_also_in_place(name, inplace):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), getattr(nn, name)(inplace=inplace))
    assert anatomy(model, (1, 8, 8))["1"].receptive_field == (3, 3)


def test_uneven_kernels_have_a_field_per_axis():
    row = anatomy(nn.Conv2d(1, 1, (1, 7), (1, 2), (0, 3)), (1, 20, 20))[0]
    assert (row.receptive_field, row.stride, row.start) == ((1, 7), (1, 2), (0, -3))


def test_units_of_a_transposed_convolution_that_differ_are_not_given_one_number():
    row = anatomy(nn.ConvTranspose2d(1, 1, 3, 2), (1, 8, 8))[0]
    assert row.receptive_field == (Varies(1, 2), Varies(1, 2))
    assert str(row.receptive_field[0]) == "1–2"


def test_upsampled_units_see_as_much_but_step_unevenly():
    row = anatomy(nn.Upsample(scale_factor=2), (1, 8, 8))[0]
    assert (row.receptive_field, row.stride) == ((1, 1), (Varies(0, 1), Varies(0, 1)))


def test_units_that_receive_nothing_see_nothing():
    table = anatomy(nn.ConvTranspose2d(1, 1, 1, 2), (1, 4, 4))
    assert table[0].receptive_field == (Varies(0, 1), Varies(0, 1))
    assert table.seen(0, (1, 0)) == ((0, 0), (0, 0))
    assert table.seen(0, (2, 4)) == ((1, 2), (2, 3))


def test_a_dense_layer_sees_what_its_units_see_and_not_the_pixels_left_over():
    model = nn.Sequential(nn.Conv2d(1, 2, 3, 2), nn.Flatten(), nn.Linear(32, 5))
    assert anatomy(model, (1, 10, 10))["2"].receptive_field == (9, 9)


def test_batch_norm_that_uses_the_batch_sees_the_whole_image():
    local, whole = nn.BatchNorm2d(2), nn.BatchNorm2d(2, track_running_stats=False)
    assert anatomy(local, (2, 6, 7))[0].receptive_field == (1, 1)
    assert anatomy(whole, (2, 6, 7))[0].receptive_field == (6, 7)


def test_a_unit_at_the_border_sees_only_what_lies_inside():
    model = nn.Sequential(nn.Conv2d(1, 1, 5, padding=2), nn.MaxPool2d(2))
    assert seen(model, (1, 8, 8), "1", (0, 3)) == ((0, 4), (4, 8))
    assert anatomy(model, (1, 8, 8))["1"].receptive_field == (6, 6)


SIX = whole_image((1, 1, 6))
DRAWN = {
    "as it is": (lambda x: x, Grid(2, 0, 1)),
    "every second": (lambda x: x[..., 1::2], Grid(2, 1, 2)),
    "from behind": (lambda x: x.flip(-1), Grid(2, 5, -1)),
    "one unit": (lambda x: x[..., 2:3], Grid(None, 2)),
    "in two dimensions": (lambda x: x.view(1, 1, 2, 3), [[[[0, 1, 2], [3, 4, 5]]]]),
}


@pytest.mark.parametrize(("op", "grid"), DRAWN.values(), ids=DRAWN)
def test_six_units_lie_where_the_drawing_has_them(op, grid):
    found = carry.move(SIX, op)[0].axes[0].grid
    assert (found.tolist() if isinstance(found, torch.Tensor) else found) == grid


def test_bounds_and_windows_of_six_pixels_are_those_of_the_drawing():
    table = anatomy(nn.Sequential(nn.Conv1d(1, 1, 3, padding=1)), (1, 6))
    pixels = [table.seen("0", (unit,))[0] for unit in range(6)]
    assert pixels == [(0, 2), (0, 3), (1, 4), (2, 5), (3, 6), (4, 6)]  # end exclusive
    assert table["0"].receptive_field == (3,)


def test_a_transposed_convolution_has_the_drawn_phases():
    pixels = Window(((0, 0),), 1)
    window = spread(pixels, kernel=3, stride=2, padding=1, dilation=1)
    assert window == Window(((0, 0), (0, 1)), 1)
    drawn = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4)]
    assert [window.at(unit) for unit in range(9)] == drawn
    assert window.at(-1) == (-1, 0)
    assert len(slide(window, 1, 3, 0, 1).phases) == 2  # outputs make a period


def test_signals_and_volumes_work_like_images():
    assert anatomy(nn.Conv1d(2, 3, 5), (2, 30))[0].receptive_field == (5,)
    volume = nn.Sequential(nn.Conv3d(1, 1, (1, 3, 5)), nn.MaxPool3d(2))
    assert anatomy(volume, (1, 8, 8, 9))[1].receptive_field == (2, 4, 6)


def test_the_recurrence_written_out_gives_the_same_numbers():
    layers = [(7, 2, 3, 1), (3, 1, 1, 2), (2, 2, 0, 1), (5, 3, 2, 1)]
    model = nn.Sequential(*(nn.Conv2d(1, 1, k, s, p, d) for k, s, p, d in layers))
    table = anatomy(model, (1, 90, 90))
    field, jump, start = 1, 1, Fraction(0)
    for row, (k, s, p, d) in zip(table, layers, strict=True):
        field, start, jump = field + (k - 1) * d * jump, start - p * jump, jump * s
        assert (row.receptive_field[0], row.stride[0], row.start[0]) == (
            field,
            jump,
            start,
        )


# --- rows ---------------------------------------------------------------------------


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.spare = nn.Linear(4, 9)
        self.scale = nn.Parameter(torch.ones(7))

    def forward(self, x):
        x = self.conv(self.conv(x))
        return {"map": x, "mean": x.mean((2, 3))}


def test_shared_spare_and_bare_parameters_are_each_counted_once():
    table = anatomy(Shared(), (3, 8, 8))
    assert [(r.name, r.parameters) for r in table] == [
        ("conv", 84),
        ("conv:2", 0),
        ("spare", 45),
    ]
    assert table["spare"].output_shape is None
    assert table.parameters == 84 + 45 + 7


def test_a_second_call_has_its_own_field():
    table = anatomy(Shared(), (3, 8, 8))
    assert table["conv"].receptive_field == (3, 3)
    assert table["conv:2"].receptive_field == (5, 5)


def test_several_outputs_have_a_row_each():
    model = nn.Sequential(Shared())
    table = anatomy(model, (3, 8, 8))
    assert table["0['map']"].receptive_field == (5, 5)
    assert table["0['mean']"].receptive_field == (8, 8)
    assert table["0"] is table["0['map']"]


def test_containers_and_leaves_are_in_the_order_of_the_forward_pass():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.ReLU()), nn.ReLU())
    rows = anatomy(model, (1, 8, 8))
    assert [row.name for row in rows] == ["0", "1", "1.0", "2"]
    assert [row.is_leaf for row in rows] == [True, False, True, True]
    assert isinstance(rows[0], Layer)


def test_text_and_html_show_every_layer():
    table = anatomy(empty(zoo.alexnet), (3, 224, 224))
    for row in table:
        assert f"{row.name} " in repr(table)
        assert row.kind in table._repr_html_()
    assert "61,100,840 parameters" in repr(table)


def test_the_package_can_be_called_like_the_function():
    model = nn.Conv2d(1, 1, 3)
    assert coursekit.anatomy(model, (1, 5, 5)).rows == anatomy(model, (1, 5, 5)).rows


# --- the model is left as it was found -----------------------------------------------


def test_weights_statistics_modes_hooks_and_generators_stay_as_they_were():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout(0.5)
    )
    model[1].eval()
    before, modes = (
        copy.deepcopy(model.state_dict()),
        [m.training for m in model.modules()],
    )
    state = torch.get_rng_state()
    anatomy(model, (3, 9, 9))
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert [m.training for m in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())


def test_a_failed_run_leaves_the_model_as_it_was_too():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 2))
    with pytest.raises(ValueError, match="does not go through"):
        anatomy(model, (3, 9, 9))
    assert all(m.training for m in model.modules())
    assert not torch.nn.modules.module._global_forward_hooks


def test_the_default_device_of_the_caller_does_not_matter():
    with torch.device("meta"):
        row = anatomy(nn.Conv2d(1, 1, 3, padding=2), (1, 8, 8))[0]
    assert row.receptive_field == (3, 3)


def test_a_model_far_larger_than_memory_needs_no_memory():
    with torch.device("meta"):
        model = nn.Sequential(nn.Flatten(), nn.Linear(200 * 200, 40_000, bias=False))
    table = anatomy(model, (1, 200, 200))
    assert table.parameters == table.multiply_adds == 1_600_000_000


# --- wrong input ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((0, 8, 8), "`input_shape` must be a whole number ≥ 1; got 0"),
        (torch.zeros(1, 8, 8), r"got Tensor of shape \(1, 8, 8\): give its shape"),
        ((1, 8.5, 8), "got 8.5"),
        (224, "without the batch; got 224"),
        ((1, 1, 3, 8, 8), "without the batch"),
    ],
)
def test_wrong_input_shapes_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        anatomy(nn.Conv2d(1, 1, 3), shape)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Conv2d, "the class Conv2d: call it first"),
        ("resnet18", "got str"),
        (nn.LazyConv2d(4, 3), "lazy layer"),
    ],
)
@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature")
def test_what_is_not_a_model_is_refused(model, message):
    with pytest.raises(ValueError, match=message):
        anatomy(model, (1, 8, 8))


def test_a_map_that_becomes_empty_names_the_layer_and_the_size():
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 7))
    with pytest.raises(ValueError, match=r"layer `1` \(Conv2d\) was given \(1, 6, 6\)"):
        anatomy(model, (1, 8, 8))


def test_channels_that_do_not_match_name_both_sides():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(8, 1, 3))
    with pytest.raises(ValueError, match=r"layer `1`.*takes 8 channels, not 4"):
        anatomy(model, (1, 8, 8))


class Unusual(nn.Module):
    def forward(self, x):
        return torch.fft.fft2(x).real


def test_an_operator_without_a_rule_is_named_with_its_layer():
    model = nn.Sequential(nn.Conv2d(1, 1, 3), Unusual())
    with pytest.raises(
        UnknownOperatorError, match=r"aten\._fft.*layer `1` \(Unusual\)"
    ):
        anatomy(model, (1, 8, 8))


@pytest.mark.parametrize("unit", [(9, 0), (0,), "ab", (0.5, 1)])
def test_a_unit_outside_the_map_is_refused(unit):
    table = anatomy(nn.Conv2d(1, 1, 3), (1, 8, 8))
    with pytest.raises(ValueError, match="`unit` must be a place"):
        table.seen(0, unit)


def test_an_unknown_layer_suggests_names_that_exist():
    table = anatomy(empty(zoo.resnet18), (3, 64, 64))
    with pytest.raises(KeyError, match=r"layer4"):
        table["layer44"]
