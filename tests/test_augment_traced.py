"""What an augmentation did, read off its images, and the share that holes cover."""

import itertools
from fractions import Fraction

import pytest
import torch

from coursekit import augment
from coursekit.augment.traced import in_words, traced


@pytest.mark.parametrize(("length", "h", "w"), [(1, 3, 3), (2, 3, 4), (3, 4, 2)])
@pytest.mark.parametrize("holes", [1, 2, 3])
def test_the_exact_mean_of_several_holes_is_the_mean_over_all_places(
    length, h, w, holes
):
    covered = total = 0
    places = list(itertools.product(range(h), range(w)))
    for centres in itertools.product(places, repeat=holes):
        seen = {
            (y, x)
            for y, x in places
            for i, j in centres
            if 0 <= y - i + length // 2 < length and 0 <= x - j + length // 2 < length
        }
        covered, total = covered + len(seen), total + h * w
    assert augment.mean_covered_fraction(length, h, w, holes=holes) == Fraction(
        covered, total
    )


def test_no_hole_covers_nothing():
    assert augment.mean_covered_fraction(5, 8, holes=0) == 0


@pytest.mark.parametrize("offset", [(0, 0), (3, -4), (-8, 8)])
def test_a_move_is_read_as_it_was_made(offset):
    found = traced(lambda images: augment.shift(images, offset), 2, 9, 12)
    assert found.moves() == [offset, offset]
    kept = (9 - abs(offset[0])) * (12 - abs(offset[1])) / (9 * 12)
    assert found.filled() == [pytest.approx(1 - kept)] * 2


@pytest.mark.parametrize("angle", [0.0, 7.5, -90.0, 179.0])
@pytest.mark.parametrize("size", [(8, 8), (9, 20)])
def test_an_angle_is_read_as_it_was_turned(angle, size):
    found = traced(lambda images: augment.rotate(images, angle), 1, *size)
    assert found.angles() == [pytest.approx(angle, abs=0.05)]


def test_a_mirror_is_seen():
    chosen = torch.tensor([True, False]).view(2, 1, 1, 1)
    found = traced(lambda x: torch.where(chosen, x.flip(3), x), 2, 8, 8)
    assert found.mirrored() == [True, False]


def test_a_hole_is_read_with_its_last_row_and_column():
    def hole(images):
        images = images.clone()
        images[0, :, 2:5, 0:4] = 0
        return images

    assert traced(hole, 2, 8, 8).holes() == [(2, 4, 0, 3), None]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ((3, -4), "3 down, 4 left"),
        ((-1, 0), "1 up, 0 right"),
        (True, "mirrored"),
        (False, "as it was"),
        (-7.26, "−7.3°"),
        ((2, 4, 0, 3), "rows 2–4, columns 0–3"),
        (None, "nothing"),
    ],
)
def test_what_was_drawn_is_said(what, words):
    assert in_words(what) == words
