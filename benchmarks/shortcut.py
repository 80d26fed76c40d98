"""The shortcut (claim C60): backgrounds that give the class away, and what helps.

Four shapes on four textures; with the probability ρ a training image has the texture
that is tied to its class. Each network is judged on new images whose backgrounds fit
the class, on swapped ones (every class has another class's texture) and on random ones,
and by where its Grad-CAM lies. The remedies are compared at the same number of steps.

usage: python benchmarks/shortcut.py [--seeds 5] [--json FILE]
"""

import argparse
import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from keeping import FOLDER, kept, write
from torch import Tensor, nn

from coursekit.augment import Recipe
from coursekit.blocks import ConvNormAct, GAPHead
from coursekit.data import Batches, ImageSet, Shapes, shapes
from coursekit.gradcam import grad_cam
from coursekit.metrics import energy_inside, pointing_game
from coursekit.training import evaluate, fit

TEXTURES = ("stripes", "checks", "dots", "waves")
LOOK = {
    "backgrounds": TEXTURES,
    "colours": ("red", "yellow"),
    "object_size": (12, 18),
}
TRAIN, TEST = 2_000, 800
HOW = {"epochs": 5, "batch_size": 64, "lr": 0.1}
SETTINGS = {"train": TRAIN, "test": TEST, **LOOK, **HOW}
drawn = partial(shapes, **LOOK)


@dataclass(frozen=True)
class Arm:
    """How the training images of one arm come about.

    Args:
        rho: probability that the background is the one tied to the class.
        augment: what is done to each batch.
        nothing: add a fifth class, bare backgrounds, as many as one class has.
    """

    rho: float
    augment: Recipe | None = None
    nothing: bool = False


MOVED, MILD, HARD = Recipe(crop=4, flip=True), Recipe(cutout=8), Recipe(cutout=16)
BOTH = Recipe(crop=4, flip=True, cutout=16)
ARMS = {
    "tied": Arm(1.0),
    "tied 95 %": Arm(0.95),
    "tied 90 %": Arm(0.9),
    "tied 75 %": Arm(0.75),
    "tied 50 %": Arm(0.5),
    "not tied": Arm(0.0),
    "tied, crop + flip": Arm(1.0, MOVED),
    "tied, cutout 8": Arm(1.0, MILD),
    "tied, cutout 16": Arm(1.0, HARD),
    "tied, crop + flip + cutout 16": Arm(1.0, BOTH),
    "tied, a class “nothing”": Arm(1.0, nothing=True),
    "tied 95 %, crop + flip": Arm(0.95, MOVED),
    "tied 95 %, cutout 8": Arm(0.95, MILD),
    "tied 95 %, cutout 16": Arm(0.95, HARD),
    "tied 95 %, a class “nothing”": Arm(0.95, nothing=True),
}


def net(classes: int, seed: int) -> nn.Sequential:
    """Return three 3×3 convolutions with two poolings and a GAP head."""
    torch.manual_seed(seed)
    return nn.Sequential(
        ConvNormAct(3, 12), nn.MaxPool2d(2),
        ConvNormAct(12, 24), nn.MaxPool2d(2),
        ConvNormAct(24, 32), GAPHead(32, classes),
    )  # fmt: skip


def training_set(arm: Arm, seed: int) -> ImageSet:
    """Return the training images of an arm."""
    data = drawn(TRAIN, background_correlation=arm.rho, seed=seed)
    plain = data.labelled_by("shape")
    if not arm.nothing:
        return plain
    bare = bare_backgrounds(TRAIN // len(data.classes), seed)
    return replace(
        plain,
        images=torch.cat([plain.images[: TRAIN - len(bare)], bare]),
        labels=torch.cat(
            [plain.labels[: TRAIN - len(bare)], torch.full((len(bare),), 4)]
        ),
        classes=(*data.classes, "nothing"),
    )


def bare_backgrounds(n: int, seed: int) -> Tensor:
    """Return n backgrounds without an object, (n, 3, 32, 32) uint8.

    The background depends on seed and position only. The same samples with small
    objects elsewhere show what a large object hides; images where all three overlap are
    left out.
    """
    versions = [
        drawn(2 * n, seed=seed + 500, **where)
        for where in (
            {},
            {"object_size": (6, 6), "position": "centre"},
            {"object_size": (6, 6)},
        )
    ]
    images, hidden = versions[0].images, versions[0].masks
    for other in versions[1:]:
        images = torch.where(hidden[:, None], other.images, images)
        hidden = hidden & other.masks
    return images[~hidden.flatten(1).any(1)][:n]


def run(arm: Arm, seed: int) -> dict:
    """Train one network and return all its scores."""
    train = training_set(arm, seed)
    model = net(len(train.classes), seed)
    history = fit(
        model, train, seed=seed, augment=arm.augment, progress=False, device="cpu",
        **HOW,
    )  # fmt: skip
    fits, swapped, free = (
        drawn(TEST, seed=10_000 + seed, **where)
        for where in (
            {"background_correlation": 1.0},
            {"background_correlation": 1.0, "background_shift": 1},
            {},
        )
    )
    fooled = evaluate(model, swapped).predictions == swapped.backgrounds
    return {
        "seed": seed,
        "train": history.final.train_accuracy,
        "fits": evaluate(model, fits).accuracy,
        "swapped": evaluate(model, swapped).accuracy,
        "random": evaluate(model, free).accuracy,
        "answers the background": fooled.float().mean().item(),
        **looks(model, fits, history),
    }


def looks(model: nn.Module, data: Shapes, history) -> dict:
    """Return where Grad-CAM of the predicted class lies."""
    norm = {"mean": history.mean, "std": history.std}
    batches = Batches(data, len(data), shuffle=False, **norm)
    maps = grad_cam(model, next(iter(batches))[0], "4").maps
    return {
        "energy": energy_inside(maps, data.masks).mean().item(),
        "peak": pointing_game(maps, data.masks),
        "area": data.masks.double().mean().item(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=FOLDER / "shortcut.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    arms = kept(options.json, SETTINGS)
    for seed in range(options.seeds):
        for name, arm in ARMS.items():
            runs = arms.setdefault(name, [])
            if seed not in [run["seed"] for run in runs]:
                runs.append(run(arm, seed))
                write(options.json, __doc__.splitlines()[0], SETTINGS, arms)
                print(name, json.dumps(runs[-1]), flush=True)


if __name__ == "__main__":
    main()
