"""What the explorer says about two networks, against the networks themselves."""

import pytest
import torch

from coursekit.explore import classics_view, explore_classics
from coursekit.explore.classics import NETS, SIDES


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", NETS)
def test_a_picture_fits_where_torch_itself_takes_it(name, side):
    with torch.device("meta"):
        net, picture = NETS[name]().eval(), torch.empty(1, 3, side, side)
    try:
        net(picture)
        fits = True
    except RuntimeError:
        fits = False
    assert classics_view(left=name, side=side).numbers["left"]["fits"] is fits


def test_parameters_are_those_of_the_papers_and_of_torchvision():
    numbers = classics_view().numbers
    assert numbers["left"]["parameters"] == 61_100_840
    assert numbers["right"]["parameters"] == 138_357_544


def test_a_net_that_does_not_fit_is_said_in_words():
    assert "LeNet-5 does not take 224×224" in classics_view(left="LeNet-5").text


def test_the_explorer_starts_with_the_view_of_its_defaults():
    assert explore_classics().view.numbers == classics_view().numbers
