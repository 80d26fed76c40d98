"""What explorers say where a count is one, two numbers tie, or nothing is left."""

import numpy as np
import pytest
import torch
from torch import nn

from coursekit import explore
from coursekit.data import ImageSet, digits, shapes
from coursekit.explore import ChainLayer
from coursekit.explore.dense_matrix import dense_matrix
from coursekit.models import tiny_net


@pytest.mark.parametrize("side", [1, 3, 7, 8, 11])
def test_dots_are_spoken_of_where_they_are_drawn(side: int):
    chain = [ChainLayer(kernel_size=3), ChainLayer(kernel_size=side)]
    view = explore.receptive_field_view(torch.rand(3, 40, 40), chain)
    assert ("dots mark" in view.text) == ('stroke-linecap="round"' in view.svg_or_html)


def test_one_permuted_output_is_still_a_convolution():
    view = explore.dense_matrix_view(side=5, kernel=5, padded=False, permuted=True)
    (row,) = dense_matrix(5, 5, False, True)
    picture = torch.arange(25.0)
    kernel = torch.tensor(row.reshape(5, 5)).float()
    found = torch.conv2d(picture.view(1, 1, 5, 5), kernel[None, None])
    assert found.item() == float(row @ np.arange(25.0))
    assert "another kernel of this size holds these weights too" in view.text
    assert "no kernel" not in view.text
    several = explore.dense_matrix_view(side=6, kernel=5, padded=False, permuted=True)
    assert "no kernel of this size" in several.text


def test_a_background_more_than_classes_belongs_to_none():
    names = ("stripes", "checks", "dots", "waves", "noise")
    net = tiny_net(4, 3, width=4)

    def show(background: str) -> explore.View:
        return explore.background_view(net, names, background=background)

    assert "the background of no class." in show("noise").text
    tied = shapes(40, background_correlation=1, backgrounds=names)
    assert 4 not in tied.backgrounds
    assert f"the background of the {tied.classes[0]}." in show("stripes").text


@pytest.mark.parametrize("way", ["mixup", "cutmix"])
def test_an_amount_of_nothing_mixes_nothing(way: str):
    pictures = shapes(4).images
    view = explore.augmentation_view(pictures, way=way, amount=0)
    assert "nothing is mixed" in view.text
    assert view.numbers["drawn"] == [1.0] * 4
    assert "nothing" not in explore.augmentation_view(pictures, way=way, amount=9).text


def test_among_one_other():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 10),
    )  # fmt: skip
    data = digits()
    assert "among 1 other, the" in explore.batch_norm_view(net, data, size=2).text
    assert "among 3 others, the" in explore.batch_norm_view(net, data, size=4).text


def test_branches_say_sides_of_squares_and_every_dearest_one():
    view = explore.branches_view(bottlenecks=False, one=200, three=8, five=8)
    assert "most in 1×1 and 5×5." in view.text
    assert "see 1×1, 3×3, 5×5, 3×3 pixels" in view.text


def test_one_product_adds_up():
    image = [[3, 0], [0, 0]]
    assert "its 1 product adds up to 3." in explore.kernel_step(image, [[1]]).text
    assert "2 products add up" in explore.kernel_step(image, [[1, 1]]).text


def test_as_sure_as_right():
    logits = torch.eye(4) * 1000
    view = explore.reliability_view(logits, torch.arange(4))
    assert "so as sure as right." in view.text


def test_bars_are_spoken_of_where_there_are_some():
    none = explore.classics_view(left="LeNet-5", right="AlexNet", side=64)
    assert "bar" not in none.text
    assert "Each bar" in explore.classics_view(left="LeNet-5", side=32).text


def test_nothing_is_missed_of_a_black_photo():
    view = explore.desk_view(torch.zeros(3, 64, 64))
    assert view.numbers["missed"] == 0
    assert "misses nothing" in view.text


def test_a_model_of_one_layer_is_the_whole_model():
    view = explore.network_view(nn.Conv2d(3, 8, 3), torch.rand(3, 16, 16))
    assert "The whole model (Conv2d): reads" in view.text
    assert "Layer The" not in view.text


def test_a_net_of_one_output_has_one_number():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 14 * 14, 1))
    view = explore.network_view(net, torch.rand(3, 16, 16))
    whole = view.backdrop + view.sheet + view.svg_or_html
    assert "its 1 number, 1 in a row" in whole


@pytest.mark.parametrize(
    ("name", "said"), [("airplane", "an airplane"), ("cat", "a cat"), ("8", "an 8")]
)
def test_a_or_an(name: str, said: str):
    noise = torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8)
    data = ImageSet(noise, torch.zeros(2).long(), (name, "b"), "noise", "made here")
    view = explore.grad_cam_view(tiny_net(2, 3, width=4), data)
    assert f">{said}<" in view.svg_or_html
