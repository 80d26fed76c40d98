"""The capstone's nets, its ladder, the measured rows, and the benchmark behind them."""

import json
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from coursekit.course.challenges import ladder as module
from coursekit.course.challenges.ladder import (
    Ladder,
    as_ladder,
    last_field,
    on_mnist,
    rung,
)
from coursekit.course.exercises.bank.s08_1_field_for_few_weights import (
    LEAST,
    WORDS,
    broken_rule,
    weights,
)
from coursekit.data import ImageSet, Splits, digits
from coursekit.models.capstone import (
    budget_net,
    early_net,
    gap_net,
    late_net,
    norm_net,
    plain_net,
)
from coursekit.training import fit
from tests.benchmark_scripts import script


def conv(k: int, m: int, n: int) -> int:
    """Count a convolution without bias and its batch norm."""
    return k * k * m * n + 2 * n


# By hand: 3×3 with bias 16 · 9 + 16 and so on, a dense layer m · n + n.
PLAIN_CONVOLUTIONS = 160 + 4_640 + 18_496
COUNTS = [
    (lambda: plain_net(28), PLAIN_CONVOLUTIONS + 3_136 * 72 + 72 + 730, 18),
    (lambda: plain_net(16), PLAIN_CONVOLUTIONS + 1_024 * 220 + 220 + 2_210, 18),
    (gap_net, PLAIN_CONVOLUTIONS + 650, 18),
    (norm_net, conv(3, 1, 16) + conv(3, 16, 32) + conv(3, 32, 64) + 650, 18),
    # 3 → pool 4 → 8 → pool 10 → 18 → 26 → 34, and 3 → 5 → 6 → 10 → 14 → 16 → 24
    (early_net, 7_674, 34),
    (late_net, 7_674, 24),
    # 3 → 5 → pool 6 → 10 → 14 → 18 → 22
    (lambda: budget_net((8, 10), (12, 14, 16, 15)), 7_870, 22),
    (lambda: budget_net((8, 10), (10, 10, 10), padding=1), 3_698, 18),
]


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(("build", "count", "field"), COUNTS)
def test_a_net_has_the_parameters_and_the_field_counted_by_hand(build, count, field):
    size = 16 if count == COUNTS[1][1] else 28
    assert parameters(build()) == count
    assert last_field(build(), (1, size, size)) == field


def test_squeezed_nets_consist_of_what_was_counted():
    pieces = 2 * conv(3, 16, 16) + conv(3, 1, 16) + 2 * conv(3, 8, 16)
    assert parameters(late_net()) == pieces + 2 * conv(1, 16, 8) + 170


@pytest.mark.parametrize("size", range(12, 41))
def test_the_plain_net_has_about_a_quarter_of_a_million_parameters(size: int):
    assert 245_000 <= parameters(plain_net(size)) <= 255_000


def test_pooling_early_and_late_are_the_same_layers_in_another_order():
    early, late = (
        sorted(map(repr, [m for m in net.modules() if not list(m.children())]))
        for net in (early_net(), late_net())
    )
    assert early == late


@pytest.mark.parametrize("build", [gap_net, norm_net, early_net, late_net])
@pytest.mark.parametrize("size", [4, 16, 28, 31])
def test_nets_behind_gap_take_images_of_any_size(build, size: int):
    assert build().eval()(torch.zeros(2, 1, size, size)).shape == (2, 10)


