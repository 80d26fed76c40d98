"""Metrics against loops, hand-typed answers, scikit-learn and torchvision."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from coursekit.metrics import (
    best_temperature,
    best_threshold,
    box_iou,
    boxes_of,
    confusion_matrix,
    energy_inside,
    expected_calibration_error,
    mask_iou,
    most_wrong,
    pointing_game,
    reliability,
    top_k,
)


def random_answers(seed, n=57, classes=6, scale=2.0):
    draw = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(n, classes, generator=draw)
    labels = torch.randint(0, classes, (n,), generator=draw)
    return logits, labels


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_top_k_equals_scikit_learn(k):
    from sklearn.metrics import top_k_accuracy_score

    logits, labels = random_answers(k)
    expected = (
        top_k_accuracy_score(
            labels.numpy(), logits.numpy(), k=k, labels=range(logits.shape[1])
        )
        if k < 6
        else 1.0
    )
    assert top_k(logits, labels, k) == pytest.approx(expected)


def test_top_1_of_equal_logits_is_the_usual_accuracy():
    assert top_k(torch.zeros(4, 3), torch.tensor([0, 0, 1, 2]), 1) == 0.5


def test_confusion_matrix_has_right_classes_in_rows():
    found = confusion_matrix(torch.tensor([0, 1, 1, 2]), torch.tensor([0, 0, 1, 1]), 3)
    assert found.tolist() == [[1, 1, 0], [0, 1, 1], [0, 0, 0]]


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(2, 7))
def test_confusion_matrix_equals_scikit_learn(seed, classes):
    from sklearn.metrics import confusion_matrix as reference

    draw = torch.Generator().manual_seed(seed)
    answers, labels = torch.randint(0, classes, (2, 40), generator=draw)
    expected = reference(labels, answers, labels=range(classes))
    assert confusion_matrix(answers, labels, classes).tolist() == expected.tolist()


def test_most_wrong_puts_the_highest_loss_first_and_leaves_right_answers_out():
    logits = torch.tensor([[9.0, 0.0], [0.0, 3.0], [0.0, 9.0], [5.0, 0.0]])
    labels = torch.tensor([0, 0, 0, 1])
    assert most_wrong(logits, labels).tolist() == [2, 3, 1]
    assert most_wrong(logits, labels, 1).tolist() == [2]


def test_most_wrong_of_a_perfect_network_is_empty():
    assert most_wrong(torch.eye(3), torch.arange(3)).tolist() == []


def slow_calibration_error(probabilities, labels, bins):
    total = 0.0
    for b in range(bins):
        inside = [
            (max(row), row.index(max(row)) == label)
            for row, label in zip(probabilities, labels, strict=True)
            if b / bins < max(row) <= (b + 1) / bins
        ]
        if inside:
            confidence = sum(c for c, _ in inside) / len(inside)
            accuracy = sum(right for _, right in inside) / len(inside)
            total += len(inside) / len(labels) * abs(accuracy - confidence)
    return total


@pytest.mark.parametrize("bins", [1, 2, 7, 15])
def test_calibration_error_equals_its_definition_in_loops(bins):
    logits, labels = random_answers(bins)
    probabilities = logits.double().softmax(1)
    expected = slow_calibration_error(probabilities.tolist(), labels.tolist(), bins)
    found = expected_calibration_error(probabilities, labels, bins)
    assert found == pytest.approx(expected, abs=1e-12)


def test_reliability_of_three_answers_by_hand():
    probabilities = torch.tensor([[0.5, 0.5], [0.9, 0.1], [0.7, 0.3]])
    curve = reliability(probabilities, torch.tensor([0, 0, 1]), bins=2)
    assert curve.edges.tolist() == [0.0, 0.5, 1.0]
    assert curve.counts.tolist() == [1, 2]
    assert curve.confidence.tolist() == pytest.approx([0.5, 0.8])
    assert curve.accuracy.tolist() == [1.0, 0.5]
    assert curve.error == pytest.approx((0.5 + 2 * 0.3) / 3)


def test_an_empty_bin_has_no_accuracy():
    curve = reliability(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), bins=4)
    assert math.isnan(curve.accuracy[0])
    assert curve.error == 0


@pytest.mark.parametrize("true", [0.25, 1.0, 3.0])
def test_best_temperature_finds_the_one_labels_were_drawn_with(true):
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(40_000, 5, generator=draw) * true
    chances = (logits / true).softmax(1)
    labels = torch.multinomial(chances, 1, generator=draw).flatten()
    assert best_temperature(logits, labels) == pytest.approx(true, rel=0.05)


def test_no_temperature_on_a_fine_grid_is_better():
    logits, labels = random_answers(3, scale=4.0)
    logits = logits.double()
    best = F.cross_entropy(logits / best_temperature(logits, labels), labels)
    grid = [F.cross_entropy(logits / t, labels) for t in torch.logspace(-1, 1, 400)]
    assert best <= min(grid) + 1e-12


def test_temperature_of_only_right_answers_is_the_coldest():
    assert best_temperature(torch.eye(3), torch.arange(3)) == pytest.approx(0.01)


def test_pointing_game_counts_maxima_on_the_object():
    maps = torch.zeros(2, 4, 4)
    maps[0, 1, 1] = maps[1, 3, 3] = 1.0
    masks = torch.zeros(2, 4, 4, dtype=torch.bool)
    masks[:, 1:3, 1:3] = True
    assert pointing_game(maps, masks) == 0.5
    assert pointing_game(maps, masks, tolerance=1.0) == 0.5  # the corner is √2 away
    assert pointing_game(maps, masks, tolerance=1.5) == 1.0


def test_a_flat_map_scores_the_share_of_the_object():
    masks = torch.zeros(1, 4, 4, dtype=torch.bool)
    masks[0, :2, :2] = True
    assert pointing_game(torch.zeros(1, 4, 4), masks) == 0.25


def test_energy_inside_is_the_maps_sum_on_the_object_over_its_whole_sum():
    maps = torch.tensor([[[1.0, 2], [3, 4]], [[0, 0], [0, 0]]])
    masks = torch.tensor(
        [[[True, False], [False, True]], [[True, False], [False, False]]]
    )
    assert energy_inside(maps, masks).tolist() == [0.5, 0.25]  # nothing: the area


@settings(deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 10))
def test_mask_iou_equals_counting_pixels(seed, tenths):
    draw = torch.Generator().manual_seed(seed)
    maps = torch.rand(2, 5, 4, generator=draw)
    masks = torch.rand(2, 5, 4, generator=draw) < 0.5
    masks[:, 0, 0] = True
    expected = []
    for one, mask in zip(maps.tolist(), masks.tolist(), strict=True):
        top = max(max(row) for row in one)
        cells = [(y, x) for y in range(5) for x in range(4)]
        limit = torch.tensor(tenths / 10 * top).item()
        bright = {(y, x) for y, x in cells if one[y][x] >= limit}
        inside = {(y, x) for y, x in cells if mask[y][x]}
        expected.append(len(bright & inside) / len(bright | inside))
    assert mask_iou(maps, masks, tenths / 10).tolist() == pytest.approx(expected)


def test_the_best_threshold_is_the_one_whose_box_fits():
    maps = torch.zeros(1, 6, 6)
    maps[0, 1:5, 1:5], maps[0, 2:4, 2:4] = 0.4, 1.0
    assert best_threshold(maps, torch.tensor([[2, 2, 4, 4]]), steps=9) > 0.4
    assert best_threshold(maps, torch.tensor([[1, 1, 5, 5]]), steps=9) <= 0.4


def test_boxes_of_a_map_are_half_open():
    maps = torch.zeros(2, 5, 6)
    maps[0, 1:3, 2:6] = 0.8
    maps[0, 2, 3] = 1.0
    maps[1, 4, 0] = 2.0
    assert boxes_of(maps).tolist() == [[2, 1, 6, 3], [0, 4, 1, 5]]
    assert boxes_of(maps, 0.9).tolist() == [[3, 2, 4, 3], [0, 4, 1, 5]]


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 9)] * 8), min_size=1, max_size=9))
def test_box_iou_equals_counting_pixels(corners):
    rows = torch.tensor(corners)
    pairs = [
        torch.cat([torch.minimum(a, b), torch.maximum(a, b) + 1], 1)
        for a, b in (rows[:, :4].split(2, 1), rows[:, 4:].split(2, 1))
    ]
    expected = []
    for box, other in zip(*[pair.tolist() for pair in pairs], strict=True):
        a, b = (
            {(x, y) for x in range(x1, x2) for y in range(y1, y2)}
            for x1, y1, x2, y2 in (box, other)
        )
        expected.append(len(a & b) / len(a | b))
    assert box_iou(*pairs).tolist() == pytest.approx(expected)


BAD = [
    (
        lambda: top_k(torch.zeros(3), torch.zeros(3).long()),
        "`logits` must have the shape",
    ),
    (lambda: top_k(torch.zeros(2, 3), torch.tensor([0, 3])), "`labels` must be 0 to 2"),
    (lambda: top_k(torch.zeros(2, 3), torch.tensor([0])), "`labels` must be as many"),
    (lambda: top_k(torch.zeros(2, 3), torch.tensor([0, 1]), 4), "`k` must be 1 to 3"),
    (
        lambda: confusion_matrix(torch.tensor([4]), torch.tensor([0]), 3),
        "`predictions` must be 0 to 2; got 4 to 4",
    ),
    (
        lambda: reliability(torch.tensor([[3.0, 1.0]]), torch.tensor([0])),
        "`probabilities` must be rows",
    ),
    (
        lambda: pointing_game(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2).bool()),
        "`masks` must have at least one pixel",
    ),
    (
        lambda: pointing_game(torch.zeros(1, 2, 2), torch.zeros(1, 3, 2).bool()),
        "must have the same shape",
    ),
    (
        lambda: energy_inside(-torch.ones(1, 2, 2), torch.ones(1, 2, 2).bool()),
        "`maps` must be nowhere negative; got -1",
    ),
    (
        lambda: mask_iou(torch.zeros(1, 2, 2), torch.ones(1, 2, 2).bool(), 1.5),
        "`threshold` must be between 0 and 1",
    ),
    (
        lambda: box_iou(torch.tensor([[0, 0, 0, 1]]), torch.tensor([[0, 0, 1, 1]])),
        "`boxes` must have x2 > x1",
    ),
]


@pytest.mark.parametrize(("wrong", "sentence"), BAD)
def test_wrong_arguments_are_named_in_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        wrong()


KINDS_OF_LABELS = {
    "uint8": lambda labels: torch.tensor(labels, dtype=torch.uint8),
    "int8": lambda labels: torch.tensor(labels, dtype=torch.int8),
    "int32": lambda labels: torch.tensor(labels, dtype=torch.int32),
    "a list": list,
    "a numpy array": lambda labels: np.array(labels, dtype=np.uint16),
}


@pytest.mark.parametrize("kind", KINDS_OF_LABELS.values(), ids=KINDS_OF_LABELS)
def test_whole_numbers_of_any_type_count_the_same(kind):
    labels, answers = [16, 0, 16, 120], [16, 3, 5, 120]
    cells = confusion_matrix(kind(answers), kind(labels), 121)
    counted = {tuple(cell): int(cells[tuple(cell)]) for cell in cells.nonzero()}
    assert {(int(a), int(b)): n for (a, b), n in counted.items()} == {
        (0, 3): 1,
        (16, 5): 1,
        (16, 16): 1,
        (120, 120): 1,
    }


@pytest.mark.parametrize("kind", KINDS_OF_LABELS.values(), ids=KINDS_OF_LABELS)
def test_every_metric_takes_labels_of_any_type(kind):
    logits, labels = random_answers(5)
    given_labels = kind(labels.tolist())
    rows = [logits.tolist(), logits.numpy(), logits]
    for scores in rows:
        assert top_k(scores, given_labels, 2) == top_k(logits, labels, 2)
        worst = most_wrong(logits, labels).tolist()
        assert most_wrong(scores, given_labels).tolist() == worst
        found = best_temperature(scores, given_labels)
        assert found == pytest.approx(best_temperature(logits, labels), rel=1e-6)
    chances = logits.softmax(1)
    error = expected_calibration_error(chances, labels)
    assert expected_calibration_error(chances, given_labels) == error


def test_two_classes_may_be_false_and_true():
    answers = torch.tensor([True, False, True])
    assert confusion_matrix(answers, [1, 1, 0], 2).tolist() == [[0, 1], [1, 1]]


@pytest.mark.parametrize("labels", [[0.0, 1.0, 2.0], ["a", "b", "c"], 3, [[0], [1, 2]]])
def test_labels_that_are_no_whole_numbers_are_refused(labels):
    with pytest.raises(ValueError, match=r"^`labels` must be whole numbers of the sha"):
        top_k(torch.eye(3), labels, 1)


@pytest.mark.parametrize("masked", [[5], [0, 3], [0, 1, 4, 5]])
def test_the_best_temperature_with_masked_classes_is_that_without_them(masked):
    logits, labels = random_answers(11, n=200)
    kept = [c for c in range(6) if c not in masked]
    logits, labels = logits * 3, torch.tensor(kept)[labels % len(kept)]
    logits[torch.arange(200), labels] += 6
    without = logits[:, kept], torch.tensor([kept.index(c) for c in labels])
    logits[:, masked] = -math.inf
    expected = best_temperature(*without)
    assert 0.5 < expected < 20
    assert best_temperature(logits, labels) == pytest.approx(expected, rel=1e-9)


def test_a_mask_may_differ_from_row_to_row():
    logits = torch.tensor([[3.0, 1.0, -math.inf], [-math.inf, 2.0, 4.0], [1.0, 2, 3]])
    labels = torch.tensor([0, 2, 1])
    grid = torch.logspace(-1.9, 1.9, 4001, dtype=torch.float64)
    loss = [F.cross_entropy(logits.double() / t, labels).item() for t in grid]
    best = grid[loss.index(min(loss))].item()
    assert best_temperature(logits, labels) == pytest.approx(best, rel=3e-3)


def test_a_label_that_is_masked_has_no_temperature():
    logits = torch.tensor([[0.0, 1.0], [-math.inf, 1.0]])
    with pytest.raises(ValueError, match="row 1 has the label 0 with the logit −inf"):
        best_temperature(logits, torch.tensor([1, 0]))


@pytest.mark.parametrize("metric", [top_k, most_wrong, best_temperature, reliability])
@pytest.mark.parametrize("bad", [[math.nan, 1.0], [0.0, math.inf], [-math.inf] * 2])
def test_rows_that_are_no_scores_are_named(metric, bad):
    rows = torch.tensor([[0.5, 0.5], [0.25, 0.75], bad, [math.nan, 1.0]])
    arguments = {"k": 1} if metric is top_k else {}
    with pytest.raises(ValueError, match="row 2 has the largest value"):
        metric(rows, torch.zeros(4, dtype=torch.long), **arguments)


@pytest.mark.parametrize(
    ("row", "said"), [([0.5, 0.6], "sum 1.1 "), ([1.5, -0.5], "number -0.5")]
)
def test_reliability_names_the_row_that_is_no_probability(row, said):
    rows = torch.tensor([[0.5, 0.5], [0.25, 0.75], row, [3.0, 3.0]])
    with pytest.raises(ValueError, match=f"row 2 has the .*{said}"):
        reliability(rows, torch.zeros(4, dtype=torch.long))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_confidence_on_a_border_lies_in_the_lower_bin(dtype):
    wrong = []
    for bins in range(1, 51):
        for k in range(1, bins + 1):
            if 2 * k < bins:  # the largest of two numbers is at least a half
                continue
            p = torch.tensor([[k / bins, 0.0]], dtype=dtype)
            p[0, 1] = 1 - p[0, 0]
            counts = reliability(p, torch.tensor([0]), bins).counts
            if counts.nonzero().tolist() != [[k - 1]]:
                wrong.append((k, bins))
    assert wrong == []
