"""Intervals of runs against Student's table and scipy's own confidence interval."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from coursekit.metrics import Interval, interval, paired

# Student's t for 95 % between both tails, from a printed table: runs → t.
T_TABLE = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 10: 2.262, 30: 2.045}


@pytest.mark.parametrize(("runs", "t"), T_TABLE.items())
def test_the_half_width_is_t_standard_errors(runs, t):
    values = np.arange(runs) ** 1.5
    error = values.std(ddof=1) / math.sqrt(runs)
    assert interval(values).half_width == pytest.approx(t * error, rel=1e-3)


def test_the_interval_equals_scipys():
    values = [0.91, 0.88, 0.93, 0.9]
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    found = interval(values)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert (found.mean, found.n) == (pytest.approx(0.905), 4)


def test_about_95_of_100_intervals_hold_the_true_mean():
    draw = np.random.default_rng(0)
    found = [interval(draw.normal(3, 2, size=3)) for _ in range(2000)]
    share = np.mean([one.low <= 3 <= one.high for one in found])
    assert share == pytest.approx(0.95, abs=0.015)


def test_one_run_has_a_mean_and_no_interval():
    found = interval([0.8])
    assert (found.mean, found.n) == (0.8, 1)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert str(found) == "0.8 (one run)"
    assert found.above(0) is found.below(0) is found.within(9) is None
    assert found.runs_needed() is None


def test_a_tensor_and_a_list_of_scalars_are_runs_too():
    same = [[1.0, 2.0], torch.tensor([1.0, 2.0]), [torch.tensor(1.0), np.float64(2)]]
    assert {interval(values) for values in same} == {interval((1, 2))}


def test_what_a_seed_does_to_both_drops_out_of_paired_runs():
    seeds = np.array([0.0, 5.0, -3.0, 8.0])
    better = seeds + np.array([1.1, 0.9, 1.0, 1.0])
    assert paired(better, seeds).above(0) is True
    assert interval(better).low < interval(seeds).high  # unpaired they overlap


@pytest.mark.parametrize(
    ("low", "high", "above", "below", "within"),
    [
        (1, 3, True, False, None),
        (2.5, 3, True, False, False),
        (-3, -1, False, True, None),
        (-1, 2, None, None, True),
        (-1, 3, None, None, None),
    ],
)
def test_an_interval_decides_or_leaves_open(low, high, above, below, within):
    found = Interval((low + high) / 2, low, high, 3)
    assert found.above(0) is above
    assert found.below(0) is below
    assert found.within(2) is within


def test_as_many_runs_as_needed_just_separate_the_mean_from_zero():
    found = interval([1.0, -1.0, 2.0, 0.0])  # mean 0.5, standard deviation 1.291
    needed, deviation = found.runs_needed(), 1.2909944
    reach = [stats.t.ppf(0.975, n - 1) * deviation / n**0.5 for n in (28, 29)]
    assert reach[0] > 0.5 > reach[1]
    assert needed == 29


def test_no_number_of_runs_separates_a_mean_of_zero():
    assert interval([-1.0, 1.0]).runs_needed() is None
    assert interval([-1.0, 1.0001]).runs_needed() is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: interval([]), "`values` must list at least one run; got none"),
        (lambda: interval(3), "`values` must list one number a run; got 3"),
        (lambda: interval("12"), "`values` must list one number a run; got '12'"),
        (lambda: interval([math.nan]), "must list finite numbers; got nan"),
        (lambda: interval([True]), "must list finite numbers; got True"),
        (lambda: interval([[1, 2]]), r"must list finite numbers; got \[1, 2\]"),
        (lambda: paired([1], [1, 2]), "runs of the same seeds; got 1 and 2"),
    ],
)
def test_what_are_no_runs_is_refused_in_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
