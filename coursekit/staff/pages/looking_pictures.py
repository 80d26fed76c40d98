"""The README's pictures of session 04: batch norm, and where two networks look."""

import torch
from matplotlib.figure import Figure
from torch import nn

from coursekit.blocks import ConvNormAct, GAPHead
from coursekit.data import Batches, digits, shapes
from coursekit.figures import curves, images
from coursekit.gradcam import grad_cam, overlay
from coursekit.training import fit


def session_04() -> Figure:
    """Show two channels of a convolution before and after batch norm."""
    torch.manual_seed(0)
    pictures, _ = next(iter(Batches(digits(), 64, shuffle=False)))
    with torch.no_grad():
        before = nn.Conv2d(1, 8, 3, padding=1)(pictures)[:, :2]
        after = nn.BatchNorm2d(2)(before)
    edges = torch.linspace(-3, 3, 31)
    lines = {
        f"channel {c + 1}, {name}": 100 * torch.histogram(x[:, c].flatten(), edges).hist
        for name, x in (("before", before), ("after", after))
        for c in (0, 1)
    }
    shares = {name: line / before[:, 0].numel() for name, line in lines.items()}
    middle = (edges[1:] + edges[:-1]) / 2
    return curves(middle, shares, xlabel="value", ylabel="share of the values (%)")


def session_04b() -> Figure:
    """Show where two networks look, taught with tied and with free backgrounds."""
    look = {
        "backgrounds": ("stripes", "checks", "dots", "waves"),
        "object_size": (12, 18),
    }
    look |= {"colours": ("red", "yellow"), "background_correlation": 1.0}
    shown = shapes(4, seed=900, **look)
    pictures = [*shown.images / 255]
    captions = [f"a {shown.classes[label]}" for label in shown.labels]
    for tied, name in (
        (1.0, "learnt on\nits background"),
        (0.0, "learnt on\nall of them"),
    ):
        torch.manual_seed(0)
        net = nn.Sequential(
            ConvNormAct(3, 12), nn.MaxPool2d(2), ConvNormAct(12, 24), nn.MaxPool2d(2),
            ConvNormAct(24, 32), GAPHead(32, 4),
        )  # fmt: skip
        train = shapes(1600, seed=0, **(look | {"background_correlation": tied}))
        how = {"epochs": 6, "batch_size": 50, "lr": 0.1, "device": "cpu"}
        history = fit(net, train, progress=False, **how)
        norm = {"mean": history.mean, "std": history.std}
        images_seen, _ = next(iter(Batches(shown, 4, shuffle=False, **norm)))
        pictures += [*overlay(shown.images, grad_cam(net, images_seen, "4").maps)]
        captions += [name] * 4
    return images(pictures, captions, columns=4)
