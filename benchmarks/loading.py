"""How fast batches arrive, against what courses and speed records use.

Batches of 128 out of 10,000 images. CIFAR shape: crop 4, flip, normalise, 16-pixel hole
(on every image by ours and airbench's loader, on half of them where erasing does so by
default).
MNIST shape: normalise; and with a rotation by up to 10 degrees.

usage: python benchmarks/loading.py [--rounds 60] [--json FILE]
"""

import argparse
import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

sys.path.insert(0, str(Path(__file__).parent))
from batch_peers import (
    MEAN,
    STD,
    airbench_loader,
    endless,
    kornia_loader,
    pil_loader,
)
from rounds import Floor, interleave, judged, report

from coursekit.augment import Recipe
from coursekit.data import Batches, ImageSet

SIZE = 128
FLOORS = {
    "cifar": [
        Floor("coursekit", "PIL Compose + DataLoader", 30),
        Floor("coursekit", "kornia on the batch", 5),
        Floor("coursekit", "airbench's batch operations", 3),
    ],
    "mnist": [
        Floor("coursekit", "PIL ToTensor + Normalize", 60),
        Floor("coursekit, rotated", "PIL RandomRotation", 8),
    ],
}


def noise(channels: int, side: int) -> ImageSet:
    """Return 10,000 random images with random labels of ten classes."""
    draw = torch.Generator().manual_seed(0)
    shape = (10_000, channels, side, side)
    images = torch.randint(0, 256, shape, generator=draw, dtype=torch.uint8)
    labels = torch.randint(0, 10, (len(images),), generator=draw)
    return ImageSet(images, labels, tuple("0123456789"), "noise", "generated")


def cifar() -> dict:
    """Return loaders of augmented 3×32×32 batches."""
    from torchvision import transforms

    data = noise(3, 32)
    settings = {"mean": MEAN, "std": STD}
    augment = Recipe(crop=4, flip=True, cutout=16)
    steps = (
        transforms.RandomCrop(32, 4),
        transforms.RandomHorizontalFlip(),
        transforms.RandomErasing(0.5, (0.25, 0.25), (1.0, 1.0)),
    )
    plain = (data.images, data.labels, SIZE)
    return {
        "coursekit": endless(Batches(data, SIZE, augment=augment, **settings)),
        "coursekit without augmentation": endless(Batches(data, SIZE, **settings)),
        "PIL Compose + DataLoader": pil_loader(*plain, *steps),
        "airbench's batch operations": airbench_loader(*plain),
        "kornia on the batch": kornia_loader(*plain),
    }


def mnist() -> dict:
    """Return loaders of 1×28×28 batches."""
    from torchvision import transforms

    data = noise(1, 28)
    settings = {"mean": MEAN[0], "std": STD[0]}
    rotated = Batches(data, SIZE, augment=Recipe(rotation=10.0), **settings)
    plain = (data.images, data.labels, SIZE)
    return {
        "coursekit": endless(Batches(data, SIZE, **settings)),
        "coursekit, rotated": endless(rotated),
        "PIL ToTensor + Normalize": pil_loader(*plain),
        "PIL RandomRotation": pil_loader(*plain, transforms.RandomRotation(10)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    groups = {}
    for name, loaders in (("cifar", cifar()), ("mnist", mnist())):
        present = {key: each for key, each in loaders.items() if each is not None}
        runs = {key: each.__next__ for key, each in present.items()}
        found = interleave(runs, options.rounds)
        for times in found.values():
            times["cpu_us_an_image"] = times["cpu_median_us"] / SIZE
        missing = sorted(set(loaders) - set(present))
        groups[name] = {
            "times": found,
            "floors": judged(found, FLOORS[name]),
            "not installed": missing,
        }
    print(report(groups, options.rounds, options.json))


if __name__ == "__main__":
    main()
