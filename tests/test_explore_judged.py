"""Explorers that ask a network: batch norm, hiding, Grad-CAM, backgrounds."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from coursekit import explore
from coursekit.data import digits, shapes
from coursekit.explore.judged import STRONGEST, map_over
from coursekit.gradcam import overlay
from coursekit.models import tiny_net


def normed(classes: int = 10, channels: int = 1) -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(channels, 5, 3), nn.BatchNorm2d(5), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, classes),
    )  # fmt: skip


def by_hand(model: nn.Sequential, batch: torch.Tensor) -> torch.Tensor:
    """The network above with every number of the batch norm written out."""
    maps = model[0](batch)
    for c in range(maps.shape[1]):
        values = maps[:, c].flatten().tolist()
        mean = sum(values) / len(values)
        variance = sum((v - mean) ** 2 for v in values) / len(values)
        maps[:, c] = (maps[:, c] - mean) / (variance + 1e-5) ** 0.5
    pooled = maps.clamp(min=0).mean((2, 3))
    logits = pooled @ model[5].weight.T + model[5].bias
    return logits.exp() / logits.exp().sum(1, keepdim=True)


def standardised(data, count=400):
    images = data.images.double() / 255
    mean, std = images[:count].mean(), images[:count].std(correction=0)
    return ((images[:count] - mean) / std).float()


def test_in_train_mode_an_answer_is_that_of_its_own_batch():
    data, model = digits(), normed()
    explorer = explore.explore_batch_norm(model, data)
    explorer.controls["size"].value = 8
    explorer.controls["company"].value = 5
    company = explorer.subject.company(8, 5)
    assert company[0] == 0
    assert len(set(company.tolist())) == 8
    with torch.no_grad():
        expected = by_hand(model, standardised(data)[company])[0]
    shown = explorer.view.numbers["probability"]
    assert shown == pytest.approx(expected.tolist(), abs=1e-4)
    assert f"{expected[data.labels[0]]:.1%}" in explorer.view.text


def test_in_eval_mode_the_company_does_not_matter():
    view = explore.batch_norm_view(normed(), digits(), mode="eval", size=16)
    assert np.ptp(view.numbers["of the right class"]) < 1e-6


def test_asking_in_train_mode_leaves_the_model_and_its_running_statistics_alone():
    model = normed().eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    explore.batch_norm_view(model, digits(), size=4)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert not any(module.training for module in model.modules())


@pytest.mark.parametrize(("length", "draw"), [(0, 0), (3, 1), (8, 4), (28, 7)])
def test_cutout_hides_one_rectangle_no_longer_than_its_side(length, draw):
    view = explore.hiding_view(way="cutout", length=length, draw=draw)
    pixels = round(view.numbers["hidden"] * 28 * 28)
    assert pixels <= length**2
    assert (pixels == 0) == (length == 0)
    total = sum(
        len(
            {r for r in range(y - length // 2, y - length // 2 + length) if 0 <= r < 28}
        )
        for y in range(28)
    )
    assert view.numbers["hidden on average"] == pytest.approx((total / 28 / 28) ** 2)


def test_dropout_hides_its_rate_and_keeps_the_mean_on_average():
    views = [explore.hiding_view(way="dropout", rate=0.4, draw=n) for n in range(20)]
    hidden = [view.numbers["hidden"] for view in views]
    after = [view.numbers["mean after"] for view in views]
    assert sum(hidden) / 20 == pytest.approx(0.4, abs=0.02)
    assert sum(after) / 20 == pytest.approx(views[0].numbers["mean before"], rel=0.03)


def test_in_eval_mode_nothing_is_hidden():
    view = explore.hiding_view(way="dropout", rate=0.9, mode="eval")
    assert view.numbers["hidden"] == 0
    assert view.numbers["mean after"] == view.numbers["mean before"]


class Bright(nn.Module):
    """Answers with the brightness of the left half and that of the right half."""

    def __init__(self):
        super().__init__()
        self.see = nn.Identity()

    def forward(self, x):
        x = self.see(x)
        halves = x.mean(1).chunk(2, dim=2)
        return torch.stack([half.mean((1, 2)) for half in halves], 1)


def test_a_map_over_a_picture_looks_like_the_overlay_of_the_figures():
    data, heat = shapes(1, seed=2), torch.linspace(0, 1, 32 * 32).view(32, 32)
    grey, veil = (
        Image.open(io.BytesIO(base64.b64decode(letters)))
        for letters in re.findall(r"base64,([^\"]*)", map_over(data.images[0], heat, 0))
    )
    seen = Image.alpha_composite(grey.convert("RGBA"), veil.convert("RGBA"))
    wanted = 255 * overlay(data.images, heat[None])[0].permute(1, 2, 0).numpy()
    off = np.asarray(seen)[..., :3] - wanted
    assert abs(off).max() <= 255 * 0.9 / STRONGEST / 2 + 2


def test_the_map_of_a_known_network_lies_where_its_answer_comes_from():
    data = shapes(6, classes=("circle", "square"), seed=2)
    view = explore.grad_cam_view(
        Bright(), data, picture=3, layer="see", target="square"
    )
    image = standardised_channels(data)[3]
    # the gradient of the right half's mean is positive everywhere on average
    raw = image.sum(0).clamp(min=0)
    expected = (raw * data.masks[3]).sum() / raw.sum()
    assert view.numbers["energy"] == [pytest.approx(expected.item(), abs=1e-4)]
    assert view.numbers["area"] == [pytest.approx(data.masks[3].double().mean().item())]


def standardised_channels(data):
    images = data.images.double() / 255
    mean = images.mean((0, 2, 3), keepdim=True)
    std = images.std((0, 2, 3), correction=0, keepdim=True)
    return (images - mean) / std


def test_two_networks_stand_side_by_side():
    data = shapes(8, seed=1)
    one, other = tiny_net(4, 3, width=4), tiny_net(4, 3, width=4)
    view = explore.grad_cam_view(one, data, other, picture=2)
    assert len(view.numbers["answer"]) == 2
    assert view.text.startswith("The network says")
    assert "\nThe other network says" in view.text


def test_layers_without_maps_or_run_twice_are_not_offered():
    relu = nn.ReLU()
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), relu, nn.Conv2d(4, 4, 3), relu,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 4),
    )  # fmt: skip
    explorer = explore.explore_grad_cam(model, shapes(4))
    assert explorer.subject.layers == ("0", "2")


def test_a_broken_network_shows_its_layer_and_works_again_once_mended():
    model, data = tiny_net(4, 3, width=4), shapes(4)
    explorer = explore.explore_grad_cam(model, data)
    good, model[4][0] = model[4][0], nn.Conv2d(7, 16, 3)
    with pytest.raises(ValueError, match=r"layer `4.0` .*takes 7 channels, not 8"):
        explorer.controls["picture"].value = 1
    model[4][0] = good
    explorer.controls["picture"].value = 2
    assert explorer.view.numbers["class"][0] in data.classes


@pytest.mark.parametrize("background", ["stripes", "checks", "dots", "waves"])
@pytest.mark.parametrize("place", [0, 5, 11])
def test_only_the_background_is_swapped(background, place):
    stage = explore.explore_background(tiny_net(4, 3, width=4)).subject
    plain, scene = stage.scene(place, "stripes"), stage.scene(place, background)
    assert scene.background_classes[int(scene.backgrounds[0])] == background
    mask = plain.masks[0]
    assert torch.equal(scene.masks[0], mask)
    assert torch.equal(scene.images[0][:, mask], plain.images[0][:, mask])
    same = torch.equal(scene.images[0][:, ~mask], plain.images[0][:, ~mask])
    assert same == (background == "stripes")


def test_the_owner_of_a_background_is_the_class_it_was_tied_to():
    model = tiny_net(4, 3, width=4)
    view = explore.background_view(model, place=3, background="dots")
    textures = ("stripes", "checks", "dots", "waves")
    tied = shapes(40, background_correlation=1, backgrounds=textures)
    owners = {tied.classes[label] for label in tied.labels[tied.backgrounds == 2]}
    assert owners == {view.numbers["owner of the background"]}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: explore.explore_batch_norm(3, digits()), "`model` must be an nn.Mod"),
        (lambda: explore.explore_batch_norm(normed(), 3), "`data` must be an ImageSet"),
        (
            lambda: explore.explore_batch_norm(normed(), digits().subset(range(9))),
            "more than 64 images; got 9",
        ),
        (lambda: explore.hiding_view(length=40), "`length` must be 0 to 28; got 40"),
        (
            lambda: explore.grad_cam_view(tiny_net(4, 3), shapes(4), layer="9"),
            "`layer` must be one of",
        ),
        (
            lambda: explore.explore_grad_cam(tiny_net(4, 1), shapes(4)),
            "takes 1 channels, not 3",
        ),
        (
            lambda: explore.explore_grad_cam(
                nn.Sequential(nn.Flatten(), nn.Linear(3072, 4)), shapes(4)
            ),
            "must have a layer that gives maps",
        ),
        (lambda: explore.explore_background({}), "one or two networks; got 0"),
        (lambda: explore.explore_background("x"), "`models` must be an nn.Module"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("channels", [1, 3])
def test_grad_cam_looks_at_one_picture_of_ones_own(channels, tmp_path):
    from PIL import Image

    pixels = torch.randint(256, (40, 60, 3), dtype=torch.uint8)
    path = tmp_path / "mine.png"
    Image.fromarray(pixels.numpy()).save(path)
    net = normed(4, channels).eval()
    views = [
        explore.grad_cam_view(net, picture)
        for picture in (path, pixels.permute(2, 0, 1), pixels.numpy())
    ]
    assert len({repr(view.numbers) for view in views}) == 1
    assert "your picture" in views[0].svg_or_html
    images = pixels.permute(2, 0, 1)[None].double()
    if channels == 1:
        images = images.mean(1, keepdim=True).round()
    axes = (0, 2, 3)
    mean, std = images.mean(axes), images.std(axes, correction=0)
    shares = net(((images - mean[:, None, None]) / std[:, None, None]).float())
    answer = int(shares.argmax())
    assert views[0].numbers["answer"] == [f"class {answer}"]


def test_grad_cam_refuses_what_is_no_picture_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="`data` must be a picture"):
        explore.explore_grad_cam(normed(), 3)
    with pytest.raises(ValueError, match=r"nowhere\.png"):
        explore.explore_grad_cam(normed(), tmp_path / "nowhere.png")
