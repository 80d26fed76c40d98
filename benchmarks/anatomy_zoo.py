"""Anatomy of every classification model of torchvision: time, and right or wrong.

Every model is traced at 3×224×224 in its own time, by process clock. Those of `PROBED`
are also checked against an oracle that knows nothing of receptive fields: rows, then
columns, of a small image are set to NaN one at a time and the real network is run; the
units of each layer that turn NaN are those that see it. A model is right if first
and last visible line agree for every unit of every layer.

usage: python benchmarks/anatomy_zoo.py [--models NAME …] [--no-probe] [--json FILE]
"""

import argparse
import json
import os
import platform
import sys
import time
import warnings
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import get_model, list_models

from coursekit.anatomy import Anatomy, anatomy, weight_layers
from coursekit.anatomy.comparison import last_map
from coursekit.anatomy.field import full
from coursekit.anatomy.show import pair

IMAGE, CHUNK, NEVER = (3, 224, 224), 16, 1 << 28
PROBED = {  # name: side of the small image in pixels
    "alexnet": 64,
    "convnext_tiny": 64,
    "densenet121": 64,
    "efficientnet_b0": 64,
    "efficientnet_v2_s": 64,
    "googlenet": 64,
    "inception_v3": 76,
    "mnasnet0_5": 64,
    "mnasnet1_0": 64,
    "mobilenet_v2": 64,
    "mobilenet_v3_large": 64,
    "mobilenet_v3_small": 64,
    "regnet_x_400mf": 64,
    "regnet_x_800mf": 64,
    "regnet_y_400mf": 64,
    "resnet18": 64,
    "resnet34": 64,
    "resnet50": 64,
    "resnext50_32x4d": 64,
    "shufflenet_v2_x0_5": 64,
    "shufflenet_v2_x1_0": 64,
    "squeezenet1_0": 64,
    "squeezenet1_1": 64,
    "swin_t": 64,
    "swin_v2_t": 64,
    "vgg11": 48,
    "vgg13_bn": 48,
    "vgg16": 48,
    "wide_resnet50_2": 64,
}
FAST_TO_BUILD = {"googlenet": {"init_weights": False}}
FAST_TO_BUILD["inception_v3"] = FAST_TO_BUILD["googlenet"]


def build(name: str, device: str) -> nn.Module:
    with torch.device(device):
        return get_model(name, weights=None, **FAST_TO_BUILD.get(name, {})).eval()


def without_weights(name: str) -> nn.Module:
    try:
        return build(name, "meta")
    except NotImplementedError:  # RegNet computes its widths with tensors
        return build(name, "cpu")


