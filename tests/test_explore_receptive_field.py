"""The receptive-field explorer against gradients and published numbers."""

import random
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.explore import (
    ChainLayer,
    Explorer,
    View,
    explore_receptive_field,
    receptive_field_view,
)
from tests.explorers import (
    FIELD_COLOUR,
    SVG,
    drawing,
    paths,
    settings,
    small_model,
    turns,
)


def probe(chain: list[dict], size: tuple[int, int], layer: int, unit: tuple[int, int]):
    """Return the pixels a unit depends on, by the gradient of ones-only filters."""
    image = torch.ones(1, 1, *size, dtype=torch.float64, requires_grad=True)
    out = image
    for given in chain[: layer + 1]:
        sizes = dict(given)
        side = sizes.pop("kernel_size")
        sizes.pop("kind")
        weight = torch.ones(1, 1, side, side, dtype=torch.float64)
        out = F.conv2d(out, weight, **sizes)
    (gradient,) = torch.autograd.grad(out[0, 0, unit[0], unit[1]], image)
    ends = []
    for axis in (1, 0):
        at = gradient[0, 0].amax(axis).nonzero().ravel().tolist()
        ends.append((at[0], at[-1] + 1) if at else (0, 0))
    return tuple(out.shape[2:]), ends[0], ends[1]


def chain_of(explorer: Explorer) -> list[dict]:
    """Read the chain of an explorer by choosing one layer after the other."""
    names = ("kind", "kernel_size", "stride", "padding", "dilation")
    layer, before = explorer.controls["layer"], settings(explorer)
    found = []
    for _, number in layer.options:
        layer.value = number
        found.append({name: explorer.controls[name].value for name in names})
    for name in ("layer", "row", "column"):
        explorer.controls[name].value = before[name]
    return found


def compare_field(view: View, chain: list[dict], layer: int, unit, size) -> None:
    shape, rows, columns = probe(chain, size, layer, unit)
    assert view.numbers["output_size"] == shape
    if rows[1] == 0 or columns[1] == 0:
        assert "sees nothing" in view.text
        return
    assert (view.numbers["rows"], view.numbers["columns"]) == (rows, columns)
    assert f"rows {rows[0]} to {rows[1] - 1} and columns {columns[0]}" in view.text
    root = drawing(view.svg_or_html)
    enlarged = root.find(f"{SVG}svg")
    high, wide = rows[1] - rows[0], columns[1] - columns[0]
    assert enlarged.get("viewBox") == f"{columns[0]} {rows[0]} {wide} {high}"
    frame = next(r for r in root.iter(f"{SVG}rect") if r.get("stroke") == FIELD_COLOUR)
    scale = 344 / max(size)
    drawn = [float(frame.get(name)) for name in ("x", "y", "width", "height")]
    expected = [
        columns[0] * scale + 8,
        rows[0] * scale + 34,
        wide * scale,
        high * scale,
    ]
    assert np.allclose(drawn, expected, atol=0.6)


def test_the_chain_explorer_equals_the_gradient_at_every_setting():
    explorer = explore_receptive_field(torch.rand(3, 40, 48))
    explorer.controls["chain"].value = "three 3×3"
    for _ in turns(explorer, seed=2, count=80):
        now = explorer.view
        if not now.numbers:
            assert now.text.startswith("Layer ")
            continue
        layer, unit = int(now.numbers["layer"]) - 1, now.numbers["unit"]
        assert layer == explorer.controls["layer"].value
        assert unit == tuple(
            explorer.controls[name].value for name in ("row", "column")
        )
        compare_field(now, chain_of(explorer), layer, unit, (40, 48))
        assert explorer.view.numbers == now.numbers


@pytest.mark.parametrize("seed", range(8))
def test_random_chains_equal_the_gradient(seed):
    choose = random.Random(seed)
    chain = [
        {
            "kind": "convolution",
            "kernel_size": choose.choice([1, 2, 3, 4, 5]),
            "stride": choose.choice([1, 1, 2, 3]),
            "padding": choose.choice([0, 1, 2, 4]),
            "dilation": choose.choice([1, 1, 2]),
        }
        for _ in range(choose.randint(1, 4))
    ]
    layers = [ChainLayer(**layer) for layer in chain]
    image = torch.rand(1, 50, 37)
    for _ in range(12):
        layer = choose.randrange(len(chain))
        height, width = probe(chain, (50, 37), layer, (0, 0))[0]
        unit = (choose.randrange(height), choose.randrange(width))
        view = receptive_field_view(image, layers, layer=layer, unit=unit)
        compare_field(view, chain, layer, unit, (50, 37))


