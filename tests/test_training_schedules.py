"""Every schedule against torch's own scheduler, step by step."""

import math
from functools import partial

import pytest
import torch
from torch.optim import lr_scheduler

from coursekit.training import (
    EarlyStop,
    Epoch,
    History,
    OneCycle,
    Plateau,
    cosine,
    fit,
    multi_step,
    plot_schedule,
    step_decay,
    triangular,
)
from tests.small_runs import assert_same_weights, noise_set, small_net, weights_of

QUIET = {"progress": False}
TOTAL = 120


def torch_says(make, total=TOTAL, what="lr"):
    """Return what a scheduler of torch sets for each of `total` steps."""
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1.0, momentum=0.9)
    scheduler, found = make(optimizer), []
    for step in range(total):
        found.append(optimizer.param_groups[0][what])
        optimizer.step()
        if step < total - 1:
            scheduler.step()
    return found


def warm_cosine(optimizer):
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / 12, total_iters=11)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=TOTAL - 12)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], milestones=[12])


def cyclic(low, up, down):
    return partial(
        lr_scheduler.CyclicLR,
        base_lr=low,
        max_lr=1.0,
        step_size_up=up,
        step_size_down=down,
        cycle_momentum=False,
    )


SAME = {
    "steps": (
        step_decay,
        partial(lr_scheduler.StepLR, step_size=40, gamma=0.1),
    ),
    "steps of a quarter": (
        partial(step_decay, every=0.25, factor=0.5),
        partial(lr_scheduler.StepLR, step_size=30, gamma=0.5),
    ),
    "multi-step": (
        multi_step,
        partial(lr_scheduler.MultiStepLR, milestones=[60, 90], gamma=0.1),
    ),
    "three steps": (
        partial(multi_step, at=(0.3, 0.6, 0.8), factor=0.2),
        partial(lr_scheduler.MultiStepLR, milestones=[36, 72, 96], gamma=0.2),
    ),
    "triangle": (triangular, cyclic(0.0, 60, 60)),
    "three triangles": (
        partial(triangular, cycles=3, rise=0.25, low=0.1),
        cyclic(0.1, 10, 30),
    ),
    "cosine": (cosine, partial(lr_scheduler.CosineAnnealingLR, T_max=TOTAL)),
    "cosine after a rise": (partial(cosine, warm_up=0.1), warm_cosine),
    "one cycle with momentum": (
        OneCycle(),
        partial(lr_scheduler.OneCycleLR, max_lr=1.0, total_steps=TOTAL),
    ),
}


@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step")
@pytest.mark.parametrize("name", SAME)
def test_a_schedule_is_the_curve_of_torch(name: str):
    ours, theirs = SAME[name]
    found = [ours(step, TOTAL) for step in range(TOTAL)]
    assert found == pytest.approx(torch_says(theirs), abs=1e-9)


@pytest.mark.parametrize("total", [7, 120])
def test_the_momentum_is_cycled_as_torch_does_it(total: int):
    ours = OneCycle(momentum=(0.95, 0.85))
    make = partial(lr_scheduler.OneCycleLR, max_lr=1.0, total_steps=total)
    found = [ours.momentum_at(step, total) for step in range(total)]
    assert found == pytest.approx(torch_says(make, total, "momentum"), abs=1e-9)


@pytest.mark.parametrize("adam", [False, True])
def test_fit_moves_the_momentum_against_the_rate(adam: bool):
    seen = []

    class Watched(torch.optim.AdamW if adam else torch.optim.SGD):
        def step(self, *args, **kwargs):
            group = self.param_groups[0]
            momentum = group["betas"][0] if adam else group["momentum"]
            seen.append((group["lr"], momentum))
            return super().step(*args, **kwargs)

    fit(
        small_net(),
        noise_set(64),
        epochs=3,
        batch_size=16,
        lr=0.01,
        optimizer=Watched,
        schedule=OneCycle(),
        **QUIET,
    )
    make = partial(lr_scheduler.OneCycleLR, max_lr=0.01, total_steps=12)
    assert [m for _, m in seen] == pytest.approx(torch_says(make, 12, "momentum"))
    assert [rate for rate, _ in seen] == pytest.approx(torch_says(make, 12))


def history_of(losses):
    rows = (Epoch(i, 1.0, 0.5, x, 0.5, 1.0, 0.1) for i, x in enumerate(losses, 1))
    return History(tuple(rows))


LOSSES = [3.0, 2.5, 2.5, 2.4999, 2.6, 2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 1.9, 1.9, 1.9, 1.9]


@pytest.mark.parametrize("patience", [0, 1, 2, 3, 20])
@pytest.mark.parametrize("factor", [0.1, 0.5])
def test_a_plateau_falls_where_torch_says(patience: int, factor: float):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    twin = lr_scheduler.ReduceLROnPlateau(optimizer, factor=factor, patience=patience)
    twin.min_lrs, twin.eps = [0.0], 0.0
    ours, expected, found = Plateau(patience, factor), [], []
    for seen in range(1, len(LOSSES) + 1):
        twin.step(LOSSES[seen - 1])
        expected.append(optimizer.param_groups[0]["lr"])
        found.append(ours.after(history_of(LOSSES[:seen]))(seen, 1000))
    assert found == pytest.approx(expected)


