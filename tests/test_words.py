"""Near misses are named in one way everywhere."""

import numpy as np
import pytest
import torch

from coursekit import anatomy
from coursekit._base.words import did_you_mean, given, printable
from coursekit.explore import explore_network
from coursekit.models import tiny_net

COMMANDS = ("build", "badges", "checks", "claims")


@pytest.mark.parametrize(
    ("word", "most", "said"),
    [
        ("biuld", 1, "did you mean 'build'?"),
        ("claim", 1, "did you mean 'claims'?"),
        ("cheims", 2, "did you mean 'claims' or 'checks'?"),
        ("x", 1, "there are 'build', 'badges', 'checks', 'claims'"),
        ("x", 2, "there are 'build', 'badges' …"),
        (None, 1, "there are 'build', 'badges', 'checks', 'claims'"),
    ],
)
def test_a_near_miss_is_named_or_else_what_there_is(word, most, said):
    assert did_you_mean(word, COMMANDS, most=most) == said


def test_text_of_others_is_one_line_without_codes_for_the_terminal():
    said = printable("Not\x1b]0;mine\x07 Found\r\n\u202egro → 7 é")
    assert said == "Not?]0;mine? Found ?gro → 7 é"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.zeros(3, 4), "Tensor of shape (3, 4)"),
        (np.zeros((1, 2, 3)), "ndarray of shape (1, 2, 3)"),
        (torch.tensor(2), "tensor(2)"),
        ("six", "'six'"),
        (["x"] * 100, "['x', 'x', 'x',…"),
    ],
)
def test_what_was_given_is_named_and_never_printed_whole(value, said):
    assert given(value, 16 if isinstance(value, list) else 80) == said


@pytest.mark.parametrize("view", [anatomy, explore_network])
@pytest.mark.parametrize(
    "shape", [torch.rand(1, 28, 28), torch.rand(99).tolist(), "x" * 999]
)
def test_a_wrong_shape_is_refused_in_a_sentence_one_can_read(view, shape):
    with pytest.raises(ValueError, match="`input_shape` must be") as refused:
        view(tiny_net(), shape)
    assert len(str(refused.value)) < 200
