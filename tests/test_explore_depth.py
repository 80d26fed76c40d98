"""The depth explorer against gradients kept by hand and parameters counted by hand."""

import math

import pytest
import torch
from torch.nn import functional as F

from coursekit.data import digits
from coursekit.explore import depth_view, states
from coursekit.explore.depth import explore_depth
from coursekit.models import depth_net
from tests.explorers import SVG, drawing


def norms_kept(depth: int, shortcut: str, norm: str, start: str) -> list[float]:
    """Run the net step by step and keep the gradient of every block's output."""
    net = depth_net(depth, shortcut=shortcut, norm=norm, start=start).double().train()
    x = digits().images[:16].double() / 255
    x = net[2](net[1](net[0]((x - x.mean()) / x.std())))
    kept = [x]
    for stage in net[3:6]:
        for block in stage:
            kept.append(block(kept[-1]))
    for output in kept:
        output.retain_grad()
    F.cross_entropy(net[6:](kept[-1]), digits().labels[:16]).backward()
    return [output.grad.square().sum().sqrt().item() for output in kept]


def counted(depth: int, shortcut: str, norm: str) -> int:
    """Count the parameters of a net with 8, 16 and 32 channels."""
    blocks = (depth - 2) // 6
    weights, channels = 9 * 8 + 32 * 10 + 10, 8
    for before, after in ((8, 8), (8, 16), (16, 32)):
        weights += 9 * before * after + (2 * blocks - 1) * 9 * after * after
        channels += 2 * blocks * after
        if shortcut == "projection" and before != after:
            weights += before * after
            channels += after
    return weights + (2 * channels if norm == "batch" else 0)


@pytest.mark.parametrize("chosen", list(states(explore_depth()))[::7], ids=str)
def test_norms_and_parameters_are_those_of_the_net(chosen: dict):
    found = depth_view(**chosen).numbers
    expected = norms_kept(**chosen)
    assert found["gradient_norms"] == pytest.approx(expected, rel=1e-4)
    ratio = math.log10(expected[0] / expected[-1])
    assert found["log10_first_over_last"] == pytest.approx(ratio, abs=1e-4)
    depth, shortcut, norm = (chosen[name] for name in ("depth", "shortcut", "norm"))
    assert found["parameters"] == counted(depth, shortcut, norm)
    plain = counted(depth, "none", norm)
    assert found["in_shortcuts"] == found["parameters"] - plain


def test_the_plain_net_is_its_own_twin():
    found = depth_view(depth=20, shortcut="none").numbers
    assert found["twin_log10"] == found["log10_first_over_last"]


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_the_line_ends_in_the_middle_and_begins_where_the_ratio_says(norm: str):
    view = depth_view(depth=56, shortcut="none", norm=norm)
    lines = drawing(view.svg_or_html).findall(f"{SVG}polyline")
    points = [tuple(map(float, p.split(","))) for p in lines[-1].get("points").split()]
    middle = 40 + 230 / 2
    assert points[-1] == pytest.approx((720, middle), abs=0.5)
    power = view.numbers["log10_first_over_last"]
    assert (points[0][1] < middle) == (power > 0)
    most = max(1, math.ceil(abs(power)))
    assert (middle - points[0][1]) / 115 == pytest.approx(power / most, abs=0.05)


def test_the_words_say_what_the_shortcuts_cost():
    words = depth_view(depth=20, shortcut="projection", norm="batch").text
    assert "68,642 parameters, 736 of them in shortcuts" in words


def test_what_is_no_depth_of_the_family_is_refused():
    with pytest.raises(ValueError, match="depth"):
        depth_view(depth=21)


def test_torch_keeps_its_random_numbers():
    before = torch.get_rng_state()
    depth_view(depth=14, start="he")
    assert torch.equal(before, torch.get_rng_state())
