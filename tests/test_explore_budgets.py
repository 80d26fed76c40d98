"""Explorers of session 02: the mixing desk, and the planner of width and memory."""

import numpy as np
import pytest
import torch
from torch import nn

from coursekit import explore
from coursekit.anatomy import anatomy, memory
from coursekit.data import photos


def small_photo() -> torch.Tensor:
    return photos().images[0, :, 100:140, 200:240]


def test_the_way_back_misses_what_least_squares_misses():
    image = small_photo()
    chosen = {"tracks": 2, "red": 0.25, "green": -1.0, "blue": 0.75}
    view = explore.desk_view(image, **chosen)
    weights = np.array([[1, 0, 0], [0.25, -1.0, 0.75]])
    pixels = image.double().flatten(1).numpy() / 255  # 3 n
    # The best guess from the tracks: of all colours with these tracks the shortest.
    guess = np.linalg.lstsq(weights, weights @ pixels, rcond=None)[0]
    missed = np.linalg.norm(guess - pixels) / np.linalg.norm(pixels)
    assert view.numbers["missed"] == pytest.approx(missed, rel=1e-9)
    assert view.numbers["weights"] == weights.tolist()


@pytest.mark.parametrize(("blue", "rank"), [(0.5, 3), (0.0, 2)])
def test_three_tracks_hold_a_photo_unless_the_last_is_a_mixture_of_the_others(
    blue: float, rank: int
):
    view = explore.desk_view(tracks=3, red=0.3, green=-0.7, blue=blue)
    assert view.numbers["rank"] == rank
    assert (view.numbers["missed"] < 1e-12) == (rank == 3)


@pytest.mark.parametrize("tracks", range(3, 13))
def test_more_tracks_than_colours_lose_nothing(tracks: int):
    assert explore.desk_view(tracks=tracks).numbers["missed"] < 1e-12


def test_twelve_channels_are_complete_with_twelve_tracks_only():
    way = "12 → tracks → 12"
    missed = [
        explore.desk_view(way=way, tracks=n).numbers["missed"] for n in range(1, 13)
    ]
    assert missed == sorted(missed, reverse=True)
    assert missed[10] > 1e-4
    assert missed[11] < 1e-12


def plain(first: int, growth: int, stages: int, layers: int) -> nn.Sequential:
    """The planner's network, built."""
    steps, before = [], 3
    for stage in range(stages):
        for _ in range(layers):
            channels = first * growth**stage
            convolution = nn.Conv2d(before, channels, 3, padding=1, bias=False)
            steps += [convolution, nn.BatchNorm2d(channels), nn.ReLU()]
            before = channels
        steps += [nn.MaxPool2d(2)] * (stage < stages - 1)
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 1000)]
    return nn.Sequential(*steps, *end)


@pytest.mark.parametrize(
    ("net", "side", "batch"),
    [((64, 2, 5, 2), 224, 32), ((16, 1, 3, 1), 32, 8), ((8, 4, 2, 3), 64, 16)],
)
def test_the_planner_counts_what_a_step_without_data_finds(net, side, batch):
    names = ("first", "growth", "stages", "layers")
    chosen = dict(zip(names, net, strict=True))
    view = explore.width_view(**chosen, side=side, batch=batch)
    with torch.device("meta"):
        model = plain(*net)
    table = anatomy(model, (3, side, side))
    step = memory(model, (3, side, side), batch, optimizer="momentum", device="cpu")
    assert view.numbers["parameters"] == table.parameters
    assert view.numbers["multiply-adds"] == table.multiply_adds
    assert view.numbers["parts"]["images"] == step.images
    kept = view.numbers["parts"]["activations"]
    assert kept == pytest.approx(step.activations, rel=5e-3)
    assert view.numbers["total"] == pytest.approx(step.total, rel=0.01)


def test_the_largest_batch_fits_and_one_image_more_does_not():
    planned = explore.width_view(batch=1).numbers
    image = planned["parts"]["images"] + planned["parts"]["activations"]
    fixed, most = planned["total"] - image, planned["largest batch"]
    assert fixed + most * image <= 15e9 < fixed + (most + 1) * image


def test_weights_that_fill_the_memory_leave_no_batch():
    view = explore.width_view(first=256, growth=4, stages=5, layers=4, side=32)
    assert view.numbers["largest batch"] == 0
    assert "does not fit" in view.text
