"""The first difference between a result and the right one, in words."""

import numpy as np
import pytest
import torch

from coursekit.course.exercises.agreement import first_difference
from coursekit.course.exercises.describe import shown
from coursekit.course.exercises.draw import Draw, derived_seed, scattered
from coursekit.course.exercises.non_results import NoGradient, Raised

GRID = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (3, 3),
        (np.int64(3), 3),
        (2.0, 2.0),
        (2, 2.0),
        (torch.tensor(2.0), 2.0),
        ([1, 2], (1, 2)),
        (True, True),
        ("a", "a"),
        (GRID + 1e-6, GRID),
        (torch.tensor([float("nan")]), torch.tensor([float("nan")])),
        ({"a": 1, "b": 2}, {"a": 1}),
    ],
)
def test_equal_results_have_no_difference(got, want):
    assert first_difference(got, want) == ""


@pytest.mark.parametrize(
    ("got", "want", "words"),
    [
        (3.0, 3, "a float, 3; an int is right"),
        (True, 1, "a bool"),
        (4, 3, "the result is 4; 3 is right"),
        (2.1, 2.0, "the result is 2.1; 2 is right"),
        (float("nan"), 2.0, "nan"),
        ("3", 3, "text"),
        (None, GRID, "None"),
        (GRID.numpy(), GRID, "a numpy array"),
        (GRID.double(), GRID, "the dtype is float64; float32 is right"),
        (GRID.T, GRID, "the shape is (3, 2); (2, 3) is right"),
        (
            GRID + torch.eye(2, 3),
            GRID,
            "index [0, 0] the value is 1; 0 is right (2 of 6",
        ),
        (GRID * float("nan"), GRID, "nan"),
        ((1, 2, 3), (1, 2), "has 3 values; 2 are right"),
        ((1, 3), (1, 2), "value 2 of 2: the result is 3; 2 is right"),
        (5, (1, 2), "2 values are right"),
        ({"a": 1}, {"a": 2}, "a: the result is 1; 2 is right"),
        ({}, {"a": 2}, "a is missing"),
        (Raised("KeyError", "'x'"), 3, "raises KeyError: 'x'"),
        (NoGradient(), GRID, "no gradient flows back"),
        (GRID.to("meta"), GRID, "on meta"),
    ],
)
def test_the_first_difference_is_named(got, want, words):
    assert words in first_difference(got, want)


def test_tolerance_follows_the_dtype():
    close = GRID + 2e-5 * GRID
    assert first_difference(close, GRID) == ""
    assert first_difference(close.double(), GRID.double()) != ""


def test_a_seed_is_the_first_48_bits_of_the_sha256_sum_of_its_parts():
    assert derived_seed("01.1", 0) == 0xCBB164A404EC  # printf 01.1/0 | sha256sum
    assert derived_seed("01.1", 1) == 0x26256F949A27


def test_a_draw_is_repeatable():
    one, other = Draw(3), Draw(3)
    assert torch.equal(one.normal(2, 3), other.normal(2, 3))
    assert one.integers(5, 0, 9) == other.integers(5, 0, 9)


def test_scattered_values_are_equal_but_not_contiguous():
    tensor = scattered(GRID)
    assert torch.equal(tensor, GRID)
    assert not tensor.is_contiguous()


def test_addresses_are_not_shown():
    assert shown(object()) == "<object object>"


def test_long_values_are_cut():
    assert len(shown(list(range(1000)))) <= 120
