"""The softmax explorer against torch, in every precision, and where it breaks."""

import math

import pytest
import torch
from torch.nn import functional as F

from coursekit.explore import explore_softmax, softmax_view
from tests.explorers import drawing, settings, turns

CLASSES = ("first", "second", "third")


def test_shares_loss_and_gradient_equal_torch_at_every_setting():
    explorer, checked = explore_softmax(), 0
    for _ in turns(explorer, count=60):
        chosen, numbers = settings(explorer), explorer.view.numbers
        if chosen["precision"] != "float64":
            continue
        checked += 1
        logits = [chosen[name] * chosen["times"] for name in CLASSES]
        leaf = torch.tensor(logits, dtype=torch.double, requires_grad=True)
        right = torch.tensor(CLASSES.index(chosen["right"]))
        loss = F.cross_entropy(leaf / chosen["temperature"], right)
        loss.backward()
        assert numbers["loss"] == pytest.approx(loss.item())
        assert numbers["gradient"] == pytest.approx(leaf.grad.tolist())
        shares = (leaf / chosen["temperature"]).softmax(0).tolist()
        assert numbers["shares"] == pytest.approx(shares)
    assert checked


@pytest.mark.parametrize(("precision", "last"), [("float16", 17), ("float32", 103)])
def test_two_steps_break_where_torch_breaks(precision, last):
    times = 20
    for gap in (last, last + 1):
        view = softmax_view(
            first=gap / times, second=0, third=-10, times=times, precision=precision,
            right="second",
        )  # fmt: skip
        logits = torch.tensor([gap, 0, -200], dtype=getattr(torch, precision))
        expected = -logits.softmax(0).log()[1].item()
        assert math.isinf(view.numbers["loss_in_two_steps"]) == math.isinf(expected)
        assert view.numbers["loss"] == gap
    assert "∞" in view.text


def test_a_constant_and_the_order_of_the_classes_do_not_matter():
    here = softmax_view(first=2, second=1, third=0).numbers["shares"]
    there = softmax_view(first=5, second=4, third=3).numbers["shares"]
    turned = softmax_view(first=0, second=1, third=2).numbers["shares"]
    assert here == pytest.approx(there)
    assert here == pytest.approx(turned[::-1])


def test_the_shares_are_drawn_as_long_as_they_are():
    view = softmax_view(first=3, second=1, third=1)
    bars = drawing(view.svg_or_html).iter("{http://www.w3.org/2000/svg}rect")
    widths = [float(bar.get("width")) for bar in bars]
    longest = 560
    assert [w / longest for w in widths] == pytest.approx(
        view.numbers["shares"], abs=1e-3
    )


def test_the_table_points_out_the_right_class():
    rows = softmax_view(right="third").table
    assert [row[0] for row in rows] == ["class", "first", "second", "▸ third"]


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="`precision` must be"):
        softmax_view(precision="float8")
