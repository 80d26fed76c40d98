"""The scripts that measure: what they say of two runs, and the one for a card."""

import json
import statistics
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from coursekit.course import inspect_submission
from coursekit.data import ImageSet
from coursekit.metrics import interval
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


def test_a_stored_record_by_time_is_ten_seeds_of_the_recipe_of_the_script():
    """On two threads, all images, one epoch counted; "quick" and "minute" hold."""
    record = script("record_mnist")
    found = json.loads((BENCHMARKS / "mnist_seconds.json").read_text(encoding="utf-8"))
    settings = found["settings"]
    assert (settings["learnt from"], settings["threads"]) == (60_000, 2)
    assert settings["judged on"] == "test images"
    assert found["arms"].keys() == record.TIMED
    for name, arm in found["arms"].items():
        assert arm["recipe"] == record.RECIPES[name].described()
        assert [run["seed"] for run in arm["runs"]] == list(range(10))
        right = statistics.mean(run["accuracy (%)"] for run in arm["runs"])
        assert right >= {"quick": 99.0, "minute": 99.4}[name]


def test_cifars_stored_runs_keep_the_protocol():
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
        assert seeds == [0, 1, 2], "never a chosen seed"
        for run in arm["runs"]:
            assert run["in time"] == (run["seconds"] <= 60 * int(minutes))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("record_mnist", RESULTS / "mnist_front.json"),
        ("record_mnist", BENCHMARKS / "mnist_seconds.json"),
        ("record_cifar", BENCHMARKS / "cifar_minutes.json"),
    ],
    ids=lambda one: getattr(one, "stem", ""),
)
def test_the_pages_show_the_stored_records(name: str, path: Path):
    arms = json.loads(path.read_text(encoding="utf-8"))["arms"]
    page = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert script(name).table(arms) in page
    front = (BENCHMARKS.parent / "README.md").read_text(encoding="utf-8")
    for arm in arms.values():
        runs = [run for run in arm["runs"] if run.get("in time", True)]
        assert str(interval(run["accuracy (%)"] for run in runs)) in front


def test_results_of_other_settings_are_not_overwritten(tmp_path: Path):
    keeping = script("keeping")
    path = tmp_path / "found.json"
    keeping.write(path, "what", {"threads": 2}, {"arm": [1]})
    assert keeping.kept(path, {"threads": 2}) == {"arm": [1]}
    with pytest.raises(ValueError, match=r"'threads': 2.*'threads': 1.*another place"):
        keeping.kept(path, {"threads": 1})


def test_a_hand_in_that_no_run_would_write_is_refused(tmp_path: Path):
    record = script("record_mnist")
    record.check_entry(tmp_path / "98.zip", {1, 2})
    with pytest.raises(ValueError, match="`--entry` writes the net of seed 0"):
        record.check_entry(tmp_path / "98.zip", {0, 1})


@pytest.mark.parametrize("part", ["step", "half", "resume"])
def test_the_script_for_a_card_runs_on_small_numbers(part: str):
    gpu = script("gpu")
    asked = gpu.Asked("cpu", rehearse=True, until=time.perf_counter() + 60)
    found = gpu.reported(gpu.PARTS[part], asked)
    assert not gpu.failed(found), found
    if part == "resume":
        same = ("as it comes", "twice the same call", "deterministic algorithms")
        assert [found[name] for name in same] == [True] * 3


def test_the_script_for_a_card_leaves_a_file_of_all_that_it_found(tmp_path: Path):
    path = tmp_path / "found.json"
    options = ["memory", "cifar", "--rehearse", "--json", str(path)]
    assert script("gpu").main(options) == 0
    found = json.loads(path.read_text(encoding="utf-8"))
    for precision in ("float32", "mixed"):
        (row,) = found["memory"][precision].values()
        assert row["ours / measured"] == pytest.approx(1, abs=0.2)
    assert found["cifar"]["learnt from"] == 256
    assert found["rehearsal"] is True


def test_the_script_for_a_card_refuses_a_part_before_it_begins(capsys):
    with pytest.raises(SystemExit):
        script("gpu").main(["half", "memroy", "--rehearse"])
    told = capsys.readouterr()
    assert "no part 'memroy'" in told.err
    assert told.out == ""


def test_a_failure_inside_a_part_is_one_of_the_whole():
    failed = script("gpu").failed
    assert failed({"notebooks": {"00": {"seconds": 1.0, "failed": "no kernel"}}})
    assert not failed({"notebooks": {"00": {"seconds": 1.0}, "01": "not run"}})
