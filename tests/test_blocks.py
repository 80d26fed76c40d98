"""Blocks against torchvision with copied weights, loops and plain arithmetic."""

import math
from itertools import product

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.models import mobilenetv2, resnet

from coursekit import blocks


def images(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def with_random_statistics(model: nn.Module) -> nn.Module:
    """Give batch norms statistics that would show a forgotten or swapped layer."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                for values in (module.weight, module.bias, module.running_mean):
                    values.normal_(generator=generator)
                module.running_var.uniform_(0.5, 2, generator=generator)
    return model.double().eval()


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(("channels", "out", "stride"), [(8, 8, 1), (8, 16, 2)])
def test_basic_block_is_torchvisions(channels, out, stride):
    ours = blocks.BasicBlock(channels, out, stride)
    down = None if ours.downsample is None else ours.downsample
    theirs = resnet.BasicBlock(channels, out, stride, down)
    theirs = with_random_statistics(theirs)
    ours.load_state_dict(theirs.state_dict())
    x = images(2, channels, 9, 7)
    torch.testing.assert_close(ours.double().eval()(x), theirs(x))


@pytest.mark.parametrize(("channels", "stride"), [(16, 2), (64, 1)])
def test_bottleneck_is_torchvisions(channels, stride):
    ours = blocks.Bottleneck(channels, 16, stride)
    theirs = with_random_statistics(
        resnet.Bottleneck(channels, 16, stride, ours.downsample)
    )
    ours.load_state_dict(theirs.state_dict())
    x = images(2, channels, 9, 7)
    torch.testing.assert_close(ours.double().eval()(x), theirs(x))


def test_bottleneck_of_the_paper_strides_on_its_first_1x1():
    block = blocks.Bottleneck(8, 4, 2, stride_on="1x1")
    assert (block.conv1.stride, block.conv2.stride) == ((2, 2), (1, 1))


def test_a_residual_block_of_zero_weights_is_the_identity_behind_its_relu():
    block = blocks.BasicBlock(4, 4).double().eval()
    nn.init.zeros_(block.conv2.weight)
    x = images(2, 4, 5, 6).abs()
    assert torch.equal(block(x), x)


def test_a_plain_block_of_zero_weights_forgets_its_input():
    block = blocks.PlainBlock(4, 4).double().eval()
    nn.init.zeros_(block.conv2.weight)
    assert not block(images(2, 4, 5, 6)).any()


def test_a_padded_shortcut_keeps_every_second_pixel_and_adds_empty_channels():
    x = torch.arange(2 * 3 * 5 * 4.0).view(2, 3, 5, 4)
    out = blocks.Padded(3, 5, 2)(x)
    assert out.shape == (2, 5, 3, 2)
    for row in range(3):
        for column in range(2):
            assert torch.equal(out[:, :3, row, column], x[:, :, 2 * row, 2 * column])
    assert not out[:, 3:].any()


def test_plain_and_padded_blocks_have_no_parameters_for_the_shortcut():
    plain, padded = blocks.PlainBlock(8, 16, 2), blocks.BasicBlock(8, 16, 2, "padded")
    projected = blocks.BasicBlock(8, 16, 2)
    assert parameters(plain) == parameters(padded)
    assert parameters(projected) - parameters(plain) == 8 * 16 + 2 * 16


def test_inverted_bottleneck_is_mobilenet_v2s():
    ours = blocks.InvertedBottleneck(8, 8, 6)
    theirs = with_random_statistics(mobilenetv2.InvertedResidual(8, 8, 1, 6))
    ours.load_state_dict(
        dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True))
    )
    x = images(2, 8, 6, 5)
    torch.testing.assert_close(ours.double().eval()(x), theirs(x))


def by_loops(x, weight, bias, padding):
    """Cross-correlation from its definition, one output at a time."""
    x = F.pad(x, (padding,) * 4)
    out_channels, _, size, _ = weight.shape
    n, _, h, w = x.shape
    out = torch.empty(n, out_channels, h - size + 1, w - size + 1, dtype=x.dtype)
    for row in range(out.shape[2]):
        for column in range(out.shape[3]):
            patch = x[:, None, :, row : row + size, column : column + size]
            out[:, :, row, column] = (patch * weight).sum((2, 3, 4)) + bias
    return out


@pytest.mark.parametrize(("kernel_size", "stride"), [(1, 2), (3, 1), (5, 3), (7, 2)])
def test_conv_relu_keeps_the_size_and_of_that_every_stride_th_unit(kernel_size, stride):
    layer = blocks.conv_relu(2, 3, kernel_size, stride).double()
    x = images(2, 2, 9, 8)
    weight, bias = layer[0].weight, layer[0].bias
    whole = by_loops(x, weight, bias, kernel_size // 2).relu()
    assert whole.shape == (2, 3, 9, 8)
    out = layer(x)
    assert out.shape == (2, 3, math.ceil(9 / stride), math.ceil(8 / stride))
    torch.testing.assert_close(out, whole[:, :, ::stride, ::stride])


def test_inception_concatenates_its_branches_in_the_papers_order():
    block = blocks.Inception(6, one=2, three=(3, 4), five=(2, 3), pool=5).double()
    x = images(2, 6, 7, 6)

    def relu_conv(layer, y, padding):
        return by_loops(y, layer[0].weight, layer[0].bias, padding).relu()

    pooled = F.max_pool2d(x, 3, 1, 1)
    expected = [
        relu_conv(block.one, x, 0),
        relu_conv(block.three[1], relu_conv(block.three[0], x, 0), 1),
        relu_conv(block.five[1], relu_conv(block.five[0], x, 0), 2),
        relu_conv(block.pool[1], pooled, 0),
    ]
    torch.testing.assert_close(block(x), torch.cat(expected, 1))


def test_naive_inception_of_the_lecture_has_672_channels():
    with torch.device("meta"):
        block = blocks.NaiveInception(256, one=128, three=192, five=96)
        out = block(torch.empty(1, 256, 28, 28))
    assert out.shape == (1, 128 + 192 + 96 + 256, 28, 28)


def test_factorised_is_the_product_of_a_row_and_a_column():
    block = blocks.Factorised(1, 1, 7).double()
    row, column = block[0], block[2]
    with torch.no_grad():
        for conv in (row, column):
            conv.weight.abs_()
            conv.bias.zero_()
    full = column.weight[0, 0] @ row.weight[0, 0]
    x = images(1, 1, 9, 9).abs()
    torch.testing.assert_close(block(x), by_loops(x, full[None, None], 0.0, 3))


def test_depthwise_separable_costs_what_the_paper_says():
    block = blocks.DepthwiseSeparable(32, 64)
    weights = sum(m.weight.numel() for m in block.modules()
                  if isinstance(m, nn.Conv2d))  # fmt: skip
    assert weights == 9 * 32 + 32 * 64


def test_pointwise_is_a_dense_layer_at_every_pixel():
    conv = blocks.pointwise(5, 3).double()
    x = images(2, 5, 4, 3)
    expected = torch.empty(2, 3, 4, 3, dtype=x.dtype)
    for row in range(4):
        for column in range(3):
            dense = F.linear(x[:, :, row, column], conv.weight[:, :, 0, 0], conv.bias)
            expected[:, :, row, column] = dense
    torch.testing.assert_close(conv(x), expected)


def test_transition_squeezes_channels_and_halves_the_map():
    block = blocks.Transition(8, 3)
    assert block(torch.zeros(2, 8, 7, 10)).shape == (2, 3, 3, 5)


def test_gap_head_takes_maps_of_any_size_and_averages_them():
    head = blocks.GAPHead(4, 3).double()
    x = images(2, 4, 5, 7)
    mean = torch.stack([channel.sum() / 35 for image in x for channel in image])
    expected = mean.view(2, 4) @ head.fc.weight.T + head.fc.bias
    torch.testing.assert_close(head(x), expected)
    assert head(images(2, 4, 9, 2)).shape == (2, 3)


def test_dense_head_is_tied_to_its_size():
    head = blocks.DenseHead(4, 5, 3, hidden=(7,))
    assert parameters(head) == 100 * 7 + 7 + 7 * 3 + 3
    with pytest.raises(RuntimeError):
        head(torch.zeros(1, 4, 6, 6))


def test_local_response_norm_is_the_formula_of_the_alexnet_paper():
    x = images(1, 7, 2, 2)
    expected = torch.empty_like(x)
    for channel in range(7):
        near = x[:, max(0, channel - 2) : channel + 3]
        scale = (2 + 1e-4 * (near**2).sum(1)) ** 0.75
        expected[:, channel] = x[:, channel] / scale
    torch.testing.assert_close(blocks.local_response_norm()(x), expected)


def test_local_contrast_norm_gives_the_same_answer_under_different_light():
    norm = blocks.LocalContrastNorm(7).double()
    x = images(2, 3, 16, 12)
    torch.testing.assert_close(norm(3 * x + 5), norm(x))


def gaussian_mean(x, size):
    """Average over a Gaussian window and all channels; the border pixels go on."""
    n, _, h, w = x.shape
    near = range(-(size // 2), size // 2 + 1)
    weights = {
        (i, j): math.exp(-(i * i + j * j) / (2 * (size / 4) ** 2))
        for i, j in product(near, near)
    }
    out = torch.zeros(n, 1, h, w, dtype=x.dtype)
    for row, column in product(range(h), range(w)):
        for (i, j), weight in weights.items():
            y, z = min(max(row + i, 0), h - 1), min(max(column + j, 0), w - 1)
            out[:, 0, row, column] += weight * x[:, :, y, z].mean(1)
    return out / sum(weights.values())


@pytest.mark.parametrize("size", [3, 5])
def test_local_contrast_norm_is_the_distance_from_a_local_mean_in_deviations(size):
    x = images(2, 3, 6, 5)
    centred = x - gaussian_mean(x, size)
    deviation = gaussian_mean(centred**2, size).sqrt()
    usual = deviation.mean((2, 3), keepdim=True)  # where it is less, this stands for it
    assert (deviation < usual).any()
    found = blocks.LocalContrastNorm(size).double()(x)
    expected = centred / torch.maximum(deviation, usual)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_auxiliary_classifier_reads_14_by_14_maps():
    with torch.device("meta"):
        head = blocks.AuxiliaryClassifier(512, 1000)
        assert head(torch.empty(2, 512, 14, 14)).shape == (2, 1000)


def test_conv_norm_act_has_a_bias_only_without_a_norm():
    assert blocks.ConvNormAct(3, 4)[0].bias is None
    assert blocks.ConvNormAct(3, 4, norm=nn.Identity)[0].bias is not None
    assert blocks.ConvNormAct(3, 4, norm=None)[0].bias is not None


MEANS = {  # over which axes of (n, c, h, w) each norm takes mean and variance
    "batch": lambda x: x.transpose(0, 1).reshape(x.shape[1], -1),
    "instance": lambda x: x.reshape(x.shape[0] * x.shape[1], -1),
    "layer": lambda x: x.reshape(x.shape[0], -1),
}


@pytest.mark.parametrize("norm", MEANS)
def test_a_norm_gives_each_of_its_sets_mean_0_and_deviation_1(norm):
    x = 3 + 5 * images(4, 6, 5, 7)
    out = blocks.ConvNormAct(6, 6, norm=norm)[1].double()(x).detach()
    for before, after in zip(MEANS[norm](x), MEANS[norm](out), strict=True):
        mean = sum(before.tolist()) / len(before)
        variance = sum((v - mean) ** 2 for v in before.tolist()) / len(before)
        torch.testing.assert_close(after, (before - mean) / (variance + 1e-5) ** 0.5)


@pytest.mark.parametrize(("channels", "groups"), [(6, 6), (12, 6), (16, 8), (7, 7)])
def test_group_norm_shares_a_mean_between_neighbouring_channels(channels, groups):
    x = 3 + 5 * images(2, channels, 3, 4)
    out = blocks.ConvNormAct(3, channels, norm="group")[1].double()(x)
    size = channels // groups
    for image in range(2):
        for start in range(0, channels, size):
            part = x[image, start : start + size]
            expected = (part - part.mean()) / (part.var(correction=0) + 1e-5).sqrt()
            torch.testing.assert_close(out[image, start : start + size], expected)


def test_ghost_norm_treats_every_part_as_a_batch_of_its_own():
    ghost = blocks.GhostBatchNorm(3, ghost_size=4).double()
    x = images(10, 3, 4, 5)
    out = ghost(x)
    for part in (slice(0, 4), slice(4, 8), slice(8, 10)):
        torch.testing.assert_close(
            out[part], F.batch_norm(x[part], None, None, training=True)
        )


def test_ghost_norms_running_statistics_move_once_for_each_part():
    ghost = blocks.GhostBatchNorm(2, ghost_size=3, momentum=0.3).double()
    x = 2 + images(6, 2, 4, 4)
    ghost(x)
    mean, variance = torch.zeros(2).double(), torch.ones(2).double()
    for part in (x[:3], x[3:]):
        mean = 0.7 * mean + 0.3 * part.mean((0, 2, 3))
        variance = 0.7 * variance + 0.3 * part.var((0, 2, 3))
    torch.testing.assert_close(ghost.running_mean, mean)
    torch.testing.assert_close(ghost.running_var, variance)


def test_ghost_norm_is_batch_norm_in_eval_mode_and_with_one_part():
    ghost, batch = blocks.GhostBatchNorm(3, 8).double(), nn.BatchNorm2d(3).double()
    x = images(8, 3, 4, 4)
    torch.testing.assert_close(ghost(x), batch(x))
    torch.testing.assert_close(ghost.eval()(x[:5]), batch.eval()(x[:5]))


NORM_NAMES = ("batch", "ghost", "group", "layer", "instance", None)


@pytest.mark.parametrize("norm", NORM_NAMES)
@pytest.mark.parametrize(
    "build",
    [
        lambda norm: blocks.ConvNormAct(8, 16, norm=norm),
        lambda norm: blocks.Transition(8, 16, norm=norm),
        lambda norm: blocks.BasicBlock(8, 16, 2, norm=norm),
        lambda norm: blocks.PlainBlock(8, 16, 2, norm=norm),
        lambda norm: blocks.Bottleneck(8, 4, 2, norm=norm),
        lambda norm: blocks.DepthwiseSeparable(8, 16, norm=norm),
        lambda norm: blocks.InvertedBottleneck(8, 16, norm=norm),
    ],
)
def test_every_block_has_the_norm_it_was_asked_for_and_no_other(build, norm):
    block = build(norm)
    assert block(torch.randn(4, 8, 6, 6)).shape[:2] == (4, 16)
    kinds = {
        type(module)
        for module in block.modules()
        if "Norm" in type(module).__name__
        and not isinstance(module, blocks.ConvNormAct)
    }
    names = {
        "batch": nn.BatchNorm2d, "ghost": blocks.GhostBatchNorm,
        "group": nn.GroupNorm, "layer": nn.GroupNorm, "instance": nn.InstanceNorm2d,
    }  # fmt: skip
    assert kinds == ({names[norm]} if norm else set())
    convolutions = [m for m in block.modules() if isinstance(m, nn.Conv2d)]
    assert all((conv.bias is None) == (norm is not None) for conv in convolutions)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: blocks.ConvNormAct(3, 4, groups=2), "`groups` must divide"),
        (lambda: blocks.ConvNormAct(0, 4), "`in_channels` must be a whole number ≥ 1"),
        (lambda: blocks.ConvNormAct(3, 4, 2), "even and has no centre"),
        (
            lambda: blocks.ConvNormAct(3, 4, norm="bach"),
            "`norm` must be one of 'batch'",
        ),
        (lambda: blocks.BasicBlock(3, 4, norm="none"), "'instance', None; got 'none'"),
        (lambda: blocks.GhostBatchNorm(4, 0), "`ghost_size` must be a whole number"),
        (lambda: blocks.Padded(8, 4), "cannot drop channels"),
        (lambda: blocks.BasicBlock(4, 4, shortcut="maybe"), "`shortcut` must be one"),
        (lambda: blocks.Bottleneck(4, 4, stride_on="5x5"), "`stride_on` must be one"),
        (lambda: blocks.Factorised(4, 4, 4), "`kernel_size` must be odd"),
        (lambda: blocks.LocalContrastNorm(4), "`kernel_size` must be odd"),
        (lambda: blocks.LocalContrastNorm(3, 0), "`epsilon` must be"),
        (lambda: blocks.InvertedBottleneck(4, 4, stride=3), "`stride` must be one of"),
        (lambda: blocks.GAPHead(4, 0), "`num_classes` must be a whole number"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_allowed(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_torchvision_calls_a_3x3_what_the_paper_calls_5x5():
    theirs = torchvision.models.googlenet(weights=None, init_weights=False)
    assert theirs.inception3a.branch3[1].conv.kernel_size == (3, 3)
    ours = blocks.Inception(192, one=64, three=(96, 128), five=(16, 32), pool=32)
    assert ours.five[1][0].kernel_size == (5, 5)
