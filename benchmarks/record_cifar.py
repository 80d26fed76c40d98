"""Real CIFAR-10 on two CPU cores: how accurate in 5 and in 30 minutes of training.

Two arms take turns, seed by seed, in one process: `fit` as this package offers it
(batches from memory, bfloat16, channels last), and the loop of a tutorial (PIL images,
torchvision's transforms, a DataLoader, float32). Net, highest rate, schedule and
augmentation are the same; each arm trains as many epochs as its minutes hold, a number
that stands in the recipe. A run that took longer says so and does not count.

The protocol. Net and recipe are chosen on 5,000 images held out of the 50,000:
`--choose` trains on the others and judges on them. Then every seed from 0 on trains on
all 50,000, and what counts is the accuracy on the test images after the last epoch:
never the best epoch, never the best seed. A run that stands in the file with the same
recipe is not repeated, so the command can be stopped and started again.

usage: COURSEKIT_DATA=folder python benchmarks/record_cifar.py MINUTES [--seeds 3]
           [--choose] [--arms fit plain] [--images N] [--threads 2] [--folder FOLDER]

The images: `coursekit data get cifar10`, or COURSEKIT_DATA names a folder that has
them. A copy as JPEG files is used where the original is missing, and the file says so.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from keeping import kept, layers_of, write
from loop_peers import supply
from protocol import parser, sets
from torch import nn
from torch.nn import functional as F

from coursekit.augment import Recipe as Augment
from coursekit.data import ImageSet, cifar10
from coursekit.metrics import interval
from coursekit.models import resnet9
from coursekit.training import OneCycle, evaluate, fit, sgd

SMOOTHING, DECAY = 0.1, 5e-4


@dataclass(frozen=True)
class Recipe:
    """What a number of minutes is spent on: one net, and epochs for each arm."""

    build: Callable[[], nn.Module]
    epochs: dict[str, int]
    lr: float
    batch_size: int = 128

    def described(self, arm: str) -> dict:
        """Return what decides a run, as plain data: another recipe is another run."""
        return {
            "net": layers_of(self.build()),
            "epochs": self.epochs[arm],
            "lr": self.lr,
            "batch size": self.batch_size,
        }


RECIPES = {
    5: Recipe(partial(resnet9, width=16), {"fit": 18, "plain": 6}, lr=0.15),
    30: Recipe(partial(resnet9, width=32), {"fit": 34, "plain": 13}, lr=0.15),
}


def by_fit(recipe: Recipe, train: ImageSet, test: ImageSet, seed: int) -> tuple:
    """Train by one call; return accuracy and seconds of training."""
    model = recipe.build()
    history = fit(
        model,
        train,
        epochs=recipe.epochs["fit"],
        batch_size=recipe.batch_size,
        lr=recipe.lr,
        schedule=OneCycle(),
        optimizer=partial(sgd, weight_decay=DECAY),
        label_smoothing=SMOOTHING,
        augment=Augment(crop=4, flip=True),
        precision="bfloat16",
        format="channels_last",
        seed=seed,
        progress=False,
    )
    return evaluate(model, test, like=history).accuracy, history.seconds


def plainly(recipe: Recipe, train: ImageSet, test: ImageSet, seed: int) -> tuple:
    """Train as tutorials do; return accuracy and seconds of training."""
    model, epochs = recipe.build(), recipe.epochs["plain"]
    batches = supply(train, recipe.batch_size, augmented=True, cutout=None)
    optimizer = torch.optim.SGD(
        model.parameters(), recipe.lr, 0.9, nesterov=True, weight_decay=DECAY
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.lr, epochs=epochs, steps_per_epoch=len(batches)
    )
    started = time.perf_counter()
    for _ in range(epochs):
        model.train()
        for images, labels in batches:
            optimizer.zero_grad()
            logits = model(images)
            F.cross_entropy(logits, labels, label_smoothing=SMOOTHING).backward()
            optimizer.step()
            schedule.step()
    seconds = time.perf_counter() - started
    return accuracy(model, supply(test, 500, augmented=False)), seconds


@torch.no_grad()
def accuracy(model: nn.Module, batches) -> float:
    """Return the share of images that a net is right on, 0 to 1."""
    model.eval()
    right = [model(images).argmax(1) == labels for images, labels in batches]
    return torch.cat(right).float().mean().item()


ARMS = {"fit": by_fit, "plain": plainly}


def run(arm: str, minutes: int, seed: int, sets: tuple[ImageSet, ImageSet]) -> dict:
    """Train once; return accuracy, seconds and whether they are in time."""
    torch.manual_seed(seed)
    right, seconds = ARMS[arm](RECIPES[minutes], *sets, seed)
    return {
        "seed": seed,
        "accuracy (%)": round(100 * right, 2),
        "seconds": round(seconds, 1),
        "in time": seconds <= 60 * minutes,
    }


def arguments() -> argparse.Namespace:
    what = __doc__.splitlines()[0]
    options = parser(what, "minutes", RECIPES, seeds=3, threads=2)
    options.add_argument("--arms", nargs="+", choices=ARMS, default=[*ARMS])
    return options.parse_args()


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    train, judged, shared = sets(cifar10, 5_000, options)
    kind = "chosen" if options.choose else "minutes"
    path = options.folder / f"cifar_{kind}.json"
    arms, recipe = kept(path, shared), RECIPES[options.minutes]
    for seed in range(options.seeds):
        for arm in options.arms:
            name, described = f"{arm}, {options.minutes}", recipe.described(arm)
            if arms.get(name, {}).get("recipe") != described:
                arms[name] = {"recipe": described, "runs": []}
            runs = arms[name]["runs"]
            if seed not in [one["seed"] for one in runs]:
                runs.append(run(arm, options.minutes, seed, (train, judged)))
                write(path, __doc__.splitlines()[0], shared, arms)
                print(name, json.dumps(runs[-1]), flush=True)
    for arm in options.arms:
        runs = arms[f"{arm}, {options.minutes}"]["runs"]
        counted = [one["accuracy (%)"] for one in runs if one["in time"]]
        print(arm, interval(counted) if len(counted) > 1 else counted)


if __name__ == "__main__":
    main()
