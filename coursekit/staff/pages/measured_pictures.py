"""The README's pictures of parts of sessions: the field in use, confidence, races."""

from dataclasses import replace

import torch
from matplotlib.figure import Figure
from torch import nn

from coursekit.blocks import ConvNormAct, DenseHead, GAPHead
from coursekit.course import stored
from coursekit.data import digits
from coursekit.figures import curves, heatmap
from coursekit.metrics import reliability
from coursekit.training import evaluate, fit

FIELD = 13  # pixels that six 3×3 layers see


def session_01b() -> Figure:
    """Show which pixels move the middle unit of six new 3×3 layers."""
    image = torch.zeros(1, 1, FIELD, FIELD, requires_grad=True)
    total = torch.zeros(FIELD, FIELD)
    for seed in range(200):
        torch.manual_seed(seed)
        wide = [8] * 6
        layers = [nn.Conv2d(a, b, 3) for a, b in zip([1, *wide], wide, strict=False)]
        answer = nn.Sequential(*layers)(image)[0, :, 0, 0].sum()
        total += torch.autograd.grad(answer, image)[0][0, 0].abs()
    shares = 100 * total / total.sum()
    return heatmap(shares, xlabel="column", ylabel="row", label="influence (%)")


def _digit_net(*head: nn.Module) -> nn.Sequential:
    layers = [ConvNormAct(1, 16), nn.MaxPool2d(2), ConvNormAct(16, 32)]
    return nn.Sequential(*layers, *head)


def session_03c() -> Figure:
    """Show how sure two nets are of new digits, and how often they are right."""
    parts = digits().split(0.6, 0.4, 0.0)
    few, draw = parts.train.subset(range(300)), torch.Generator().manual_seed(0)
    wrong = torch.rand(300, generator=draw) < 0.3
    other = torch.randint(10, (300,), generator=draw)
    by_heart = replace(few, labels=torch.where(wrong, other, few.labels))
    torch.manual_seed(0)
    nets = {
        "wrong labels, by heart": (
            _digit_net(nn.MaxPool2d(2), DenseHead(32, 2, 10)),
            30,
        ),
        "barely trained": (_digit_net(GAPHead(32, 10)), 6),
    }
    middles = (torch.arange(10) + 0.5) / 10
    lines = {"truth": middles}
    for (name, (net, epochs)), data in zip(nets.items(), (by_heart, few), strict=True):
        how = {"epochs": epochs, "batch_size": 32, "lr": 0.1, "progress": False}
        history = fit(net, data, seed=0, **how)
        shares = evaluate(net, parts.valid, like=history)
        bins = reliability(shares.probabilities.double(), shares.labels, bins=10)
        lines[name] = torch.where(bins.counts >= 10, bins.accuracy, torch.nan)
    return curves(middles, lines, xlabel="confidence", ylabel="share right")


def session_04c() -> Figure:
    """Show what each arm of the long race gains or loses against none."""
    races = {name: stored(f"regularisers_{name}") for name in ("digits", "shapes")}
    arms = [arm for arm in races["digits"].arms if arm != "none"]
    columns = [(name, what) for name in races for what in ("clean", "holed")]
    gains = [
        [100 * races[n].paired(arm, "none", what).mean for n, what in columns]
        for arm in arms
    ]
    ticks = {"xticks": [f"{n}\n{what}" for n, what in columns], "yticks": arms}
    names = {"xlabel": "test images", "ylabel": "trained with"}
    return heatmap(gains, values=True, label="gain (points)", **names, **ticks)
