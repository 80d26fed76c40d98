"""The networks of the lectures against their papers and against torchvision."""

import math

import pytest
import torch
import torchvision
from torch import nn

from coursekit import models
from coursekit.anatomy import anatomy, parameters_by_kind
from coursekit.blocks import Inception, NaiveInception


def on_meta(build, *args, **kwargs) -> nn.Module:
    with torch.device("meta"):
        return build(*args, **kwargs)


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("name", "total"),
    [
        # AlexNet: the layers of its Figure 2 added up; VGG: 133, 138 and 144 M in the
        # paper's Table 2; GoogLeNet: the sum of its Table 1 with biases; ResNets:
        # torchvision's published counts.
        ("alexnet", 60_965_224), ("alexnet_one_tower", 61_100_840),
        ("vgg11", 132_863_336), ("vgg16", 138_357_544), ("vgg19", 143_667_240),
        ("googlenet", 6_998_552), ("resnet18", 11_689_512), ("resnet34", 21_797_672),
        ("resnet50", 25_557_032), ("resnet101", 44_549_160),
        ("resnet152", 60_192_808),
        # the speed runs' network, layer by layer; torchvision's with the small stem
        ("resnet9", 6_573_120), ("tiny_imagenet_resnet", 11_271_432),
    ],
)  # fmt: skip
def test_parameters_are_the_published_ones(name, total):
    assert parameters(on_meta(getattr(models, name))) == total


def test_lenet_of_1998_has_the_parameters_of_its_paper_layer_by_layer():
    net = on_meta(models.lenet5, original=True)
    counted = [parameters(m) for m in net if parameters(m)]
    # C1, S2, C3, S4, C5, F6 as printed; the last dense layer stands for the RBF units
    assert counted == [156, 12, 1_516, 32, 48_120, 10_164, 850]
    assert sum(counted[:-1]) == 60_000


