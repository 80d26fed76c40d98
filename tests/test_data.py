"""Image sets: embedded digits and photos, subsets, stratified splits, bad input."""

import subprocess
import sys
from fractions import Fraction
from itertools import chain
from math import floor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.data import ImageSet, Splits, digits, photos, shapes


def tiny(labels: list[int], classes: tuple[str, ...] = ("a", "b", "c")) -> ImageSet:
    n = len(labels)
    images = torch.arange(n, dtype=torch.uint8).view(n, 1, 1, 1).expand(n, 1, 2, 2)
    return ImageSet(images.clone(), torch.tensor(labels), classes, "tiny", "hand-made")


def test_digits_are_scikit_learns_digits_times_255_over_16_rounded_half_up():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    table = [floor(Fraction(255 * v, 16) + Fraction(1, 2)) for v in range(17)]
    expected = np.array(table)[bunch.images.astype(int)]
    assert np.array_equal(digits().images[:, 0].numpy(), expected)
    assert digits().labels.tolist() == bunch.target.tolist()
    assert (digits().images.min(), digits().images.max()) == (0, 255)


@pytest.mark.parametrize("size", [16, 24, 28, 32])
def test_larger_digits_interpolate_linearly_in_exact_fractions(size):
    from sklearn.datasets import load_digits

    source = load_digits().images[3].astype(int)
    factor, border = (3, 2) if size == 28 else (size // 8, 0)

    def weights(o: int) -> dict[int, Fraction]:
        place = Fraction(2 * o + 1, 2 * factor) - Fraction(1, 2)
        left, part = floor(place), place - floor(place)
        found = {min(max(left, 0), 7): 1 - part}
        right = min(max(left + 1, 0), 7)
        return found | {right: found.get(right, Fraction(0)) + part}

    got = digits(size).images[3, 0]
    for y in range(size - 2 * border):
        for x in range(size - 2 * border):
            value = sum(
                a * b * int(source[i, j])
                for i, a in weights(y).items()
                for j, b in weights(x).items()
            )
            byte = floor(value * 255 / 16 + Fraction(1, 2))
            assert got[y + border, x + border] == byte
    assert got.sum() == got[border : size - border, border : size - border].sum()


@pytest.mark.parametrize("size", [8, 16, 24, 28, 32])
def test_digits_have_the_size_asked_for(size):
    assert digits(size).images.shape == (1797, 1, size, size)


def test_photos_are_scikit_learns_two_photographs():
    from sklearn.datasets import load_sample_image

    china = torch.tensor(np.array(load_sample_image("china.jpg")))
    assert torch.equal(photos().images[0], china.permute(2, 0, 1))
    assert photos().images.shape == (2, 3, 427, 640)
    assert photos().classes == ("china", "flower")


def test_subset_keeps_the_order_given():
    part = tiny([0, 1, 2, 0]).subset([3, 1])
    assert part.labels.tolist() == [0, 1]
    assert part.images[:, 0, 0, 0].tolist() == [3, 1]


def test_subset_takes_a_mask():
    assert tiny([0, 1, 2, 1]).subset(
        torch.tensor([1, 0, 0, 1]) > 0
    ).labels.tolist() == [
        0,
        1,
    ]


def test_subset_takes_a_range_and_a_numpy_array():
    data = tiny([0, 1, 2, 1])
    assert data.subset(range(2)).labels.tolist() == [0, 1]
    assert data.subset(np.array([2])).labels.tolist() == [2]


def test_subset_of_shapes_carries_the_truth_along():
    data = shapes(12)
    part = data.subset([7, 2])
    assert type(part) is type(data)
    for name in (
        "masks",
        "boxes",
        "sizes",
        "centres",
        "colours",
        "hues",
        "backgrounds",
    ):
        assert torch.equal(getattr(part, name), getattr(data, name)[[7, 2]])
    assert part.background_classes == data.background_classes


@pytest.mark.parametrize("indices", [[4], [-1], [0.5], "ab", [[0]]])
def test_subset_refuses_positions_outside_the_set(indices):
    with pytest.raises(ValueError, match=r"^`indices` must be"):
        tiny([0, 1, 2, 0]).subset(indices)


def test_subset_refuses_a_mask_of_another_length():
    with pytest.raises(ValueError, match="`indices` as a mask"):
        tiny([0, 1, 2, 0]).subset([True, False])


@settings(max_examples=60, deadline=None)
@given(
    labels=st.lists(st.integers(0, 2), min_size=30, max_size=120),
    train=st.integers(1, 8),
    valid=st.integers(1, 8),
    seed=st.integers(0, 2**63 - 1),
)
def test_split_is_a_stratified_partition(labels, train, valid, seed):
    shares = [train / 20, valid / 20, 1 - (train + valid) / 20]
    parts = tiny(labels).split(*shares, seed=seed)
    found = [part.images[:, 0, 0, 0].tolist() for part in vars(parts).values()]
    assert sorted(chain(*found)) == list(range(len(labels)))
    for share, part in zip(shares, vars(parts).values(), strict=True):
        assert abs(len(part) - share * len(labels)) <= 1
        for label in range(3):
            ideal = share * labels.count(label)
            assert abs(part.labels.tolist().count(label) - ideal) <= 2


def test_split_of_digits_has_the_sizes_asked_for():
    parts = digits().split(0.5, 0.25, 0.25)
    assert [len(part) for part in vars(parts).values()] == [899, 449, 449]
    assert isinstance(parts, Splits)


def test_split_depends_on_the_seed_alone():
    one, same = digits().split(seed=1), digits().split(seed=1)
    assert torch.equal(one.test.images, same.test.images)
    assert not torch.equal(one.test.images, digits().split(seed=2).test.images)


def test_split_mixes_a_set_sorted_by_class():
    data = tiny([0] * 40 + [1] * 40 + [2] * 40)
    first = data.split(seed=0).train.images[:24, 0, 0, 0].tolist()
    assert first != list(range(24))


def test_split_leaves_a_part_empty_only_when_asked():
    parts = tiny([0, 1, 2] * 4).split(0.75, 0.25, 0.0)
    assert [len(part) for part in vars(parts).values()] == [9, 3, 0]


@pytest.mark.parametrize("shares", [(0.5, 0.2, 0.2), (0.9, 0.2, 0.2), (0.4, 0.4, 0.1)])
def test_split_refuses_fractions_that_do_not_add_up_to_1(shares):
    with pytest.raises(ValueError, match="must add up to 1; got"):
        tiny([0, 1] * 9).split(*shares)


@pytest.mark.parametrize("shares", [(-0.2, 0.6, 0.6), (float("nan"), 0.5, 0.5)])
def test_split_refuses_fractions_outside_0_to_1(shares):
    with pytest.raises(ValueError, match="`train` must be between 0 and 1"):
        tiny([0, 1] * 9).split(*shares)


def test_split_refuses_a_part_without_images():
    with pytest.raises(ValueError, match="`test` must be a fraction that leaves"):
        tiny([0, 1, 2]).split(0.5, 0.4, 0.1)


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0]])
def test_image_set_refuses_labels_without_a_class(labels):
    with pytest.raises(ValueError, match="`labels` must be 0 to 2"):
        tiny(labels)


