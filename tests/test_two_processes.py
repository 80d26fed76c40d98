"""Two real processes compute what one computes, where they should."""

import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.course import stored
from coursekit.training import (
    CannotStartError,
    SplitBatch,
    SplitNet,
    in_two_processes,
    two_processes,
)


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(48, 4))


@pytest.fixture(scope="module")
def batch():
    draw = torch.Generator().manual_seed(1)
    return torch.rand(10, 1, 6, 6, generator=draw), torch.arange(10) % 4


@pytest.fixture(scope="module")
def done(batch):
    whole = net()
    return in_two_processes(
        {
            "halves": SplitBatch(whole, *batch, 5),
            "counted": SplitBatch(whole, *batch, 8),
            "plain": SplitBatch(whole, *batch, 8, weighted=False),
            "layers": SplitNet(whole[:2], whole[2:], *batch),
        }
    )


def gradients(images, labels) -> torch.Tensor:
    """Return one process's gradient, by autograd.grad."""
    model = net()
    loss = F.cross_entropy(model(images), labels)
    found = torch.autograd.grad(loss, list(model.parameters()))
    return torch.cat([gradient.reshape(-1) for gradient in found])


@pytest.mark.parametrize("name", ["halves", "counted"])
def test_both_processes_hold_the_gradient_of_the_whole_batch(done, batch, name):
    for step in done[name]:
        torch.testing.assert_close(step.gradient, gradients(*batch), atol=1e-6, rtol=0)


def test_unequal_parts_averaged_plainly_give_the_mean_of_two_means(done, batch):
    images, labels = batch
    both = gradients(images[:8], labels[:8]) + gradients(images[8:], labels[8:])
    torch.testing.assert_close(done["plain"][0].gradient, both / 2, atol=1e-6, rtol=0)


def test_layers_split_over_two_processes_keep_their_own_gradients(done, batch):
    together = torch.cat([step.gradient for step in done["layers"]])
    torch.testing.assert_close(together, gradients(*batch), atol=1e-6, rtol=0)


def test_what_is_sent_is_the_gradient_or_the_maps(done):
    weights = sum(weight.numel() for weight in net().parameters())
    assert [step.sent for step in done["halves"]] == [4 * weights] * 2
    assert [step.sent for step in done["layers"]] == [4 * 10 * 3 * 4 * 4] * 2


def test_a_python_that_cannot_be_started_is_said_in_one_sentence(batch, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(CannotStartError, match="could not work here"):
        in_two_processes({"halves": SplitBatch(net(), *batch, 5)})


def test_a_process_that_ends_badly_is_said_with_its_reason(batch, monkeypatch):
    monkeypatch.setattr(two_processes, "PROGRAM", "raise OSError('no gloo here')")
    with pytest.raises(CannotStartError, match="no gloo here"):
        in_two_processes({"halves": SplitBatch(net(), *batch, 5)})


def test_the_stored_run_has_every_arm_three_times():
    before = stored("two_processes")
    assert all(len(before.runs(name, "apart")) == 3 for name in before.arms)
    assert max(before.runs("equal halves", "apart")) < 1e-6
