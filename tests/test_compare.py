"""Networks side by side: the rows are those the single calls give."""

import pytest
import torch
from torch import nn

from coursekit import models
from coursekit.anatomy import (
    anatomy,
    compare,
    memory,
    parameters_by_kind,
    weight_layers,
)
from coursekit.figures import bars

BIG = (3, 224, 224)


def on_meta(*names: str) -> dict[str, nn.Module]:
    with torch.device("meta"):
        return {name: getattr(models, name)() for name in names}


def test_the_networks_of_the_lectures_have_the_published_numbers():
    found = compare(on_meta("vgg16", "googlenet", "resnet18"), BIG)
    assert [row.name for row in found] == ["vgg16", "googlenet", "resnet18"]
    assert found.values("parameters") == {
        "vgg16": 138_357_544,
        "googlenet": 6_998_552,
        "resnet18": 11_689_512,
    }
    assert found.values("depth") == {"vgg16": 16, "googlenet": 22, "resnet18": 18}
    assert found["vgg16"].receptive_field == (212, 212)  # Araujo et al. 2019
    assert found["resnet18"].receptive_field == (435, 435)
    assert found["vgg16"].multiply_adds == 15_470_264_320  # "15.5 G"


def test_each_row_says_what_the_single_calls_say():
    model, asked = models.tiny_net(), {"optimizer": "adam", "precision": "mixed"}
    row = compare({"tiny": model}, (1, 28, 28), batch_size=8, **asked)[0]
    assert row.parameters == parameters_by_kind(model)
    assert row.multiply_adds == anatomy(model, (1, 28, 28)).multiply_adds
    assert row.memory == memory(model, (1, 28, 28), 8, **asked)
    assert row.depth == weight_layers(model, (1, 28, 28)) == 4


def test_models_without_names_are_called_by_their_class():
    three = [nn.Linear(4, 2), nn.Linear(4, 3), nn.Linear(4, 4)]
    found = compare([*three, nn.Sequential(nn.Linear(4, 1))], (4,))
    names = ["Linear", "Linear 2", "Linear 3", "Sequential"]
    assert [row.name for row in found] == names


def test_a_network_without_a_map_has_the_field_of_its_output():
    found = compare([nn.Sequential(nn.Conv2d(1, 2, 6), nn.Flatten())], (1, 6, 6))
    assert found.values("receptive_field") == {"Sequential": 6}


def test_the_field_of_the_last_map_is_that_of_its_join_not_of_a_branch():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.wide, self.narrow = nn.Conv2d(1, 2, 5, padding=2), nn.Conv2d(1, 2, 1)

        def forward(self, x):
            return torch.cat([self.wide(x), self.narrow(x)], 1)

    net = nn.Sequential(nn.Conv2d(1, 1, 3), Branches(), nn.AdaptiveAvgPool2d(1))
    assert compare([net], (1, 20, 20))[0].receptive_field == (7, 7)


def test_text_and_html_have_a_row_for_every_model():
    found = compare({"a<b": nn.Conv2d(1, 2, 3), "wide": nn.Conv2d(1, 9, 3)}, (1, 6, 6))
    lines = repr(found).splitlines()
    assert lines[0].split()[:2] == ["model", "parameters"]
    assert [line.split()[0] for line in lines[2:4]] == ["a<b", "wide"]
    assert "Input 1 × 6 × 6" in lines[-1]
    assert "a&lt;b" in found._repr_html_()


@pytest.mark.parametrize(
    "column",
    ["parameters", "multiply_adds", "memory", "activations", "receptive_field"],
)
def test_every_column_can_be_drawn(column):
    found = compare({"one": nn.Conv2d(1, 2, 3), "two": nn.Conv2d(1, 9, 5)}, (1, 6, 6))
    assert bars(found.values(column), xlabel=column).axes


def test_an_unknown_column_is_refused_with_the_allowed_ones():
    with pytest.raises(ValueError, match="`column` must be one of 'parameters'"):
        compare([nn.Linear(4, 2)], (4,)).values("speed")


def test_an_unknown_model_is_named_with_those_that_exist():
    with pytest.raises(KeyError, match="no model `vgg`; there are one"):
        compare({"one": nn.Linear(4, 2)}, (4,))["vgg"]


@pytest.mark.parametrize("nothing", [[], {}, None, "vgg16"])
def test_no_models_are_refused(nothing):
    with pytest.raises(ValueError, match="`models` must be a dict of name → model"):
        compare(nothing, BIG)


def test_a_model_the_images_do_not_fit_is_named():
    pair = {"grey": nn.Conv2d(1, 2, 3), "colour": nn.Conv2d(3, 2, 3)}
    with pytest.raises(ValueError, match=r"`models` 'colour': .* takes 3 channels"):
        compare(pair, (1, 8, 8))
