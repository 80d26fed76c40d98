"""The network explorer against plain hooks, weights and the anatomy table."""

import copy

import ipywidgets as widgets
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from coursekit.anatomy import anatomy, seen
from coursekit.explore import View, explore_network, network_view, static
from coursekit.explore.network.tints import shaded
from coursekit.models import cifar_resnet, tiny_net
from tests.explorers import FIELD_COLOUR, SVG, drawing, pixels, shown, still, turns

PHOTO = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))


class Branches(nn.Module):
    """Two branches joined, a sum, an activation in place, a dense head."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace=True))
        self.left = nn.Conv2d(6, 4, 1)
        self.right = nn.Conv2d(6, 4, (3, 5), 2, groups=2)
        self.norm = nn.BatchNorm2d(8)
        self.up = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        x = self.stem(x)
        right = F.interpolate(self.right(x), size=x.shape[2:])
        x = self.norm(torch.cat([self.left(x), right], 1))
        x = self.up(x) + 1
        return self.fc(self.drop(x.mean((2, 3))))


def branches() -> Branches:
    torch.manual_seed(3)
    model = Branches()
    model(torch.rand(4, 3, 32, 32))  # moves the running statistics off 0 and 1
    return model


def fed(image: torch.Tensor) -> torch.Tensor:
    """Normalise each channel of the photo by its own mean and standard deviation."""
    whole = (image * 255).round() / 255
    return torch.stack([(c - c.mean()) / c.std() for c in whole])[None]


def hooked(model: nn.Module, images: torch.Tensor) -> dict[str, torch.Tensor]:
    """Run a copy of the model with plain hooks that copy every output."""
    model, found = copy.deepcopy(model).eval(), {}

    def keep(name: str, out: torch.Tensor) -> None:
        found[name] = out[0].clone()

    for name, module in model.named_modules():
        module.register_forward_hook(lambda m, a, out, name=name: keep(name, out))
    with torch.no_grad():
        model(images)
    return found


def find(explorer, name: str) -> int:
    """Return the number of a layer in the menu."""
    titles = {
        text.split(" (")[0].strip(): n for text, n in explorer.controls["layer"].options
    }
    return titles[name]


def large_map(view: View) -> np.ndarray:
    """Read the picture of the chosen channel."""
    images = list(drawing(view.sheet).iter(f"{SVG}image"))
    return next(pixels(i) for i in images if i.get("x") == "404" and i.get("y") == "56")


def test_every_value_is_what_a_plain_hook_sees():
    model = branches()
    truth = hooked(model, fed(PHOTO))
    explorer = explore_network(model, photo=PHOTO)
    for name in (
        "stem",
        "stem.0",
        "stem.1",
        "left",
        "right",
        "norm",
        "up",
        "drop",
        "fc",
    ):
        explorer.controls["layer"].value = find(explorer, name)
        for channel in (0, len(truth[name]) - 1):
            explorer.controls["channel"].value = channel
            numbers = explorer.view.numbers
            values = truth[name][channel]
            assert numbers["channel"] == channel
            value = values[numbers["unit"]] if numbers["unit"] else values
            assert numbers["value"] == pytest.approx(value.item(), abs=1e-5)
            assert numbers["minimum"] == pytest.approx(values.min().item(), abs=1e-5)
            assert numbers["maximum"] == pytest.approx(values.max().item(), abs=1e-5)


def test_the_large_map_shows_the_values_in_21_shades():
    model = branches()
    values = hooked(model, fed(PHOTO))["left"]
    view = network_view(model, PHOTO, layer="left", channel=2)
    green, purple = (0, 0x9E, 0x73), (0xCC, 0x79, 0xA7)
    share = (values[2] / values[:4].abs().max() * 10).round().numpy()[..., None] / 10
    colour = np.where(share < 0, purple, green)
    expected = np.rint(255 + (colour - 255) * np.abs(share))
    drawn = large_map(view).astype(float)
    assert (
        np.abs(drawn - expected).max(-1) > 1
    ).mean() < 0.02  # halves may round apart


@pytest.mark.parametrize("name", ["left", "right", "up"])
def test_the_kernels_drawn_are_the_weights(name):
    model = branches()
    weight = getattr(model, name).weight.detach()
    weight = weight.transpose(0, 1) if name == "up" else weight  # up: one group
    view = network_view(model, PHOTO, layer=name, channel=1)
    assert view.numbers["kernels"] == tuple(weight.shape)
    picture = next(
        i for i in drawing(view.sheet).iter(f"{SVG}image") if i.get("x") == "42"
    )
    drawn = pixels(picture).astype(int)
    high, wide = weight.shape[2] + 1, weight.shape[3] + 1
    limit = weight[:8, :8].abs().max()
    for row in range(len(weight[:8])):
        for column in range(len(weight[0, :8])):
            part = drawn[row * high : (row + 1) * high - 1, column * wide :]
            part = part[:, : wide - 1]
            level = (weight[row, column] / limit * 10).round().numpy()
            assert (part[level > 0][:, 2] < part[level > 0][:, 0]).all()  # orange
            assert (part[level < 0][:, 1] < part[level < 0][:, 2]).all()  # purple
            assert (part[level == 0] == 255).all()


def test_kernels_over_colours_are_drawn_in_colour():
    model = branches()
    weight = model.stem[0].weight.detach()
    view = network_view(model, PHOTO, layer="stem.0", channel=5)
    picture = next(
        i for i in drawing(view.sheet).iter(f"{SVG}image") if i.get("x") == "8"
    )
    drawn = pixels(picture).astype(int)
    scaled = (weight / weight.abs().max()).numpy()
    for number, kernel in enumerate(scaled):
        top, left = number // 4 * 4, number % 4 * 4
        part = drawn[top : top + 3, left : left + 3].transpose(2, 0, 1)
        assert np.abs(part - (128 + 127 * kernel)).max() < 11  # 15 levels


def test_a_norm_says_what_it_has_for_the_channel():
    model = branches()
    view = network_view(model, PHOTO, layer="norm", channel=3)
    words = " ".join(t.text for t in drawing(view.sheet).iter(f"{SVG}text"))
    mean = f"{model.norm.running_mean[3].item():.4g}".replace("-", "−")
    assert f"running mean of channel 3: {mean}" in words
    assert view.numbers["kernels"] is None


@pytest.mark.parametrize("unit", [(0, 0), (13, 6), (14, 13)])
def test_the_field_is_the_one_of_anatomy(unit):
    model = branches()
    view = network_view(model, PHOTO, layer="right", unit=unit)
    rows, columns = seen(model, (3, 32, 32), "right", unit)
    assert (view.numbers["rows"], view.numbers["columns"]) == (rows, columns)
    assert f"rows {rows[0]} to {rows[1] - 1} and columns {columns[0]}" in view.text
    frames = [r for r in drawing(view.svg_or_html).iter(f"{SVG}rect")
              if r.get("stroke") == FIELD_COLOUR]  # fmt: skip
    scale = 344 / 32
    sizes = [(float(f.get("width")), float(f.get("height"))) for f in frames]
    wanted = ((columns[1] - columns[0]) * scale, (rows[1] - rows[0]) * scale)
    assert any(np.allclose(size, wanted, atol=0.6) for size in sizes)


def test_the_costs_are_those_of_anatomy():
    model = branches()
    table = anatomy(model, (3, 32, 32))
    for row in table:
        numbers = network_view(model, PHOTO, layer=row.name).numbers
        for name in ("parameters", "multiply_adds", "output_shape", "receptive_field",
                     "stride", "start"):  # fmt: skip
            assert numbers[name] == getattr(row, name)


def test_neighbours_are_given_for_layers_and_for_blocks():
    explorer = explore_network(cifar_resnet(8), (3, 32, 32))
    explorer.controls["layer"].value = find(explorer, "3.0")
    assert explorer.view.numbers["before"] == ("2",)
    assert set(explorer.view.numbers["after"]) == {"4.0.conv1", "4.0.downsample"}


def every_view(explorer):
    for _ in turns(explorer, count=30):
        yield explorer.view


@pytest.mark.parametrize(
    ("model", "shape"),
    [(branches, (3, 32, 32)), (lambda: cifar_resnet(8), (3, 32, 32)),
     (tiny_net, (1, 28, 28))],
)  # fmt: skip
def test_every_control_through_its_range_gives_a_sound_answer(model, shape):
    explorer = explore_network(model(), shape)
    for view in every_view(explorer):
        layers = [drawing(p) for p in (view.backdrop, view.sheet, view.svg_or_html)]
        assert len({layer.get("viewBox") for layer in layers}) == 1
        assert layers[2].get("aria-label") == view.text.splitlines()[0]
        assert [layer.get("aria-hidden") for layer in layers[:2]] == ["true", "true"]
        assert len(view.svg_or_html) < 4096
        assert len(view.sheet) < 12_000
        everything = shown(explorer)
        assert all(
            p in everything for p in (view.backdrop, view.sheet, view.svg_or_html)
        )
        numbers = view.numbers
        assert numbers["highlighted"], "the chosen layer is always in the drawing"
        assert set(numbers["highlighted"]) <= set(numbers["drawn"])
        assert np.isfinite(numbers["value"])
        assert numbers["minimum"] <= numbers["value"] <= numbers["maximum"]


def test_every_control_is_labelled_and_works_from_the_keyboard():
    explorer = explore_network(branches(), photo=PHOTO)
    known = (widgets.IntSlider, widgets.Dropdown, widgets.Button)
    for control in explorer.controls.values():
        assert control.description.strip()
        assert isinstance(control, known)


def test_next_and_previous_go_through_all_layers_and_round():
    explorer = explore_network(branches(), photo=PHOTO)
    layer = explorer.controls["layer"]
    layer.value = 0
    names = []
    for _ in layer.options:
        names.append(explorer.view.numbers["layer"])
        explorer.controls["next"].click()
    assert names == [row.name for row in anatomy(branches(), (3, 32, 32))]
    assert layer.value == 0
    explorer.controls["previous"].click()
    assert layer.value == len(names) - 1


def test_the_drawn_block_follows_the_layer():
    explorer = explore_network(cifar_resnet(14), (3, 32, 32))
    explorer.controls["block"].value = "3.0"
    assert explorer.view.numbers["layer"] == "3.0"
    explorer.controls["layer"].value = find(explorer, "4.1.conv1")
    assert explorer.controls["block"].value == "4.1"
    explorer.controls["layer"].value = find(explorer, "8")
    assert explorer.controls["block"].value == ""


def test_levels_open_blocks_and_closed_blocks_are_marked_for_their_layers():
    explorer = explore_network(cifar_resnet(8), (3, 32, 32))
    explorer.controls["layer"].value = find(explorer, "4.0.conv2")
    marked = []
    for depth in (1, 2, 3):
        explorer.controls["depth"].value = depth
        marked += explorer.view.numbers["highlighted"]
    assert marked == ["4", "4.0", "4.0.conv2"]
    assert "4.0.(add)" in explorer.view.numbers["drawn"]


def test_what_feeds_a_drawn_block_is_drawn_dashed_at_its_ends():
    view = network_view(cifar_resnet(14).eval(), PHOTO, block="4", depth=1)
    assert view.numbers["drawn"] == ("3", "4.0", "4.1", "5")
    words = [t.text for t in drawing(view.backdrop).iter(f"{SVG}text")]
    assert words[0] == "4, 1 level open: 4 boxes"
    dashed = [r for r in drawing(view.backdrop).iter(f"{SVG}rect")
              if r.get("stroke-dasharray") == "3 3"]  # fmt: skip
    assert len(dashed) == 2


def test_what_lies_outside_of_a_drawn_block_has_no_frame():
    view = network_view(cifar_resnet(14), PHOTO, block="4.1", depth=1)
    assert view.numbers["drawn"][0] == "4.0"
    frames = [r for r in drawing(view.backdrop).iter(f"{SVG}rect")
              if r.get("stroke-dasharray") == "4 3"]  # fmt: skip
    assert not frames


def boxes_of(view: View) -> list[tuple[float, float]]:
    """Return the corner of every box of a drawing that is not a shadow."""
    found = drawing(view.backdrop).iter(f"{SVG}rect")
    return [(float(r.get("x")), float(r.get("y"))) for r in found if r.get("rx") == "4"]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_boxes_never_overlap_and_stay_on_the_page(depth):
    view = network_view(cifar_resnet(20), PHOTO, depth=depth)
    height = float(drawing(view.backdrop).get("viewBox").split()[3])
    places = boxes_of(view)
    for x, y in places:
        assert 0 <= x <= 760 - 76
        assert 0 <= y <= height - 46
        near = [p for p in places if abs(p[0] - x) < 76 and abs(p[1] - y) < 46]
        assert all(abs(p[0] - x) in (0, 3) for p in near), "only a box's own shadow"


def test_moving_the_unit_or_the_channel_runs_no_model_and_sends_little():
    model = branches()
    explorer = explore_network(model, photo=PHOTO)
    calls, sent, boxes = [], [], [explorer.widget]
    model.register_forward_hook(lambda *a: calls.append(1))
    while boxes:
        widget = boxes.pop()
        boxes += getattr(widget, "children", ())
        if isinstance(widget, widgets.HTML):
            widget.observe(lambda change: sent.append(change["new"]), "value")
    explorer.controls["row"].value -= 1
    assert len(sent) == 1, "the drawing with its words"
    assert len(sent[0].encode()) < 4096
    sent.clear()
    explorer.controls["channel"].value += 1
    explorer.controls["next"].click()
    assert not calls
    assert sum(len(text.encode()) for text in sent) < 24_000


def test_the_model_and_the_generators_are_left_as_they_were():
    model = branches()
    model.drop.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    explore_network(model, photo=PHOTO)
    assert torch.equal(state, torch.get_rng_state())
    assert model.training
    assert not model.drop.training
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    assert all(torch.equal(before[n], v) for n, v in model.state_dict().items())
    assert not any(m._forward_hooks for m in model.modules())
    assert not nn.modules.module._global_forward_hooks


def test_the_photo_is_normalised_as_asked():
    model = nn.Sequential(nn.Identity())
    view = network_view(model, PHOTO, layer="0", unit=(3, 4), channel=1,
                        mean=(0.1, 0.2, 0.3), std=(1.0, 0.5, 2.0))  # fmt: skip
    value = (round(PHOTO[1, 3, 4].item() * 255) / 255 - 0.2) / 0.5
    assert view.numbers["value"] == pytest.approx(value, abs=1e-5)


def test_a_network_of_another_number_of_channels_gets_the_grey_photo():
    explorer = explore_network(nn.Conv2d(5, 2, 3), (5, 32, 32), PHOTO)
    assert explorer.view.numbers["output_shape"] == (2, 30, 30)


def test_several_outputs_and_shared_layers_are_chosen_apart():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.relu = nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()
            self.pair = Pair()

        def forward(self, x):
            x = self.relu(self.conv(self.relu(x)))
            return self.pair(x)

    class Pair(nn.Module):
        def forward(self, x):
            return {"a": x + 1, "b": -x}

    model = Net()
    values = {
        name: network_view(model, PHOTO, layer=name, unit=(5, 5)).numbers["value"]
        for name in ("relu", "relu:2", "pair['a']", "pair['b']")
    }
    assert values["pair['a']"] == pytest.approx(values["relu:2"] + 1)
    assert values["pair['b']"] == pytest.approx(-values["relu:2"])
    assert values["relu"] == pytest.approx(
        max(0, fed(PHOTO)[0, 0, 5, 5].item()), abs=1e-5
    )


def test_a_layer_whose_output_is_no_map_is_shown_as_numbers():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(2), nn.Linear(900, 6))
    view = network_view(model, PHOTO, layer="2", channel=3)
    assert view.numbers["unit"] == (3,)
    truth = hooked(model, fed(PHOTO))["2"][3, 3].item()
    assert view.numbers["value"] == pytest.approx(truth, abs=1e-5)
    explorer = explore_network(model, photo=PHOTO)
    explorer.controls["layer"].value = 2
    assert explorer.view.numbers["output_shape"] == (4, 6)


def test_the_static_twin_holds_all_three_layers_and_the_words():
    explorer = explore_network(tiny_net(), (1, 28, 28))
    twin = static(explorer)
    html = twin._repr_html_()
    parts = (twin.backdrop, twin.sheet, twin.svg_or_html)
    assert all(part in still(html) for part in parts)
    for sentence in (
        "reads input, feeds 0.1",
        "parameters of",
        "Channel 0",
        "sees rows",
    ):
        assert sentence in repr(explorer)


def row_of(source: str) -> list[list[int]]:
    """Return the colours in the first row of a picture."""
    return pixels({"href": source})[0].tolist()


def test_not_a_number_has_a_colour_of_its_own_and_infinity_the_strongest():
    numbers = np.array([[0.0, np.nan, 1.0, np.inf, -1.0, -np.inf]])
    zero, nan, one, inf, minus, below = row_of(shaded(numbers, "output", 1.0))
    assert (zero, inf, below) == ([255, 255, 255], one, minus)
    assert nan not in row_of(shaded(np.linspace(-1, 1, 201)[None], "output", 1.0))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model": "resnet"}, "`model` must be an nn.Module; got str"),
        ({"image": torch.zeros(2, 32, 32)}, r"`image` must be a picture: "),
        ({"image": torch.zeros(1, 32, 32)}, "it takes 3 channels, not 1"),
        ({"layer": "conv"}, "`layer` must be one of 'stem', 'stem.0'"),
        ({"unit": (40, 0)}, r"`unit` must be a place .* got \(40, 0\)"),
        ({"channel": 5}, "`channel` must be 0 to 4; got 5"),
        ({"block": "left"}, "`block` must be one of '', 'stem'; got 'left'"),
        ({"depth": 0}, "`depth` must be 1 to 2; got 0"),
        ({"mean": (0.5, 0.5)}, "`mean` must be 3 numbers; got 2"),
        ({"std": 0.0}, "`std` must be between 1e-06"),
    ],
)
def test_network_view_refuses_in_one_sentence(changes, sentence):
    given = {"model": branches(), "image": torch.zeros(3, 32, 32), **changes}
    with pytest.raises(ValueError, match=sentence):
        network_view(given.pop("model"), given.pop("image"), **given)


def test_explore_network_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"`input_shape` must be \(c, h, w\); got 224"):
        explore_network(tiny_net(), 224)
    with pytest.raises(ValueError, match=r"`photo` must be a picture; china\.jpg"):
        explore_network(tiny_net(), photo="china.jpg")