@pytest.mark.parametrize(
    ("chain", "field"),
    [("three 3×3", 7), ("one 7×7", 7), ("five 3×3", 11), ("AlexNet", 195),
     ("VGG-16", 212), ("3×3 with dilation 1, 2, 4, 8", 31), ("3×3 and pooling", 68)],
)  # fmt: skip
def test_the_named_chains_have_their_published_fields(chain, field):
    explorer = explore_receptive_field()
    explorer.controls["chain"].value = chain
    assert explorer.view.numbers["receptive_field"] == (field, field)
    assert explorer.view.table[-1][0].startswith("▸")
    assert explorer.view.table[-1][3] == str(field)


def test_the_dots_are_the_middles_of_the_units_that_are_read():
    chain = [ChainLayer(kernel_size=2, stride=2), ChainLayer(kernel_size=3, dilation=2)]
    view = receptive_field_view(torch.rand(3, 32, 32), chain, unit=(1, 2))
    dots = paths(drawing(view.svg_or_html).find(f"{SVG}svg"), stroke_linecap="round")[0]
    found = {tuple(map(float, p)) for p in re.findall(r"M([\d.]+) ([\d.]+)h0", dots)}
    # Layer 1 has 2×2 windows side by side: the middle of unit u is 2u + 1.
    assert found == {(2 * c + 1, 2 * r + 1) for r in (1, 3, 5) for c in (2, 4, 6)}


def test_layers_are_added_after_the_chosen_one_and_removed():
    explorer = explore_receptive_field()
    controls = explorer.controls
    controls["chain"].value = "three 3×3"
    controls["layer"].value = 0
    controls["new"].value = "max pool 2×2, stride 2"
    controls["add"].click()
    assert controls["chain"].value == "my own"
    assert [text for text, _ in controls["layer"].options] == [
        "1: conv 3×3", "2: max pool 2×2, stride 2", "3: conv 3×3", "4: conv 3×3",
    ]  # fmt: skip
    assert controls["layer"].value == 1
    assert controls["kind"].value == "max pooling"
    controls["remove"].click()
    assert controls["chain"].value == "three 3×3"


def test_a_chain_keeps_at_least_one_layer_and_at_most_24():
    explorer = explore_receptive_field()
    for _ in range(30):
        explorer.controls["remove"].click()
    assert len(explorer.controls["layer"].options) == 1
    for _ in range(30):
        explorer.controls["add"].click()
    assert len(explorer.controls["layer"].options) == 24


@pytest.mark.parametrize("seed", range(10))
def test_a_chain_is_refused_exactly_where_torch_refuses_it(seed):
    choose = random.Random(seed)
    fits = []
    for _ in range(20):
        chain = [
            ChainLayer(
                choose.choice(["convolution", "max pooling"]),
                *(choose.randint(1, most) for most in (7, 3)),
                choose.randint(0, 3),
                choose.randint(1, 4),
            )
            for _ in range(choose.randint(1, 3))
        ]
        fits.append(runs_in_torch(chain, torch.rand(1, 3, 20, 17)))
        if fits[-1]:
            receptive_field_view(torch.rand(3, 20, 17), chain)
            continue
        with pytest.raises(ValueError, match=r"`model` does not fit the image: Layer"):
            receptive_field_view(torch.rand(3, 20, 17), chain)
    assert len(set(fits)) == 2


def runs_in_torch(chain: list[ChainLayer], image: torch.Tensor) -> bool:
    for layer in chain:
        sizes = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
        kinds = {"convolution": nn.Conv2d, "max pooling": nn.MaxPool2d}
        given = (3, 3, *sizes) if layer.kind == "convolution" else sizes
        try:
            image = kinds[layer.kind](*given)(image)
        except RuntimeError:
            return False
    return True


def test_the_local_field_counts_the_gaps_of_dilation():
    chain = [ChainLayer(kernel_size=3, dilation=4)]
    view = receptive_field_view(torch.rand(3, 32, 32), chain)
    assert view.numbers["local_field"] == (9, 9)
    view = receptive_field_view(torch.rand(1, 28, 28), small_model(), layer="0")
    assert view.numbers["local_field"] == (3, 5)
    assert view.table[1][2] == "3×5"


def test_a_layer_that_does_not_fit_is_said_and_can_be_repaired():
    explorer = explore_receptive_field(torch.rand(3, 16, 16))
    explorer.controls["chain"].value = "AlexNet"
    assert "does not fit: it covers 3 units and its padded input has" in repr(explorer)
    explorer.controls["chain"].value = "one 7×7"
    assert explorer.view.numbers["receptive_field"] == (7, 7)


def test_too_much_padding_of_a_max_pooling_is_said_as_torch_would():
    explorer = explore_receptive_field()
    explorer.controls["layer"].value = 2
    explorer.controls["padding"].value = 2
    assert "max pooling allows at most half of its kernel: 1" in repr(explorer)


def test_the_unit_keeps_its_place_on_the_photo_when_the_layer_changes():
    explorer = explore_receptive_field()
    explorer.controls["layer"].value = 0
    explorer.controls["row"].value = 200
    explorer.controls["layer"].value = 10
    assert explorer.controls["row"].value == 25  # 200 / 224 of 28
    assert explorer.controls["row"].max == 27


