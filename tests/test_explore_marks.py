"""What can be pointed at: marks are data, and every value they set is allowed."""

import json
import re
from itertools import islice, product

import pytest

from coursekit.explore import (
    explore_kernel,
    explore_network,
    explore_pooling,
    explore_receptive_field,
)
from coursekit.explore.live import LiveExplorer
from coursekit.explore.marks import Along, Mark, layer
from coursekit.models import tiny_net
from tests.explorers import SVG, drawing, small_model, turns
from tests.test_explore_controls import NAMES, made

KINDS = ("receptive_field", "network", "kernel", "padding", "pooling", "dense_matrix")
POINTED = {f"explore_{kind}" for kind in KINDS}


def corners(mark: Mark) -> list[dict]:
    """Return what the first and the last cells of a mark set."""
    ends = product({0, mark.rows - 1}, {0, mark.columns - 1})
    return [mark.at(row, column) for row, column in ends]


def assert_allowed(explorer: LiveExplorer) -> None:
    """Every mark lies in the picture, and sets settings to values they can have."""
    *_, width, height = map(
        float, drawing(explorer.view.backdrop).get("viewBox").split()
    )
    names = {explorer.declared.subject: explorer.subject, **explorer.state}
    for mark in explorer.view.marks:
        assert mark.x < width
        assert mark.y < height
        for sets in corners(mark):
            assert sets
            for name, value in sets.items():
                assert value in explorer.declared.settings[name].values(names)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_pointed_at_is_always_a_value_that_the_setting_can_have(name: str):
    explorer = made(name)
    for _ in islice(turns(explorer), 40):
        assert_allowed(explorer)
    assert bool(made(name).view.marks) == (name in POINTED)


def test_a_page_gets_the_marks_as_plain_data():
    mark = Mark(8, 34, 80, 40, {"position": Along(1, 8, 2), "way": "a"}, 2, 4)
    page = drawing(layer(("760", "400"), [mark]))
    (rectangle,) = page.iter(f"{SVG}rect")
    sets = json.loads(rectangle.get("data-sets"))
    assert sets == {"position": [1, 8, 2], "way": "a"}
    assert (rectangle.get("data-rows"), rectangle.get("data-columns")) == ("2", "4")
    assert mark.at(1, 3) == {"position": 1 + 8 + 6, "way": "a"}


def test_one_message_sets_two_settings_and_draws_once():
    explorer = explore_receptive_field()
    drawn = []
    explorer._layers[-1].observe(drawn.append, "value")
    explorer._hear(json.dumps([{"row": 3, "column": 20}, 0]))
    assert (explorer.state["row"], explorer.state["column"]) == (3, 20)
    assert explorer.view.numbers["unit"] == (3, 20)
    assert len(drawn) == 1


def test_a_unit_that_is_pointed_at_looks_where_the_pointer_is():
    """Its field holds the middle of the cell; the map's corners are reached."""
    explorer = explore_receptive_field(model=small_model(), input_shape=(1, 28, 28))
    explorer.choose(layer=3)
    whole, exact = explorer.view.marks
    pixel = whole.height / 28
    for row, column in product(range(exact.rows), range(exact.columns)):
        explorer.choose(**exact.at(row, column))
        x = (exact.x - whole.x) / pixel + (
            column + 0.5
        ) * exact.width / pixel / exact.columns
        y = (exact.y - whole.y) / pixel + (
            row + 0.5
        ) * exact.height / pixel / exact.rows
        (top, bottom), (left, right) = (
            explorer.view.numbers[n] for n in ("rows", "columns")
        )
        assert top <= y <= bottom
        assert left <= x <= right


def test_a_box_of_the_graph_chooses_its_layer():
    explorer = explore_network(tiny_net(), (1, 28, 28))
    boxes = [mark for mark in explorer.view.marks if "layer" in mark.sets]
    assert len(boxes) > 8
    for mark in boxes:
        explorer.choose(**mark.at())
        assert (
            explorer.view.numbers["layer"]
            == explorer.subject.row(mark.at()["layer"]).name
        )
        frame = f'x="{mark.x - 3:g}" y="{mark.y - 3:g}"'
        assert frame in explorer.view.svg_or_html


def test_the_chain_is_a_row_of_boxes_that_choose_the_layer_and_frame_the_chosen_one():
    explorer = explore_receptive_field()
    explorer.controls["chain"].value = "AlexNet"
    boxes = [mark for mark in explorer.view.marks if "layer" in mark.sets]
    assert [mark.at() for mark in boxes] == [{"layer": n} for n in range(8)]
    said = [text.text for text in drawing(explorer.view.sheet).iter(f"{SVG}text")]
    assert said[:4] == ["conv", "11×11 /4", "max", "3×3 /2"]
    for mark in boxes:
        explorer.choose(**mark.at())
        assert explorer.controls["layer"].value == mark.at()["layer"]
        assert f'x="{mark.x - 2:g}" y="{mark.y - 2:g}"' in explorer.view.svg_or_html


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_kernel_comes_to_lie_round_the_pixel_that_is_pointed_at(stride: int):
    explorer = explore_kernel()
    explorer.choose(stride=stride, dilation=2)
    on_image, on_output = explorer.view.marks
    cell = min(40, 328 // 10)  # of the padded digit, 10×10, from (8, 34)
    for row, column in product(range(on_image.rows), range(on_image.columns)):
        assert on_image.at(row, column) == on_output.at(row, column)
        explorer.choose(**on_image.at(row, column))
        pixels = [
            ((at + 0.5) * length / count + first - start) / cell
            for at, length, count, first, start in (
                (row, on_image.height, on_image.rows, on_image.y, 34),
                (column, on_image.width, on_image.columns, on_image.x, 8),
            )
        ]
        for pixel, read in zip(pixels, ("rows", "columns"), strict=True):
            places = explorer.view.numbers[read]
            assert pixel - 0.5 == pytest.approx((places[0] + places[-1]) / 2)


def test_the_spot_comes_to_lie_round_the_pixel_that_is_pointed_at():
    explorer = explore_pooling()
    explorer.choose(spot_size=5)
    photo, *others = explorer.view.marks
    assert [mark.x - photo.x for mark in others] == [189, 378, 567]
    pixel = 176 / 96
    for row, column in ((0, 0), (91, 91), (40, 7)):
        sets = photo.at(row, column)
        assert photo.y + (row + 0.5) * pixel == pytest.approx(
            34 - 2 + (row + 2.5) * pixel
        )
        explorer.choose(**sets)
        assert (explorer.state["row"], explorer.state["column"]) == (row, column)


def test_a_small_map_chooses_its_channel_and_gets_the_frame():
    explorer = explore_network(tiny_net(), (1, 28, 28))
    explorer.choose(layer=6)
    explorer.choose(channel=9)
    chosen = [mark for mark in explorer.view.marks if "channel" in mark.sets]
    assert [mark.at()["channel"] for mark in chosen] == [*range(8, 16)]
    for mark in chosen:
        explorer.choose(**mark.at())
        assert explorer.view.numbers["channel"] == mark.at()["channel"]
        top = float(re.search(r"translate\(0 ([\d.]+)\)", explorer.view.sheet)[1])
        frame = f'x="{mark.x:g}" y="{mark.y - top:g}" width="{mark.width:g}"'
        assert f'{frame} height="{mark.height:g}" fill="none" stroke="#D55E00"' in (
            explorer.view.sheet
        )
