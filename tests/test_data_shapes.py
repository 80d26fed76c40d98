"""Generated shapes: stable bytes, true truth, honest statistics."""

import hashlib
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.data import shapes
from coursekit.data.sprites import SHAPES, TILTS, sprite
from coursekit.data.stream import below, bytes_of, mix, permutation, words
from coursekit.data.textures import TEXTURES

EVERY = tuple(SHAPES)


def digest(data) -> str:
    parts = (data.images, data.labels, data.masks, data.boxes, data.colours)
    blob = b"".join(part.numpy().tobytes() for part in parts)
    return hashlib.sha256(blob + data.backgrounds.numpy().tobytes()).hexdigest()


def test_the_same_seed_gives_the_same_bytes_on_every_platform():
    data = shapes(
        200,
        size=48,
        classes=EVERY,
        object_size=(8, 40),
        background_correlation=0.5,
        seed=7,
    )
    assert digest(data) == (
        "415e56a4f6640fb703aa5b272ab62bfb26b1d4532002f1a318ff7477ed247a01"
    )


def test_splitmix64_gives_the_published_numbers():
    # First outputs for the state 1234567: Vigna's splitmix64.c as listed at
    # https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
    golden, mask = 0x9E3779B97F4A7C15, 2**64 - 1
    states = np.array([(1234567 + k * golden) & mask for k in range(5)], np.uint64)
    assert mix(states).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_another_seed_gives_other_images():
    assert digest(shapes(20, seed=0)) != digest(shapes(20, seed=1))


def test_the_first_samples_do_not_depend_on_how_many_there_are():
    assert digest(shapes(7)) == digest(shapes(50).subset(range(7)))


def test_the_streams_of_different_purposes_and_seeds_are_unrelated():
    index = np.arange(4000)
    one = below(0, "left", index, 1000)
    for other in (below(0, "top", index, 1000), below(1, "left", index, 1000)):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.05


def test_draws_below_a_bound_are_uniform():
    counts = np.bincount(below(3, "any", np.arange(60_000), 6), minlength=6)
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 20.5  # chi-square, 5 df, p = 0.001


def test_random_bytes_are_uniform():
    counts = np.bincount(bytes_of(3, "any", np.arange(640), 100).ravel(), minlength=256)
    assert ((counts - 250) ** 2 / 250).sum() < 330.5  # chi-square, 255 df, p = 0.001


def test_words_do_not_depend_on_the_neighbours_drawn():
    table = words(5, "any", np.arange(10), 4)
    assert np.array_equal(words(5, "any", np.array([7]), 3)[0], table[7, :3])


def test_permutation_holds_every_number_once():
    assert sorted(permutation(0, "split", 1000).tolist()) == list(range(1000))


@pytest.mark.parametrize("shape", EVERY)
@pytest.mark.parametrize("side", [6, 7, 8, 9, 10, 13, 20, 21, 31, 32, 47, 79, 95, 96])
def test_a_sprite_fills_a_box_of_exactly_the_side_asked_for(shape, side):
    for tilt in range(len(TILTS)):
        mask = sprite(shape, side, tilt)
        assert max(mask.shape) == side
        assert mask[0].any()
        assert mask[-1].any()
        assert mask[:, 0].any()
        assert mask[:, -1].any()


def test_untilted_sprites_have_the_area_geometry_says():
    side = 90
    expected = {
        "circle": np.pi / 4,
        "square": 1.0,
        "triangle": np.sqrt(3) / 4,
        "cross": 5 / 9,
        "ring": np.pi / 4 * (1 - 0.36),
        "diamond": 0.5 * 0.7,
        "star": 1.12257 / 1.90211**2,  # pentagram of circumradius 1
    }
    for shape, area in expected.items():
        assert sprite(shape, side, 0).sum() / side**2 == pytest.approx(area, rel=0.04)