def test_a_unit_in_the_padding_sees_nothing_and_says_so():
    chain = [ChainLayer(kernel_size=1, padding=8)]
    view = receptive_field_view(torch.rand(3, 32, 32), chain, unit=(0, 40))
    assert "sees nothing of the photo" in view.text
    assert view.numbers["share"] == 0


def test_a_model_of_ones_own_shows_what_the_gradient_shows():
    model = small_model().double()
    image = torch.rand(1, 28, 28, dtype=torch.float64)
    for layer, unit in (("0", (0, 25)), ("3", (4, 4)), ("2", (13, 0))):
        view = receptive_field_view(image, model, layer=layer, unit=unit)
        net = nn.Sequential(*list(model[: int(layer) + 1]))
        net = nn.Sequential(
            *(nn.AvgPool2d(2) if isinstance(m, nn.MaxPool2d) else m for m in net)
        )
        for parameter in net.parameters():
            nn.init.ones_(parameter)
        given = torch.ones(1, 1, 28, 28, dtype=torch.float64, requires_grad=True)
        out = net(given)[0, 0, unit[0], unit[1]]
        touched = torch.autograd.grad(out, given)[0][0, 0].nonzero()
        (top, left), (bottom, right) = touched.amin(0), touched.amax(0) + 1
        assert view.numbers["rows"] == (top, bottom)
        assert view.numbers["columns"] == (left, right)


def test_a_layer_without_a_map_is_looked_at_as_a_whole():
    view = receptive_field_view(torch.rand(1, 28, 28), small_model(), layer="5")
    assert view.numbers["unit"] == ()
    assert "its units together see rows 0 to 27 and columns 0 to 27" in view.text


def test_the_model_explorer_begins_at_the_last_layer_with_a_map():
    explorer = explore_receptive_field(model=small_model(), input_shape=(1, 28, 28))
    assert explorer.view.numbers["layer"] == "3"
    explorer.controls["layer"].value = 5
    assert explorer.controls["row"].max == 0
    explorer.controls["layer"].value = 0
    assert (explorer.controls["row"].max, explorer.controls["column"].max) == (27, 25)


def test_a_long_model_shows_the_rows_round_the_chosen_one():
    model = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(40)))
    explorer = explore_receptive_field(model=model, input_shape=(3, 16, 16))
    for number in range(40):
        explorer.controls["layer"].value = number
        titles = [row[0] for row in explorer.view.table]
        assert len(titles) == 21
        assert f"▸ {number} (Conv2d)" in titles


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    receptive_field_view(torch.rand(3, 20, 20), model)
    assert model.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"image": torch.zeros(2, 32, 32)}, r"`image` must be a picture: "),
        ({"image": torch.zeros(3, 4, 4)}, "`image` must have 8 to 1024 rows"),
        ({"image": "china.jpg"}, "`image` must be a picture; china.jpg: No such file"),
        ({"model": "resnet"}, "`model` must be an nn.Module or a list .* got str"),
        ({"model": []}, "`model` must be an nn.Module or a list of 1 to 24"),
        ({"model": [nn.Conv2d(3, 3, 3)]}, "`model` must be .* got list"),
        ({"model": nn.Conv2d(1, 1, 3)}, "`input_shape`"),
        ({"model": [ChainLayer(kernel_size=11, dilation=8)]},
         r"`model` does not fit the image: Layer 1 \(conv 11×11, dilation 8\)"),
        ({"layer": "conv"}, "`layer` must be one of '0', '1' or a number up to 1"),
        ({"layer": 2}, "`layer` must be one of .* got 2"),
        ({"unit": (30, 0)}, r"`unit` must be a place .* got \(30, 0\)"),
    ],
)  # fmt: skip
def test_receptive_field_view_refuses_in_one_sentence(changes, sentence):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    chosen = {"image": torch.zeros(3, 32, 32), "model": model, **changes}
    with pytest.raises(ValueError, match=sentence):
        receptive_field_view(chosen.pop("image"), chosen.pop("model"), **chosen)


@pytest.mark.parametrize("shape", [(3, 32), 224, (3, 2000, 10), (0, 32, 32), "chw"])
def test_explore_receptive_field_refuses_a_shape_that_is_none(shape):
    with pytest.raises(ValueError, match="`input_shape` must be"):
        explore_receptive_field(input_shape=shape)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "pool"}, "`kind` must be one of 'convolution', 'max pooling'"),
        ({"kernel_size": 12}, "`kernel_size` must be 1 to 11; got 12"),
        ({"stride": 5}, "`stride` must be 1 to 4; got 5"),
        ({"padding": -1}, "`padding` must be 0 to 8; got -1"),
        ({"dilation": 9}, "`dilation` must be 1 to 8; got 9"),
    ],
)
def test_a_chain_layer_refuses_in_one_sentence(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        ChainLayer(**changes)
