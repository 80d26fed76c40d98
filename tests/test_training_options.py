"""The options of `fit`, each against a loop written with torch alone."""

import math
from contextlib import suppress
from functools import partial

import pytest
import torch
from torch.nn import functional as F

from coursekit.training import (
    EarlyStop,
    OneCycle,
    Plateau,
    evaluate,
    fit,
)
from tests.small_runs import (
    assert_same_weights,
    noise_set,
    small_net,
    stripes_set,
    weights_of,
)
from tests.test_checkpoint import Interrupted, interrupted, timeless

QUIET = {"progress": False}
RATE = 0.05


def standardised(images):
    pixels = images.double() / 255
    return ((pixels - pixels.mean()) / pixels.std(correction=0)).float()


def by_hand(model, data, change, *, steps=12, after=lambda model: None):
    """Train plain SGD for 3 epochs of 4 steps; `change` sees each loss and gradient."""
    draw, images = torch.Generator().manual_seed(0), standardised(data.images)
    for _ in range(steps // 4):
        for indices in torch.randperm(len(data), generator=draw).split(16):
            model.zero_grad()
            loss = F.cross_entropy(model(images[indices]), data.labels[indices])
            change(model, loss)
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= RATE * parameter.grad
            after(model)


def assert_close(model, twin):
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)


def trained(data=None, valid=None, **options):
    model = small_net(dropout=0.0)
    settings = {
        "epochs": 3,
        "batch_size": 16,
        "lr": RATE,
        "optimizer": torch.optim.SGD,
        "schedule": "constant",
    } | options
    history = fit(model, data or noise_set(50), valid, **settings, **QUIET)
    return model, history


def is_weight(parameter):
    return parameter.ndim > 1


@pytest.mark.parametrize("everything", [False, True])
def test_l1_is_a_sum_of_sizes_added_to_the_loss(everything):
    def change(model, loss):
        sizes = [
            p.abs().sum() for p in model.parameters() if everything or is_weight(p)
        ]
        (loss + 0.01 * sum(sizes)).backward()

    twin = small_net(dropout=0.0)
    by_hand(twin, noise_set(50), change)
    assert_close(trained(l1=0.01, decay_all=everything)[0], twin)


def test_the_loss_that_is_shown_is_without_l1():
    _, plain = trained(lr=0.0)
    _, shrunk = trained(lr=0.0, l1=1.0)
    assert shrunk["train_loss"] == plain["train_loss"]


@pytest.mark.parametrize("everything", [False, True])
def test_weight_decay_needs_no_optimizer_and_spares_biases_and_norms(everything):
    def change(model, loss):
        loss.backward()
        for parameter in model.parameters():
            if everything or is_weight(parameter):
                parameter.grad += 0.1 * parameter.detach()

    twin = small_net(dropout=0.0)
    by_hand(twin, noise_set(50), change)
    assert_close(trained(weight_decay=0.1, decay_all=everything)[0], twin)


def test_weight_decay_of_the_default_optimizer_is_the_one_asked_for():
    seen = []

    def watched(history):
        seen.append(history)

    model, twin = small_net(), small_net()
    fit(model, noise_set(), epochs=2, weight_decay=0.0, log=watched, **QUIET)
    none = partial(torch.optim.SGD, momentum=0.9, nesterov=True)
    fit(twin, noise_set(), epochs=2, lr=0.1, optimizer=none, **QUIET)
    assert_close(model, twin)


def test_clip_scales_a_long_gradient_down_to_its_norm():
    def change(model, loss):
        loss.backward()
        gradients = [p.grad for p in model.parameters()]
        norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
        norms.append(norm)
        for gradient in gradients:
            gradient *= min(1.0, 0.3 / norm)

    norms, twin = [], small_net(dropout=0.0)
    by_hand(twin, noise_set(50), change)
    assert min(norms) < 0.3 < max(norms)  # some are clipped, some are not
    assert_close(trained(clip=0.3)[0], twin)


@pytest.mark.parametrize("decay", [0.8, 0.998])
def test_average_counts_a_step_the_less_the_longer_ago_it_was(decay):
    steps = []

    def after(model):
        numbers = (*model.parameters(), *model.buffers())
        steps.append([n.detach().clone() for n in numbers if n.is_floating_point()])

    twin = small_net(dropout=0.0)
    by_hand(twin, noise_set(50), lambda _, loss: loss.backward(), after=after)
    model, history = trained(average=decay, valid=noise_set(30))
    shares = torch.tensor([decay**age for age in reversed(range(len(steps)))])
    shares /= shares.sum()
    after(model)
    *steps, left = steps
    for number, *values in zip(left, *steps, strict=True):
        expected = torch.tensordot(shares, torch.stack(values), 1)
        torch.testing.assert_close(number, expected, rtol=1e-4, atol=1e-6)
    found = evaluate(model, noise_set(30))
    assert history.final.valid_loss == pytest.approx(found.loss, rel=1e-5)


class Worse:
    """A log that notes the weights of each epoch."""

    def __init__(self, model):
        self.model, self.weights = model, []

    def __call__(self, history):
        self.weights.append(weights_of(self.model))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_keep_best_leaves_the_weights_of_the_best_epoch_and_says_so(seed):
    model = small_net(2, seed=seed)
    log = Worse(model)
    history = fit(
        model,
        stripes_set(),
        stripes_set(40, 1),
        epochs=8,
        batch_size=16,
        lr=1.0,
        seed=seed,
        keep="best",
        log=log,
        **QUIET,
    )
    rows = list(zip(history["valid_accuracy"], history["valid_loss"], strict=True))
    best = min(range(8), key=lambda i: (-rows[i][0], rows[i][1], i))
    assert_same_weights(model, log.weights[best])
    assert history.settings["kept"].startswith(f"epoch {best + 1}")
    assert "too good" in history.settings["kept"]
    found = evaluate(model, stripes_set(40, 1)).accuracy
    assert found == max(history["valid_accuracy"])


