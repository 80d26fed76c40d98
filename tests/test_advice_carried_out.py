"""Advice is carried out on a copy: the rule is met, and no other one is lost."""

import os
import random
import re
from functools import cache

import pytest
from torch import nn

from coursekit.course.challenges.as_file import handed_in
from coursekit.course.challenges.cheapest_way import Way, advised
from coursekit.course.challenges.measured import Measured, examine
from coursekit.course.challenges.network_judge import judge
from coursekit.course.challenges.requirements import LAYER_RULES, Rule

NETS = int(os.environ.get("COURSEKIT_NETS", "30")) // 5  # of 200 nightly
SHAPE = (1, 28, 28)
RULES = [
    Rule("parameters_below", 1_500, ""),
    Rule("receptive_field", 20, ""),
    Rule("map_at_least", 4, ""),
    *(Rule("layers", words, "") for words in LAYER_RULES),
]


def student_net(seed: int) -> nn.Sequential:
    """Draw a net with poolings of all kinds and a head that averages or does not."""
    draw, layers, channels, side = random.Random(seed), [], 1, 28
    for _ in range(draw.randint(2, 5)):
        wide, kernel = draw.choice((4, 8, 12, 16)), draw.choice((1, 3, 3, 5))
        padding = draw.choice((0, kernel // 2))
        if side + 2 * padding < kernel:
            break
        layers.append(nn.Conv2d(channels, wide, kernel, padding=padding))
        channels, side = wide, side - kernel + 1 + 2 * padding
        layers += [nn.BatchNorm2d(channels)] * (draw.random() < 0.5) + [nn.ReLU()]
        if draw.random() < 0.6 and side >= 3:
            window = draw.choice((2, 3))
            layers.append(draw.choice((nn.MaxPool2d, nn.AvgPool2d))(window, 2))
            side = (side - window) // 2 + 1
    mean = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]
    flat = [nn.Flatten(), nn.Linear(channels * side * side, 10)]
    whole = [nn.Conv2d(channels, 10, side), nn.Flatten()]
    return nn.Sequential(*layers, *draw.choice((mean, flat, flat, whole)))


def carried_out(net: nn.Sequential, says: str) -> nn.Sequential | None:
    """Do what a sentence says, read as a student would; None where it is not simple."""
    layers = {str(k): layer for k, layer in enumerate(net)}
    left_out = re.fullmatch(r"leave the pooling `(\d+)` out", says)
    dilated = re.fullmatch(r"give `(\d+)` dilation (\d+)", says)
    window = re.fullmatch(r"make the window of (.*) as large as its stride", says)
    if left_out:
        layers[left_out[1]] = nn.Identity()
    elif dilated:
        old, rate = layers[dilated[1]], int(dilated[2])
        k, sides = old.kernel_size[0], old.padding[0]
        padding = sides + (rate - 1) * (k - 1) // 2
        channels = old.in_channels, old.out_channels
        layers[dilated[1]] = nn.Conv2d(*channels, k, padding=padding, dilation=rate)
    elif window:
        for name in re.findall(r"`(\d+)`", window[1]):
            layers[name] = type(layers[name])(layers[name].stride)
    else:
        return None
    return nn.Sequential(*layers.values())


@cache
def followed(seed: int) -> list[tuple[Way, list[Rule], Measured]]:
    """Carry out what is advised for a net, where that is simple.

    Returns:
        Each way with the rules that must be met by it, and the changed net measured.
    """
    net = student_net(seed).eval()
    seen = examine(net, SHAPE)
    found = advised([judge(rule, seen) for rule in RULES], seen)
    met = [one.rule for one in found if one.status == "met"]
    ways = [(way, [one.rule, *met]) for one in found for way in one.ways]
    changed = [(way, rules, carried_out(net, way.says)) for way, rules in ways]
    return [
        (way, rules, handed_in(other.eval(), SHAPE))
        for way, rules, other in changed
        if other is not None
    ]


@pytest.mark.parametrize("seed", range(NETS))
def test_what_is_advised_meets_its_rule_and_takes_out_nothing_that_is_needed(seed):
    for way, rules, after in followed(seed):
        assert {judge(rule, after).status for rule in rules} == {"met"}, way.says
        assert after.count.total == way.parameters, way.says


def test_for_some_nets_there_is_advice_that_can_be_carried_out():
    assert any(followed(seed) for seed in range(NETS))
