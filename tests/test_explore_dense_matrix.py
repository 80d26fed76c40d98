"""The dense-matrix explorer against torch: spikes through a convolution."""

import pytest
import torch
from torch.nn import functional as F

from coursekit.explore import dense_matrix_view, explore_dense_matrix
from coursekit.explore.dense_matrix import dense_matrix
from tests.explorers import drawing, grids, pixels, settings, turns


def by_spikes(side: int, kernel: int, padded: bool) -> torch.Tensor:
    """Return the matrix of a convolution, a column a spike."""
    weights = torch.arange(1.0, kernel**2 + 1).view(1, 1, kernel, kernel)
    spikes = torch.eye(side * side).view(-1, 1, side, side)
    border = kernel // 2 if padded else 0
    return F.conv2d(spikes, weights, padding=border).flatten(1).T


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("side", [5, 6, 9])
def test_the_matrix_does_what_the_convolution_does(side, kernel, padded):
    matrix = dense_matrix(side, kernel, padded, False)
    assert (
        torch.from_numpy(matrix.copy()).float().equal(by_spikes(side, kernel, padded))
    )


def test_the_lectures_numbers_come_out():
    nine = dense_matrix_view(side=9, kernel=3).numbers
    assert (nine["shape"], nine["not_zero"], nine["different"]) == ((81, 81), 625, 9)
    five = dense_matrix_view(side=5, kernel=3, padded=False).numbers
    assert (five["shape"], five["not_zero"]) == ((9, 25), 81)


def test_permuting_keeps_the_weights_and_loses_the_window():
    plain = dense_matrix(7, 3, True, False)
    mixed = dense_matrix(7, 3, True, True)
    assert sorted(plain.T.tolist()) == sorted(mixed.T.tolist())
    assert dense_matrix_view(side=7).numbers["is_convolution"]
    view = dense_matrix_view(side=7, permuted=True)
    assert not view.numbers["is_convolution"]
    assert "no kernel of this size" in view.text


def test_the_drawing_shows_the_whole_matrix_and_the_row_on_the_pixels():
    explorer = explore_dense_matrix()
    for _ in turns(explorer, count=20):
        chosen = settings(explorer)
        row = chosen.pop("row")
        matrix = dense_matrix(**chosen)
        (image,) = drawing(explorer.view.sheet).iter(
            "{http://www.w3.org/2000/svg}image"
        )
        white = (pixels(image) == 255).all(2)
        assert (white == (matrix == 0)).all()
        (shown,) = grids(drawing(explorer.view.svg_or_html))
        assert (shown.ravel() == matrix[row]).all()


def test_an_output_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="`row` must be 0 to 8"):
        dense_matrix_view(side=5, padded=False, row=9)
