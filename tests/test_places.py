"""Units that leave their row and come back: twins of convolutions and of poolings."""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from coursekit.anatomy import anatomy
from tests.test_anatomy_oracle import (
    assert_every_unit_agrees,
    poisoned_rows,
    with_positive_weights,
)


class Step(nn.Module):
    """A step with weights of its own: a matrix, and a convolution behind."""

    def __init__(self, function, inputs: int = 4, behind: nn.Module | None = None):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, inputs))
        self.behind = behind or nn.Identity()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.behind(self.function(x, self.weight))


def channels_last(x, w):
    return F.linear(x.permute(0, 2, 3, 1), w).permute(0, 3, 1, 2)


def tokens(x, w):
    return F.linear(x.flatten(2).mT, w).mT.unflatten(2, x.shape[2:])


def moved_axis(x, w):
    return F.linear(x.movedim(1, -1), w).movedim(-1, 1)


def product_on_the_left(x, w):
    return (w @ x.flatten(2)).view(x.shape)


def einsum(x, w):
    return torch.einsum("nchw,oc->nohw", x, w)


def residual_block(x, w):
    return x + channels_last(F.gelu(channels_last(x, w)), w)


def normalised(x, w):
    return F.layer_norm(x.permute(0, 2, 3, 1), (4,)).permute(0, 3, 1, 2)


def along_a_line(x, w):
    return F.conv1d(x.flatten(2), w[:, :, None]).view(x.shape)


def unfolded(kernel, stride=1, padding=0):
    def step(x, w):
        sides = [(n + 2 * padding - kernel) // stride + 1 for n in x.shape[2:]]
        return (w @ F.unfold(x, kernel, 1, padding, stride)).unflatten(2, sides)

    return step


def sliding_views(x, w):
    patches = F.pad(x, (1, 1, 1, 1)).unfold(2, 3, 1).unfold(3, 3, 1)  # n c h w 3 3
    return F.linear(patches.permute(0, 2, 3, 1, 4, 5).flatten(3), w).permute(0, 3, 1, 2)


def shifted_sums(x, w):
    wide, (h, w_) = F.pad(x, (1, 1, 1, 1)), x.shape[2:]
    corners = [(i, j) for i in range(3) for j in range(3)]
    return sum(channels_last(wide[:, :, i : i + h, j : j + w_], w) for i, j in corners)


def space_to_depth(x, w):
    n, c, h, w_ = x.shape
    x = x.view(n, c, h // 2, 2, w_ // 2, 2).permute(0, 1, 3, 5, 2, 4)
    return x.reshape(n, 4 * c, h // 2, w_ // 2)


def patches(x, w):
    x = x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).permute(0, 2, 4, 3, 5, 1)
    return F.linear(x.flatten(3), w).permute(0, 3, 1, 2)


def four_slices(x, w):
    x = x.permute(0, 2, 3, 1)
    parts = [x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
    return F.linear(torch.cat(parts, -1), w).permute(0, 3, 1, 2)


def mean_of_views(x, w):
    n, c, h, w_ = x.shape
    return x.view(n, c, h // 2, 2, w_ // 2, 2).mean((3, 5))


def largest_of_views(x, w):
    n, c, h, w_ = x.shape
    return x.view(n, c, h // 2, 2, w_ // 2, 2).amax(5).amax(3)


def there_and_back(x, w):
    return F.pixel_shuffle(F.pixel_unshuffle(x, 2), 2)


ONE, THREE, TWO = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3, 1, 1), nn.Conv2d(4, 4, 2, 2)
SAME = (channels_last, tokens, moved_axis, product_on_the_left, einsum, residual_block,
        normalised, along_a_line, unfolded(1), there_and_back)  # fmt: skip
TWINS = {
    **{f"1×1: {step.__name__}": (Step(step), ONE) for step in SAME},
    "3×3: unfold": (Step(unfolded(3, 1, 1), 36), THREE),
    "3×3: sliding views": (Step(sliding_views, 36), THREE),
    "3×3: shifted sums": (Step(shifted_sums), THREE),
    "2×2: unfold": (Step(unfolded(2, 2), 16), TWO),
    "2×2: space to depth": (Step(space_to_depth, 4, nn.Conv2d(16, 4, 1)), TWO),
    "2×2: patches": (Step(patches, 16), TWO),
    "2×2: four slices": (Step(four_slices, 16), TWO),
    "2×2: mean of views": (Step(mean_of_views), nn.AvgPool2d(2)),
    "2×2: largest of views": (Step(largest_of_views), nn.MaxPool2d(2)),
}


def chain(step: nn.Module) -> nn.Module:
    first, last = nn.Conv2d(3, 4, 3, 2, padding=1), nn.Conv2d(4, 4, 5, padding=2)
    return nn.Sequential(first, step, nn.Conv2d(4, 4, 3, 1, 1), nn.ReLU(), last)


@pytest.mark.parametrize("side", [28, 64])
@pytest.mark.parametrize(("step", "twin"), TWINS.values(), ids=TWINS)
def test_a_step_out_of_the_row_prints_the_numbers_of_its_twin(step, twin, side):
    """At 28 pixels no unit of the last layer is free of the border."""
    rows = anatomy(chain(step), (3, side, side)), anatomy(chain(twin), (3, side, side))
    ours, theirs = (table.output for table in rows)
    for name in ("output_shape", "receptive_field", "stride", "start"):
        assert getattr(ours, name) == getattr(theirs, name)


@pytest.mark.parametrize(("step", "twin"), TWINS.values(), ids=TWINS)
def test_every_unit_out_of_the_row_sees_what_poison_reaches(step, twin):
    model = with_positive_weights(chain(step))
    assert_every_unit_agrees(model, (3, 20, 16), poisoned_rows, torch.isnan)


def test_convnext_has_the_field_of_its_recurrence():
    """Liu et al. 2022: 4×4 stem; stages of 3, 3, 9, 3 blocks 7×7, 2×2 between them."""
    with torch.device("meta"):
        model = torchvision.models.convnext_tiny(weights=None)
    table = anatomy(model, (3, 224, 224))
    field = stride = 4
    for stage, blocks in zip((1, 3, 5, 7), (3, 3, 9, 3), strict=True):
        field += blocks * 6 * stride
        row = table[f"features.{stage}"]
        assert (row.receptive_field, row.stride) == ((field, field), (stride, stride))
        field, stride = field + stride, 2 * stride
