"""Real CIFAR-10 on two CPU cores: how accurate in 5 and in 30 minutes of training.

Two arms take turns, seed by seed, in one process: `fit` as this package offers it
(batches from memory, bfloat16, channels last, averaged weights), and the loop of a
tutorial (PIL images, torchvision's transforms, a DataLoader, float32). Both train the
same kind of net with the same schedule and augmentation; widths and epochs are what an
arm's minutes hold, and stand in its recipe. A run that took longer says so and does
not count.

The protocol. Net and recipe are chosen on 5,000 images held out of the 50,000:
`--choose` trains on the others and judges on them. Then every seed from 0 on trains on
all 50,000, and what counts is the accuracy on the test images after the last epoch:
never the best epoch, never the best seed. Beside it stands the accuracy of an image's
and its mirror image's logits together. A run that stands in the file with the same
recipe is not repeated, so the command can be stopped and started again.

usage: COURSEKIT_DATA=folder python benchmarks/record_cifar.py MINUTES [--seeds 3]
           [--choose] [--arms fit plain] [--images N] [--threads 2] [--folder FOLDER]

The images: `coursekit data get cifar10`, or COURSEKIT_DATA names a folder that has
them. A copy as JPEG files is used where the original is missing, and the file says so.
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from keeping import kept, layers_of, markdown, write
from loop_peers import supply
from protocol import parser, sets
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.augment import Recipe as Augment
from coursekit.data import Batches, ImageSet, cifar10
from coursekit.metrics import interval
from coursekit.training import evaluate, fit, one_cycle, sgd

SCORES = "accuracy (%)", "with the mirror image (%)"
HEADS = "minutes", "arm", "right, %", "with the mirror image, %", "epochs", "in time"


class SpeedNet(nn.Sequential):
    """A stem that whitens 2×2 patches, three stages of two convolutions, a maximum.

    After airbench94 (Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024,
    section 3): the stem's filters are the patches' principal axes and stay as they are,
    each stage's first convolution is pooled before its norm, every 3×3 starts by
    passing the channels before it on, and the logits are scaled by 1/9.

    Args:
        widths: channels of the stages.
        classes: labels.
        images: (n, 3, h, w) floats, whose patches the stem whitens.

    Shape:
        (n, 3, h, w) → (n, classes), h and w from 9 pixels
    """

    def __init__(self, widths: tuple[int, ...], classes: int, images: Tensor):
        axes = principal_axes(images, 2)
        stem = nn.Conv2d(images.shape[1], 2 * len(axes), 2)
        stem.weight = nn.Parameter(torch.cat([axes, -axes]), requires_grad=False)
        stages = map(_stage, (len(stem.weight), *widths), widths)
        fc = nn.Linear(widths[-1], classes, bias=False)
        end = nn.AdaptiveMaxPool2d(1), nn.Flatten(), fc
        super().__init__(stem, nn.GELU(), *stages, *end)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / 9


def _stage(before: int, channels: int) -> nn.Sequential:
    first, second = (
        nn.Conv2d(size, channels, 3, padding=1, bias=False)
        for size in (before, channels)
    )
    for convolution in (first, second):
        same = convolution.weight[: convolution.in_channels]
        nn.init.dirac_(same.detach())
    return nn.Sequential(
        *(first, nn.MaxPool2d(2), nn.BatchNorm2d(channels), nn.GELU()),
        *(second, nn.BatchNorm2d(channels), nn.GELU()),
    )


def principal_axes(images: Tensor, size: int, noise: float = 5e-4) -> Tensor:
    """Return filters that make the values of size × size patches uncorrelated.

    Args:
        images: (n, channels, h, w) floats.
        size: side of the patches, pixels.
        noise: added to the variances, so that faint axes are not blown up.

    Shape:
        → (channels · size², channels, size, size), the strongest axis first
    """
    patches = F.unfold(images, size, stride=size).transpose(1, 2).flatten(0, 1)
    variances, axes = torch.linalg.eigh(torch.cov(patches.T))
    filters = (axes / (variances + noise).sqrt()).T.flip(0)
    return filters.unflatten(1, (images.shape[1], size, size))


@dataclass(frozen=True)
class Recipe:
    """What an arm's minutes are spent on.

    Args:
        widths: channels of the net's stages.
        epochs, lr, batch_size, smoothing, decay, warm_up, average: as in `fit`, and in
            torch for the other arm, which has no average.
        crop: pixels of padding of the random crop.
    """

    widths: tuple[int, ...]
    epochs: int
    lr: float = 0.1
    batch_size: int = 128
    smoothing: float = 0.2
    decay: float = 5e-4
    warm_up: float = 0.2
    crop: int = 2
    average: float = 0.0

    def net(self, train: ImageSet) -> nn.Module:
        """Return the net before the first step."""
        images, _ = Batches(train).batch(torch.arange(min(len(train), 5000)))
        return SpeedNet(self.widths, len(train.classes), images)

    def described(self, train: ImageSet) -> dict:
        """Return what decides a run, as plain data: another recipe is another run."""
        return {
            "net": layers_of(self.net(train)),
            **asdict(self),
            "widths": [*self.widths],
        }


averaged = partial(Recipe, average=0.99)

RECIPES = {
    5: {"fit": averaged((48, 160, 160), 9), "plain": Recipe((32, 128, 128), 5)},
    30: {"fit": averaged((64, 256, 256), 28), "plain": Recipe((48, 192, 192), 18)},
}


def by_fit(recipe: Recipe, train: ImageSet, test: ImageSet, seed: int) -> tuple:
    """Train by one call; return the net, how it is judged and seconds of training."""
    model = recipe.net(train)
    history = fit(
        model,
        train,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        lr=recipe.lr,
        schedule=partial(one_cycle, warm_up=recipe.warm_up),
        optimizer=partial(sgd, weight_decay=recipe.decay),
        label_smoothing=recipe.smoothing,
        augment=Augment(crop=recipe.crop, flip=True),
        precision="bfloat16",
        format="channels_last",
        average=recipe.average,
        seed=seed,
        progress=False,
    )
    return (
        model,
        lambda net: evaluate(net, test, like=history).accuracy,
        history.seconds,
    )


def plainly(recipe: Recipe, train: ImageSet, test: ImageSet, seed: int) -> tuple:
    """Train as tutorials do; return the net, how it is judged, seconds of training."""
    model, epochs = recipe.net(train), recipe.epochs
    batches = supply(
        train, recipe.batch_size, augmented=True, cutout=None, crop=recipe.crop
    )
    optimizer = torch.optim.SGD(
        model.parameters(), recipe.lr, 0.9, nesterov=True, weight_decay=recipe.decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        recipe.lr,
        epochs=epochs,
        steps_per_epoch=len(batches),
        pct_start=recipe.warm_up,
        cycle_momentum=False,
    )
    started = time.perf_counter()
    for _ in range(epochs):
        model.train()
        for images, labels in batches:
            optimizer.zero_grad()
            logits = model(images)
            loss = F.cross_entropy(logits, labels, label_smoothing=recipe.smoothing)
            loss.backward()
            optimizer.step()
            schedule.step()
    seconds = time.perf_counter() - started
    return model, partial(accuracy, batches=supply(test, 500, augmented=False)), seconds


@torch.no_grad()
def accuracy(model: nn.Module, batches) -> float:
    """Return the share of images that a net is right on, 0 to 1."""
    model.eval()
    right = [model(images).argmax(1) == labels for images, labels in batches]
    return torch.cat(right).float().mean().item()


class Mirrored(nn.Sequential):
    """Add the logits of an image and of its mirror image."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + super().forward(x.flip(-1))


