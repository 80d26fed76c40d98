"""How far a step shared by two processes is from that of one, and the bytes it sends.

Session 05b shows these numbers where a notebook may not start processes.

usage: python benchmarks/two_processes.py
           [--json coursekit/course/results/two_processes.json]
"""

import argparse
import json
import platform
from datetime import date
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit import __version__
from coursekit.data import digits
from coursekit.training import SplitBatch, SplitNet, gradient_of, in_two_processes

SEEDS, BATCH = (0, 1, 2), 64
WHAT = "A step of training shared by two processes against that of one (claim C69)."


def net_of(norm: bool, seed: int) -> nn.Sequential:
    """Return the small net of the session, with batch norm or without."""
    torch.manual_seed(seed)
    middle = nn.BatchNorm2d(16) if norm else nn.Identity()
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), middle, nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip


def jobs_of(seed: int, images: Tensor, labels: Tensor) -> dict:
    """Return name → what both processes do with the batch."""
    net, batch = net_of(False, seed), (images, labels)
    return {
        "equal halves": SplitBatch(net, *batch, BATCH // 2),
        "48 and 16, by images": SplitBatch(net, *batch, 48),
        "48 and 16, plainly": SplitBatch(net, *batch, 48, weighted=False),
        "batch norm": SplitBatch(net_of(True, seed), *batch, BATCH // 2),
        "split net": SplitNet(net[:4], net[4:], *batch),
    }


def runs_of(seed: int) -> dict[str, dict]:
    """Return name → what one seed gives."""
    train = digits().split(seed=seed).train
    images, labels = train.images[:BATCH] / 255, train.labels[:BATCH]
    rows = {}
    for name, steps in in_two_processes(jobs_of(seed, images, labels)).items():
        net = net_of(name == "batch norm", seed)
        F.cross_entropy(net(images), labels).backward()
        parts = steps if name == "split net" else steps[:1]
        got = torch.cat([step.gradient for step in parts])
        apart = (got - gradient_of(net)).abs().max().item()
        rows[name] = {"seed": seed, "apart": apart, "sent": steps[0].sent}
    return rows


def main() -> None:
    """Measure, print, and write the file if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    path = parser.parse_args().json
    found = [runs_of(seed) for seed in SEEDS]
    arms = {name: [rows[name] for rows in found] for name in found[0]}
    for name, rows in arms.items():
        print(f"{name:22} {max(r['apart'] for r in rows):.1e} {rows[0]['sent']:>9,}")
    if path:
        content = {
            "what": WHAT,
            "date": date.today().isoformat(),
            "machine": f"{platform.machine()}, CPU, two processes of one thread",
            "python": platform.python_version(),
            "torch": torch.__version__,
            "coursekit": __version__,
            "settings": {"batch": BATCH, "seeds": list(SEEDS)},
            "arms": arms,
        }
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
