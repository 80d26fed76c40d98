"""Receptive fields of known networks: ours beside the tools of the package registry.

- receptivefield 0.5 (gradient of one unit on a real image; needs a large enough image);
- torchscan 0.2 (a formula per module).

The truth is published (Araujo et al., Distill 2019) or, for the two-branch net, typed
in by hand. A tool that is not installed, or that fails, is reported as such.

usage: python benchmarks/field_tools.py [--json FILE]
"""

import argparse
import json
import logging
import platform
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from coursekit import anatomy, models


class Misaligned(nn.Module):
    """Two branches, each three wide, one looking left and one looking right: 5."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 1, 3), nn.Conv2d(3, 1, 3)

    def forward(self, x):
        return self.left(F.pad(x, (2, 0, 2, 0))) + self.right(F.pad(x, (0, 2, 0, 2)))


def upto(model: nn.Module, *names: str) -> nn.Sequential:
    """Return the named parts of a model in a row."""
    return nn.Sequential(*(model.get_submodule(name) for name in names))


def resnet(build: Callable, **options) -> nn.Sequential:
    names = ["conv1", "bn1", "relu", "maxpool", *(f"layer{i}" for i in range(1, 5))]
    return upto(build(10, **options), *names)


def inception() -> nn.Sequential:
    names = ["stem", "inception3a", "inception3b", "pool3", "inception4a"]
    names += [f"inception4{x}" for x in "bcde"]
    return upto(models.googlenet(10), *names, "pool4", "inception5a", "inception5b")


# name → (network up to its last map, side of the image in pixels, true field)
NETWORKS = {
    "two branches": (Misaligned, 32, 5),
    "AlexNet": (lambda: upto(models.alexnet_one_tower(10), "features"), 320, 195),
    "VGG-16": (lambda: upto(models.vgg16(10), "features"), 320, 212),
    "ResNet-50, paper": (lambda: resnet(models.resnet50, stride_on="1x1"), 640, 483),
    "ResNet-50, torchvision": (lambda: resnet(models.resnet50), 640, 427),
    "GoogLeNet, paper": (inception, 960, 715),
}


def ours(model: nn.Module, side: int) -> int:
    return anatomy(model, (3, side, side)).output.receptive_field[0]


def by_gradient(model: nn.Module, side: int) -> int:
    from receptivefield.pytorch import PytorchReceptiveField
    from receptivefield.types import ImageShape

    class Mapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model
            self.feature_maps = []

        def forward(self, x):
            self.feature_maps = [self.inner(x)]
            return self.feature_maps[0]

    logging.disable(logging.CRITICAL)
    tool = PytorchReceptiveField(Mapped)
    found = tool.compute(input_shape=ImageShape(side, side, 3))
    return int(found[0].rf.size.h)


def by_formula(model: nn.Module, side: int) -> int | None:
    from torchscan import crawl_module

    rows = crawl_module(model, (3, side, side))["layers"]
    fields = [row["metrics"].get("receptive_field", {}).get("value") for row in rows]
    return fields[0]  # the row of the whole model


TOOLS = {"coursekit": ours, "receptivefield": by_gradient, "torchscan": by_formula}


def measure(tool: Callable, build: Callable, side: int) -> tuple[object, float]:
    """Return (answer or the error's name, process seconds)."""
    torch.manual_seed(0)
    model = build().eval()
    before = time.process_time()
    try:
        answer = tool(model, side)
    except Exception as error:  # noqa: BLE001 (another tool's failure is a result)
        answer = type(error).__name__
    return answer, time.process_time() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    path = parser.parse_args().json
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    here = [name for name in TOOLS if find_spec(name)]
    print("not installed:", ", ".join(sorted(set(TOOLS) - set(here))) or "none")
    anatomy(nn.Conv2d(3, 1, 3), (3, 8, 8))  # imports happen before the clock starts
    rows = []
    for name, (build, side, truth) in NETWORKS.items():
        row = {"network": name, "truth": truth}
        for tool in here:
            row[tool], row[f"{tool} s"] = measure(TOOLS[tool], build, side)
        rows.append(row)
        print("  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}"
                        for k, v in row.items()))  # fmt: skip
    right = {tool: sum(r[tool] == r["truth"] for r in rows) for tool in here}
    versions = {tool: metadata.version(tool) for tool in here}
    print(f"right answers of {len(rows)}: {right}; {versions}")
    found = {"rows": rows, "right": right, "versions": versions,
             "machine": platform.machine(), "python": platform.python_version(),
             "torch": torch.__version__}  # fmt: skip
    if path:
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
