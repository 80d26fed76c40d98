"""Plain and residual nets of 20 and 56 layers on CIFAR-10, with a very short schedule.

He et al., arXiv 1512.03385, section 4.2 and Figure 6, train on 45,000 images for 64,000
steps; here it is 10,000 images, two epochs of one-cycle and no augmentation, so the
numbers are not the paper's. What is compared is the error on images that were learnt
from. `--images 45000 --epochs 182` is the paper's length.

usage: COURSEKIT_DATA=folder python benchmarks/depth_cifar.py [--seeds 3]
           [--images 10000] [--epochs 2] [--precision bfloat16] [--json FILE]
"""

import argparse
import json
from pathlib import Path

import torch
from keeping import FOLDER, kept, write

from coursekit.data import ImageSet, Splits, cifar10
from coursekit.models import cifar_resnet
from coursekit.training import evaluate, fit

ARMS = {
    f"{kind}, {depth} layers": (depth, shortcut)
    for depth in (20, 56)
    for kind, shortcut in {"plain": "none", "residual": "padded"}.items()
}
JUDGED = 2_000  # images whose errors are counted, of the learnt ones and of the test


def some(images: ImageSet, count: int, seed: int = 0) -> ImageSet:
    """Return `count` images drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    return images.subset(torch.randperm(len(images), generator=generator)[:count])


def run(depth: int, shortcut: str, seed: int, sets: Splits, settings: dict) -> dict:
    """Train one net; return its loss by epoch and its errors in percent."""
    torch.manual_seed(seed)
    net = cifar_resnet(depth, shortcut=shortcut)
    train = some(sets.train, settings["images"], seed)
    history = fit(
        net,
        train,
        epochs=settings["epochs"],
        lr=settings["lr"],
        seed=seed,
        format="channels_last",
        precision=settings["precision"],
        progress=False,
    )
    judged = {"train": some(train, JUDGED), "test": some(sets.test, JUDGED)}
    errors = {
        f"{part} error (%)": 100 * (1 - evaluate(net, images, like=history).accuracy)
        for part, images in judged.items()
    }
    losses = [round(value, 4) for value in history["train_loss"]]
    seconds = round(history.seconds, 1)
    return {"seed": seed, **errors, "losses": losses, "seconds": seconds}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--precision", default="bfloat16")
    parser.add_argument("--json", type=Path, default=FOLDER / "depth_cifar.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    sets = cifar10(download=False)
    names = ("images", "epochs", "lr", "precision")
    settings = {name: getattr(options, name) for name in names}
    settings |= {"judged": JUDGED, "data": sets.train.name}
    arms = kept(options.json, settings)
    for seed in range(options.seeds):
        for name, (depth, shortcut) in ARMS.items():
            runs = arms.setdefault(name, [])
            if seed not in [run["seed"] for run in runs]:
                runs.append(run(depth, shortcut, seed, sets, settings))
                write(options.json, __doc__.splitlines()[0], settings, arms)
                print(name, json.dumps(runs[-1]), flush=True)


if __name__ == "__main__":
    main()