def test_keep_last_is_what_it_was():
    model = small_net(2)
    log = Worse(model)
    fit(model, stripes_set(), stripes_set(40, 1), epochs=3, log=log, **QUIET)
    assert_same_weights(model, log.weights[-1])


def test_the_best_average_is_kept_where_both_are_asked_for():
    model, history = trained(
        stripes_set(), stripes_set(40, 1), lr=0.5, average=0.7, keep="best", epochs=6
    )
    found = evaluate(model, stripes_set(40, 1)).accuracy
    assert found == max(history["valid_accuracy"])


def test_log_sees_the_history_after_every_epoch():
    seen = []
    trained(log=lambda history: seen.append(history["epoch"]))
    assert seen == [[1], [1, 2], [1, 2, 3]]


def test_stop_may_be_any_function_of_the_history_and_is_asked_once_an_epoch():
    asked = []

    def stop(history):
        asked.append(len(history))
        return len(history) == 4

    _, history = trained(epochs=9, stop=stop)
    assert history["epoch"] == asked == [1, 2, 3, 4]


def test_float16_clips_the_gradient_and_not_its_scaled_copy():
    model = small_net(dropout=0.0)
    before = weights_of(model)
    settings = {"optimizer": torch.optim.SGD, "schedule": "constant", "lr": 1.0}
    fit(
        model,
        noise_set(16),
        epochs=1,
        batch_size=16,
        clip=1e-3,
        precision="float16",
        **settings,
        **QUIET,
    )
    moved = [p - before[n] for n, p in model.named_parameters()]
    norm = math.sqrt(sum(m.square().sum().item() for m in moved))
    assert norm == pytest.approx(1e-3, rel=0.05)


# All that keeps something between epochs, at once.
EVERYTHING = {
    "average": 0.9,
    "keep": "best",
    "l1": 1e-4,
    "weight_decay": 1e-3,
    "clip": 1.0,
}


def run(path, steps=10**9, **options):
    """Train for at most 5 epochs of 7 steps, saving after every step."""
    model, data = small_net(), noise_set(100)
    settings = {
        "epochs": 5,
        "batch_size": 16,
        "augment": interrupted(steps),
        "checkpoint": path,
        "checkpoint_seconds": 0,
    } | options
    return model, fit(model, data, noise_set(30), **settings, **QUIET)


@pytest.mark.parametrize("steps", [1, 7, 8, 13, 14, 20, 28])
@pytest.mark.parametrize(
    "options",
    [
        EVERYTHING | {"schedule": Plateau(patience=0, factor=0.5)},
        {"schedule": OneCycle(), "keep": "best"},
        {"average": 0.5, "stop": EarlyStop(patience=0)},
    ],
)
def test_every_option_goes_on_from_a_checkpoint_with_the_same_bits(
    tmp_path, steps, options
):
    whole, history = run(None, **options)
    may_end_before = "stop" in options
    with suppress(Interrupted) if may_end_before else pytest.raises(Interrupted):
        run(tmp_path / "run", steps + 1, **options)
    resumed, again = run(tmp_path / "run", **options)
    assert_same_weights(resumed, weights_of(whole))
    assert timeless(again) == timeless(history)
    assert again.settings.get("kept") == history.settings.get("kept")


def test_a_run_that_stopped_early_is_finished(tmp_path):
    options = {"stop": EarlyStop(patience=0), "lr": 0.0}
    first, history = run(tmp_path / "run", **options)
    assert len(history) == 2
    again, found = run(tmp_path / "run", 1, **options)
    assert found.settings["resumed"] == "finished before"
    assert_same_weights(again, weights_of(first))


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("l1", 0.1, "l1: none in the file, 0.1 now"),
        ("keep", "best", "keep: none in the file, 'best' now"),
        ("average", 0.9, "average: none in the file, 0.9 now"),
        ("clip", 2.0, "clip: none in the file, 2.0 now"),
        ("weight_decay", 0.1, "optimizer"),
        ("stop", EarlyStop(3), "stop: none in the file, EarlyStop"),
    ],
)
def test_a_checkpoint_of_other_options_is_refused(tmp_path, option, value, sentence):
    run(tmp_path / "run")
    with pytest.raises(ValueError, match=sentence):
        run(tmp_path / "run", **{option: value})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"l1": -1}, "`l1` must be between 0"),
        ({"weight_decay": "much"}, "`weight_decay` must be between 0"),
        ({"decay_all": 2}, "`decay_all` must be one of False, True"),
        ({"clip": 0}, "`clip` must be"),
        ({"average": 1}, "`average` must be between 0"),
        ({"keep": "first"}, "`keep` must be one of 'last', 'best'; got 'first'"),
        ({"keep": "best"}, "`keep` looks at the validation images .*give a `valid`"),
        ({"stop": EarlyStop()}, "`stop` looks at the validation images"),
        ({"stop": 5}, "`stop` must be a function of the history"),
        ({"log": "board"}, "`log` must be a function of the history"),
        (
            {"weight_decay": 0.1, "optimizer": torch.optim.Rprop},
            "`weight_decay` is nothing Rprop knows",
        ),
    ],
)
def test_an_option_that_cannot_work_is_refused_before_the_first_step(options, sentence):
    model = small_net()
    before = weights_of(model)
    with pytest.raises(ValueError, match=sentence):
        fit(model, noise_set(), **options, **QUIET)
    assert_same_weights(model, before)
