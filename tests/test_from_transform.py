"""Transforms of torchvision and albumentations as `augment=`."""

import importlib.util
import random
import re

import numpy as np
import pytest
import torch
from torchvision import transforms as v1
from torchvision.transforms import v2

from coursekit.augment import from_transform
from coursekit.data import Batches
from coursekit.training import fit
from tests.small_runs import assert_same_weights, noise_set, small_net, weights_of
from tests.test_checkpoint import timeless

HAS_ALBUMENTATIONS = importlib.util.find_spec("albumentations") is not None
QUIET = {"progress": False}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=20):
    return noise_set(n, channels=3, size=16).images


TRANSFORMS = [
    v2.RandomHorizontalFlip(),
    v2.Compose([v2.RandomCrop(16, padding=2), v2.ColorJitter(0.4, 0.4, 0.4, 0.1)]),
    v2.RandAugment(),
    v1.Compose([v1.RandomCrop(16, padding=2), v1.RandomHorizontalFlip()]),
]


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_every_picture_is_transformed_and_the_generator_decides(transform):
    images, augment = pictures(), from_transform(transform)
    state = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    one = augment(images, seeded(1))
    assert one.shape == images.shape
    assert one.dtype == torch.uint8
    assert torch.equal(one, augment(images, seeded(1)))
    assert not torch.equal(one, augment(images, seeded(2)))
    assert torch.equal(torch.get_rng_state(), state[0])
    assert random.getstate() == state[1]
    assert np.array_equal(np.random.get_state()[1], state[2])


def test_the_pictures_are_those_of_the_transform_itself():
    images = pictures()
    found = from_transform(v2.RandomHorizontalFlip(1.0))(images)
    assert torch.equal(found, images.flip(3))


def test_what_draws_from_python_and_numpy_follows_the_generator_too():
    def old(image):
        return image + random.randrange(100) + np.random.randint(100)

    images, augment = torch.zeros(9, 1, 2, 2, dtype=torch.uint8), from_transform(old)
    assert torch.equal(augment(images, seeded(1)), augment(images, seeded(1)))
    assert not torch.equal(augment(images, seeded(1)), augment(images, seeded(2)))


class Positional:
    """Stands for albumentations: (h, w, c) arrays by keyword, an own generator."""

    def __init__(self):
        self.generator = None

    def set_random_seed(self, seed):
        self.generator = np.random.default_rng(seed)

    def __call__(self, *, image):
        assert image.shape[2] in (1, 3)
        return {"image": image[:, ::-1] if self.generator.random() < 0.5 else image}


Positional.__module__ = "albumentations.stand_in"


@pytest.mark.parametrize("channels", [1, 3])
def test_albumentations_gets_arrays_with_the_channels_last(channels):
    images, augment = pictures()[:, :channels], from_transform(Positional())
    found = augment(images, seeded(1))
    flipped = [torch.equal(a, b.flip(2)) for a, b in zip(found, images, strict=True)]
    same = [torch.equal(a, b) for a, b in zip(found, images, strict=True)]
    assert all(a != b for a, b in zip(flipped, same, strict=True))
    assert 0 < sum(flipped) < len(images)
    assert torch.equal(found, augment(images, seeded(1)))


@pytest.mark.skipif(not HAS_ALBUMENTATIONS, reason="albumentations is not installed")
def test_a_compose_of_albumentations_works():
    import albumentations

    steps = [
        albumentations.HorizontalFlip(p=0.5),
        albumentations.Rotate(20, p=1.0),
        albumentations.CoarseDropout(p=0.5),
    ]
    images, augment = pictures(), from_transform(albumentations.Compose(steps))
    one = augment(images, seeded(1))
    assert one.shape == images.shape
    assert not torch.equal(one, images)
    assert torch.equal(one, augment(images, seeded(1)))
    assert not torch.equal(one, augment(images, seeded(2)))


def test_fit_takes_it_says_what_it_costs_and_goes_on_from_a_checkpoint(tmp_path):
    def run(path, epochs_seen):
        model = small_net(channels=3)
        augment = from_transform(TRANSFORMS[1])
        settings = {"epochs": 2, "batch_size": 16, "augment": augment}
        saving = {"checkpoint": path, "checkpoint_seconds": 0, "log": epochs_seen}
        data = noise_set(40, channels=3, size=16)
        return model, fit(model, data, **settings, **saving, **QUIET)

    def stop_after_one(history):
        raise KeyboardInterrupt

    whole, history = run(None, None)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", stop_after_one)
    resumed, again = run(tmp_path / "run", None)
    assert_same_weights(resumed, weights_of(whole))
    assert timeless(again) == timeless(history)
    line = r"picture by picture, [\d,]+ µs each"
    assert re.fullmatch(line, history.settings["augment"])


def test_no_line_about_the_cost_where_the_batch_is_worked_on_whole():
    history = fit(small_net(), noise_set(), epochs=1, **QUIET)
    assert "augment" not in history.settings


@pytest.mark.parametrize(
    ("transform", "sentence"),
    [
        (v2.Resize(8), r"same shape \(3, 16, 16\); got torch.uint8 of shape \(3, 8, 8"),
        (v2.ToDtype(torch.float32, scale=True), "must return bytes .*torch.float32"),
        (v1.ToTensor(), "`transform` refuses a picture .*leave out .*ToTensor"),
        (v2.ToPILImage(), "must return bytes .*got Image"),
        (v1.Normalize(0.5, 0.5), "`transform` .*leave out .*Normalize"),
        (v2.RandomCrop(99), "`transform` refuses a picture of bytes"),
    ],
)
@pytest.mark.filterwarnings("ignore:The transform `ToTensor")
def test_a_transform_that_changes_size_or_type_is_refused_before_the_first_step(
    transform, sentence
):
    model = small_net(channels=3)
    before = weights_of(model)
    data = noise_set(channels=3, size=16)
    with pytest.raises(ValueError, match=sentence):
        fit(model, data, augment=from_transform(transform), **QUIET)
    assert_same_weights(model, before)


@pytest.mark.parametrize(
    ("augment", "sentence"),
    [
        (lambda images, generator: images[:3], "must return the 128 images.*got"),
        (lambda images, generator: None, "`augment` must return .*got NoneType"),
        (lambda images, generator: images.flatten(1), "as a tensor .n, c, h, w."),
        (lambda images, generator: images.numpy(), "`augment` must return"),
    ],
)
def test_an_augmentation_that_returns_something_else_is_refused(augment, sentence):
    batches = Batches(noise_set(200), 128, augment=augment)
    with pytest.raises(ValueError, match=sentence):
        next(iter(batches))


def test_what_is_no_function_is_refused():
    with pytest.raises(ValueError, match="`transform` must be a function"):
        from_transform("flip")
