"""The format is chosen by trying, and trying changes nothing."""

from dataclasses import MISSING
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from coursekit.training import fit, rate_test
from coursekit.training.probe import STEPS, Choice, choices, fastest
from coursekit.training.settings import Settings
from tests.small_runs import (
    assert_same_weights,
    noise_set,
    small_net,
    stripes_set,
    weights_of,
)

CPU = torch.device("cpu")


def settings(**given):
    own = Settings.__dataclass_fields__.items()
    fields = {name: None for name, field in own if field.default is MISSING}
    return Settings(**fields | {
        "epochs": 1, "batch_size": 16, "schedule": "constant", "label_smoothing": 0.0,
        "seed": 0, "format": "auto", "precision": "float32", "checkpoint_seconds": 1.0,
        "checkpoint_epochs": 1,
    } | given)  # fmt: skip


class Counting(nn.Module):
    """Note the format and precision of every forward pass of all copies."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen
        self.inner = small_net(channels=3)

    def __deepcopy__(self, memo):
        twin = Counting(self.seen)
        twin.inner.load_state_dict(self.inner.state_dict())
        return twin

    def forward(self, images):
        last = images.is_contiguous(memory_format=torch.channels_last)
        name = "channels_last" if last else "contiguous"
        self.seen.append((name, torch.is_autocast_enabled("cpu")))
        return self.inner(images)


@pytest.fixture
def clocked(monkeypatch):
    """Give a function that lets a pass take a second, and other seconds in a format."""

    def slow_down(seen, slow, seconds):
        def now():
            return sum(seconds if name == slow else 1.0 for name, _ in seen)

        clock = SimpleNamespace(perf_counter=now)
        monkeypatch.setattr("coursekit.training.probe.time", clock)

    return slow_down


def batch(channels=3):
    data = noise_set(16, channels=channels)
    return data.images.float(), data.labels


@pytest.mark.parametrize(
    ("slow", "expected"),
    [("contiguous", "channels_last"), ("channels_last", "contiguous")],
)
def test_the_faster_format_is_chosen_in_at_most_8_steps(clocked, slow, expected):
    seen = []
    clocked(seen, slow, 2.0)
    allowed = choices(settings(), CPU, 10_000)
    found = fastest(allowed, Counting(seen), batch(), nn.functional.cross_entropy)
    assert found == Choice(expected, "float32")
    assert len(seen) == STEPS == 8


@pytest.mark.parametrize(
    ("seconds", "expected"), [(1.04, "contiguous"), (1.06, "channels_last")]
)
def test_the_plain_format_stays_unless_it_is_slower_by_5_percent(
    clocked, seconds, expected
):
    seen = []
    clocked(seen, "contiguous", seconds)
    allowed = choices(settings(), CPU, 10_000)
    found = fastest(allowed, Counting(seen), batch(), nn.functional.cross_entropy)
    assert found == Choice(expected, "float32")


def test_half_precision_is_tried_only_where_the_user_allows_it():
    seen = []
    model = Counting(seen)
    for precision in ("float32", "auto"):
        allowed = choices(settings(precision=precision), CPU, 10_000)
        fastest(allowed, model, batch(), nn.functional.cross_entropy)
        assert any(half for _, half in seen) == (precision == "auto")
    assert len(seen) == 2 * STEPS


def test_the_probe_changes_neither_weights_nor_generators():
    model = small_net(channels=3)
    before, state = weights_of(model), torch.get_rng_state()
    fastest(
        choices(settings(), CPU, 10_000), model, batch(), nn.functional.cross_entropy
    )
    assert_same_weights(model, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(p.grad is None for p in model.parameters())
    assert model[0].weight.is_contiguous()


def test_a_short_run_is_not_probed():
    assert choices(settings(), CPU, 799) == [Choice("contiguous", "float32")]
    assert len(choices(settings(), CPU, 800)) == 2
    assert choices(settings(format="channels_last"), CPU, 10_000) == [
        Choice("channels_last", "float32")
    ]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_every_format_learns_and_gives_contiguous_weights_back(layout, precision):
    model = small_net(2)
    history = fit(
        model,
        stripes_set(),
        epochs=4,
        batch_size=16,
        format=layout,
        precision=precision,
        progress=False,
    )
    assert history.final.train_accuracy > 0.9
    assert history.settings["format"] == layout
    assert history.settings["precision"] == precision
    assert all(
        p.is_contiguous() and p.dtype == torch.float32 for p in model.parameters()
    )


def test_the_choice_of_a_probed_run_is_shown_and_the_run_is_the_same_as_fixed(clocked):
    data, seen = noise_set(16, channels=3), []
    clocked(seen, "contiguous", 2.0)
    model = Counting(seen)
    history = fit(model, data, epochs=200, batch_size=4, progress=False, seed=2)
    assert history.settings["format"] == "channels_last"
    twin = Counting([])
    fit(twin, data, epochs=200, batch_size=4, progress=False, seed=2,
        format="channels_last")  # fmt: skip
    assert_same_weights(twin, weights_of(model))


def test_rate_test_raises_the_rate_until_the_loss_explodes():
    model = small_net(2)
    before, state = weights_of(model), torch.get_rng_state()
    found = rate_test(model, stripes_set(), high=1e6, steps=60, batch_size=16)
    assert len(found.rates) == len(found.losses) < 60
    ratios = [b / a for a, b in zip(found.rates, found.rates[1:], strict=False)]
    assert ratios == pytest.approx([1e10 ** (1 / 59)] * len(ratios))
    assert found.rates[0] == 1e-4
    assert found.rates[0] < found.suggestion < found.rates[-1]
    assert min(found.losses) < 0.6 < found.losses[0]
    assert_same_weights(model, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert "suggestion" in repr(found)


def test_rate_test_refuses_rates_that_do_not_rise():
    with pytest.raises(ValueError, match="`high` must be between"):
        rate_test(small_net(), noise_set(), low=1.0, high=0.5)
