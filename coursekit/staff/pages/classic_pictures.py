"""The README's pictures of session 05: VGG's lines, and the costs of old nets."""

import torch
from matplotlib.figure import Figure

from coursekit.anatomy import anatomy
from coursekit.figures import bars, curves
from coursekit.models import alexnet, googlenet, lenet5, resnet50, vgg16, vgg19, zfnet


def session_05() -> Figure:
    """Show how many values each line of VGG-16 keeps of one picture."""
    with torch.device("meta"):
        rows = anatomy(vgg16(), (3, 224, 224))
    kept = [row for row in rows if row.kind in ("Conv2d", "MaxPool2d", "Linear")]
    values = {
        f"{place} {row.kind}": torch.Size(row.output_shape).numel() / 1e6
        for place, row in enumerate(kept[:8], 1)
    }
    return bars(values, xlabel="values (million)")


def session_05b() -> Figure:
    """Show parameters and work of six nets as multiples of LeNet-5's."""
    small = anatomy(lenet5(), (1, 32, 32))
    with torch.device("meta"):
        nets = [alexnet(), zfnet(), vgg16(), vgg19(), googlenet(), resnet50()]
    sides = (227, 224, 224, 224, 224, 224)
    found = [anatomy(n, (3, side, side)) for n, side in zip(nets, sides, strict=True)]
    lines = {
        "parameters": [net.parameters / small.parameters for net in found],
        "multiply-adds": [net.multiply_adds / small.multiply_adds for net in found],
    }
    names = {"xlabel": "AlexNet, ZFNet, VGG-16, VGG-19, GoogLeNet, ResNet-50"}
    return curves(range(1, 7), lines, ylabel="times LeNet-5's", log_y=True, **names)
