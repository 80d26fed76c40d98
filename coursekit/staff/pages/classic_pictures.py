"""The README's pictures of session 05: VGG's lines, and the costs of old nets."""

import torch
from matplotlib.figure import Figure

from coursekit.anatomy import anatomy
from coursekit.figures import bars, profiles
from coursekit.models import alexnet, googlenet, lenet5, resnet50, vgg16, vgg19, zfnet


def session_05() -> Figure:
    """Show how many values each line of VGG-16 keeps of one picture."""
    with torch.device("meta"):
        rows = anatomy(vgg16(), (3, 224, 224))
    kept = [row for row in rows if row.kind in ("Conv2d", "MaxPool2d", "Linear")]
    values = {
        f"{number} {row.kind}": torch.Size(row.output_shape).numel() / 1e6
        for number, row in enumerate(kept[:8], 1)
    }
    return bars(values, xlabel="values (million)")


def session_05b() -> Figure:
    """Show what six nets of seventeen years count."""
    with torch.device("meta"):
        nets = {
            "1998 LeNet-5": (lenet5(original=True), (1, 32, 32)),
            "2012 AlexNet": (alexnet(), (3, 227, 227)),
            "2013 ZFNet": (zfnet(), (3, 224, 224)),
            "2014 VGG-19": (vgg19(), (3, 224, 224)),
            "2014 GoogLeNet": (googlenet(), (3, 224, 224)),
            "2015 ResNet-50": (resnet50(), (3, 224, 224)),
        }
    rows = {}
    for name, (net, shape) in nets.items():
        table = anatomy(net, shape)
        local = [row for row in table if row.kind in ("Conv2d", "MaxPool2d")]
        rows[name] = {
            "parameters": table.parameters,
            "multiply-adds": table.multiply_adds,
            "field": max(row.receptive_field[0] for row in local),
        }
    return profiles(rows, log=("parameters", "multiply-adds", "field"))
