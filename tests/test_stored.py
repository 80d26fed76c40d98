"""Stored results: every file in the package, and what is read from it."""

import json
import math
from importlib.resources import files

import pytest

from coursekit.course import stored

FOLDER = files("coursekit") / "course" / "results"
NAMES = sorted(
    path.name.removesuffix(".json")
    for path in FOLDER.iterdir()
    if path.name.endswith(".json") and "arms" in json.loads(path.read_text("utf-8"))
)


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_experiment_says_where_and_when_and_has_several_runs_an_arm(name):
    found = stored(name)
    assert "measured 20" in found.where
    assert "torch" in found.where
    seeds = {
        arm: sorted(run["seed"] for run in runs) for arm, runs in found.arms.items()
    }
    assert len(set(map(tuple, seeds.values()))) == 1  # every arm has the same seeds
    assert len(next(iter(seeds.values()))) >= 3
    assert found.what in repr(found)


def test_runs_of_a_score_come_in_the_order_of_their_seeds():
    content = json.loads((FOLDER / "shortcut.json").read_text("utf-8"))
    by_seed = {run["seed"]: run["swapped"] for run in content["arms"]["tied"]}
    expected = [by_seed[seed] for seed in sorted(by_seed)]
    found = stored("shortcut")
    assert found.runs("tied", "swapped") == expected
    assert found.interval("tied", "swapped").mean == pytest.approx(
        math.fsum(expected) / len(expected)
    )


def test_arms_are_compared_seed_by_seed():
    found = stored("shortcut")
    pairs = zip(
        found.runs("tied", "energy"), found.runs("not tied", "energy"), strict=True
    )
    differences = [a - b for a, b in pairs]
    compared = found.paired("tied", "not tied", "energy")
    assert compared.mean == pytest.approx(sum(differences) / len(differences))
    assert compared.n == len(differences)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: stored("shortcuts"), "`name` must be one of"),
        (lambda: stored("capstone_mnist"), "an experiment with arms"),
        (lambda: stored("shortcut").runs("free", "fits"), "`arm` must be one of"),
        (lambda: stored("shortcut").runs("tied", "fit"), "`score` must be one of"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