def test_a_budget_net_without_padding_fits_28_pixels_exactly():
    net = budget_net((8, 10), (12, 14, 16, 15)).eval()
    assert net(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert net[:-1](torch.zeros(2, 1, 28, 28)).shape == (2, 15, 4, 4)


@pytest.mark.parametrize("key", ["20k", "10k", "8k"])
def test_the_nets_of_the_last_steps_keep_their_budget(key: str):
    budget = 1_000 * int(key.removesuffix("k"))
    assert 0.8 * budget < parameters(script("capstone").STEPS[key].build()) < budget


def test_a_budget_net_with_too_much_padding_is_refused():
    with pytest.raises(ValueError, match="`padding`"):
        budget_net((8,), (8,), padding=2)


def test_a_plain_net_smaller_than_its_poolings_is_refused():
    with pytest.raises(ValueError, match="`size`"):
        plain_net(3)


# The cheapest chain of exercise 08.1, by trying all of them.


def chains(budget: int):
    """Yield every chain of at most `budget` weights and three poolings in any order."""
    stack = [()]
    while stack:
        chain = stack.pop()
        for word in WORDS:
            longer = (*chain, word)
            too_deep = longer.count("pool") > 3 or len(longer) > 9
            if weights(longer) <= budget and not too_deep:
                yield longer
                stack.append(longer)


def test_no_chain_meets_the_rules_of_08_1_for_fewer_weights():
    without_pointwise = (c for c in chains(LEAST) if c.count("conv1") <= 1)
    kept = [chain for chain in without_pointwise if not broken_rule(chain)]
    assert kept == [("conv3", "conv3", "pool", "conv3", "pool", "conv3", "conv3")]


# The ladder


@pytest.fixture(scope="module")
def trained():
    """Return a trained net, its history and the images it is judged on."""
    sets = digits(8).split(seed=0)
    torch.manual_seed(0)
    model = norm_net()
    return model, fit(model, sets.train, epochs=1, progress=False), sets.valid


def test_a_row_holds_what_was_measured(trained):
    model, history, images = trained
    row = rung("one", model, history, images)
    mean, std = history.mean[0], history.std[0]
    with torch.no_grad():
        answers = model((images.images / 255 - mean) / std).argmax(1)
    right = int((answers == images.labels).sum())
    assert (row.parameters, row.field, row.epochs) == (24_058, 18, 1)
    assert row.accuracy.value == row.runs[0] == right / len(images)
    assert row.accuracy.low < row.accuracy.value < row.accuracy.high


def test_a_ladder_is_read_by_place_and_by_name(trained):
    first, second = rung("one", *trained), rung("two", *trained)
    ladder = Ladder([first, second])
    assert len(ladder) == 2
    assert ladder[0] is ladder["one"] is first
    assert [row.name for row in ladder] == ["one", "two"]
    with pytest.raises(KeyError, match="no step `three`; there are one, two"):
        ladder["three"]


def test_a_ladder_shows_the_same_numbers_as_text_and_as_html(trained):
    ladder = Ladder([rung("a <b>", *trained)], "how it was measured")
    for shown in (repr(ladder), ladder._repr_html_()):
        assert "24,058" in shown
        assert "how it was measured" in shown
        assert "test" not in shown
    assert "a &lt;b&gt;" in ladder._repr_html_()


def test_a_net_without_a_map_has_no_field():
    dense = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(ValueError, match="no map"):
        last_field(dense, (1, 2, 2))


RUN = {"seed": 0, "valid": [90, 100], "test": None, "seconds": 10.0}
RESULTS = {
    "date": "2026-11-21",
    "machine": "a machine",
    "torch": "2.0",
    "train": 1_000,
    "rungs": [
        {
            "step": "one",
            "parameters": 10,
            "field": 3,
            "epochs": 2,
            "runs": [
                RUN,
                {"seed": 1, "valid": [94, 100], "test": [180, 200], "seconds": 20.0},
            ],
        }
    ],
}


def test_a_measured_row_is_the_mean_over_its_runs():
    row = as_ladder(RESULTS)["one"]
    assert row.accuracy.value == pytest.approx(0.92)
    assert row.runs == (0.9, 0.94)
    assert row.seconds == 15.0
    assert (row.test.value, row.test.n) == (0.9, 200)


def test_measured_rows_name_machine_seeds_and_date():
    shown = repr(as_ladder(RESULTS))
    assert "1,000 training images" in shown
    assert "a machine, torch 2.0, seeds 0, 1, 2026-11-21" in shown


@pytest.mark.parametrize("missing", ["rungs", "machine", "train"])
def test_results_without_a_key_are_refused_with_its_name(missing: str):
    results = {key: value for key, value in RESULTS.items() if key != missing}
    with pytest.raises(ValueError, match=f"must have the key '{missing}'"):
        as_ladder(results)


def test_without_results_there_is_no_ladder(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "RESULTS", "not_there.json")
    assert on_mnist() is None


def test_the_published_rows_belong_to_the_nets_of_the_package():
    ladder = on_mnist()
    if ladder is None:
        pytest.skip("the rows on MNIST have not been measured yet")
    steps = script("capstone").STEPS.values()
    assert {row.name for row in ladder} <= {step.name for step in steps}
    for step in steps:
        if step.name in {row.name for row in ladder}:
            assert ladder[step.name].parameters == parameters(step.build())


# The benchmark, on digits instead of MNIST


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that runs the benchmark and gives what it wrote."""
    capstone, path = script("capstone"), tmp_path / "rows.json"
    small = digits(28).split(train=0.1, valid=0.1, test=0.8, seed=0)
    test = small.test.subset(torch.arange(50))
    monkeypatch.setattr(capstone, "mnist", lambda download: Splits(*parts(small), test))

    def run(*options: str) -> dict:
        given = ["--json", str(path), "--threads", str(torch.get_num_threads())]
        monkeypatch.setattr(sys, "argv", ["capstone", *given, *options])
        capstone.main()
        return json.loads(path.read_text(encoding="utf-8"))

    return run


def parts(sets: Splits) -> tuple[ImageSet, ImageSet]:
    return sets.train, sets.valid


def test_the_benchmark_writes_rows_that_make_a_ladder(measured):
    found = measured("--steps", "gap", "8k", "--epochs", "1", "--seeds", "1")
    assert [row["step"] for row in found["rungs"]] == ["GAP head", "below 8,000"]
    first, last = as_ladder(found)
    assert (first.test, last.test.n) == (None, 50)
    assert {"machine", "python", "torch", "date"} <= set(found)


def test_the_benchmark_repeats_no_run_that_stands_in_the_file(measured, capsys):
    once = measured("--steps", "gap", "--epochs", "1", "--seeds", "1")
    capsys.readouterr()
    again = measured("--steps", "gap", "8k", "--epochs", "1", "--seeds", "1")
    assert again["rungs"][0] == once["rungs"][0]
    assert capsys.readouterr().out.split()[0] == "8k"


def test_the_benchmark_repeats_runs_made_with_other_settings(measured, capsys):
    measured("--steps", "gap", "--epochs", "1", "--seeds", "1")
    capsys.readouterr()
    found = measured("--steps", "gap", "--epochs", "2", "--seeds", "1")
    assert [row["epochs"] for row in found["rungs"]] == [2]
    assert capsys.readouterr().out.startswith("gap")
