"""The augmentation explorer: its pictures against coursekit.augment, pixel by pixel."""

import re

import ipywidgets as widgets
import numpy as np
import pytest
import torch

from coursekit import augment
from coursekit.data import shapes
from coursekit.explore import augmentation_view, explore_augmentation, static
from tests.explorers import SVG, drawing, pixels, settings, shown, turns

WAYS = ("cutout", "crop", "flip", "shift", "rotation", "erasing")
COLOURS = ("brightness", "contrast", "saturation", "hue")
NOT_TRACED = ("scale", "shear", *COLOURS, "grey", "noise", "mixup", "cutmix")


def photos(n=4, c=3, h=16, w=16, seed=0):
    """Return noise without black: any black in a picture was filled in."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(1, 256, (n, c, h, w), generator=generator)
    return drawn.to(torch.uint8)


def augmented(images, way, amount, holes, seed):
    generator = torch.Generator().manual_seed(seed)
    if way == "cutout":
        return augment.cutout(images, amount, holes=holes, generator=generator)
    if way == "flip":
        return augment.random_flip(images, amount / 100, generator=generator)
    if way == "erasing":
        return augment.random_erasing(images, amount / 100, generator=generator)
    if way in NOT_TRACED:
        return not_traced(images, way, amount / 100, generator)
    name = {"crop": "random_crop", "shift": "random_shift"}.get(way, "random_rotation")
    return getattr(augment, name)(images, amount, generator=generator)


def not_traced(images, way, share, generator):
    """Apply a way whose amount is a percentage, or of `shear` hundredths of degrees."""
    draw = {"generator": generator}
    if way in ("mixup", "cutmix"):
        if not share:
            return images
        mix, n = getattr(augment, way), len(images)
        mixed, _ = mix(images / 255, torch.arange(n), n, alpha=share, **draw)
        return (mixed * 255).round().byte()
    if way in ("scale", "shear"):
        amount = share if way == "scale" else 100 * share
        return augment.random_affine(images, **{way: amount}, **draw)
    if way in COLOURS:
        return augment.random_colour(images, **{way: share}, **draw)
    if not share:
        return images
    return getattr(augment, f"random_{way}")(images, share, **draw)


def drawn_pixels(view) -> torch.Tensor:
    """Return the images of the lower row as colours, (n, 3, h, w)."""
    images = drawing(view.svg_or_html).findall(f"{SVG}image")
    for image in images:
        high, wide = pixels(image).shape[:2]
        on_page = float(image.get("width")) / float(image.get("height"))
        assert on_page == pytest.approx(wide / high, rel=1e-4)
    return torch.from_numpy(np.stack([pixels(e) for e in images])).permute(0, 3, 1, 2)


@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 9, 20), (3, 21, 8)])
@pytest.mark.parametrize("holes", [1, 3])
@pytest.mark.parametrize("way", WAYS + NOT_TRACED)
def test_the_pictures_equal_the_augmentation_with_the_same_seed(way, holes, shape):
    images = photos(5, *shape)
    for amount, seed in ((0, 0), (1, 1), (3, 2), (4, 3)):
        view = augmentation_view(images, way=way, amount=amount, holes=holes, seed=seed)
        expected = augmented(images, way, amount, holes, seed)
        assert torch.equal(drawn_pixels(view), expected.expand(-1, 3, -1, -1))


def test_the_upper_row_is_the_images_as_given():
    images = photos(5, 3, 9, 20)
    found = [
        pixels(e)
        for e in drawing(augmentation_view(images).backdrop).iter(f"{SVG}image")
    ]
    assert np.array_equal(np.stack(found), images.permute(0, 2, 3, 1).numpy())


@pytest.mark.parametrize("holes", [1, 2, 4])
@pytest.mark.parametrize("length", [0, 1, 7, 16])
def test_the_covered_share_is_what_one_counts_in_the_picture(length, holes):
    view = augmentation_view(photos(), amount=length, holes=holes, seed=5)
    black = (drawn_pixels(view) == 0).all(1).double().mean((1, 2))
    assert view.numbers["filled"] == black.tolist()
    assert view.numbers["mean_filled"] == pytest.approx(black.mean().item())
    (said,) = re.findall(r"Filled with black: ([\d.]+) % of", view.text)
    assert float(said) == pytest.approx(100 * black.mean().item(), rel=5e-3)
    shown = [float(row[2].removesuffix(" %")) for row in view.table[1:]]
    assert shown == pytest.approx((100 * black).tolist(), rel=5e-3)


@pytest.mark.parametrize("length", [0, 1, 4, 5, 8])
def test_the_exact_mean_of_one_hole_is_that_of_the_package(length):
    view = augmentation_view(photos(h=8, w=12), amount=length)
    mean = augment.mean_covered_fraction(length, 8, 12)
    assert view.numbers["expected"] == mean
    (said,) = re.findall(rf"exact mean is {mean} = ([\d.]+) %", view.text)
    assert float(said) == pytest.approx(100 * float(mean), rel=5e-3)


@pytest.mark.parametrize("seed", range(5))
def test_the_angles_named_are_the_angles_turned(seed):
    images = photos(5, 3, 13, 20, seed)
    view = augmentation_view(images, way="rotation", amount=180, seed=seed)
    turned = augment.rotate(images, torch.tensor(view.numbers["drawn"]))
    difference = (drawn_pixels(view).int() - turned.int()).abs()
    assert difference.max() <= 1  # rounding of the angle
    assert all(abs(angle) <= 180 for angle in view.numbers["drawn"])


@pytest.mark.parametrize("way", ["crop", "shift"])
def test_the_moves_named_are_the_moves_made(way):
    images = photos(6)
    view = augmentation_view(images, way=way, amount=8, seed=3)
    moved = augment.shift(images, torch.tensor(view.numbers["drawn"]))
    assert torch.equal(drawn_pixels(view), moved)
    (down, right), row = view.numbers["drawn"][0], view.table[1]
    words = f"{abs(down)} {'down' if down >= 0 else 'up'}, {abs(right)} "
    assert row[1] == words + ("right" if right >= 0 else "left")


def test_the_mirrored_images_are_counted():
    images = photos(6)
    view = augmentation_view(images, way="flip", amount=50, seed=1)
    mirrored = [
        not torch.equal(new, old)
        for new, old in zip(drawn_pixels(view), images, strict=True)
    ]
    assert view.numbers["drawn"] == mirrored
    assert f"Mirrored: {sum(mirrored)} of 6" in view.text


def test_every_control_through_its_range_shows_what_the_settings_say():
    explorer = explore_augmentation()
    images = shapes(6, noise=0).images
    for _ in turns(explorer, count=60):
        view, chosen = explorer.view, settings(explorer)
        picture, ground = drawing(view.svg_or_html), drawing(view.backdrop)
        assert torch.equal(drawn_pixels(view), augmented(images, **chosen))
        assert picture.get("role") == "img"
        assert picture.get("aria-label") == view.text.splitlines()[0]
        assert picture.get("viewBox") == ground.get("viewBox")
        assert ground.get("aria-hidden") == "true"
        assert len(view.svg_or_html.encode()) < 30_000  # noise packs badly
        assert view.svg_or_html in shown(explorer)
        assert view.backdrop in shown(explorer)
        assert view.text in repr(explorer)
        assert f"(seed {chosen['seed']})" in view.text
        assert explorer.controls["holes"].disabled == (chosen["way"] != "cutout")


def test_another_way_brings_its_own_amount():
    explorer = explore_augmentation()
    amount = explorer.controls["amount"]
    found = {}
    for way in WAYS:
        explorer.controls["way"].value = way
        found[way] = (amount.description, amount.value, amount.max)
    assert found == {
        "cutout": ("length (pixels)", 16, 32),
        "crop": ("padding (pixels)", 4, 16),
        "flip": ("chance (%)", 50, 100),
        "shift": ("at most (pixels)", 4, 16),
        "rotation": ("at most (degrees)", 15, 180),
        "erasing": ("share (%)", 50, 100),
    }


@pytest.mark.parametrize("way", NOT_TRACED[:-2])
def test_of_colours_and_sizes_the_mean_change_is_told(way):
    images = photos()
    view = augmentation_view(images, way=way, seed=3)
    apart = (drawn_pixels(view).float() - images.float()).abs().mean((1, 2, 3))
    assert view.numbers["drawn"] == pytest.approx(apart.tolist())
    assert f"change by {apart.mean():.0f} of 255" in view.text
    assert view.table[1][1] == f"changed by {apart[0]:.0f}"


@pytest.mark.parametrize("way", ["mixup", "cutmix"])
def test_of_mixtures_the_share_of_the_label_is_told(way):
    images = photos(6)
    view = augmentation_view(images, way=way, seed=4)
    mix, draw = getattr(augment, way), torch.Generator().manual_seed(4)
    _, shares = mix(images / 255, torch.arange(6), 6, alpha=1.0, generator=draw)
    assert view.numbers["drawn"] == pytest.approx(shares.diagonal().tolist())
    assert "own share is written below" in view.text
    assert "its own" in view.table[1][1]


def test_draw_again_draws_with_the_next_seed():
    explorer = explore_augmentation()
    before = explorer.view.numbers["filled"]
    explorer.controls["again"].click()
    assert explorer.controls["seed"].value == 1
    assert explorer.view.numbers["filled"] != before
    explorer.controls["seed"].value = 99
    explorer.controls["again"].click()
    assert explorer.controls["seed"].value == 0
    assert explorer.view.numbers["filled"] == before


def test_controls_are_labelled_and_work_from_the_keyboard():
    for control in explore_augmentation().controls.values():
        assert control.description.strip()
        assert isinstance(
            control, widgets.IntSlider | widgets.Dropdown | widgets.Button
        )


def test_your_own_images_are_shown_the_first_six_of_them():
    images = photos(9, 1, 28, 28)
    explorer = explore_augmentation(images)
    assert static(explorer).text.startswith("6 images of 28×28 pixels")
    expected = augmented(images[:6], "cutout", 14, 1, 0)
    assert torch.equal(drawn_pixels(explorer.view)[:, :1], expected)


def test_the_images_given_are_not_changed():
    images = photos()
    before = images.clone()
    for way in WAYS:
        augmentation_view(images, way=way)
    assert torch.equal(images, before)


def test_without_an_amount_a_usual_one_is_taken():
    view = augmentation_view(photos(h=32, w=32))
    assert "1 hole of 16×16" in view.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"images": torch.zeros(2, 3, 16, 16)},
            r"must be bytes .*; got torch.float32 of shape",
        ),
        ({"images": photos(2)[0]}, r"shape \(n, c, h, w\); got \(3, 16, 16\)"),
        ({"images": photos(2, 2)}, r"1 or 3 channels.*; got .* \(2, 2, 16, 16\)"),
        ({"images": photos(2, 3, 7)}, r"8 to 64 rows.*; got .* \(2, 3, 7, 16\)"),
        ({"images": photos(1, 3, 65)}, r"8 to 64 rows.*; got .* \(1, 3, 65, 16\)"),
        ({"images": photos(0)}, r"at least one.*; got .* \(0, 3, 16, 16\)"),
        ({"images": "cat.png"}, "`images` must be a picture; cat.png: No such"),
        ({"way": "blur"}, "`way` must be one of 'cutout', .* got 'blur'"),
        ({"amount": 17}, "`amount` must be 0 to 16; got 17"),
        ({"way": "crop", "amount": 9}, "`amount` must be 0 to 8; got 9"),
        ({"amount": 2.5}, "`amount` must be 0 to 16; got 2.5"),
        ({"holes": 5}, "`holes` must be 1 to 4; got 5"),
        ({"seed": -1}, "`seed` must be a whole number ≥ 0; got -1"),
    ],
)
def test_augmentation_view_refuses_in_one_sentence(changes, sentence):
    chosen = {"images": photos(), **changes}
    with pytest.raises(ValueError, match=sentence):
        augmentation_view(chosen.pop("images"), **chosen)


def test_of_more_images_the_first_six_are_shown_by_both_forms():
    images = photos(9, 1, 28, 28)
    view = augmentation_view(images)
    assert view.svg_or_html == explore_augmentation(images).view.svg_or_html
    assert view.svg_or_html == augmentation_view(images[:6]).svg_or_html


def test_the_explorer_refuses_what_is_no_batch_of_images():
    with pytest.raises(ValueError, match=r"`images` must be a tensor .*; got Shapes"):
        explore_augmentation(shapes(4))