def test_sprites_have_the_symmetries_of_their_shapes():
    for shape in ("circle", "square", "cross", "ring", "diamond", "inward", "outward"):
        mask = sprite(shape, 21, 0)
        assert np.array_equal(mask, mask[::-1])
        assert np.array_equal(mask, mask[:, ::-1])
    for shape in ("triangle", "star"):
        mask = sprite(shape, 21, 0)
        assert np.array_equal(mask, mask[:, ::-1])
        assert mask[0].sum() < mask[-1].sum()  # the tip is up


@pytest.mark.parametrize("side", [12, 16, 21, 40])
def test_inward_and_outward_are_the_same_two_brackets_in_swapped_places(side):
    inward, outward = sprite("inward", side, 0), sprite("outward", side, 0)
    depth = next(k for k in range(side) if not inward[:, k].any())
    assert np.array_equal(inward[:, :depth], outward[:, -depth:])
    assert np.array_equal(inward[:, -depth:], outward[:, :depth])
    assert not inward[:, depth:-depth].any()
    assert not outward[:, depth:-depth].any()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**63 - 1),
    size=st.integers(32, 64),
    low=st.integers(6, 32),
    extra=st.integers(0, 20),
)
def test_box_size_and_centre_are_those_of_the_mask(seed, size, low, extra):
    high = min(low + extra, size)
    data = shapes(12, size=size, object_size=(low, high), classes=EVERY, seed=seed)
    for k in range(len(data)):
        rows = [y for y in range(size) if data.masks[k, y].any()]
        columns = [x for x in range(size) if data.masks[k, :, x].any()]
        box = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        assert data.boxes[k].tolist() == box
        assert data.sizes[k] == max(box[2] - box[0], box[3] - box[1])
        assert low <= data.sizes[k] <= high
        centre = [(box[1] + box[3]) / 2, (box[0] + box[2]) / 2]
        assert data.centres[k].tolist() == centre


def test_an_exact_object_size_is_honoured():
    assert shapes(50, object_size=(13, 13)).sizes.unique().tolist() == [13]


def test_every_size_in_the_range_is_equally_likely():
    counts = torch.bincount(shapes(11_000).sizes)[10:]
    assert len(counts) == 11
    assert ((counts - 1000) ** 2 / 1000).sum() < 29.6  # chi-square, 10 df, p = 0.001


def test_without_noise_the_object_is_its_colour_but_for_the_light():
    data = shapes(40, noise=0)
    for image, mask, colour in zip(data.images, data.masks, data.colours, strict=True):
        difference = image[:, mask].int() - colour.int()[:, None]
        clipped = (image[:, mask] == 0) | (image[:, mask] == 255)
        assert (difference.abs() <= 12).logical_or(clipped).all()


def test_the_mask_is_where_the_images_of_another_object_colour_differ():
    one = shapes(30, noise=0, colours=("red",))
    other = shapes(30, noise=0, colours=("blue",))
    assert torch.equal((one.images != other.images).any(1), one.masks)


def test_the_object_stands_out_from_its_background():
    data = shapes(300, noise=0, classes=EVERY)
    for image, mask, colour in zip(data.images, data.masks, data.colours, strict=True):
        away = (image[:, ~mask].int() - colour.int()[:, None]).abs().amax(0)
        assert away.min() >= 15


def test_noise_changes_a_value_by_no_more_than_asked():
    still, noisy = shapes(60, noise=0), shapes(60, noise=5)
    change = noisy.images.int() - still.images.int()
    assert change.abs().max() == 5
    assert abs(change.float().mean()) < 0.05


def test_classes_are_balanced_in_every_run():
    labels = shapes(103, classes=("ring", "star", "cross")).labels.tolist()
    assert all(sorted(labels[k : k + 3]) == [0, 1, 2] for k in range(0, 102, 3))
    assert len({tuple(labels[k : k + 3]) for k in range(0, 102, 3)}) == 6


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9, 1.0])
def test_the_background_gives_the_class_away_as_often_as_asked(correlation):
    n = 8000
    data = shapes(n, background_correlation=correlation)
    tied = int((data.backgrounds == data.labels).sum())
    expected = correlation + (1 - correlation) / len(TEXTURES)
    assert abs(tied - n * expected) <= 4 * (n * expected * (1 - expected)) ** 0.5