def test_fit_lowers_the_rate_after_an_epoch_on_the_plateau():
    still = noise_set(30, seed=3)
    history = fit(
        small_net(),
        noise_set(64),
        still,
        epochs=5,
        lr=1e-12,  # so small that no epoch makes progress
        schedule=Plateau(patience=1, factor=0.5),
        **QUIET,
    )
    assert [rate / 1e-12 for rate in history["lr"]] == pytest.approx(
        [1, 1, 1, 0.5, 0.5]
    )


def test_early_stop_ends_the_run_one_epoch_after_its_patience():
    stop = EarlyStop(patience=2)
    history = fit(
        small_net(), noise_set(64), noise_set(30), epochs=9, lr=0.0, stop=stop, **QUIET
    )
    assert history["epoch"] == [1, 2, 3, 4]  # 1 was the best; 2, 3 are waited for
    assert not stop(history_of([3, 2, 2, 2]))
    assert stop(history_of([3, 2, 2, 2, 2]))


@pytest.mark.parametrize("parts", [2, 3, 4, 7])
@pytest.mark.parametrize("total", [10, 30, 99, 100, 101, 469])
def test_a_rate_falls_by_steps_where_a_share_of_the_run_is_over(parts: int, total: int):
    """Drop k comes with the first step that has k shares behind it, and no other."""
    factors = [
        step_decay(step, total, every=1 / parts, factor=0.5) for step in range(total)
    ]
    whole = [step * parts // total for step in range(total)]
    assert factors == [0.5**drops for drops in whole]
    assert factors[-1] == 0.5 ** (parts - 1)


def test_a_schedule_by_name_is_the_function():
    rates = []
    for schedule in ("cosine", cosine, "triangular", triangular):
        history = fit(
            small_net(), noise_set(48), epochs=3, lr=0.01, schedule=schedule, **QUIET
        )
        rates.append(history["lr"])
    assert rates[0] == rates[1] != rates[2] == rates[3]


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        (lambda step, steps: math.nan, r"step 0 of 4 it returned nan"),
        (lambda step, steps: math.nan if step == 2 else 1, "step 2 of 4 .* nan"),
        (lambda step, steps: -1.0, "0 or more; for step 0 of 4 it returned -1"),
        (lambda step, steps: math.inf, "returned inf"),
        (lambda step: 1.0, r"must take \(step, steps\).*TypeError"),
        (lambda step, steps: "fast", "must take .* return a share"),
        (lambda step, steps: 1 / step, "ZeroDivisionError"),
        ("cyclic", "must be one of 'one_cycle', .* 'plateau'; got 'cyclic'"),
        ("plateau", "`schedule` looks at the validation .* give a `valid` set"),
        (Plateau(), "`schedule` looks at the validation"),
    ],
)
def test_a_schedule_that_cannot_work_is_refused_before_the_first_step(
    schedule, sentence
):
    model = small_net()
    before = weights_of(model)
    with pytest.raises(ValueError, match=sentence):
        fit(model, noise_set(64), epochs=2, batch_size=32, schedule=schedule, **QUIET)
    assert_same_weights(model, before)


def test_momentum_is_not_moved_where_there_is_none():
    with pytest.raises(ValueError, match="moves the momentum, and Adagrad has none"):
        fit(
            small_net(),
            noise_set(),
            optimizer=torch.optim.Adagrad,
            schedule=OneCycle(),
            **QUIET,
        )


@pytest.mark.parametrize("wrong", [{"patience": -1}, {"patience": 1, "factor": 2}])
def test_a_plateau_refuses_what_is_no_patience_or_factor(wrong):
    with pytest.raises(ValueError, match="must be"):
        Plateau(**wrong)


def lines_of(figure):
    (axes,) = figure.axes
    return {line.get_label(): line.get_xydata() for line in axes.lines}


def test_a_plot_shows_the_rate_of_every_step():
    lines = lines_of(plot_schedule("triangular", steps=11))
    assert list(lines) == ["learning rate"]
    expected = [min(x, 11 - x) / 5.5 for x in range(11)]
    assert lines["learning rate"][:, 0].tolist() == list(range(11))
    assert lines["learning rate"][:, 1].tolist() == pytest.approx(expected)


def test_a_plot_shows_the_momentum_where_it_moves_and_several_schedules_together():
    assert set(lines_of(plot_schedule(OneCycle()))) == {"learning rate", "momentum"}
    asked = {"cosine": "cosine", "steps": multi_step, "waits": Plateau()}
    assert set(lines_of(plot_schedule(asked, 5000))) == set(asked)


def test_a_plot_refuses_a_schedule_that_cannot_work():
    with pytest.raises(ValueError, match="returned nan"):
        plot_schedule(lambda step, steps: math.nan)
