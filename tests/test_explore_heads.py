"""The two-heads explorer against torch: the maps, the fit, what moving does."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from coursekit.data import digits
from coursekit.explore import explore_heads, heads_view
from coursekit.explore.heads import FILTERS, feature_maps

SHOWN = 30


def right(head: str, **settings) -> float:
    """Return the share of digits a head reads rightly."""
    views = [heads_view(digit=n, **settings).numbers for n in range(SHOWN)]
    return float(np.mean([view[head] == view["truth"] for view in views]))


@pytest.mark.parametrize("shape", [(28, 28), (32, 44)])
def test_the_maps_are_convolution_relu_and_mean_pooling(shape):
    generator = torch.Generator().manual_seed(0)
    sheet = torch.rand(*shape, generator=generator, dtype=torch.double)
    filters = torch.randn(25, 7, generator=generator, dtype=torch.double)
    kernel = filters.T.reshape(7, 1, 5, 5)
    expected = F.avg_pool2d(F.conv2d(sheet[None, None], kernel, padding=2).relu(), 4)
    found = torch.from_numpy(feature_maps(sheet.numpy(), filters.numpy()))
    torch.testing.assert_close(found, expected[0].permute(1, 2, 0))


def test_the_digits_shown_are_none_of_those_the_heads_were_fitted_to():
    labels = digits(16).labels
    shown = [heads_view(digit=n).numbers["truth"] for n in range(SHOWN)]
    assert shown == labels[700 : 700 + SHOWN].tolist()


def test_both_heads_read_most_digits_where_they_were_fitted():
    assert right("GAP head") > 0.8
    assert right("dense head") > 0.8


def test_moved_digits_are_read_by_gap_and_not_by_the_dense_head():
    assert right("GAP head", right=4) == right("GAP head")  # one whole cell of a map
    assert right("dense head", right=4) < 0.5


def test_another_size_fits_the_gap_head_only():
    view = heads_view(border=8)
    assert view.numbers["numbers_read"] == 11 * 11 * FILTERS
    assert view.numbers["dense head"] is None
    assert "reads 3,136 numbers and would get 7,744" in view.text
    assert right("GAP head", border=8) < right("GAP head")


def test_a_digit_moved_and_moved_back_is_answered_as_before():
    explorer = explore_heads()
    before, control = explorer.view, explorer.controls["right"]
    control.value = 6
    assert explorer.view.numbers["scores"] != before.numbers["scores"]
    control.value = 0
    assert explorer.view.numbers == before.numbers
    assert explorer.view.svg_or_html == before.svg_or_html
