"""The reliability explorer against the course's own metrics and torch."""

import pytest
import torch
from torch.nn import functional as F

from coursekit.explore import explore_reliability, reliability_view
from coursekit.metrics import reliability


def answers(n: int = 300, classes: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(n, classes, generator=generator)
    return logits, torch.randint(classes, (n,), generator=generator)


@pytest.mark.parametrize("bins", [5, 10, 20])
@pytest.mark.parametrize("temperature", [0.2, 1.0, 3.7])
def test_every_number_equals_torch_and_the_metrics(temperature, bins):
    logits, labels = answers()
    view = reliability_view(logits, labels, temperature=temperature, bins=bins)
    scaled = logits.double() / temperature
    found = reliability(scaled.softmax(1), labels, bins=bins)
    assert view.numbers["error"] == pytest.approx(found.error)
    assert view.numbers["counts"] == found.counts.tolist()
    assert view.numbers["loss"] == pytest.approx(F.cross_entropy(scaled, labels).item())
    assert view.numbers["accuracy"] == (scaled.argmax(1) == labels).double().mean()


def test_the_temperature_never_changes_the_accuracy():
    explorer = explore_reliability(*answers())
    seen = set()
    for temperature in (0.2, 1.0, 5.0):
        explorer.controls["temperature"].value = temperature
        seen.add(explorer.view.numbers["accuracy"])
    assert len(seen) == 1


def test_the_pretend_network_is_honest_at_the_temperature_it_was_made_with():
    tried = {t / 10: reliability_view(temperature=t / 10).numbers for t in range(5, 50)}
    best = min(tried, key=lambda t: tried[t]["error"])
    assert 1.8 <= best <= 2.2
    assert tried[best]["error"] < 0.03
    assert "surer than right" in reliability_view(temperature=1.0).text
    assert "less sure than right" in reliability_view(temperature=4.0).text


def test_a_share_that_is_exactly_zero_gives_a_finite_loss():
    logits, labels = torch.tensor([[5000.0, 0.0]]), torch.tensor([1])
    assert reliability_view(logits, labels).numbers["loss"] < 1000


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (torch.zeros(3, 2), None, "given together"),
        (torch.zeros(3), torch.zeros(3).long(), r"`logits` must be finite, \(n, cl"),
        (torch.full((3, 2), torch.nan), torch.zeros(3).long(), "must be finite"),
        (torch.zeros(3, 2), torch.zeros(4).long(), "`labels` must be 3 whole numbers"),
        (torch.zeros(3, 2), torch.tensor([0, 1, 2]), "from 0 to 1"),
        (torch.zeros(3, 2), torch.zeros(3), "whole numbers"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        explore_reliability(logits, labels)
