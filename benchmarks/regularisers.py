"""Dropout against cutout (claim C57): a race at equal steps, each at its best setting.

Every arm gets the same network, images and number of steps. Its strength (dropout's
rate, cutout's length, crop's border) and its learning rate are chosen on validation
images, by seeds that are not used again. The chosen setting is trained with new seeds
and judged on clean test images and on the same with a hole in each. The accuracy on the
training images, clean and in eval mode, shows who underfits.

usage: python benchmarks/regularisers.py [--sets digits shapes cifar] [--cifar FOLDER]
           [--seeds 5] [--json FILE]

FOLDER holds train/<class>/*.jpg and test/<class>/*.jpg.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from statistics import mean

import torch
from keeping import FOLDER, kept, write
from torch import nn
from torch.nn import functional as F

from coursekit.augment import Recipe, cutout
from coursekit.blocks import ConvNormAct, DenseHead, GAPHead
from coursekit.data import ImageSet, Splits, digits, folder, shapes
from coursekit.training import evaluate, fit


@dataclass(frozen=True)
class Race:
    """One data set and the budget on it.

    Args:
        load: folder of CIFAR → training, validation and test images.
        net: (dropout's rate) → network.
        steps, batch_size: of every run.
        rates: learning rates to choose from.
        crops, holes: borders and lengths to choose from, in pixels.
        choosing: runs a setting is chosen by.
    """

    load: Callable[[Path | None], Splits]
    net: Callable[[float], nn.Module]
    steps: int
    batch_size: int
    rates: tuple[float, ...]
    crops: tuple[int, ...]
    holes: tuple[int, ...]
    choosing: int


def some_digits(_: Path | None) -> Splits:
    parts = digits(8).split(0.06, 0.24, 0.7)
    return Splits(parts.train, parts.valid, parts.test)


def some_shapes(_: Path | None) -> Splits:
    return Splits(shapes(600, seed=1), shapes(600, seed=2), shapes(2_000, seed=3))


def some_cifar(place: Path | None) -> Splits:
    """Return CIFAR-10 as JPEG files, averaged to 16×16: 2,000, 2,000 and 4,000."""
    if place is None:
        raise ValueError("`--cifar` must name a folder with train/ and test/")
    train, test = (smaller(folder(place / part)) for part in ("train", "test"))
    parts = train.split(0.04, 0.04, 0.92)
    return Splits(parts.train, parts.valid, test.split(0.4, 0.6, 0.0).train)


def smaller(data: ImageSet) -> ImageSet:
    halved = F.avg_pool2d(data.images.float(), 2).round().to(torch.uint8)
    return ImageSet(halved, data.labels, data.classes, data.name, data.source)


def small_net(dropout: float) -> nn.Module:
    return nn.Sequential(
        ConvNormAct(1, 16), nn.Dropout(dropout), nn.MaxPool2d(2),
        ConvNormAct(16, 32), nn.Dropout(dropout), DenseHead(32, 4, 10),
    )  # fmt: skip


def large_net(classes: int, dropout: float) -> nn.Module:
    return nn.Sequential(
        ConvNormAct(3, 16), nn.Dropout(dropout), nn.MaxPool2d(2),
        ConvNormAct(16, 32), nn.Dropout(dropout), nn.MaxPool2d(2),
        ConvNormAct(32, 64), nn.Dropout(dropout), GAPHead(64, classes),
    )  # fmt: skip


RACES = {
    "digits": Race(some_digits, small_net, 300, 54, (0.05, 0.15), (1, 2), (3, 4, 5), 2),
    "shapes": Race(
        some_shapes, lambda p: large_net(4, p), 300, 50, (0.05, 0.15), (2, 4),
        (8, 12, 16), 1,
    ),
    "cifar": Race(
        some_cifar, lambda p: large_net(10, p), 600, 50, (0.05, 0.15), (1, 2),
        (4, 6, 8), 1,
    ),
}  # fmt: skip
DROPOUTS = (0.03, 0.1, 0.2, 0.3)


@dataclass(frozen=True)
class Setting:
    """What one run does to the network and to the images."""

    lr: float
    dropout: float = 0.0
    flip: bool = False
    crop: int = 0
    cutout: int = 0


def candidates(race: Race) -> Iterator[tuple[str, Setting]]:
    """Yield every arm with each of the settings it may choose from."""
    for lr in race.rates:
        plain = Setting(lr)
        yield "none", plain
        yield "flip", replace(plain, flip=True)
        for rate in DROPOUTS:
            yield "dropout", replace(plain, dropout=rate)
        for border in race.crops:
            yield "crop", replace(plain, crop=border)
        for length in race.holes:
            yield "cutout", replace(plain, cutout=length)
        for border, length in product(race.crops, race.holes[:2]):
            yield "crop + cutout", replace(plain, crop=border, cutout=length)
        for border, rate in product(race.crops, DROPOUTS[:2]):
            every = {"crop": border, "cutout": race.holes[0], "dropout": rate}
            yield "crop + cutout + dropout", replace(plain, **every)


@cache
def images(name: str, place: Path | None) -> tuple[Splits, ImageSet]:
    """Return the three parts and the test images with a hole in each."""
    parts = RACES[name].load(place)
    test = parts.test
    length = test.images.shape[-1] // 2
    grey = test.images.float().mean((0, 2, 3)).round().tolist()
    draw = torch.Generator().manual_seed(7)
    holed = cutout(test.images, length, fill=grey, generator=draw)
    return parts, replace(test, images=holed)


def trained(name: str, parts: Splits, setting: Setting, seed: int) -> nn.Module:
    race = RACES[name]
    torch.manual_seed(seed)
    model = race.net(setting.dropout)
    per_epoch = -(-len(parts.train) // race.batch_size)
    moves = Recipe(crop=setting.crop, flip=setting.flip, cutout=setting.cutout)
    fit(
        model, parts.train, epochs=round(race.steps / per_epoch), lr=setting.lr,
        batch_size=race.batch_size, seed=seed, augment=moves, progress=False,
        device="cpu",
    )  # fmt: skip
    return model


def choose(name: str, parts: Splits) -> dict[str, dict]:
    """Return for each arm its best setting on validation images, and how many are.

    Best: right most often; of equals the one with the lower loss.
    """
    tried: dict[str, list[tuple[float, float, Setting]]] = {}
    for arm, setting in candidates(RACES[name]):
        found = [
            evaluate(trained(name, parts, setting, 1_000 + seed), parts.valid)
            for seed in range(RACES[name].choosing)
        ]
        scores = mean(f.accuracy for f in found), mean(f.loss for f in found)
        tried.setdefault(arm, []).append((*scores, setting))
        print(name, arm, vars(setting), [round(s, 4) for s in scores], flush=True)
    best = {
        arm: max(rows, key=lambda row: (row[0], -row[1])) for arm, rows in tried.items()
    }
    return {
        arm: {"setting": vars(setting), "valid": accuracy, "tried": len(tried[arm])}
        for arm, (accuracy, _, setting) in best.items()
    }


def run(name: str, place: Path | None, setting: Setting, seed: int) -> dict:
    """Train once and return the accuracy on training, clean and holed images."""
    parts, holed = images(name, place)
    model = trained(name, parts, setting, seed)
    scored = {"train": parts.train, "clean": parts.test, "holed": holed}
    scores = {what: evaluate(model, data).accuracy for what, data in scored.items()}
    return {"seed": seed, **scores}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=RACES, default=list(RACES))
    parser.add_argument("--cifar", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=FOLDER)
    options = parser.parse_args()
    if "cifar" in options.sets and options.cifar is None:
        parser.error("cifar needs --cifar, a folder with train/ and test/")
    torch.set_num_threads(1)
    for name in options.sets:
        race(name, options)


def race(name: str, options: argparse.Namespace) -> None:
    """Choose, run and store one data set's race."""
    path = options.json / f"regularisers_{name}.json"
    parts, _ = images(name, options.cifar)
    budget = RACES[name]
    settings = {
        "set": parts.train.source,
        "train": len(parts.train), "valid": len(parts.valid), "test": len(parts.test),
        "steps": budget.steps, "batch_size": budget.batch_size,
        "rates": budget.rates, "dropouts": DROPOUTS, "crops": budget.crops,
        "holes": budget.holes, "hole in the test": parts.test.images.shape[-1] // 2,
        "choosing": budget.choosing,
    }  # fmt: skip
    arms = kept(path, settings)
    if not arms:
        arms = {
            arm: {**found, "runs": []} for arm, found in choose(name, parts).items()
        }
    for seed in range(options.seeds):
        for arm, content in arms.items():
            if seed in [done["seed"] for done in content["runs"]]:
                continue
            setting = Setting(**content["setting"])
            content["runs"].append(run(name, options.cifar, setting, seed))
            write(path, __doc__.splitlines()[0], settings, arms)
            print(name, arm, json.dumps(content["runs"][-1]), flush=True)


if __name__ == "__main__":
    main()
