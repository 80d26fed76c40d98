"""The cases of every exercise go wherever a wrong answer could hide."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.course.exercises import Exercise, check, exercise_ids
from coursekit.course.exercises.checker import judge
from coursekit.course.exercises.registry import load
from coursekit.staff.proof.blind_spots import BLIND, blind_spots, spoiled, table
from coursekit.staff.proof.checks_command import main
from coursekit.staff.proof.predicates import Place, places


@pytest.mark.parametrize("exercise_id", exercise_ids())
def test_the_reference_spoiled_in_one_place_is_noticed(exercise_id):
    blind = [v for v in blind_spots(load(exercise_id)) if v.state == BLIND]
    assert [verdict.place.label for verdict in blind] == []


@pytest.mark.parametrize("exercise_id", exercise_ids())
def test_what_a_statement_does_not_allow_has_a_reason(exercise_id):
    assert all(load(exercise_id).never.values())


# The proof finds what it is meant to find


def double(number):
    return 2 * number


def exercise_on(*cases: tuple, **changes) -> Exercise:
    settings = {
        "id": "99.1",
        "title": "Double",
        "statement": "Double it.",
        "minutes": 1,
        "difficulty": 1,
        "importance": 1,
        "solution": double,
        "oracle": lambda number: number + number,
        "right": (double,),
        "wrong": (),
        "hints": ("Add it to itself.",),
        "takeaway": "Twice.",
        "cases": lambda draw: cases,
    }
    return Exercise(**settings | changes)


def labels(exercise: Exercise, state: str) -> set[str]:
    return {v.place.label for v in blind_spots(exercise) if v.state == state}


def test_a_place_that_no_case_goes_to_is_blind():
    exercise = exercise_on((1,), (3,))
    assert labels(exercise, "noticed") == {"`number` is 1", "`number` is 3"}
    assert "`number` is 2" in labels(exercise, BLIND)


def test_a_place_that_the_statement_excludes_is_not_blind():
    exercise = exercise_on((1,), never={"`number` is 2": "the number is odd"})
    assert "`number` is 2" in labels(exercise, "not allowed")


def test_an_excluded_place_that_the_cases_go_to_is_refused():
    exercise = exercise_on((2,), never={"`number` is 2": "the number is odd"})
    with pytest.raises(ValueError, match=r"`never` of 99\.1 names"):
        blind_spots(exercise)


def test_the_spoiled_reference_is_wrong_in_its_place_only():
    answer = spoiled(exercise_on((1,)), lambda named: named["number"] == 3)
    assert [answer(number) for number in (2, 3, 4)] == [4, 7, 8]


def test_the_table_shows_the_worst_of_each_kind():
    lines = table(blind_spots(exercise_on((1,), (3,)))).splitlines()
    assert lines[0] == (
        "| exercise | number 0 | number 1 | number 2 | number 3 | number below 0 |"
    )
    assert lines[2] == "| 99.1 | ✗ | ✓ | ✗ | ✓ | ✗ |"
    assert lines[-1].startswith("5 places in 1 exercises: 2 noticed (✓), 0 not allowed")


def test_the_command_ends_well_where_nothing_is_blind(capsys):
    assert main(["--cases", "01.4"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1].endswith("0 blind (✗)")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("axis of length 1", torch.zeros(2, 1, 3)),
        ("long axis", torch.zeros(2, 17)),
        ("h < w", torch.zeros(2, 3)),
        ("h > w", torch.zeros(3, 2)),
        ("h = w", torch.zeros(3, 3)),
        (
            "channels last",
            torch.zeros(2, 3, 4, 5).to(memory_format=torch.channels_last),
        ),
        ("not contiguous", torch.zeros(4, 4).T[:2]),
        ("beyond 20", torch.tensor([1.0, -21.0])),
        ("all below -20", torch.tensor([-30.0, -21.0])),
        ("all above 20", torch.tensor([30.0, 21.0])),
        ("exact zeros", torch.tensor([1.0, 0.0])),
        ("ties", torch.tensor([1.0, 2.0, 1.0])),
        ("large mean", torch.tensor([[5000.0, 5001.0]])),
        ("half precision", torch.zeros(2).half()),
        ("labels alike", torch.tensor([2, 2])),
        ("flags all on", torch.tensor([True, True])),
        ("flags all off", torch.tensor([False, False])),
        ("number 0", 0.0),
        ("number 3", 3),
        ("number below 0", -1),
        ("yes", True),
        ("no", False),
        ("empty list", []),
        ("list of one", [4]),
        ("equal entries", [4, 4]),
        ("number below 0", [(1, -2)]),
    ],
)
def test_a_place_is_recognised(kind, value):
    found = [place for place in places([{"x": value}]) if place.kind == kind]
    assert any(place.holds({"x": value}) for place in found)


@pytest.mark.parametrize(
    ("named", "label"),
    [
        ({"a": 2, "b": 2}, "`a` = `b`"),
        ({"a": 1, "b": 2}, "`a` < `b`"),
        ({"image": torch.ones(3, 3), "kernel": torch.ones(1, 3)}, "as large as"),
        ({"size": 1, "kernel_size": 4, "padding": 1, "dilation": 1}, "larger than"),
    ],
)
def test_a_place_of_two_arguments_is_recognised(named, label):
    found: list[Place] = [one for one in places([named]) if label in one.label]
    assert [one.holds(named) for one in found] == [True]


# Answers that were accepted before


def squeezes(images):
    return images.mean((2, 3)).squeeze()


def starts_at_minus_ten(images):
    h, w = images.shape[2] // 2, images.shape[3] // 2
    best = images.new_full((*images.shape[:2], h, w), -10.0)
    for dy in range(2):
        for dx in range(2):
            best = torch.maximum(best, images[:, :, dy : 2 * h : 2, dx : 2 * w : 2])
    return best


def exp_without_maximum(logits, temperature):
    powers = (logits / temperature).exp()
    return powers / powers.sum(1, keepdim=True)


def variance_by_moments(images):
    mean = images.mean((0, 2, 3), keepdim=True)
    variance = (images**2).mean((0, 2, 3), keepdim=True) - mean**2
    return (images - mean) / variance.sqrt()


def batch_norm_by_moments(images, scale, shift, eps=1e-5):
    mean = images.mean((0, 2, 3), keepdim=True)
    variance = (images**2).mean((0, 2, 3), keepdim=True) - mean**2
    normal = (images - mean) / (variance + eps).sqrt()
    return normal * scale[:, None, None] + shift[:, None, None]


def cam_squeezed(activations, gradients):
    weights = gradients.mean((2, 3), keepdim=True)
    return (weights * activations).sum(1).relu().squeeze()


def convolution_squeezed(image, kernel):
    return F.conv2d(image[None, None], kernel[None, None]).squeeze()


class SqueezedHead(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.dense = nn.Linear(channels, classes)

    def forward(self, images):
        return self.dense(images.mean((2, 3)).squeeze())


class HeadOfOneSize(nn.Module):
    """Divides by the area of the first picture it saw."""

    def __init__(self, channels, classes):
        super().__init__()
        self.dense, self.area = nn.Linear(channels, classes), None

    def forward(self, images):
        self.area = self.area or images.shape[2] * images.shape[3]
        return self.dense(images.sum((2, 3)) / self.area)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("03.1", squeezes),
        ("01.6", starts_at_minus_ten),
        ("03.5", exp_without_maximum),
        ("01.9", variance_by_moments),
        ("04.1", batch_norm_by_moments),
        ("04.7", cam_squeezed),
        ("01.2", convolution_squeezed),
        ("03.8", SqueezedHead),
        ("03.8", HeadOfOneSize),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_an_answer_that_fails_in_a_corner_is_wrong(exercise_id, answer, seed):
    assert check(exercise_id, answer, seed=seed).status in (
        "wrong",
        "could not be checked",
    )


def test_a_stride_of_three_is_tried():
    block = load("06.1").solution

    class TwoForThree(block):
        def __init__(self, in_channels, out_channels, stride=1):
            super().__init__(in_channels, out_channels, min(stride, 2))

    assert judge(load("06.1"), TwoForThree).status == "wrong"


def test_a_corner_does_not_hide_a_known_mistake():
    def pads_once(size, kernel_size, stride=1, padding=0, dilation=1):
        if size < kernel_size:  # only in a corner, where the padding makes it fit
            return 7
        return (size + padding - dilation * (kernel_size - 1) - 1) // stride + 1

    assert check("01.1", pads_once).mistake == "pads_once"
