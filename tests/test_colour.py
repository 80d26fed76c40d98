"""Colour of a batch against torchvision's functional, picture by picture."""

import math

import pytest
import torch
from torchvision.transforms.v2 import functional as V

from coursekit.augment import (
    Recipe,
    brightness,
    contrast,
    hue,
    random_colour,
    random_grey,
    random_noise,
    saturation,
)
from coursekit.data import photos, shapes

ONE = 1 / 255 + 1e-6  # of the range 0 to 1


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n, channels=3, side=12, seed=0):
    """Return random pictures: noise, flat colours, greys, black and white."""
    images = torch.randint(
        0, 256, (n, channels, side, side), generator=seeded(seed), dtype=torch.uint8
    )
    images[1] = torch.tensor([250, 3, 128], dtype=torch.uint8)[:channels, None, None]
    images[2] = images[2, :1]
    images[3, :, : side // 2], images[3, :, side // 2 :] = 0, 255
    return images


STEPS = {
    "brightness": (brightness, V.adjust_brightness, (0.0, 0.4, 1.0, 1.7, 5.0)),
    "contrast": (contrast, V.adjust_contrast, (0.0, 0.4, 1.0, 1.7, 5.0)),
    "saturation": (saturation, V.adjust_saturation, (0.0, 0.4, 1.0, 1.7, 5.0)),
    "hue": (hue, V.adjust_hue, (-0.5, -0.31, -0.05, 0.0, 0.17, 0.33, 0.5)),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("whole", [True, False])
def test_a_step_is_torchvisions_on_every_picture(name, channels, whole):
    ours, theirs, amounts = STEPS[name]
    images = pictures(len(amounts), channels)
    images = images if whole else images / 255
    found = ours(images, torch.tensor(amounts))
    assert found.dtype == images.dtype
    scale = 255 if whole else 1
    for image, one, amount in zip(images, found, amounts, strict=True):
        expected = theirs(image, amount)
        apart = (one.float() - expected.float()).abs().max() / scale
        assert apart <= (ONE if whole else 1e-5), (name, amount)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_of_a_photograph_is_torchvisions(name):
    ours, theirs, amounts = STEPS[name]
    images = photos().images[:2, :, ::4, ::4].contiguous()
    for amount in amounts:
        found, expected = ours(images, amount), theirs(images, amount)
        assert (found.float() - expected.float()).abs().max() <= 1


def test_grey_is_saturation_0():
    images = pictures(6)
    expected = V.rgb_to_grayscale(images, num_output_channels=3)
    found = saturation(images, 0.0)
    assert (found.float() - expected.float()).abs().max() <= 1
    assert torch.equal(found[:, :1].expand_as(found), found)


@pytest.mark.parametrize("name", STEPS)
def test_an_amount_that_changes_nothing_changes_nothing(name):
    images = pictures(8)
    neutral = 0.0 if name == "hue" else 1.0
    assert torch.equal(STEPS[name][0](images, neutral), images)


def test_random_colour_draws_factors_and_applies_the_steps_in_order():
    images = pictures(40)
    found = random_colour(
        images,
        brightness=0.4,
        contrast=1.5,
        saturation=0.3,
        hue=0.1,
        generator=seeded(),
    )
    draw = seeded()
    shares = [torch.rand(40, generator=draw) for _ in range(4)]
    expected = brightness(images, 0.6 + 0.8 * shares[0])
    expected = contrast(expected, 2.5 * shares[1])  # never below 0
    expected = saturation(expected, 0.7 + 0.6 * shares[2])
    expected = hue(expected, -0.1 + 0.2 * shares[3])
    apart = (found.float() - expected.float()).abs()
    assert apart.mean() < 1  # the single steps round in between, four times
    assert apart.max() <= 8


def test_random_colour_without_amounts_changes_nothing():
    images = pictures(5)
    found = random_colour(images)
    assert torch.equal(found, images)
    assert found.data_ptr() != images.data_ptr()


def test_random_grey_makes_the_share_asked_for_grey_and_leaves_the_others():
    images = pictures(2000, side=2)
    images[:, 0], images[:, 2] = 200, 10
    found = random_grey(images, 0.3, generator=seeded())
    grey = (found[:, 0] == found[:, 2]).flatten(1).all(1)
    assert 0.25 < grey.float().mean() < 0.35
    assert torch.equal(found[~grey], images[~grey])
    assert torch.equal(found[grey], saturation(images[grey], 0.0))


@pytest.mark.parametrize("whole", [True, False])
def test_noise_has_the_deviation_asked_for(whole):
    images = torch.full((50, 3, 20, 20), 128, dtype=torch.uint8)
    images = images if whole else images / 255
    found = random_noise(images, 0.05, generator=seeded()).float()
    unit = found / 255 if whole else found
    assert unit.std().item() == pytest.approx(0.05, rel=0.02)
    assert unit.mean().item() == pytest.approx(128 / 255, abs=0.001)
    assert not torch.equal(found[0], found[1])


def test_noise_stays_in_the_range_of_pixels():
    white = torch.full((4, 1, 9, 9), 255, dtype=torch.uint8)
    found = random_noise(white, 0.5, generator=seeded())
    assert found.float().mean() < 255  # a byte that ran over would be near 0
    assert (found > 60).float().mean() > 0.75
    assert random_noise(white / 255, 0.5, generator=seeded()).max() == 1.0


def test_a_recipe_colours_bytes_and_batches_get_bytes():
    recipe = Recipe(brightness=0.4, hue=0.1, grey=0.2, noise=0.02)
    images = shapes(30).images
    found = recipe(images, seeded())
    draw = seeded()
    expected = random_colour(images, brightness=0.4, hue=0.1, generator=draw)
    expected = random_grey(expected, 0.2, generator=draw)
    assert torch.equal(found, random_noise(expected, 0.02, generator=draw))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: brightness(pictures(4), -0.1), "`factor` must be .* from 0"),
        (lambda: contrast(pictures(4), torch.ones(3)), "one for each of the 4 images"),
        (lambda: saturation(pictures(4), math.nan), "`factor` must be one finite"),
        (lambda: hue(pictures(4), 0.6), "`turn` must be .* from -0.5 to 0.5"),
        (lambda: hue(pictures(4), "red"), "`turn` must be"),
        (lambda: brightness(torch.ones(2, 2, 3, 3), 1.0), "1 or 3 channels"),
        (lambda: brightness(torch.ones(2, 3, 3, 3) * 200, 1.0), "floats 0 to 1 that"),
        (lambda: random_colour(pictures(4), hue=0.7), "`hue` must be between 0 and"),
        (lambda: random_colour(pictures(4), contrast=-1), "`contrast` must be"),
        (lambda: random_grey(pictures(4), 2), "`p` must be between 0 and 1"),
        (lambda: random_noise(pictures(4), -1), "`sigma` must be"),
        (lambda: brightness([1, 2], 1.0), "`images` must be a tensor"),
        (lambda: Recipe(hue=0.6), "`hue` must be between 0 and 0.5"),
        (lambda: Recipe(noise=-0.1), "`noise` must be"),
    ],
)
def test_colour_refuses_bad_arguments_in_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        wrong()


def test_random_colour_of_floats_is_its_steps_in_order():
    images = pictures(20) / 255
    found = random_colour(images, contrast=0.5, hue=0.2, generator=seeded(3))
    draw = seeded(3)
    expected = contrast(images, 0.5 + torch.rand(20, generator=draw))
    expected = hue(expected, -0.2 + 0.4 * torch.rand(20, generator=draw))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
