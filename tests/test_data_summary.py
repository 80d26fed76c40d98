"""`summary`: what a set holds, counted again in loops."""

import pytest
import torch

from coursekit.data import ImageSet, Splits, digits, shapes, summary
from coursekit.data.set_summary import look_alikes


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(n, h=9, w=7, c=3, seed=0):
    shape = (n, c, h, w)
    return torch.randint(0, 256, shape, generator=seeded(seed), dtype=torch.uint8)


def image_set(images, labels=None, classes=("a", "b", "c")):
    labels = torch.arange(len(images)) % 2 if labels is None else labels
    return ImageSet(images, labels, classes, "noise", "generated")


def test_counts_sizes_and_statistics_are_those_of_the_set():
    data = image_set(noise(11), torch.tensor([0] * 7 + [1] * 4))
    found = summary(data)
    assert found.counts("noise") == {"a": 7, "b": 4, "c": 0}
    text = repr(found)
    pixels = data.images.double() / 255
    for line, said in (
        ("pictures", "11"),
        ("size", "3×9×7"),
        ("classes", "3"),
        ("smallest class", "c (0)"),
        ("largest class", "a (7)"),
        ("mean", " ".join(f"{m:.3f}" for m in pixels.mean((0, 2, 3)))),
        ("deviation", " ".join(f"{s:.3f}" for s in pixels.std((0, 2, 3), False))),
        ("· a", "7"),
    ):
        (row,) = [row for row in text.splitlines() if row.startswith(f"{line}  ")]
        assert row.removeprefix(line).strip() == said
    assert text.endswith("generated")
    assert "<table" in found._repr_html_()


def test_the_parts_stand_beside_each_other():
    parts = shapes(200).split()
    found = summary(parts)
    assert list(found.parts) == ["train", "valid", "test"]
    head, *rows = repr(found).splitlines()
    assert head.split() == ["train", "valid", "test"]
    (pictures,) = [row.split() for row in rows if row.startswith("pictures")]
    assert pictures == ["pictures", "120", "40", "40"]


def test_many_classes_are_not_listed_one_by_one():
    names = tuple(f"class {i}" for i in range(40))
    text = repr(summary(image_set(noise(80), torch.arange(80) % 40, names)))
    assert "· class 1" not in text
    assert "smallest class" in text


def alike_by_definition(images, others):
    found = []
    for i, image in enumerate(images):
        for j, other in enumerate(others):
            apart = (image.double() - other.double()).square().mean().sqrt()
            if apart <= image.double().std(correction=0) / 3:
                found.append([i, j])
                break
    return found


@pytest.mark.parametrize(("h", "w"), [(32, 32), (9, 7), (28, 28), (31, 17), (5, 5)])
def test_look_alikes_are_found_whatever_the_size(h, w):
    train = noise(30, h, w)
    test = noise(20, h, w, seed=1)
    test[3] = train[8]
    test[5] = train[2].float().add(4).clamp(0, 255).byte()  # a little brighter
    test[9] = train[4]
    test[9, :, 0] = 255 - test[9, :, 0]  # one row turned: too far in small pictures
    wobble = torch.randn(3, h, w, generator=seeded(2)) * 4
    test[11] = (train[29] + wobble).clamp(0, 255).byte()
    expected = alike_by_definition(test, train)
    assert [3, 8] in expected
    assert [5, 2] in expected
    assert look_alikes(test, train).tolist() == expected


def test_flat_pictures_look_alike_where_they_are_the_same_once_each():
    train = torch.full((40, 1, 8, 8), 100, dtype=torch.uint8)
    test = torch.full((30, 1, 8, 8), 100, dtype=torch.uint8)
    test[4] = 103
    found = look_alikes(test, train)
    assert found[:, 0].tolist() == [i for i in range(30) if i != 4]


def test_what_was_copied_from_train_into_test_is_counted():
    parts = shapes(300).split()
    copied = torch.cat([parts.test.images[:50], parts.train.images[[7, 9]]])
    labels = torch.cat([parts.test.labels[:50], parts.train.labels[[7, 9]]])
    train, valid = (
        ImageSet(p.images, p.labels, p.classes, "p", "s")
        for p in (parts.train, parts.valid)
    )
    test = ImageSet(copied, labels, parts.test.classes, "p", "s")
    found = summary(Splits(train, valid, test))
    assert found.look_alikes["test"].tolist()[-2:] == [[50, 7], [51, 9]]
    assert "look like one in train" in repr(found)


def test_a_copy_that_was_brightened_is_found_among_real_digits():
    parts = digits(16).split()
    copy = parts.train.images[:1].float().mul(0.9).add(10).byte()
    assert look_alikes(copy, parts.train.images)[0].tolist()[0] == 0


@pytest.mark.parametrize("data", [None, noise(3), [1, 2]])
def test_what_is_no_set_is_refused(data):
    with pytest.raises(ValueError, match="`data` must be an ImageSet or Splits; got"):
        summary(data)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (image_set(noise(3), classes=("a", "b", "d")), "must share classes; got"),
        (image_set(noise(3, h=8)), "must share a size of pictures; got"),
    ],
)
def test_parts_of_two_kinds_are_refused(other, said):
    first = image_set(noise(3))
    with pytest.raises(ValueError, match=said):
        summary(Splits(first, first.subset([]), other))


def test_an_empty_set_is_refused():
    with pytest.raises(ValueError, match="at least one image"):
        summary(image_set(noise(3)).subset([]))
