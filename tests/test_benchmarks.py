"""The scripts that measure: what they say of two runs, and the one for a card."""

import json
import statistics
import time
from dataclasses import replace

import pytest
import torch

from coursekit.course import inspect_submission
from coursekit.data import ImageSet
from tests.benchmark_scripts import BENCHMARKS, script

RESULTS = BENCHMARKS.parent / "coursekit/course/results"


def test_what_got_slower_by_more_than_ten_percent_is_named_the_worst_first():
    before = {"a": 1.0, "b": 2.0, "c": 4.0, "d": 1.0}
    now = {"a": 1.3, "b": 2.19, "c": 8.0, "d": 0.1}
    assert script("compare").slower(before, now) == [
        "c: 8 against 4 (+100%)",
        "a: 1.3 against 1 (+30%)",
    ]


def test_a_cost_that_only_one_run_has_is_said():
    said = script("compare").only_once({"a": 1.0, "b": 1.0}, {"b": 1.0, "c": 1.0})
    assert said == ["a: no longer measured", "c: new"]


def test_a_floor_is_turned_so_that_a_larger_cost_is_slower():
    rows = [
        {"what": "ours / theirs", "goal": "≥ 3", "cpu": 4.0},
        {"what": "ours / clone", "goal": "≤ 2", "cpu": 1.5},
        {"what": "ours / missing", "goal": "≥ 2", "cpu": None},
    ]
    costs = script("rounds").costs({"g": {"floors": rows}})
    assert costs == {"g: ours / theirs": 0.25, "g: ours / clone": 1.5}


def test_a_script_without_a_stored_run_is_said():
    said = script("compare").said("loop", None, {"a": 1.0})
    assert said == ["loop: nothing stored to compare with"]


def test_every_stored_run_says_on_what_it_was_measured():
    runs = json.loads((BENCHMARKS / "stored.json").read_text(encoding="utf-8"))
    for run in runs.values():
        assert {"date", "machine", "python", "torch", "rounds"} <= run.keys()
        assert all(cost > 0 for cost in run["costs"].values())


def test_every_point_of_the_front_is_recounted_and_keeps_the_protocol():
    """Ten seeds, at most 15 epochs, the recipe of the script, the mean of three."""
    front = json.loads((RESULTS / "mnist_front.json").read_text(encoding="utf-8"))
    assert front["settings"]["learnt from"] == 60_000
    for name, arm in front["arms"].items():
        entry = inspect_submission(BENCHMARKS / "entries" / f"{name}.zip")
        recipe = script("record_mnist").RECIPES[name]
        learnt = sum(p.numel() for p in recipe.build().parameters())
        counts = {entry.count.total, *(run["parameters"] for run in arm["runs"])}
        assert counts == {learnt}
        assert arm["recipe"] == recipe.described()
        assert arm["recipe"]["epochs"] <= 15
        assert sorted(run["seed"] for run in arm["runs"]) == list(range(10))
        for run in arm["runs"]:
            last = run["last epochs (%)"]
            assert run["accuracy (%)"] == pytest.approx(sum(last) / 3, abs=1e-4)
        reached = statistics.mean(run["accuracy (%)"] for run in arm["runs"])
        assert reached >= float(name)


@pytest.mark.parametrize("name", ["quick", "98"])
def test_a_record_by_time_counts_what_is_there_when_the_clock_stops(name: str):
    record = script("record_mnist")
    draw = torch.Generator().manual_seed(0)
    noise = torch.randint(256, (80, 1, 28, 28), generator=draw, dtype=torch.uint8)
    some = ImageSet(noise, torch.arange(80) % 10, tuple("0123456789"), "noise", "here")
    recipe = replace(record.RECIPES[name], epochs=4)
    row = record.run(recipe, 0, some, some, None)
    last = row["last epochs (%)"]
    assert len(last) == (1 if name in record.TIMED else 3)
    assert row["accuracy (%)"] == pytest.approx(sum(last) / len(last), abs=1e-4)
    assert recipe.described().get("counted", 3) == len(last)


def test_the_page_shows_cifars_stored_runs_and_they_keep_the_protocol():
    """Seeds from 0 on, all images, in time, by the recipe of the script."""
    record = script("record_cifar")
    found = json.loads((BENCHMARKS / "cifar_minutes.json").read_text(encoding="utf-8"))
    settings = found["settings"]
    assert settings["learnt from"] == 50_000
    assert settings["judged on"] == "test images"
    noise = torch.randint(256, (20, 3, 32, 32), dtype=torch.uint8)
    labels = torch.arange(20) % 10
    alike = ImageSet(noise, labels, tuple("abcdefghij"), "noise", "made here")
    for name, arm in found["arms"].items():
        kind, minutes = name.split(", ")
        assert arm["recipe"] == record.RECIPES[int(minutes)][kind].described(alike)
        seeds = [run["seed"] for run in arm["runs"]]
        assert seeds == [0, 1, 2][: len(seeds)], "never a chosen seed"
        assert len(seeds) == 3 or minutes == "30"
        assert all(run["seconds"] <= 60 * int(minutes) for run in arm["runs"])
    page = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert record.table(found["arms"]) in page


@pytest.mark.parametrize("part", ["step", "half", "resume"])
def test_the_script_for_a_card_runs_on_small_numbers(part: str):
    gpu = script("gpu")
    asked = gpu.Asked("cpu", rehearse=True, until=time.perf_counter() + 60)
    found = gpu.reported(gpu.PARTS[part], asked)
    assert "failed" not in found, found["failed"]
    assert found.get("as it comes", True)
