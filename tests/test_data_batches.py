"""Batches: every image once, normalised as defined, reproducible, honest errors."""

import pytest
import torch

from coursekit.data import Batches, ImageSet, digits, shapes
from coursekit.data.batches import channel_stats

DATA = shapes(50)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_batches_follow_the_definition_of_normalisation():
    batches = Batches(
        DATA, 16, shuffle=False, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4)
    )
    images = torch.cat([images for images, _ in batches])
    mean = torch.tensor([0.5, 0.4, 0.3]).view(3, 1, 1)
    std = torch.tensor([0.2, 0.3, 0.4]).view(3, 1, 1)
    torch.testing.assert_close(images, (DATA.images / 255 - mean) / std)
    assert torch.equal(torch.cat([labels for _, labels in batches]), DATA.labels)


def test_by_default_each_channel_gets_mean_0_and_deviation_1():
    images = torch.cat([images for images, _ in Batches(DATA)]).double()
    assert images.mean((0, 2, 3)).abs().max() < 1e-5
    assert (images.std((0, 2, 3), correction=0) - 1).abs().max() < 1e-5


def test_channel_stats_are_mean_and_deviation_of_pixels_over_255():
    mean, std = channel_stats(DATA.images)
    scaled = DATA.images.double() / 255
    assert mean == pytest.approx(scaled.mean((0, 2, 3)).tolist())
    assert std == pytest.approx(scaled.std((0, 2, 3), correction=0).tolist())


def test_channel_stats_count_all_images_of_a_set_that_is_read_in_parts():
    draw = seeded(0)
    many = torch.randint(256, (5000, 2, 3, 2), generator=draw, dtype=torch.uint8)
    many[4096:, 1] = 255  # the second part is unlike the first
    mean, std = channel_stats(many)
    scaled = many.double() / 255
    assert mean == pytest.approx(scaled.mean((0, 2, 3)).tolist(), rel=1e-12)
    assert std == pytest.approx(scaled.std((0, 2, 3), correction=0).tolist(), rel=1e-12)


def test_a_constant_channel_counts_as_deviation_1():
    images = torch.full((3, 1, 4, 4), 51, dtype=torch.uint8)
    batches = Batches(ImageSet(images, torch.zeros(3).long(), ("a",), "flat", "-"))
    assert batches.std == (1.0,)
    assert next(iter(batches))[0].abs().max() < 1e-6


@pytest.mark.parametrize(
    ("size", "drop", "count"), [(16, False, 4), (16, True, 3), (50, True, 1)]
)
def test_the_length_is_the_number_of_batches(size, drop, count):
    batches = Batches(DATA, size, drop_last=drop)
    assert len(batches) == count == len(list(batches))


def test_a_pass_holds_every_image_once_with_its_own_label():
    batches = Batches(DATA, 16, generator=seeded(0), mean=0.0, std=1.0)
    images, labels = (torch.cat(part) for part in zip(*batches, strict=True))
    bytes_ = (images * 255).round().byte()
    found = [
        next(k for k in range(50) if torch.equal(image, DATA.images[k]))
        for image in bytes_
    ]
    assert sorted(found) == list(range(50))
    assert found != list(range(50))
    assert torch.equal(labels, DATA.labels[found])


def test_the_same_generator_state_gives_the_same_batches():
    one, same = (Batches(DATA, 16, generator=seeded(3)) for _ in range(2))
    for (a, b), (c, d) in zip(one, same, strict=True):
        assert torch.equal(a, c)
        assert torch.equal(b, d)


def test_each_pass_has_a_new_order():
    batches = Batches(DATA, 50, generator=seeded(3))
    first, second = next(iter(batches))[1], next(iter(batches))[1]
    assert not torch.equal(first, second)


def test_without_a_generator_torch_manual_seed_decides():
    torch.manual_seed(5)
    first = Batches(DATA, 50).order()
    torch.manual_seed(5)
    assert torch.equal(Batches(DATA, 50).order(), first)


def test_order_and_batch_rebuild_a_pass_from_the_middle():
    whole = list(Batches(DATA, 16, generator=seeded(1)))
    batches = Batches(DATA, 16, generator=seeded(1))
    parts = batches.order().split(16)
    images, labels = batches.batch(parts[2])
    assert torch.equal(images, whole[2][0])
    assert torch.equal(labels, whole[2][1])


def test_augment_gets_bytes_and_the_generator():
    generator, seen = seeded(0), []

    def darken(images, given):
        seen.append((images.dtype, given is generator))
        return images // 2

    batches = Batches(
        DATA, 50, shuffle=False, generator=generator, augment=darken, mean=0.0, std=1.0
    )
    images, _ = next(iter(batches))
    torch.testing.assert_close(images, (DATA.images // 2) / 255)
    assert seen == [(torch.uint8, True)]


def test_augment_may_return_floats_of_the_same_scale():
    def brighten(images, generator):
        return images.float() + 0.5

    batches = Batches(DATA, 50, shuffle=False, augment=brighten, mean=0.0, std=1.0)
    torch.testing.assert_close(next(iter(batches))[0], (DATA.images + 0.5) / 255)


def test_augment_leaves_the_set_as_it_was():
    def wipe(images, generator):
        return images.zero_()

    before = DATA.images.clone()
    list(Batches(DATA, 16, augment=wipe))
    assert torch.equal(DATA.images, before)


def test_batches_come_in_the_type_asked_for():
    assert next(iter(Batches(DATA, dtype=torch.float64)))[0].dtype == torch.float64
    assert next(iter(Batches(DATA, dtype=torch.bfloat16)))[0].dtype == torch.bfloat16


def test_one_number_serves_every_channel():
    assert Batches(DATA, mean=0.5, std=0.25).mean == (0.5, 0.5, 0.5)


def test_the_statistics_of_one_set_can_normalise_another():
    train = Batches(digits().subset(range(100)))
    other = Batches(digits(), mean=train.mean, std=train.std)
    assert (other.mean, other.std) == (train.mean, train.std)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0),
        ("batch_size", 2.0),
        ("generator", 3),
        ("augment", "flip"),
        ("mean", (0.1, 0.2)),
        ("mean", float("nan")),
        ("std", 0.0),
        ("std", (0.1, 0.2, -0.3)),
        ("dtype", torch.uint8),
        ("dtype", "float"),
        ("device", "toaster"),
        ("device", "cuda:77"),
        ("data", torch.zeros(3)),
    ],
)
def test_batches_refuses_bad_arguments_by_name(name, value):
    with pytest.raises(ValueError, match=f"^`{name}` must be"):
        Batches(**({"data": DATA} | {name: value}))


def test_batches_refuses_an_empty_set():
    with pytest.raises(ValueError, match="`data` must hold at least one image"):
        Batches(DATA.subset([]))


def test_batches_refuses_to_drop_its_only_batch():
    with pytest.raises(ValueError, match="`batch_size` must be at most the 50 images"):
        Batches(DATA, 64, drop_last=True)
