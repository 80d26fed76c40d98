"""Predicted memory of a training step against what the allocator really takes.

Each model is built and measured in a process of its own, one after another: one step
of SGD with momentum, cross-entropy, images of random numbers. On the CPU the truth is
the highest running sum of the profiler's allocations and frees, on top of the
weights and the optimizer's state; on a GPU it is `torch.cuda.max_memory_allocated`.
Beside it stand the "Estimated Total Size" of torchsummary and torchinfo, which promise
input, weights and the outputs of forward and backward, without gradients of
weights and without optimizer.

usage: python benchmarks/memory.py [--models NAME …] [--precision mixed]
           [--optimizer adam] [--batch N] [--json FILE]
"""

import argparse
import contextlib
import gc
import io
import json
import os
import platform
import re
import subprocess
import sys
import time
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.profiler import ProfilerActivity, profile

from coursekit import models
from coursekit.anatomy import memory
from coursekit.anatomy.step_memory.training_memory import OPTIMIZERS

BIG, SMALL = (3, 224, 224), (3, 32, 32)
NETWORKS = {  # name: (factory, shape, batch)
    "MNIST net": (models.squeeze_expand, (1, 28, 28), 128),
    "tiny net": (models.tiny_net, (1, 28, 28), 128),
    "LeNet-5": (models.lenet5, (1, 32, 32), 128),
    "separable net": (models.separable_net, SMALL, 32),
    "CIFAR ResNet-20": (lambda: models.cifar_resnet(20), SMALL, 32),
    "AlexNet": (models.alexnet_one_tower, BIG, 8),
    "VGG-16": (models.vgg16, BIG, 8),
    "GoogLeNet": (models.googlenet, BIG, 8),
    "ResNet-18": (models.resnet18, BIG, 8),
    "ResNet-50": (models.resnet50, BIG, 8),
}
ALLOWED = 0.10  # error of the prediction
# On the CPU oneDNN copies maps into blocks of 8 or 16 channels; LeNet-5 has 6.
BEYOND = ("LeNet-5",)
HALF = {"cpu": torch.bfloat16, "cuda": torch.float16}


def bytes_of(tensors) -> int:
    return sum(t.numel() * t.element_size() for t in tensors)


def training_step(model: nn.Module, optimizer, shape, batch: int, device, mixed: bool):
    images = torch.rand(batch, *shape, device=device)
    labels = torch.zeros(batch, dtype=torch.long, device=device)
    with torch.autocast(device, HALF[device], enabled=mixed):
        loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()


def measured(model: nn.Module, shape, batch: int, options) -> tuple[int, int]:
    """Return the most bytes of tensors alive in a step, by the allocator's books.

    And beside it what a card's libraries keep for themselves after a first step, such
    as cuBLAS's workspace: it is no tensor of the step.
    """
    device, mixed = options.device, options.precision == "mixed"
    model.to(device).train()
    optimizer = OPTIMIZERS[options.optimizer](model.parameters(), 0.0)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    optimizer.zero_grad()
    gc.collect()
    step = (model, optimizer, shape, batch, device, mixed)
    state = [v for s in optimizer.state.values() for v in s.values()]
    before = bytes_of(
        [*model.parameters(), *model.buffers(), *filter(torch.is_tensor, state)]
    )
    if device == "cuda":
        training_step(*step)
        optimizer.zero_grad()
        gc.collect()
        kept = torch.cuda.memory_allocated() - before
        torch.cuda.reset_peak_memory_stats()
        training_step(*step)
        return torch.cuda.max_memory_allocated() - kept, kept
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        training_step(*step)
    return before + highest_sum(found), 0


def highest_sum(found: profile) -> int:
    events = found.profiler.kineto_results.events()
    changes = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    total = highest = 0
    for _, change in sorted(changes, key=lambda event: event[0]):
        total += change
        highest = max(highest, total)
    return highest


