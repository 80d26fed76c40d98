"""Real MNIST: how accurate in how many seconds, and with how few parameters.

Recipes, each trained from scratch on several seeds:

- quick: at least 99.0 % in at most 15 s of training on two CPU cores
- minute: at least 99.4 % in at most 60 s
- small: less than 8,000 parameters, at least 99.4 % in each of the last 3 of 15 epochs
- smaller: the same with 6,666 parameters

Every choice was made with `--choose`: train on 55,000 images, judged on the other
5,000. Without it all 60,000 train and the test images are looked at, for the record.

usage: COURSEKIT_DATA=folder python benchmarks/train_mnist.py RECIPE [--seeds 5]
           [--choose] [--images N] [--threads 2] [--json FILE]

The folder holds MNIST/raw/train-images-idx3-ubyte and the three other files.
"""

import argparse
import json
import os
import platform
import statistics
from datetime import date
from functools import partial
from pathlib import Path

import torch
from torch import nn

from coursekit.augment import compose, random_rotation, random_shift
from coursekit.blocks import ConvNormAct, DepthwiseSeparable, GAPHead
from coursekit.data import ImageSet
from coursekit.training import evaluate, fit, sgd


def small_net() -> nn.Sequential:
    """Return the reference net with 7,786 parameters; the last map sees 28×28."""
    return nn.Sequential(
        nn.PixelUnshuffle(2),  # n 4 14 14
        ConvNormAct(4, 16),
        ConvNormAct(16, 16),
        nn.MaxPool2d(2),  # n 16 7 7
        ConvNormAct(16, 16),
        ConvNormAct(16, 16),
        GAPHead(16, 10),
    )


def smaller_net() -> nn.Sequential:
    """Return a depthwise-separable net with 6,666 parameters; slower on a CPU."""
    return nn.Sequential(
        nn.PixelUnshuffle(2),  # n 4 14 14
        ConvNormAct(4, 24),
        DepthwiseSeparable(24, 32),
        nn.MaxPool2d(2),  # n 32 7 7
        DepthwiseSeparable(32, 40),
        DepthwiseSeparable(40, 48),
        GAPHead(48, 10),
    )


def quick_net(width: int = 24) -> nn.Sequential:
    """Return a net that is fast on a CPU: most channels on 7×7 maps only."""
    return nn.Sequential(
        nn.PixelUnshuffle(2),  # n 4 14 14
        ConvNormAct(4, width),
        nn.MaxPool2d(2),  # n w 7 7
        ConvNormAct(width, 2 * width),
        ConvNormAct(2 * width, 2 * width),
        GAPHead(2 * width, 10),
    )


SHIFTED = compose(partial(random_shift, most=2))
MOVED = compose(partial(random_shift, most=1), partial(random_rotation, degrees=8))
SMALL = {
    "epochs": 15,
    "batch_size": 128,
    "lr": 0.2,
    "optimizer": partial(sgd, weight_decay=1e-4),
    "augment": MOVED,
    "format": "channels_last",
}
RECIPES = {
    "quick": (quick_net, {"epochs": 2, "lr": 0.3, "format": "channels_last"}),
    "minute": (
        quick_net,
        {"epochs": 8, "lr": 0.2, "format": "channels_last", "augment": SHIFTED},
    ),
    "small": (small_net, SMALL),
    "smaller": (smaller_net, SMALL),
}


def read_set(folder: Path, part: str, name: str) -> ImageSet:
    """Read one part of MNIST from its IDX files."""
    images = (folder / f"{part}-images-idx3-ubyte").read_bytes()
    labels = (folder / f"{part}-labels-idx1-ubyte").read_bytes()
    pixels = torch.frombuffer(bytearray(images[16:]), dtype=torch.uint8)
    classes = torch.frombuffer(bytearray(labels[8:]), dtype=torch.uint8).long()
    source = "LeCun, Cortes, Burges; CC BY-SA 3.0"
    names = tuple("0123456789")
    return ImageSet(pixels.view(-1, 1, 28, 28), classes, names, name, source)


def sets(choose: bool, images: int | None) -> tuple[ImageSet, ImageSet]:
    """Return what to learn from and what to be judged on."""
    folder = Path(os.environ.get("COURSEKIT_DATA", "data")) / "MNIST" / "raw"
    train = read_set(folder, "train", "MNIST train")
    if choose:
        parts = train.split(train=55 / 60, valid=5 / 60, test=0.0)
        train, judged = parts.train, parts.valid
    else:
        judged = read_set(folder, "t10k", "MNIST test")
    if images is not None:
        train = train.subset(torch.arange(images))
    return train, judged


def run(recipe: str, seed: int, train: ImageSet, judged: ImageSet, each: bool) -> dict:
    """Train once; return accuracies and the seconds of training alone."""
    build, settings = RECIPES[recipe]
    torch.manual_seed(seed)
    model = build()
    history = fit(
        model, train, judged if each else None, seed=seed, progress=False, **settings
    )
    return {
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(history.seconds, 2),
        "accuracy": evaluate(model, judged).accuracy,
        "train_accuracy": history.final.train_accuracy,
        "each_epoch": history["valid_accuracy"] if each else None,
        "settings": dict(history.settings),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--images", type=int, help="train on the first N only")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train, judged = sets(options.choose, options.images)
    each = options.recipe.startswith("small")
    runs = []
    for seed in range(options.seeds):
        runs.append(run(options.recipe, seed, train, judged, each))
        print(json.dumps(runs[-1]), flush=True)
    accuracies = [found["accuracy"] for found in runs]
    report = {
        "recipe": options.recipe,
        "judged_on": judged.name if not options.choose else "validation split",
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {options.threads} threads",
        "torch": torch.__version__,
        "mean_accuracy": statistics.mean(accuracies),
        "lowest_accuracy": min(accuracies),
        "mean_seconds": statistics.mean(found["seconds"] for found in runs),
        "runs": runs,
    }
    print(json.dumps({k: v for k, v in report.items() if k != "runs"}))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