def test_connection_table_row_0_of_c3_sees_maps_0_1_2_only():
    conv = models.lenet5(original=True)[4].double()
    x = torch.randn(
        1, 6, 9, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    changed = x.clone()
    changed[:, 3:] += 1
    same = (conv(x) == conv(changed)).all((0, 2, 3)).tolist()
    assert same == [True] + [False] * 15


@pytest.mark.parametrize(
    ("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)]
)
def test_cifar_resnets_have_the_parameters_of_table_6(depth, millions):
    residual = on_meta(models.cifar_resnet, depth)
    plain = on_meta(models.cifar_plain, depth)
    total = parameters(residual)
    assert parameters(plain) == total
    assert f"{total / 1e6:.2f}".startswith(str(millions))


@pytest.mark.parametrize(
    ("name", "billions"),
    # Table 1 of He et al., with the stride where the paper has it
    [("resnet18", 1.8), ("resnet34", 3.6), ("resnet50", 3.8), ("resnet101", 7.6),
     ("resnet152", 11.3)],
)  # fmt: skip
def test_multiply_adds_are_those_of_the_residual_paper(name, billions):
    deep = {} if name in ("resnet18", "resnet34") else {"stride_on": "1x1"}
    cost = anatomy(on_meta(getattr(models, name), **deep), (3, 224, 224)).multiply_adds
    assert cost / 1e9 == pytest.approx(billions, abs=0.1)


@pytest.mark.parametrize(
    ("model", "layer", "size"),
    [
        ("alexnet", "features", 195), ("alexnet_one_tower", "features", 195),
        ("vgg16", "features", 212), ("googlenet", "inception5b", 715),
    ],
)  # fmt: skip
def test_fields_of_the_last_map(model, layer, size):
    shape = (3, 227, 227) if model == "alexnet" else (3, 224, 224)
    row = anatomy(on_meta(getattr(models, model)), shape)[layer]
    assert row.receptive_field == (size, size)


@pytest.mark.parametrize(("stride_on", "size"), [("1x1", 483), ("3x3", 427)])
def test_resnet50_of_the_paper_sees_more_than_torchvisions(stride_on, size):
    model = on_meta(models.resnet50, stride_on=stride_on)
    assert anatomy(model, (3, 224, 224))["layer4"].receptive_field == (size, size)


def test_alexnet_shapes_are_those_of_the_lecture():
    table = anatomy(on_meta(models.alexnet), (3, 227, 227))
    assert table["features.0"].output_shape == (96, 55, 55)
    assert table["features.3"].output_shape == (96, 27, 27)
    assert table["features"].output_shape == (256, 6, 6)


def test_zfnet_shapes_are_those_of_its_figure_3():
    table = anatomy(on_meta(models.zfnet, widths=(384, 384, 256)), (3, 224, 224))
    shapes = [table[f"features.{i}"].output_shape for i in (0, 2, 4, 6, 14)]
    assert shapes == [
        (96, 110, 110), (96, 55, 55), (256, 26, 26), (256, 13, 13), (256, 6, 6)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "shape", "millions"),
    # the "ops" column of Table 1 (multiply-adds), pooling projection rows left out
    [("inception3a", (256, 28, 28), 128), ("inception3b", (480, 28, 28), 304),
     ("inception4a", (512, 14, 14), 73), ("inception4b", (512, 14, 14), 88),
     ("inception4c", (512, 14, 14), 100), ("inception4d", (528, 14, 14), 119),
     ("inception4e", (832, 14, 14), 170), ("inception5b", (1024, 7, 7), 71)],
)  # fmt: skip
def test_googlenet_modules_have_the_shapes_and_costs_of_table_1(name, shape, millions):
    row = anatomy(on_meta(models.googlenet), (3, 224, 224))[name]
    assert row.output_shape == shape
    assert row.multiply_adds / 1e6 == pytest.approx(millions, rel=0.03)


def test_the_papers_cost_of_inception_5a_does_not_follow_from_its_channels():
    widths = [256, 160, 160 * 9 * 320 / 832, 32, 32 * 25 * 128 / 832, 128]
    by_hand = 49 * 832 * sum(widths)
    row = anatomy(on_meta(models.googlenet), (3, 224, 224))["inception5a"]
    assert row.multiply_adds == round(by_hand) == 51_079_168  # Table 1 says 54 M


def test_the_naive_module_of_the_lecture_costs_854_million():
    block = on_meta(NaiveInception, 256, one=128, three=192, five=96)
    assert anatomy(block, (256, 28, 28)).multiply_adds == 854_196_224


def test_the_bottlenecked_module_costs_271_million_not_the_358_of_the_slide():
    block = on_meta(Inception, 256, one=128, three=(64, 192), five=(64, 96), pool=64)
    table = anatomy(block, (256, 28, 28))
    assert table.output.output_shape == (480, 28, 28)
    assert table.multiply_adds == 271_351_808
    twice = table["three.1.0"].multiply_adds  # the slide adds its 3×3 term twice
    assert round((table.multiply_adds + twice) / 1e6) == 358


def test_the_activations_of_vgg16_add_up_to_61_megabytes_not_96():
    table = anatomy(on_meta(models.vgg16), (3, 224, 224))
    kinds = ("Conv2d", "MaxPool2d", "Linear")
    values = 3 * 224 * 224 + sum(
        math.prod(row.output_shape) for row in table if row.kind in kinds
    )
    assert round(values / 1e6, 1) == 15.2  # the slide: "24 M × 4 bytes ≈ 96 MB"
    assert round(4 * values / 1e6) == 61


def test_about_ninety_percent_of_vgg16_is_in_its_dense_layers():
    kinds = parameters_by_kind(on_meta(models.vgg16))
    assert round(100 * kinds.dense / kinds.total, 1) == 89.4


def test_googlenet_auxiliaries_answer_while_training_only():
    model = models.googlenet(10, auxiliary=True)
    x = torch.zeros(2, 3, 224, 224)
    with torch.no_grad():
        out = model(x)
        assert out.main.shape == out.after_4a.shape == out.after_4d.shape == (2, 10)
        assert model.eval()(x).shape == (2, 10)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("resnet18", "resnet18"), ("resnet34", "resnet34"), ("resnet50", "resnet50"),
     ("vgg16", "vgg16"), ("alexnet_one_tower", "alexnet")],
)  # fmt: skip
def test_torchvision_weights_load_and_give_the_same_output(ours, theirs):
    torch.manual_seed(0)
    reference = getattr(torchvision.models, theirs)(weights=None, num_classes=7)
    model = getattr(models, ours)(7)
    model.load_state_dict(reference.state_dict())
    x = torch.randn(1, 3, 96, 96, dtype=torch.float64)
    with torch.no_grad():
        expected = reference.double().eval()(x)
        torch.testing.assert_close(
            model.double().eval()(x), expected, rtol=1e-5, atol=1e-5
        )


@pytest.mark.parametrize("depth", [18, 34])
def test_plain_twins_have_the_same_cost_but_for_the_projections(depth):
    residual, plain = (
        anatomy(on_meta(getattr(models, f"{kind}{depth}")), (3, 224, 224))
        for kind in ("resnet", "plain")
    )
    projections = [(64, 128, 28), (128, 256, 14), (256, 512, 7)]  # from, to, side
    weights = sum(a * b + 2 * b for a, b, _ in projections)  # 1×1 and batch norm
    work = sum(a * b * side**2 for a, b, side in projections)
    assert residual.parameters - plain.parameters == weights
    assert residual.multiply_adds - plain.multiply_adds == work


@pytest.mark.parametrize(
    "name", ["lenet5", "squeeze_expand", "separable_net", "tiny_net", "cifar_resnet"]
)
def test_small_networks_take_any_number_of_classes_and_channels(name):
    model = getattr(models, name)(num_classes=3, in_channels=2)
    assert model(torch.zeros(2, 2, 32, 32)).shape == (2, 3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: models.cifar_resnet(21), r"6n \+ 2 .* got 21, near is 20"),
        (lambda: models.lenet5(in_channels=3, original=True), "`in_channels` 1; got 3"),
        (lambda: models.resnet18(0), "`num_classes` must be a whole number"),
        (lambda: models.resnet50(stride_on="2x2"), "`stride_on` must be one of"),
        (lambda: models.squeeze_expand(width=0), "`width` must be a whole number"),
    ],
)
def test_what_cannot_be_is_refused(build, message):
    with pytest.raises(ValueError, match=message), torch.device("meta"):
        build()
