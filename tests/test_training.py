"""`fit` and `evaluate` against torch's own pieces, written out."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.data import Batches
from coursekit.training import Diverged, constant, evaluate, fit, one_cycle, sgd
from tests.small_runs import (
    assert_same_weights,
    noise_set,
    small_net,
    stripes_set,
    weights_of,
)

QUIET = {"progress": False}


def test_fit_learns_and_the_history_has_a_row_an_epoch():
    model = small_net(2)
    history = fit(
        model, stripes_set(), stripes_set(40, 1), epochs=4, batch_size=16, **QUIET
    )
    assert history["epoch"] == [1, 2, 3, 4]
    assert history.final.valid_accuracy == 1.0
    assert history.final.train_loss < history.epochs[0].train_loss
    assert len(history) == 4


def standardised(images):
    pixels = images.double() / 255
    return ((pixels - pixels.mean()) / pixels.std(correction=0)).float()


def loop_of_torch(model, data):
    """Train for 3 epochs of 4 steps without this package."""
    draw = torch.Generator().manual_seed(7)
    images = standardised(data.images)
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": weights, "weight_decay": 5e-4}, {"params": others}]
    optimizer = torch.optim.SGD(groups, lr=0.05, momentum=0.9, nesterov=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.05, total_steps=12, cycle_momentum=False
    )
    for _ in range(3):
        for indices in torch.randperm(50, generator=draw).split(16):
            optimizer.zero_grad()
            logits = model(images[indices])
            F.cross_entropy(
                logits, data.labels[indices], label_smoothing=0.1
            ).backward()
            optimizer.step()
            cycle.step() if cycle.last_epoch < 11 else None


def test_fit_equals_a_loop_written_with_torch_alone():
    data = noise_set(50)
    model, twin = small_net(dropout=0.0), small_net(dropout=0.0)
    fit(
        model,
        data,
        epochs=3,
        batch_size=16,
        lr=0.05,
        seed=7,
        label_smoothing=0.1,
        **QUIET,
    )

    loop_of_torch(twin, data)
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("total", [4, 5, 10, 99, 1000])
def test_one_cycle_is_the_curve_of_torch(total):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=total, cycle_momentum=False
    )
    expected = []
    for _ in range(total):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        cycle.step() if len(expected) < total else None
    found = [one_cycle(step, total) for step in range(total)]
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("total", [1, 2, 3])
def test_one_cycle_of_a_very_short_run_begins_at_the_highest_rate(total):
    assert one_cycle(0, total) == 1.0
    assert all(0 < one_cycle(step, total) <= 1 for step in range(total))


def test_the_same_call_gives_the_same_bits_and_another_seed_does_not():
    results = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed * 100)
        model = small_net()
        history = fit(model, noise_set(), epochs=2, batch_size=16, seed=seed, **QUIET)
        results.append((weights_of(model), history["train_loss"]))
    assert_same_weights(model, results[2][0])
    assert results[0][1] == results[1][1] != results[2][1]
    assert all(torch.equal(results[0][0][k], results[1][0][k]) for k in results[0][0])


def test_dropout_in_fit_leaves_torch_generator_as_found():
    model = small_net()
    torch.manual_seed(5)
    before = torch.get_rng_state()
    fit(model, noise_set(), noise_set(), epochs=1, **QUIET)
    evaluate(model, noise_set())
    assert torch.equal(torch.get_rng_state(), before)


def test_augment_sees_batches_and_draws_from_the_seed():
    seen = []

    def shift(images, generator):
        seen.append(torch.randint(0, 3, (1,), generator=generator).item())
        return images.roll(seen[-1], -1)

    fit(small_net(), noise_set(40), epochs=2, batch_size=16, augment=shift, **QUIET)
    first, seen[:] = list(seen), []
    fit(small_net(), noise_set(40), epochs=2, batch_size=16, augment=shift, **QUIET)
    assert seen == first


def test_fit_leaves_eval_mode_and_evaluate_gives_the_mode_back():
    model = small_net()
    evaluate(model, noise_set())
    assert model.training
    fit(model, noise_set(), epochs=1, **QUIET)
    assert not any(module.training for module in model.modules())


def test_frozen_weights_stay():
    model = small_net()
    model[0].weight.requires_grad_(False)
    before = model[0].weight.clone()
    fit(model, noise_set(), epochs=1, **QUIET)
    assert torch.equal(model[0].weight, before)
    assert not model[0].weight.requires_grad


def test_an_optimizer_is_given_as_a_function():
    model = small_net()
    adam = partial(torch.optim.AdamW, weight_decay=0.1)
    history = fit(
        model, noise_set(), epochs=1, optimizer=adam, schedule="constant", **QUIET
    )
    assert history.final.lr == 1e-3  # AdamW's own default
    history = fit(
        model,
        noise_set(),
        epochs=1,
        optimizer=adam,
        lr=0.02,
        schedule=constant,
        **QUIET,
    )
    assert history.final.lr == 0.02


def test_a_schedule_may_be_any_function_of_step_and_steps():
    seen = []

    def half(step, total):
        seen.append((step, total))
        return 0.5

    history = fit(
        small_net(),
        noise_set(20),
        epochs=2,
        batch_size=8,
        lr=0.1,
        schedule=half,
        **QUIET,
    )
    tried, taken = seen[:-6], seen[-6:]  # every step is tried before the first
    assert set(tried) == set(taken)
    assert taken == [(step, 6) for step in range(6)]
    assert history["lr"] == [0.05, 0.05]


def test_weight_decay_spares_biases_and_norms():
    groups = sgd(small_net().parameters()).param_groups
    decays = {p.ndim > 1: g["weight_decay"] for g in groups for p in g["params"]}
    assert decays == {True: 5e-4, False: 0.0}


def test_a_loss_of_your_own():
    def brier(logits, labels):
        return (logits.softmax(1) - F.one_hot(labels, 3)).square().sum(1).mean()

    history = fit(small_net(), noise_set(), epochs=1, lr=0.0, loss=brier, **QUIET)
    assert 0 < history.final.train_loss < 2


def test_ready_batches_are_used_as_they_are():
    data = noise_set(40)
    draw = torch.Generator().manual_seed(0)
    ready = Batches(data, 16, generator=draw, drop_last=True)
    model, twin = small_net(), small_net()
    history = fit(model, ready, Batches(data, 7, shuffle=False), epochs=2, **QUIET)
    fit(
        twin,
        Batches(data, 16, generator=draw.manual_seed(0), drop_last=True),
        epochs=2,
        **QUIET,
    )
    assert_same_weights(twin, weights_of(model))
    assert history.final.valid_accuracy == evaluate(model, data).accuracy


def test_nan_stops_with_the_step_and_advice_and_keeps_the_history():
    class LaterNan(nn.Sequential):
        steps = 0

        def forward(self, images):
            self.steps += self.training
            return super().forward(images) * (math.nan if self.steps == 6 else 1.0)

    model = LaterNan(nn.Flatten(), nn.Linear(64, 3))
    with pytest.raises(
        Diverged, match=r"NaN in step 2 of epoch 2.*lower `lr`"
    ) as caught:
        fit(model, noise_set(64), epochs=3, batch_size=16, **QUIET)
    assert caught.value.history["epoch"] == [1]


def test_a_huge_rate_diverges_with_a_sentence():
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    square = lambda logits, labels: logits.square().mean()  # noqa: E731
    with pytest.raises(Diverged, match=r"try 1e\+06"):
        fit(model, noise_set(), epochs=50, lr=1e7, loss=square, **QUIET)
