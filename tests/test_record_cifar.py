"""The script behind the records on CIFAR-10, on generated pictures."""

import json
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from coursekit.data import Splits, shapes
from tests.benchmark_scripts import script


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that runs the script and gives what it wrote."""
    record = script("record_cifar")
    few = Splits(*(shapes(n, size=32, seed=n) for n in (96, 8, 40)))
    monkeypatch.setattr(record, "cifar10", lambda valid, download: few)
    monkeypatch.setattr(record.torch, "set_num_threads", lambda count: None)

    def run(*options: str, lr: float = 0.1) -> dict:
        small = partial(record.Recipe, (2, 3, 4), lr=lr)
        recipes = {"fit": small(epochs=2), "plain": small(epochs=1)}
        monkeypatch.setattr(record, "RECIPES", {5: recipes})
        given = ["record_cifar", "5", "--folder", str(tmp_path), *options]
        monkeypatch.setattr(sys, "argv", given)
        record.main()
        name = "chosen" if "--choose" in options else "minutes"
        return json.loads((tmp_path / f"cifar_{name}.json").read_text("utf-8"))

    return run


def test_both_arms_train_as_long_as_their_recipe_says(measured):
    found = measured("--seeds", "1", "--images", "64")
    assert found["settings"]["learnt from"] == 64
    assert found["settings"]["judged on"] == "test images"
    for arm, epochs in (("fit, 5", 2), ("plain, 5", 1)):
        assert found["arms"][arm]["recipe"]["epochs"] == epochs
        (row,) = found["arms"][arm]["runs"]
        for column in ("accuracy (%)", "with the mirror image (%)"):
            right = row[column] * 40 / 100
            assert right == pytest.approx(round(right), abs=0.01)
        assert row["in time"] == (row["seconds"] <= 300)


def test_a_run_is_repeated_only_where_its_recipe_is_another(measured):
    before = measured("--seeds", "1", "--arms", "plain")["arms"]["plain, 5"]
    after = measured("--seeds", "2", "--arms", "plain")["arms"]["plain, 5"]
    assert after["runs"][0] == before["runs"][0]
    assert [row["seed"] for row in after["runs"]] == [0, 1]
    other = measured("--seeds", "1", "--arms", "plain", lr=0.05)["arms"]["plain, 5"]
    assert [row["seed"] for row in other["runs"]] == [0]


def test_what_is_chosen_by_is_kept_apart_from_the_test_images(measured):
    found = measured("--seeds", "1", "--arms", "fit", "--choose")
    assert found["settings"]["judged on"] == "images to choose by"
    right = found["arms"]["fit, 5"]["runs"][0]["accuracy (%)"] * 8 / 100
    assert right == pytest.approx(round(right), abs=0.01)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_stem_makes_patches_uncorrelated(channels):
    record = script("record_cifar")
    torch.manual_seed(0)
    images = torch.randn(50, channels, 16, 16).cumsum(2).cumsum(3)
    images /= images.std()
    net = record.SpeedNet((4, 4, 4), 5, images).eval()
    answers = torch.conv2d(images, net[0].weight, stride=2).transpose(0, 1).flatten(1)
    half = 4 * channels
    assert torch.equal(answers[half:], -answers[:half])
    spread = torch.cov(answers[:half])
    variances = spread.diagonal()
    assert torch.allclose(spread, variances.diag(), atol=1e-3)
    assert variances[0] == pytest.approx(1, abs=1e-3)  # noise of 5e-4 is nothing there
    assert (variances.diff() <= 1e-3).all()  # faint axes are held back by the noise
    assert not net[0].weight.requires_grad


def test_a_net_with_its_mirror_is_blind_to_the_side():
    record = script("record_cifar")
    torch.manual_seed(0)
    images = torch.randn(6, 3, 16, 16)
    net = record.SpeedNet((4, 4, 4), 5, images).eval()
    both = record.Mirrored(net)
    assert torch.allclose(both(images), both(images.flip(-1)), atol=1e-6)
    assert not torch.allclose(net(images), net(images.flip(-1)), atol=1e-3)
