"""Plain and residual nets of 20 and 56 layers on CIFAR-10, with a short schedule.

He et al., arXiv 1512.03385, section 4.2 and Figure 6, train for 64,000 steps (about 164
epochs); here the schedule is a few epochs of one-cycle, without augmentation, so the
numbers are not the paper's. What is compared is the error on images that were learnt
from. A run that stands in the file with the same settings is not repeated, so the
command can be stopped and started again.

usage: COURSEKIT_DATA=folder python benchmarks/depth_cifar.py [--depths 20 56]
           [--seeds 2] [--epochs 3] [--images N] [--precision bfloat16] [--threads 1]
           [--json coursekit/course/results/depth_cifar.json]
"""

import argparse
import json
import os
import platform
from datetime import date
from pathlib import Path

import torch

from coursekit.data import ImageSet, Splits, cifar10
from coursekit.models import cifar_resnet
from coursekit.training import evaluate, fit

RESULTS = Path(__file__).resolve().parents[1] / "coursekit/course/results"
SHORTCUTS = {"plain": "none", "residual": "padded"}  # the paper's option A
JUDGED = 10_000  # training images whose errors are counted at the end


def run(kind: str, depth: int, seed: int, sets: Splits, asked: dict) -> dict:
    """Train one net; return its curve and its errors as [wrong, n]."""
    torch.manual_seed(seed)
    net = cifar_resnet(depth, shortcut=SHORTCUTS[kind])
    history = fit(
        net,
        sets.train,
        epochs=asked["epochs"],
        batch_size=128,
        lr=asked["lr"],
        seed=seed,
        format="channels_last",
        precision=asked["precision"],
        progress=False,
    )
    found = {"train": some(sets.train, JUDGED), "test": sets.test}
    wrong = {
        part: [int((~evaluate(net, images, like=history).correct).sum()), len(images)]
        for part, images in found.items()
    }
    return {
        "kind": kind,
        "depth": depth,
        "seed": seed,
        "parameters": sum(p.numel() for p in net.parameters()),
        "train_loss": [round(value, 4) for value in history["train_loss"]],
        "wrong": wrong,
        "seconds": round(history.seconds, 1),
        "settings": asked,
    }


def some(images: ImageSet, count: int) -> ImageSet:
    """Return `count` images drawn at random, the same ones every time."""
    generator = torch.Generator().manual_seed(0)
    return images.subset(torch.randperm(len(images), generator=generator)[:count])


def written(path: Path) -> list[dict]:
    """Return the runs that a file holds."""
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []


def write(path: Path, runs: list[dict], sets: Splits) -> None:
    """Write the runs with machine and versions; the file is whole at every moment."""
    content = {
        "what": "benchmarks/depth_cifar.py: plain and residual nets on CIFAR-10",
        "date": date.today().isoformat(),
        "machine": f"{processor()}, {torch.get_num_threads()} CPU thread(s)",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "data": sets.train.name,
        "runs": runs,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def processor() -> str:
    """Return the processor's name where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depths", nargs="+", type=int, default=[20, 56])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--images", type=int, help="train on N of them only")
    parser.add_argument("--precision", default="bfloat16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, default=RESULTS / "depth_cifar.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    sets = cifar10(download=False)
    if options.images:
        sets = Splits(some(sets.train, options.images), sets.valid, sets.test)
    asked = {name: getattr(options, name) for name in ("epochs", "lr", "precision")}
    asked["images"] = len(sets.train)
    runs = written(options.json)
    done = {(r["kind"], r["depth"], r["seed"]) for r in runs if r["settings"] == asked}
    for seed in range(options.seeds):  # all nets once, then all again
        for depth in options.depths:
            for kind in SHORTCUTS:
                if (kind, depth, seed) not in done:
                    runs.append(run(kind, depth, seed, sets, asked))
                    write(options.json, runs, sets)
                    print(json.dumps(runs[-1]), flush=True)


if __name__ == "__main__":
    main()