class Seen:
    """First and last poisoned line that reaches each unit of each layer."""

    def __init__(self, model: nn.Module):
        self.model, self.lines, self.calls = model, {}, {}
        self.start = self.count = 0

    def run(self, images: Tensor, start: int) -> None:
        self.start, self.count, self.calls = start, len(images), {}
        with self.hooks(), torch.no_grad():
            self.model(images)

    @contextmanager
    def hooks(self):
        handles = [
            module.register_forward_hook(self.note(name))
            for name, module in self.model.named_modules()
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def note(self, name: str):
        def hook(module, args, out):
            self.calls[name] = call = self.calls.get(name, 0) + 1
            if isinstance(out, Tensor) and len(out) == self.count:
                self.enter(name if call == 1 else f"{name}:{call}", torch.isnan(out))

        return hook

    def enter(self, label: str, reached: Tensor) -> None:
        places = torch.arange(self.start, self.start + self.count, dtype=torch.int32)
        places = places.view(-1, *[1] * (reached.dim() - 1))
        first = torch.where(reached, places, NEVER).amin(0)
        last = torch.where(reached, places, -NEVER).amax(0)
        if label in self.lines:
            first = torch.minimum(first, self.lines[label][0])
            last = torch.maximum(last, self.lines[label][1])
        self.lines[label] = first, last


def poisoned(model: nn.Module, shape: tuple[int, ...], axis: int) -> dict:
    """Return layer → (first, last) line that reaches each of its units."""
    seen, side = Seen(model), shape[1 + axis]
    clean = torch.rand(*shape, generator=torch.Generator().manual_seed(0))
    for start in range(0, side, CHUNK):
        images = clean.repeat(min(CHUNK, side - start), 1, 1, 1)
        for place, image in enumerate(images):
            image.select(1 + axis, start + place).fill_(torch.nan)
        seen.run(images, start)
    return seen.lines


def wrong_layers(model: nn.Module, shape: tuple[int, ...]) -> tuple[list[str], int]:
    """Return the layers with a wrong unit, and how many units were compared."""
    table, wrong, units = anatomy(model, shape), set(), 0
    rows = {row.name: row for row in (*table.rows, *table.outputs)}
    for axis in (0, 1):
        for name, (first, last) in poisoned(model, shape, axis).items():
            bounds = full(rows[name].units.axes[axis], (1, *first.shape))[:, 0]
            right = torch.equal(bounds[0].int(), first)
            if not (right and torch.equal(-bounds[1].int(), last)):
                wrong.add(name)
            units += first.numel()
    return sorted(wrong), units


def examined(name: str, probe: bool) -> dict:
    model = without_weights(name)
    start = time.process_time()
    try:
        table = anatomy(model, IMAGE)
    except ValueError as error:
        return {"model": name, "error": str(error)}
    row = described(name, table, time.process_time() - start)
    row["depth"] = weight_layers(model, IMAGE)
    if probe and name in PROBED:
        shape = (3, PROBED[name], PROBED[name])
        torch.manual_seed(0)
        row["wrong"], row["units"] = wrong_layers(build(name, "cpu"), shape)
    return row


def described(name: str, table: Anatomy, seconds: float) -> dict:
    return {
        "model": name,
        "rows": len(table),
        "parameters": table.parameters,
        "multiply_adds": table.multiply_adds,
        "field": pair(last_map(table).receptive_field),
        "seconds": seconds,
    }


def line(row: dict) -> str:
    if "error" in row:
        return f"| {row['model']} | does not trace: {row['error']} |"
    verdict = "–"
    if "units" in row:
        verdict = f"right, {row['units']:,} units"
        if row["wrong"]:
            verdict = f"WRONG at {', '.join(row['wrong'][:5])}"
    cells = [row["model"], row["rows"], f"{row['parameters']:,}",
             f"{row['multiply_adds']:,}", row["field"], row["depth"],
             f"{row['seconds']:.2f}", verdict]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def summary(rows: list[dict]) -> str:
    traced = [row for row in rows if "error" not in row]
    probed = [row for row in traced if "units" in row]
    right = [row for row in probed if not row["wrong"]]
    seconds = sorted(row["seconds"] for row in traced)
    return (
        f"{len(traced)} of {len(rows)} models trace; {len(right)} of {len(probed)} "
        f"probed are right in all of {sum(r['units'] for r in probed):,} comparisons; "
        f"process seconds: median {seconds[len(seconds) // 2]:.2f}, "
        f"largest {seconds[-1]:.2f}, all {sum(seconds):.1f}"
    )


def main() -> int:
    names = list_models(module=torchvision.models)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", nargs="+", choices=names, default=names)
    parser.add_argument("--no-probe", action="store_true", help="only trace")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    # The Winograd convolutions of these would spread a NaN over a whole tile.
    torch.backends.mkldnn.set_flags(False)
    torch.backends.nnpack.set_flags(False)
    print(
        f"{date.today()} · torch {version('torch')}, torchvision "
        f"{version('torchvision')} · {platform.machine()}, {os.cpu_count()} cores, "
        "1 thread · one run each, process seconds of `anatomy`"
    )
    print("| model | rows | parameters | multiply-adds | field | depth | s | probe |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    anatomy(nn.Conv2d(3, 8, 3), IMAGE)  # torch's own start-up apart
    rows = []
    for name in options.models:
        rows.append(examined(name, not options.no_probe))
        print(line(rows[-1]), flush=True)
    print(summary(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return int(any(row.get("wrong") for row in rows))


if __name__ == "__main__":
    sys.exit(main())