def by_torchsummary(model: nn.Module, shape, batch: int) -> int | None:
    if find_spec("torchsummary") is None:
        return None  # one of the extras; shown as –
    import torchsummary

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        torchsummary.summary(model.cpu().eval(), shape, batch, device="cpu")
    return printed_total(text.getvalue(), 2**20)


def by_torchinfo(model: nn.Module, shape, batch: int) -> int | None:
    if find_spec("torchinfo") is None:
        return None  # not among the course's requirements; shown as –
    import torchinfo

    found = torchinfo.summary(model.cpu(), (batch, *shape), verbose=0, device="cpu")
    return printed_total(str(found), 10**6)


def printed_total(text: str, unit: int) -> int:
    found = re.search(r"Estimated Total Size \(MB\): ([\d.,]+)", text)
    return round(float(found[1].replace(",", "")) * unit)


def measure(name: str, options) -> dict:
    """Return prediction, truth and the summaries' figures for one model."""
    factory, shape, batch = NETWORKS[name]
    batch = options.batch or batch
    torch.manual_seed(0)
    model = factory()
    asked = {k: getattr(options, k) for k in ("optimizer", "precision", "device")}
    memory(models.tiny_net(), (1, 8, 8), 2, **asked)  # torch's own start-up apart
    start = time.process_time()
    ours = memory(model, shape, batch, **asked)
    seconds = time.process_time() - start
    row = {"model": name, "shape": shape, "batch": batch, "seconds": seconds}
    row["ours"] = ours.peak
    row["measured"], row["kept by libraries"] = measured(model, shape, batch, options)
    row["torchsummary"] = by_torchsummary(model, shape, batch)
    row["torchinfo"] = by_torchinfo(model, shape, batch)
    return row


def in_own_process(name: str, options) -> dict:
    command = [sys.executable, "-W", "ignore", __file__, "--only", name]
    for key in ("optimizer", "precision", "device"):
        command += [f"--{key}", getattr(options, key)]
    command += ["--batch", str(options.batch)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def megabytes(value: int | None) -> str:
    return "–" if value is None else f"{value / 1e6:,.1f}"


def error(value: int | None, truth: int) -> str:
    return "–" if value is None else f"{100 * (value / truth - 1):+.1f} %"


def show(rows: list[dict]) -> None:
    head = ["model", "batch", "measured", "ours", "error", "torchsummary", "error",
            "torchinfo", "error", "seconds"]  # fmt: skip
    lines = [head]
    for row in rows:
        line = [row["model"], str(row["batch"]), megabytes(row["measured"])]
        for tool in ("ours", "torchsummary", "torchinfo"):
            line += [megabytes(row[tool]), error(row[tool], row["measured"])]
        lines.append([*line, f"{row['seconds']:.2f}"])
    print("| " + " | ".join(lines[0]) + " |")
    print("|" + "---|" + "---:|" * (len(head) - 1))
    for line in lines[1:]:
        print("| " + " | ".join(line) + " |")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--models", nargs="+", choices=NETWORKS, default=[*NETWORKS])
    parser.add_argument("--precision", choices=("float32", "mixed"), default="float32")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="momentum")
    parser.add_argument("--device", choices=("cpu", "cuda"), default=device)
    parser.add_argument("--batch", type=int, default=0, help="for all models")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if options.only:
        torch.set_num_threads(1)
        print(json.dumps(measure(options.only, options)))
        return 0
    rows = [in_own_process(name, options) for name in options.models]
    print(
        f"{date.today()} · torch {version('torch')} · {platform.machine()}, "
        f"{os.cpu_count()} cores, 1 thread · one step of {options.optimizer}, "
        f"{options.precision}, {options.device} · MB = 10⁶ bytes · one run each"
    )
    show(rows)
    worst = max(
        (abs(row["ours"] / row["measured"] - 1) for row in rows
         if row["model"] not in BEYOND), default=0.0,
    )  # fmt: skip
    print(
        f"largest error of ours: {100 * worst:.1f} %, allowed {100 * ALLOWED:.0f} %, "
        f"except {', '.join(BEYOND)}: so few channels that the kernels' padded copies "
        "of the largest maps count"
    )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return int(worst > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
