"""The script behind the stored results of CIFAR's depths, on generated pictures."""

import json
import sys
from pathlib import Path

import pytest

from coursekit.data import Splits, shapes
from tests.benchmark_scripts import script


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that runs the script and gives what it wrote."""
    depth = script("depth_cifar")
    few = Splits(*(shapes(n, size=32, seed=n) for n in (96, 8, 40)))
    monkeypatch.setattr(depth, "cifar10", lambda download: few)
    monkeypatch.setattr(depth.torch, "set_num_threads", lambda count: None)
    monkeypatch.setattr(depth, "ARMS", {"plain, 8 layers": (8, "none")})
    file = tmp_path / "depth.json"

    def run(*options: str) -> dict:
        given = ["--json", str(file), "--precision", "float32", "--epochs", "1"]
        monkeypatch.setattr(sys, "argv", ["depth_cifar", *given, *options])
        depth.main()
        return json.loads(file.read_text(encoding="utf-8"))

    return run


def test_a_run_holds_errors_in_percent_and_a_loss_for_each_epoch(measured):
    found = measured("--seeds", "1", "--images", "64")
    assert found["settings"]["images"] == 64
    (row,) = found["arms"]["plain, 8 layers"]
    assert 0 <= row["train error (%)"] <= 100
    assert row["test error (%)"] == pytest.approx(
        100 / 40 * round(row["test error (%)"] * 0.4)
    )
    assert len(row["losses"]) == 1


def test_a_run_that_stands_in_the_file_is_not_repeated(measured):
    before = measured("--seeds", "1", "--images", "64")["arms"]["plain, 8 layers"]
    after = measured("--seeds", "2", "--images", "64")["arms"]["plain, 8 layers"]
    assert after[0] == before[0]
    assert [row["seed"] for row in after] == [0, 1]
