"""mixup and CutMix against their definitions, pixel by pixel, and in `fit`."""

import pytest
import torch
from torch.nn import functional as F

from coursekit.augment import Recipe, cutmix, mixup
from coursekit.data import Batches
from coursekit.training import evaluate, fit, rate_test
from tests.small_runs import (
    assert_same_weights,
    noise_set,
    small_net,
    stripes_set,
    weights_of,
)
from tests.test_checkpoint import Interrupted, timeless

N = 24
QUIET = {"progress": False}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def images_and_labels():
    """Return images that are all different, each of a class of its own."""
    images = torch.rand(N, 3, 9, 12, generator=seeded(5))
    return images, torch.arange(N)


def pair(shares, own):
    """Return λ and the partner that a row of shares of classes stands for."""
    assert shares.sum().item() == pytest.approx(1.0, abs=1e-6)
    others = shares.clone()
    others[own] = 0
    if others.max() == 0:
        return 1.0, own
    assert (others > 0).sum() == 1
    return shares[own].item(), int(others.argmax())


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_mixup_is_the_weighted_sum_of_two_images_and_their_labels(alpha):
    images, labels = images_and_labels()
    before = images.clone()
    mixed, shares = mixup(images, labels, N, alpha=alpha, generator=seeded())
    partners = []
    for i in range(N):
        share, partner = pair(shares[i], i)
        partners.append(partner)
        expected = share * images[i] + (1 - share) * images[partner]
        torch.testing.assert_close(mixed[i], expected, atol=1e-6, rtol=0)
    assert len(set(partners)) > N // 2
    assert torch.equal(images, before)


def test_cutmix_is_a_rectangle_of_another_image_and_the_shares_of_the_pixels():
    images, labels = images_and_labels()
    mixed, shares = cutmix(images, labels, N, generator=seeded())
    areas = []
    for i in range(N):
        share, partner = pair(shares[i], i)
        other = (mixed[i] != images[i]).any(0)
        rows, columns = other.any(1), other.any(0)
        assert torch.equal(other, rows[:, None] & columns[None, :])
        for line in (rows, columns):  # one stretch without gaps
            places = line.nonzero().flatten().tolist()
            assert not places or places == list(range(places[0], places[-1] + 1))
        assert torch.equal(mixed[i][:, other], images[partner][:, other])
        if partner != i:
            assert 1 - share == pytest.approx(other.float().mean().item(), abs=1e-6)
        areas.append(other.sum().item())
    assert len(set(areas)) > N // 3


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_shares_follow_the_beta_distribution(alpha):
    images, labels = torch.zeros(4000, 1, 1, 1), torch.arange(4000)
    _, shares = mixup(images, labels, 4000, alpha=alpha, generator=seeded(1))
    kept = shares.diagonal()
    assert kept.mean().item() == pytest.approx(0.5, abs=0.02)
    variance = 1 / (4 * (2 * alpha + 1))
    assert kept.var().item() == pytest.approx(variance, rel=0.06)


def test_the_loss_of_shares_is_the_loss_of_both_labels_in_shares():
    images, labels = images_and_labels()
    _, shares = mixup(images, labels % 5, 5, alpha=1.0, generator=seeded())
    logits = torch.randn(N, 5, generator=seeded(3), dtype=torch.float64)
    partner = shares.clone()
    partner[torch.arange(N), labels % 5] = 0
    expected = 0.0
    for i in range(N):
        other = int(partner[i].argmax()) if partner[i].max() > 0 else int(labels[i] % 5)
        own = shares[i, labels[i] % 5].item()
        log = logits[i].log_softmax(0)
        expected -= own * log[labels[i] % 5] + (1 - own) * log[other]
    found = F.cross_entropy(logits, shares.double())
    assert found.item() == pytest.approx((expected / N).item(), rel=1e-6)


def test_a_recipe_mixes_after_its_holes_and_batches_hand_shares_out():
    data = noise_set(40, channels=3)
    batches = Batches(
        data, 40, shuffle=False, generator=seeded(2), augment=Recipe(cutmix=1.0)
    )
    images, shares = next(iter(batches))
    plain, labels = next(iter(Batches(data, 40, shuffle=False)))
    expected = cutmix(plain, labels, 3, alpha=1.0, generator=seeded(2))
    assert torch.equal(images, expected[0])
    assert torch.equal(shares, expected[1])


