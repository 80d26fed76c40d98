"""`evaluate` and the columns of the history: exact, and normalised as in training."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.data import Batches
from coursekit.training import evaluate, fit
from tests.small_runs import noise_set, small_net, stripes_set

QUIET = {"progress": False}


def test_accuracy_is_right_answers_over_images_and_not_a_mean_of_batches():
    data = noise_set(10)  # batches of 8 and 2
    model = small_net().eval()
    with torch.no_grad():
        logits = torch.cat([model(x) for x, _ in Batches(data, 10, shuffle=False)])
    right = (logits.argmax(1) == data.labels).sum().item()
    found = evaluate(model, data, batch_size=8)
    assert found.accuracy == right / 10
    assert found.n == 10
    assert found.loss == pytest.approx(F.cross_entropy(logits, data.labels).item())
    torch.testing.assert_close(found.logits, logits)
    assert found.labels.tolist() == data.labels.tolist()
    assert f"({right} of 10)" in repr(found)


def test_train_loss_and_accuracy_are_means_over_images():
    data = noise_set(10)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    expected = evaluate(model, data)
    history = fit(model, data, epochs=1, batch_size=8, lr=0.0, **QUIET)
    assert history.final.train_loss == pytest.approx(expected.loss, rel=1e-6)
    assert history.final.train_accuracy == expected.accuracy


def test_valid_columns_equal_an_evaluation_afterwards():
    model, valid = small_net(), noise_set(33, seed=5)
    history = fit(model, noise_set(), valid, epochs=2, **QUIET)
    found = evaluate(model, valid)
    assert history.final.valid_accuracy == found.accuracy
    assert history.final.valid_loss == pytest.approx(found.loss, rel=1e-6)


def test_evaluation_normalises_with_the_numbers_of_the_training():
    model, bright = small_net(), stripes_set()
    history = fit(model, noise_set(), epochs=1, **QUIET)
    found = evaluate(model, bright)
    explicit = Batches(bright, 512, shuffle=False, mean=history.mean, std=history.std)
    assert torch.equal(found.logits, evaluate(model, explicit).logits)
    assert torch.equal(found.logits, evaluate(model, bright, like=noise_set()).logits)
    assert torch.equal(found.logits, evaluate(model, bright, like=history).logits)
    own = evaluate(model, bright, like=bright)
    assert not torch.equal(found.logits, own.logits)
