"""The branch designer against the anatomy of the modules that it speaks of."""

import random

import pytest
import torch

from coursekit import anatomy
from coursekit.blocks import Inception, NaiveInception
from coursekit.explore import branches_view
from tests.explorers import SVG, drawing

NAMES = {"1×1": "one", "3×3": "three", "5×5": "five", "pooling": "pool"}


def module(chosen: dict) -> torch.nn.Module:
    with torch.device("meta"):
        if not chosen["bottlenecks"]:
            widths = {name: chosen[name] for name in ("one", "three", "five")}
            return NaiveInception(256, **widths)
        return Inception(
            256,
            one=chosen["one"],
            three=(chosen["before_three"], chosen["three"]),
            five=(chosen["before_five"], chosen["five"]),
            pool=chosen["after_pooling"],
        )


def some_widths(seed: int) -> dict:
    draw = random.Random(seed)
    names = ("one", "three", "five", "before_three", "before_five", "after_pooling")
    widths = {name: 8 * draw.randint(1, 32) for name in names}
    return widths | {"bottlenecks": bool(seed % 2)}


@pytest.mark.parametrize("seed", range(10))
def test_shape_cost_and_fields_are_those_of_the_module(seed: int):
    chosen = some_widths(seed)
    found, table = (
        branches_view(**chosen).numbers,
        anatomy(module(chosen), (256, 28, 28)),
    )
    assert table.output.output_shape == (found["channels"], 28, 28)
    assert found["parameters"] == table.parameters
    assert found["multiply_adds"] == table.multiply_adds
    fields = {n: table[name].receptive_field[0] for n, name in NAMES.items()}
    assert found["fields"] == fields


def test_it_begins_with_the_lectures_naive_module():
    assert branches_view().numbers["multiply_adds"] == 854_196_224
    assert branches_view().numbers["channels"] == 672


def test_the_lectures_bottlenecks_cost_271_million():
    found = branches_view(bottlenecks=True).numbers
    assert (found["multiply_adds"], found["channels"]) == (271_351_808, 480)


def test_the_bars_are_as_long_as_their_shares():
    view = branches_view(bottlenecks=True)
    bars = [float(b.get("width")) for b in drawing(view.svg_or_html).iter(f"{SVG}rect")]
    costs = [int(row[4].replace(",", "")) for row in view.table[1:]]
    shares = [500 * cost / sum(costs) for cost in costs]
    assert bars == pytest.approx(shares, abs=0.06)


def test_a_width_that_is_not_offered_is_refused():
    with pytest.raises(ValueError, match="three"):
        branches_view(three=500)