@pytest.mark.parametrize(
    "images",
    [torch.zeros(2, 1, 4, 4), torch.zeros(2, 4, 4).byte(), np.zeros((2, 1, 4, 4))],
)
def test_image_set_refuses_anything_but_n_c_h_w_bytes(images):
    with pytest.raises(ValueError, match="`images` must"):
        ImageSet(images, torch.tensor([0, 1]), ("a", "b"), "x", "y")


@pytest.mark.parametrize(
    "labels",
    [torch.tensor([0.0, 1.0]), [0, 1], torch.tensor([0]), torch.tensor([[0, 1]])],
)
def test_image_set_refuses_anything_but_one_whole_number_an_image(labels):
    with pytest.raises(ValueError, match="`labels` must"):
        ImageSet(torch.zeros(2, 1, 4, 4).byte(), labels, ("a", "b"), "x", "y")


def test_image_set_cannot_be_changed():
    with pytest.raises(AttributeError):
        digits().name = "other"


@pytest.mark.parametrize("size", [7, 0, 64, "8", None])
def test_digits_refuses_sizes_it_cannot_make(size):
    with pytest.raises(ValueError, match="`size` must be one of 8, 16, 24, 28, 32"):
        digits(size)


def test_image_sets_show_themselves_in_a_line_and_in_a_notebook():
    assert repr(digits()).startswith("ImageSet(digits 8×8: 1,797 images 1×8×8, 10")
    page = digits()._repr_html_()
    assert 'alt="first images: 0, 1, 2' in page
    assert "0 178, 1 182" in page
    assert "CC BY 4.0" in page


def test_image_sets_escape_what_they_show():
    data = ImageSet(
        torch.zeros(1, 1, 2, 2).byte(), torch.tensor([0]), ("<b>",), "<i>", "<u>"
    )
    page = data._repr_html_()
    assert "<i>" not in page
    assert page.count("<b>") == 1


def test_embedded_images_are_those_of_scikit_learns_own_loaders():
    from sklearn.datasets import load_digits, load_sample_images

    ours, theirs = digits(8), load_digits()
    assert torch.equal(ours.labels, torch.from_numpy(theirs.target))
    scaled = torch.from_numpy(theirs.images)[:, None] * 255 / 16
    assert (ours.images - scaled).abs().max() <= 0.5
    for mine, image in zip(photos().images, load_sample_images().images, strict=True):
        assert torch.equal(mine.permute(1, 2, 0), torch.tensor(image))


def test_embedded_images_load_without_importing_scikit_learn():
    code = (
        "import sys; from coursekit import digits, photos; digits(); photos();"
        "sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_embedded_images_are_found_by_the_loaders_if_the_files_moved(monkeypatch):
    expected = digits(8).images, photos().images
    monkeypatch.setattr("coursekit.data.carried._carried", lambda name: None)
    assert torch.equal(digits(8).images, expected[0])
    assert torch.equal(photos().images, expected[1])