def test_with_both_each_batch_takes_one_of_them():
    images = torch.rand(N, 1, 8, 8, generator=seeded(7))
    recipe, draw, kinds = Recipe(mixup=1.0, cutmix=1.0), seeded(), []
    for _ in range(40):
        mixed, _ = recipe.mix(images, torch.arange(N), N, draw)
        copied = (mixed[:, None] == images[None]).any(1).float().mean()
        kinds.append(bool(copied > 0.99))  # every pixel is one of some image
    assert 10 < sum(kinds) < 30


def test_a_recipe_without_mixing_leaves_labels_alone():
    images, labels = images_and_labels()
    same, kept = Recipe(flip=True).mix(images, labels, N)
    assert same is images
    assert kept is labels


@pytest.mark.parametrize("recipe", [Recipe(mixup=0.4), Recipe(cutmix=1.0)])
def test_fit_learns_from_mixed_images(recipe):
    model = small_net(2)
    settings = {"epochs": 6, "batch_size": 16, "label_smoothing": 0.1}
    history = fit(model, stripes_set(), augment=recipe, **settings, **QUIET)
    assert evaluate(model, stripes_set(40, 1)).accuracy == 1.0
    assert history.final.train_loss < history.epochs[0].train_loss


LEFT = [0]  # batches until the interruption


class Stopping(Recipe):
    """A recipe that is interrupted at one of its batches."""

    def mix(self, *args):
        LEFT[0] -= 1
        if LEFT[0] < 0:
            raise Interrupted
        return super().mix(*args)


@pytest.mark.parametrize("steps", [1, 6, 8, 13, 20])
def test_a_mixed_run_goes_on_with_the_same_bits(tmp_path, steps):
    def run(path, left):
        LEFT[0] = left
        recipe = Stopping(flip=True, noise=0.02, mixup=0.4, cutmix=1.0)
        settings = {"epochs": 3, "batch_size": 16, "augment": recipe}
        saving = {"checkpoint": path, "checkpoint_seconds": 0}
        model = small_net()
        return model, fit(model, noise_set(), **settings, **saving, **QUIET)

    whole, history = run(None, 10**9)
    with pytest.raises(Interrupted):
        run(tmp_path / "run", steps + 1)
    resumed, again = run(tmp_path / "run", 10**9)
    assert_same_weights(resumed, weights_of(whole))
    assert timeless(again) == timeless(history)


def test_rate_test_takes_mixed_batches():
    batches = Batches(noise_set(), 16, augment=Recipe(mixup=0.2), generator=seeded())
    assert len(rate_test(small_net(), batches, steps=10).rates) == 10


MIXED = Recipe(mixup=0.2)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            lambda: mixup(torch.ones(2, 1, 3, 3, dtype=torch.uint8), torch.ones(2), 2),
            "`images` must be floats to be mixed",
        ),
        (
            lambda: mixup(torch.rand(2, 1, 3, 3), torch.ones(2), 2),
            "`labels` must be 2 whole numbers",
        ),
        (
            lambda: cutmix(torch.rand(2, 1, 3, 3), torch.tensor([0, 5]), 2),
            "`labels` must be 0 to 1; got 0 to 5",
        ),
        (
            lambda: cutmix(torch.rand(2, 1, 3, 3), torch.tensor([0, 1]), 2, alpha=0),
            "`alpha` must be",
        ),
        (lambda: Recipe(mixup=-1), "`mixup` must be"),
        (
            lambda: fit(small_net(5), noise_set(), augment=MIXED, **QUIET),
            "`model` has 5 outputs, but mixed labels are shares of the 3 classes",
        ),
        (
            lambda: fit(
                small_net(), noise_set(), Batches(noise_set(), augment=MIXED), **QUIET
            ),
            "`valid` mixes its images",
        ),
        (
            lambda: evaluate(small_net(), Batches(noise_set(), augment=MIXED)),
            "`data` mixes its images",
        ),
    ],
)
def test_mixing_refuses_what_cannot_work(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        wrong()
