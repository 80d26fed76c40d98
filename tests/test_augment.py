"""Augmentation against definitions in loops, on bytes and floats."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms import RandomErasing
from torchvision.transforms.v2 import functional as vision

from coursekit.augment import (
    Recipe,
    affine,
    compose,
    cutout,
    mean_covered_fraction,
    random_affine,
    random_crop,
    random_erasing,
    random_flip,
    random_rotation,
    random_shift,
    rotate,
    shift,
)
from coursekit.data import Batches, shapes

TYPES = (torch.uint8, torch.float32, torch.float64, torch.float16, torch.bfloat16)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(n: int, c: int, h: int, w: int, dtype: torch.dtype) -> torch.Tensor:
    """Return values 1 to 200, so that 0 marks a hole or a border."""
    return (torch.arange(n * c * h * w) * 7 % 200 + 1).view(n, c, h, w).to(dtype)


def hole_by_definition(h: int, w: int, y: int, x: int, length: int) -> torch.Tensor:
    mask = torch.zeros(h, w, dtype=torch.bool)
    for i in range(h):
        for j in range(w):
            inside_rows = y - length // 2 <= i < y - length // 2 + length
            inside_columns = x - length // 2 <= j < x - length // 2 + length
            mask[i, j] = inside_rows and inside_columns
    return mask


def paper_mask(h: int, w: int, y: int, x: int, length: int) -> np.ndarray:
    """Follow util/cutout.py of github.com/uoguelph-mlrg/Cutout, line by line."""
    mask = np.ones((h, w), np.float32)
    y1, y2 = np.clip(y - length // 2, 0, h), np.clip(y + length // 2, 0, h)
    x1, x2 = np.clip(x - length // 2, 0, w), np.clip(x + length // 2, 0, w)
    mask[y1:y2, x1:x2] = 0.0
    return mask


# ---- cutout


@settings(max_examples=150, deadline=None)
@given(
    h=st.integers(1, 9),
    w=st.integers(1, 9),
    c=st.integers(1, 3),
    length=st.integers(0, 22),
    holes=st.integers(0, 3),
    dtype=st.sampled_from(TYPES),
    seed=st.integers(0, 10_000),
)
def test_cutout_clears_the_clipped_squares_around_its_centres(
    h, w, c, length, holes, dtype, seed
):
    images = batch(5, c, h, w, dtype)
    cut = cutout(images, length, holes=holes, generator=seeded(seed))
    draws = torch.randint(h * w, (holes * 5,), generator=seeded(seed)).view(holes, 5)
    for k in range(5):
        hole = torch.zeros(h, w, dtype=torch.bool)
        for centre in draws[:, k].tolist() if holes and length else []:
            hole |= hole_by_definition(h, w, centre // w, centre % w, length)
        assert torch.equal(cut[k] == 0, hole.expand(c, h, w))
        assert torch.equal(cut[k][:, ~hole], images[k][:, ~hole])


@pytest.mark.parametrize("length", [2, 4, 8, 16])
def test_an_even_hole_is_the_papers_hole_for_every_centre(length):
    for centre in range(144):
        y, x = divmod(centre, 12)
        ours = hole_by_definition(12, 12, y, x, length)
        assert np.array_equal(~ours.numpy(), paper_mask(12, 12, y, x, length) == 1)


@pytest.mark.parametrize("length", [1, 3, 5, 7])
def test_cutout_clears_a_full_square_when_it_fits(length):
    images = torch.ones(400, 1, 15, 15)
    cleared = (cutout(images, length, generator=seeded()) == 0).sum((1, 2, 3))
    assert cleared.max() == length**2


def test_cutout_of_odd_length_clears_more_than_the_papers_code():
    assert hole_by_definition(9, 9, 4, 4, 3).sum() == 9
    assert (paper_mask(9, 9, 4, 4, 3) == 0).sum() == 4


def test_mean_covered_fraction_of_16_on_32_is_49_of_256():
    assert mean_covered_fraction(16, 32) == Fraction(49, 256)


@pytest.mark.parametrize(
    ("length", "h", "w"), [(3, 5, 5), (4, 6, 3), (9, 4, 7), (0, 3, 3)]
)
def test_mean_covered_fraction_is_the_mean_over_all_centres(length, h, w):
    covered = sum(
        int(hole_by_definition(h, w, y, x, length).sum())
        for y in range(h)
        for x in range(w)
    )
    assert mean_covered_fraction(length, h, w) == Fraction(covered, (h * w) ** 2)


def test_cutout_covers_49_of_256_on_average():
    cut = cutout(torch.ones(20_000, 1, 32, 32), 16, generator=seeded())
    covered = (cut == 0).float().mean((1, 2, 3))
    error = covered.std() / len(covered) ** 0.5
    assert abs(covered.mean() - 49 / 256) < 4 * error


def test_cutout_centres_are_uniform_over_the_pixels():
    cut = cutout(torch.ones(36_000, 1, 6, 6), 1, generator=seeded())
    counts = (cut == 0).sum((0, 1))
    assert ((counts - 1000) ** 2 / 1000).sum() < 66.6  # chi-square, 35 df, p = 0.001


def test_cutout_draws_for_each_image():
    cut = cutout(torch.ones(50, 1, 16, 16), 4, generator=seeded())
    assert len({tuple(image.flatten().tolist()) for image in cut}) > 40


def test_cutout_leaves_its_input_untouched():
    images = batch(3, 3, 8, 8, torch.float32)
    before = images.clone()
    cutout(images, 4, generator=seeded())
    cutout(images, 0).zero_()
    assert torch.equal(images, before)


@pytest.mark.parametrize("dtype", TYPES)
def test_cutout_fills_each_channel_with_its_value(dtype):
    images = batch(6, 3, 8, 8, dtype)
    cut = cutout(images, 3, fill=(3, 2, 250), generator=seeded(4))
    hole = cutout(images, 3, generator=seeded(4)) == 0
    fill = torch.tensor([3, 2, 250]).to(dtype).view(1, 3, 1, 1).expand_as(images)
    assert torch.equal(cut, torch.where(hole, fill, images))


def test_cutout_clears_even_nan_and_infinity():
    images = torch.full((4, 1, 6, 6), float("nan"))
    images[2:] = float("inf")
    cut = cutout(images, 12, generator=seeded())
    covered = cutout(torch.ones(4, 1, 6, 6), 12, generator=seeded()) == 0
    assert (cut[covered] == 0).all()
    assert not cut[~covered].isfinite().any()


@pytest.mark.parametrize("size", [(1, 64, 65), (3, 96, 96)])
def test_cutout_of_large_images_follows_the_same_rule(size):
    c, h, w = size
    images = batch(3, c, h, w, torch.float32)
    cut = cutout(images, 21, holes=2, generator=seeded(9))
    draws = torch.randint(h * w, (6,), generator=seeded(9)).view(2, 3)
    for k in range(3):
        hole = torch.zeros(h, w, dtype=torch.bool)
        for centre in draws[:, k].tolist():
            hole |= hole_by_definition(h, w, centre // w, centre % w, 21)
        assert torch.equal(cut[k] == 0, hole.expand(c, h, w))


def test_cutout_keeps_the_gradient_outside_the_hole():
    images = torch.ones(2, 1, 5, 5, requires_grad=True)
    cut = cutout(images, 3, generator=seeded())
    cut.sum().backward()
    assert torch.equal(images.grad, cut.detach())


def test_cutout_works_on_images_that_are_channels_last():
    images = batch(4, 3, 8, 8, torch.float32)
    last = images.to(memory_format=torch.channels_last)
    expected = cutout(images, 3, generator=seeded(1))
    assert torch.equal(cutout(last, 3, generator=seeded(1)), expected)


def test_cutout_of_an_empty_batch_is_an_empty_batch():
    assert cutout(torch.ones(0, 3, 8, 8), 4).shape == (0, 3, 8, 8)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("length", (torch.ones(1, 1, 4, 4), -1)),
        ("length", (torch.ones(1, 1, 4, 4), 2.5)),
        ("length", (torch.ones(1, 1, 4, 4), True)),
        ("images", (torch.ones(4, 4), 2)),
        ("images", (np.ones((1, 1, 4, 4)), 2)),
        ("images", (torch.ones(1, 0, 4, 4), 2)),
        ("images", (torch.ones(1, 1, 4, 4, dtype=torch.complex64), 2)),
    ],
)
def test_cutout_refuses_bad_arguments_by_name(name, arguments):
    with pytest.raises(ValueError, match=f"^`{name}` must"):
        cutout(*arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [("holes", -1), ("fill", (1.0, 2.0)), ("fill", "grey"), ("generator", 3)],
)
def test_cutout_refuses_bad_options_by_name(name, value):
    with pytest.raises(ValueError, match=f"^`{name}` must"):
        cutout(torch.ones(1, 3, 4, 4), 2, **{name: value})


@pytest.mark.parametrize("fill", [0.5, -1, 256])
def test_bytes_refuse_a_fill_that_is_no_byte(fill):
    with pytest.raises(ValueError, match="`fill` must be a whole number from 0 to 255"):
        cutout(torch.ones(1, 3, 4, 4).byte(), 2, fill=fill)


# ---- shift and crop


def shifted_by_definition(image, down: int, right: int, fill: float) -> torch.Tensor:
    out = torch.full_like(image, fill)
    h, w = image.shape[1:]
    for y in range(h):
        for x in range(w):
            if 0 <= y - down < h and 0 <= x - right < w:
                out[:, y, x] = image[:, y - down, x - right]
    return out


@settings(max_examples=80, deadline=None)
@given(
    h=st.integers(1, 8),
    w=st.integers(1, 8),
    offsets=st.lists(
        st.tuples(st.integers(-12, 12), st.integers(-12, 12)), min_size=4, max_size=4
    ),
    fill=st.sampled_from([0, 255]),
    dtype=st.sampled_from(TYPES),
)
def test_shift_moves_each_image_by_its_offsets(h, w, offsets, fill, dtype):
    images = batch(4, 2, h, w, dtype)
    moved = shift(images, torch.tensor(offsets), fill=fill)
    assert moved.dtype == dtype
    for image, out, (down, right) in zip(images, moved, offsets, strict=True):
        assert torch.equal(out, shifted_by_definition(image, down, right, fill))


def test_shift_takes_one_pair_for_all_images():
    images = batch(3, 1, 5, 5, torch.uint8)
    expected = shifted_by_definition(images[2], 1, -2, 0)
    assert torch.equal(shift(images, (1, -2))[2], expected)


def test_shift_fills_each_channel_with_its_value():
    moved = shift(batch(1, 2, 3, 3, torch.float32), (1, 0), fill=(-1.0, -2.0))
    assert moved[0, :, 0].tolist() == [[-1.0] * 3, [-2.0] * 3]


@pytest.mark.parametrize("dtype", TYPES)
def test_random_shift_draws_every_offset_equally_often(dtype):
    images = torch.zeros(4500, 1, 5, 5).to(dtype)
    images[:, :, 2, 2] = 1
    counts = random_shift(images, 1, generator=seeded()).float().sum((0, 1))
    inner = counts[1:4, 1:4]
    assert counts.sum() == inner.sum() == 4500
    assert ((inner - 500) ** 2 / 500).sum() < 26.1  # chi-square, 8 df, p = 0.001


def test_random_crop_is_a_window_of_the_padded_image():
    images = batch(30, 3, 6, 7, torch.uint8)
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2))
    windows = padded.unfold(2, 6, 1).unfold(3, 7, 1).flatten(2, 3)  # n c windows h w
    for image, found in zip(
        random_crop(images, 2, generator=seeded()), windows, strict=True
    ):
        assert any(torch.equal(image, found[:, k]) for k in range(25))


def test_random_crop_without_padding_changes_nothing():
    images = batch(3, 3, 6, 6, torch.uint8)
    assert torch.equal(random_crop(images, 0), images)


def test_shift_keeps_the_gradient_of_what_stays():
    images = torch.ones(2, 1, 3, 3, requires_grad=True)
    shift(images, (1, 0)).sum().backward()
    assert images.grad[0, 0].tolist() == [[1.0] * 3, [1.0] * 3, [0.0] * 3]


@pytest.mark.parametrize("offsets", [(1.0, 2.0), (1, 2, 3), [[1, 2]] * 3, 4])
def test_shift_refuses_offsets_that_do_not_fit(offsets):
    with pytest.raises(ValueError, match="`offsets` must be whole numbers"):
        shift(torch.ones(2, 1, 4, 4), offsets)


@pytest.mark.parametrize(
    ("function", "name"), [(random_shift, "most"), (random_crop, "padding")]
)
@pytest.mark.parametrize("value", [-1, 1.5, None])
def test_random_shift_and_crop_refuse_a_bad_distance(function, name, value):
    with pytest.raises(ValueError, match=f"^`{name}` must be"):
        function(torch.ones(2, 1, 4, 4), value)


# ---- flip


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("w", [1, 5, 6, 8, 12, 28, 32])
def test_flip_with_probability_1_reverses_every_row(dtype, w):
    images = batch(4, 2, 3, w, dtype)
    for image, out in zip(images, random_flip(images, 1.0), strict=True):
        for x in range(w):
            assert torch.equal(out[:, :, x], image[:, :, w - 1 - x])


def test_flip_mirrors_whole_images_half_of_the_time():
    images = batch(2000, 1, 4, 8, torch.uint8)
    flipped = random_flip(images, generator=seeded())
    same = (flipped == images).all((1, 2, 3))
    mirrored = (flipped == images.flip(3)).all((1, 2, 3))
    assert (same ^ mirrored).all()
    assert abs(int(mirrored.sum()) - 1000) < 4 * 500**0.5


def test_flip_with_probability_0_changes_nothing():
    images = batch(9, 1, 4, 8, torch.uint8)
    assert torch.equal(random_flip(images, 0.0), images)


def test_flip_keeps_the_gradient():
    images = torch.rand(3, 1, 2, 2, requires_grad=True)
    (random_flip(images, 1.0) * torch.tensor([1.0, 2.0])).sum().backward()
    assert images.grad[0, 0].tolist() == [[2.0, 1.0], [2.0, 1.0]]


@pytest.mark.parametrize("p", [-0.1, 1.1, "half"])
def test_flip_refuses_what_is_no_probability(p):
    with pytest.raises(ValueError, match=r"^`p` must be between 0 and 1"):
        random_flip(torch.ones(2, 1, 4, 4), p)


# ---- rotation


def turned_by_definition(image: np.ndarray, degrees: float, fill: float) -> np.ndarray:
    """Interpolate linearly at the place each output pixel comes from."""
    h, w = image.shape
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    out = np.empty((h, w))

    def value(y: int, x: int) -> float:
        return image[y, x] if 0 <= y < h and 0 <= x < w else fill

    for i in range(h):
        for j in range(w):
            dy, dx = i - (h - 1) / 2, j - (w - 1) / 2
            y = cosine * dy + sine * dx + (h - 1) / 2
            x = cosine * dx - sine * dy + (w - 1) / 2
            top, left = int(np.floor(y)), int(np.floor(x))
            b, r = y - top, x - left
            out[i, j] = (
                value(top, left) * (1 - b) * (1 - r)
                + value(top, left + 1) * (1 - b) * r
                + value(top + 1, left) * b * (1 - r)
                + value(top + 1, left + 1) * b * r
            )
    return out


@pytest.mark.parametrize(("h", "w"), [(7, 7), (6, 9), (9, 6), (8, 8)])
@pytest.mark.parametrize("fill", [0.0, 5.0])
def test_rotation_interpolates_linearly_about_the_centre(h, w, fill):
    images = batch(3, 1, h, w, torch.float64)
    angles = [10.0, -25.0, 140.0]
    turned = rotate(images, torch.tensor(angles), fill=fill)
    for image, out, angle in zip(images, turned, angles, strict=True):
        expected = turned_by_definition(image[0].numpy(), angle, fill)
        np.testing.assert_allclose(out[0].numpy(), expected, atol=2e-3)


def test_a_quarter_turn_is_counter_clockwise():
    images = batch(2, 3, 6, 6, torch.uint8)
    assert torch.equal(rotate(images, 90.0), images.rot90(1, (2, 3)))


def test_rotated_bytes_are_the_rounded_rotated_floats():
    images = batch(4, 3, 9, 9, torch.uint8)
    expected = rotate(images.float(), 13.0).round()
    assert torch.equal(rotate(images, 13.0).float(), expected)


def test_random_rotation_draws_angles_within_its_range():
    dot = torch.zeros(3000, 1, 33, 33)
    dot[:, :, 16, 32] = 1.0
    turned = random_rotation(dot, 30.0, generator=seeded())
    rows = torch.arange(33.0).view(1, 33, 1)
    height = 16 - (turned[:, 0] * rows).sum((1, 2)) / turned[:, 0].sum((1, 2))
    angles = torch.asin((height / 16).clamp(-1, 1)).rad2deg()
    assert 28 < angles.max() < 32
    assert -32 < angles.min() < -28
    assert abs(angles.mean()) < 1.5


def test_random_rotation_by_0_changes_nothing():
    images = batch(3, 3, 8, 8, torch.uint8)
    assert torch.equal(random_rotation(images, 0.0), images)


@pytest.mark.parametrize("degrees", [torch.zeros(3), float("nan"), torch.zeros(2, 2)])
def test_rotate_refuses_angles_that_do_not_fit(degrees):
    with pytest.raises(ValueError, match="`degrees` must be one finite number"):
        rotate(torch.ones(2, 1, 4, 4), degrees)


@pytest.mark.parametrize("degrees", [-1.0, 181.0, None])
def test_random_rotation_refuses_a_bad_range(degrees):
    with pytest.raises(ValueError, match="`degrees` must be between 0 and 180"):
        random_rotation(torch.ones(2, 1, 4, 4), degrees)


@pytest.mark.parametrize(("h", "w"), [(9, 9), (8, 12), (15, 6)])
@pytest.mark.parametrize(
    ("degrees", "scale", "shear"),
    [(0, 1, 0), (20, 1, 0), (0, 1.3, 0), (0, 0.6, 0), (0, 1, 25), (-33, 0.8, -15)],
)
def test_affine_is_torchvisions_on_every_picture(h, w, degrees, scale, shear):
    images = batch(3, 3, h, w, torch.float32) / 255
    found = affine(images, degrees=degrees, scale=scale, shear=shear)
    for image, one in zip(images, found, strict=True):
        expected = vision.affine(
            image,
            -degrees,  # torchvision turns clockwise
            [0, 0],
            scale,
            [shear, 0.0],
            interpolation=vision.InterpolationMode.BILINEAR,
        )
        torch.testing.assert_close(one, expected, atol=1e-4, rtol=0)


def test_affine_takes_amounts_for_each_image():
    images = batch(3, 1, 10, 10, torch.float64)
    amounts = {
        "degrees": torch.tensor([0.0, 30.0, -80.0]),
        "scale": torch.tensor([1.0, 0.7, 1.4]),
        "shear": torch.tensor([0.0, 20.0, -5.0]),
    }
    found = affine(images, **amounts)
    for i in range(3):
        alone = affine(images[i : i + 1], **{k: v[i] for k, v in amounts.items()})
        assert torch.equal(found[i : i + 1], alone)


def test_random_affine_draws_within_its_ranges():
    square = torch.zeros(2000, 1, 41, 41)
    square[:, :, 10:31, 10:31] = 1.0
    grown = random_affine(square, scale=0.2, generator=seeded())
    sides = grown[:, 0].sum((1, 2)).sqrt() / 21
    assert 0.78 < sides.min() < 0.82
    assert 1.18 < sides.max() < 1.22
    leant = random_affine(square, shear=30.0, generator=seeded())
    areas = leant[:, 0].sum((1, 2)) / 441
    assert areas.min() > 0.9  # a shear keeps the area
    assert not torch.equal(leant[0], leant[1])


@pytest.mark.parametrize(
    ("amounts", "sentence"),
    [
        ({"scale": 0}, "`scale` must be one finite number from 0.001"),
        ({"shear": 90}, "`shear` must be one finite number from -89 to 89"),
        ({"scale": "big"}, "`scale` must be"),
        ({"degrees": torch.ones(3)}, "one for each of the 2 images"),
    ],
)
def test_affine_refuses_amounts_that_do_not_fit(amounts, sentence):
    with pytest.raises(ValueError, match=sentence):
        affine(torch.ones(2, 1, 4, 4), **amounts)


@pytest.mark.parametrize(
    ("name", "value"), [("scale", 1), ("shear", 90), ("degrees", -1)]
)
def test_random_affine_refuses_a_bad_range(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be between 0 and"):
        random_affine(torch.ones(2, 1, 4, 4), **{name: value})


# ---- random erasing


def rectangle(mask: torch.Tensor) -> tuple[int, int, int, int]:
    """Return top, left, height and width of a hole; fail if it is no rectangle."""
    rows, columns = (mask.any(axis).nonzero().flatten().tolist() for axis in (1, 0))
    assert mask.sum() == len(rows) * len(columns)
    for line in (rows, columns):
        assert line == list(range(line[0], line[0] + len(line)))
    return rows[0], columns[0], len(rows), len(columns)


@pytest.mark.parametrize(("h", "w"), [(32, 32), (20, 41)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_erasing_is_torchvisions_erase_of_a_rectangle_inside(h, w, dtype):
    images = batch(60, 3, h, w, dtype)
    found = random_erasing(images, 1.0, fill=250, generator=seeded())
    places = []
    for image, one in zip(images, found, strict=True):
        top, left, height, width = rectangle((one != image).any(0))
        value = torch.full((3, 1, 1), 250, dtype=dtype)
        expected = vision.erase(image, top, left, height, width, value)
        assert torch.equal(one, expected)
        assert 0.01 < height * width / (h * w) < 0.36  # 0.02 to 1/3, sides rounded
        assert 0.2 < height / width < 4.3
        places.append((top, left, height, width))
    assert len(set(places)) > 50
    for side, first, length in ((h, 0, 2), (w, 1, 3)):  # all of the room is used
        ends = [place[first] + place[length] for place in places]
        assert min(place[first] for place in places) < 0.1 * side
        assert 0.9 * side < max(ends) <= side


def test_area_and_aspect_are_distributed_as_torchvision_draws_them():
    images = torch.ones(4000, 1, 64, 64)
    ours = 1 - random_erasing(images, 1.0, generator=seeded()).mean((1, 2, 3))
    torch.manual_seed(0)
    erase = RandomErasing(1.0)
    theirs = torch.stack([1 - erase(image).mean() for image in images])
    for share in (0.1, 0.5, 0.9):
        assert abs(ours.quantile(share) - theirs.quantile(share)) < 0.012


def test_erasing_spares_the_share_of_images_asked_for():
    images = torch.ones(3000, 1, 16, 16)
    erased = (random_erasing(images, 0.3, generator=seeded()) == 0).flatten(1).any(1)
    assert 0.27 < erased.float().mean() < 0.33
    assert torch.equal(random_erasing(images, 0.0), images)


def test_a_rectangle_that_never_fits_is_left_out():
    images = torch.ones(50, 1, 8, 8)
    assert torch.equal(random_erasing(images, 1.0, area=(1.0, 1.0)), images)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("area", (0.5, 0.2)),
        ("area", 0.3),
        ("area", (0.1, 1.2)),
        ("aspect", (0, 1)),
        ("p", 1.5),
    ],
)
def test_erasing_refuses_bad_options_by_name(name, value):
    with pytest.raises(ValueError, match=f"^`{name}` must be"):
        random_erasing(torch.ones(2, 1, 4, 4), **{name: value})


# ---- all of them


STEPS = [
    partial(cutout, length=3),
    partial(random_crop, padding=2),
    partial(random_shift, most=2),
    random_flip,
    partial(random_rotation, degrees=20.0),
    Recipe(rotation=10.0, crop=2, flip=True),
    Recipe(scale=0.2, shear=10.0),
    random_erasing,
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_every_augmentation_is_decided_by_the_generator(step, dtype):
    images = batch(20, 3, 8, 8, dtype)
    before = images.clone()
    one = step(images, generator=seeded(1))
    assert torch.equal(one, step(images, generator=seeded(1)))
    assert not torch.equal(one, step(images, generator=seeded(2)))
    assert torch.equal(images, before)
    assert one.dtype == dtype
    assert one.shape == images.shape


@pytest.mark.parametrize("step", STEPS)
def test_every_augmentation_takes_an_empty_batch(step):
    assert step(torch.ones(0, 3, 8, 8)).shape == (0, 3, 8, 8)


@pytest.mark.parametrize("step", STEPS)
def test_every_augmentation_works_on_channels_last(step):
    images = batch(6, 3, 8, 8, torch.float32)
    last = images.to(memory_format=torch.channels_last)
    expected = step(images, generator=seeded(1))
    torch.testing.assert_close(step(last, generator=seeded(1)), expected)


def test_compose_applies_the_steps_in_order():
    images = batch(6, 3, 8, 8, torch.uint8)
    both = compose(random_flip, partial(cutout, length=3))
    generator = seeded(1)
    expected = cutout(random_flip(images, generator=generator), 3, generator=generator)
    assert torch.equal(both(images, seeded(1)), expected)


@pytest.mark.parametrize("steps", [(), ("flip",)])
def test_compose_refuses_what_it_cannot_call(steps):
    with pytest.raises(ValueError, match="`steps` must be one or more functions"):
        compose(*steps)


@pytest.mark.parametrize(
    ("name", "value"),
    [("rotation", -1), ("crop", 1.5), ("flip", 1), ("cutout", -1), ("holes", 0),
     ("mixup", 0.0005), ("cutmix", 0.0005)],
)  # fmt: skip
def test_recipe_refuses_bad_numbers_by_name(name, value):
    with pytest.raises(ValueError, match=f"^`{name}` must be"):
        Recipe(**{name: value})


def test_batches_cut_a_recipes_holes_to_the_mean_colour():
    data = shapes(64)
    batches = Batches(
        data, 64, shuffle=False, generator=seeded(), augment=Recipe(cutout=9)
    )
    images, _ = next(iter(batches))
    plain, _ = next(iter(Batches(data, 64, shuffle=False)))
    holes = (images == 0).all(1)
    assert 20 < holes.sum((1, 2)).float().mean() < 81
    kept = ~holes[:, None].expand_as(images)
    assert torch.equal(images[kept], plain[kept])


def test_batches_with_a_recipe_repeat_for_the_same_generator():
    recipe = Recipe(rotation=5.0, crop=2, flip=True, cutout=6)
    one, same = (
        Batches(shapes(40), 16, generator=seeded(2), augment=recipe) for _ in range(2)
    )
    for (a, _), (b, _) in zip(one, same, strict=True):
        assert torch.equal(a, b)