def test_without_correlation_background_and_class_are_independent():
    data = shapes(10_000)
    table = torch.zeros(4, 10)
    for pair, count in Counter(
        zip(data.labels.tolist(), data.backgrounds.tolist(), strict=True)
    ).items():
        table[pair] = count
    assert ((table - 250) ** 2 / 250).sum() < 66.6  # chi-square, 36 df, p ≈ 0.0015


def test_a_shift_swaps_the_background_each_class_is_tied_to():
    data = shapes(80, background_correlation=1.0, background_shift=1)
    assert torch.equal(data.backgrounds, data.labels + 1)


@pytest.mark.parametrize("texture", TEXTURES)
def test_every_texture_has_structure(texture):
    data = shapes(16, backgrounds=(texture,), noise=0, object_size=(6, 6))
    for image, mask in zip(data.images, data.masks, strict=True):
        assert image[0][~mask].float().std() > 4


def test_colour_and_position_are_independent_of_the_class():
    data = shapes(9600)
    table = torch.zeros(4, 6)
    for label, hue in zip(data.labels, data.hues, strict=True):
        table[label, hue] += 1
    assert ((table - 400) ** 2 / 400).sum() < 37.7  # chi-square, 15 df, p = 0.001
    centres = torch.stack([data.centres[data.labels == k].mean(0) for k in range(4)])
    assert (centres - 16).abs().max() < 0.6


def test_the_mean_colour_does_not_give_the_shape_away():
    from sklearn.neighbors import KNeighborsClassifier

    data = shapes(4000)
    means = data.images.float().mean((2, 3)).numpy()
    knn = KNeighborsClassifier(15).fit(means[:3000], data.labels[:3000])
    assert knn.score(means[3000:], data.labels[3000:]) < 0.34


def test_objects_are_in_the_centre_when_asked():
    data = shapes(40, position="centre")
    assert (data.centres - 16).abs().max() <= 0.5


def test_labels_can_be_colour_and_shape_together():
    data = shapes(60, colours=("red", "blue"))
    both = data.labelled_by("colour", "shape")
    assert both.classes[:2] == ("red circle", "red square")
    assert both.classes[4] == "blue circle"
    for k in range(60):
        words_ = both.classes[both.labels[k]].split()
        assert words_ == [("red", "blue")[data.hues[k]], data.classes[data.labels[k]]]


def test_labels_can_be_the_background():
    data = shapes(20)
    assert torch.equal(data.labelled_by("background").labels, data.backgrounds)


@pytest.mark.parametrize("what", [(), ("size",)])
def test_labelled_by_refuses_what_it_does_not_know(what):
    with pytest.raises(ValueError, match=r"^`what` must"):
        shapes(4).labelled_by(*what)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 0),
        ("n", 2.5),
        ("n", True),
        ("size", 31),
        ("size", 97),
        ("classes", ("blob",)),
        ("classes", ()),
        ("classes", ("ring", "ring")),
        ("object_size", (5, 10)),
        ("object_size", (10, 33)),
        ("object_size", (12, 10)),
        ("object_size", 12),
        ("object_size", (1, 2, 3)),
        ("object_size", (10.5, 12)),
        ("background_correlation", -0.1),
        ("background_correlation", 1.1),
        ("background_correlation", float("nan")),
        ("background_correlation", "high"),
        ("background_shift", -1),
        ("backgrounds", ("tartan",)),
        ("colours", ("grey",)),
        ("position", "left"),
        ("noise", 65),
        ("noise", -1),
        ("seed", -1),
        ("seed", 2**63),
        ("seed", None),
    ],
)
def test_shapes_refuses_bad_arguments_by_name(name, value):
    with pytest.raises(ValueError, match=f"^`{name}` must be"):
        shapes(**({"n": 4} | {name: value}))


def test_shapes_refuses_too_few_backgrounds_to_give_the_class_away():
    with pytest.raises(ValueError, match="`backgrounds` must be at least as many"):
        shapes(4, backgrounds=("grid", "dots"), background_correlation=0.5)
