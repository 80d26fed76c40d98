"""Small sets and networks that several tests train."""

import torch
from torch import nn

from coursekit.data import ImageSet


def noise_set(n=100, *, channels=1, classes=3, size=8, seed=0):
    """Return random images with random labels."""
    draw = torch.Generator().manual_seed(seed)
    shape = (n, channels, size, size)
    images = torch.randint(0, 256, shape, generator=draw, dtype=torch.uint8)
    labels = torch.randint(0, classes, (n,), generator=draw)
    names = tuple(f"class {i}" for i in range(classes))
    return ImageSet(images, labels, names, "noise", "generated")


def stripes_set(n=120, seed=0):
    """Return images of rows (class 0) or columns (class 1): easy to learn."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 2
    images = torch.randint(0, 60, (n, 1, 8, 8), generator=draw, dtype=torch.uint8)
    images[labels == 0, :, ::2] += 190
    images[labels == 1, :, :, ::2] += 190
    return ImageSet(images, labels, ("rows", "columns"), "stripes", "generated")


def small_net(classes=3, *, channels=1, dropout=0.2, seed=1):
    """Return a net with batch norm and dropout: all kinds of state a run has."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(channels, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16, classes),
    )


def weights_of(model):
    """Return a copy of the weights and buffers."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def assert_same_weights(model, weights):
    """Fail unless every weight and buffer is bit-equal."""
    found = model.state_dict()
    assert found.keys() == weights.keys()
    different = [n for n in weights if not torch.equal(found[n], weights[n])]
    assert different == []