ARMS = {"fit": by_fit, "plain": plainly}


def run(arm: str, minutes: int, seed: int, sets: tuple[ImageSet, ImageSet]) -> dict:
    """Train once; return accuracies, seconds and whether they are in time."""
    torch.manual_seed(seed)
    model, judged, seconds = ARMS[arm](RECIPES[minutes][arm], *sets, seed)
    return {
        "seed": seed,
        SCORES[0]: round(100 * judged(model), 2),
        SCORES[1]: round(100 * judged(Mirrored(model)), 2),
        "seconds": round(seconds, 1),
        "in time": seconds <= 60 * minutes,
    }


def arguments() -> argparse.Namespace:
    what = __doc__.splitlines()[0]
    options = parser(what, "minutes", RECIPES, seeds=3, threads=2)
    options.set_defaults(folder=Path(__file__).parent)  # no notebook shows it
    options.add_argument("--arms", nargs="+", choices=ARMS, default=[*ARMS])
    return options.parse_args()


def table(arms: dict[str, dict]) -> str:
    """Return the runs that were in time as a table of Markdown; the others are counted.

    The last column: how many were in time, and the seconds of the longest of all.
    """
    rows = []
    for name, arm in arms.items():
        kind, minutes = name.split(", ")
        if runs := in_time(arm):
            scores = [interval(one[score] for one in runs) for score in SCORES]
            longest = max(one["seconds"] for one in arm["runs"])
            kept = f"{len(runs)} of {len(arm['runs'])} ({longest:,.0f} s)"
            rows.append((minutes, kind, *scores, arm["recipe"]["epochs"], kept))
    return markdown(HEADS, *rows)


def in_time(arm: dict) -> list[dict]:
    """Return the runs that count."""
    return [one for one in arm["runs"] if one["in time"]]


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    train, judged, shared = sets(cifar10, 5_000, options)
    kind = "chosen" if options.choose else "minutes"
    path = options.folder / f"cifar_{kind}.json"
    arms, recipes = kept(path, shared), RECIPES[options.minutes]
    for seed in range(options.seeds):
        for arm in options.arms:
            name, described = f"{arm}, {options.minutes}", recipes[arm].described(train)
            if arms.get(name, {}).get("recipe") != described:
                arms[name] = {"recipe": described, "runs": []}
            runs = arms[name]["runs"]
            if seed not in [one["seed"] for one in runs]:
                runs.append(run(arm, options.minutes, seed, (train, judged)))
                write(path, __doc__.splitlines()[0], shared, arms)
                print(name, json.dumps(runs[-1]), flush=True)
    print(table(arms))


if __name__ == "__main__":
    main()
