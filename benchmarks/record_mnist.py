"""Real MNIST: how few parameters for an accuracy, and how accurate in how many seconds.

The front, by parameters: "98" to "99.5" name the mean test accuracy in percent that a
net is for. By time: "quick" is to be right on 99.0 % of the test images after 10 s of
training on two CPU cores, "minute" on 99.4 % after 60 s.

The protocol. Net and recipe are chosen on images held out of the 60,000: `--choose`
trains on 50,000 and judges on the others. Then every seed from 0 on trains on all
60,000 for at most 15 epochs, and what counts is the mean over the test images after the
last three epochs (by time: after the last one, since the clock stops there): never the
best epoch, never the best seed. A run that stands in the
file with the same recipe is not repeated, so the command can be stopped and started
again. `--entry` also writes the net of seed 0 as a hand-in, which `coursekit inspect`
counts again.

usage: COURSEKIT_DATA=folder python benchmarks/record_mnist.py NAME [--seeds 10]
           [--choose] [--images N] [--threads N] [--entry FILE] [--folder FOLDER]

One thread, and two for "quick" and "minute", whose runs lie beside this script.

The images: `coursekit data get mnist`, or COURSEKIT_DATA names a folder that has them.
"""

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import torch
from keeping import FOLDER, kept, layers_of, markdown, write
from protocol import parser, sets
from torch import Tensor, nn

from coursekit.augment import compose, random_rotation, random_shift
from coursekit.blocks import ConvNormAct, GAPHead
from coursekit.course import submit
from coursekit.data import ImageSet, mnist
from coursekit.metrics import interval
from coursekit.training import fit, sgd

HEADS = "name", "parameters", "right, %", "epochs", "seconds (median to longest)"
COUNTED = 3  # of the last epochs, whose mean is the result


def unpadded(in_channels: int, out_channels: int) -> ConvNormAct:
    """Return a 3×3 that shrinks the map by 2: no pixel is made up at the border.

    Without padding nets were right 0.1 to 0.2 points more often than padded ones of
    their size, on the images to choose by.
    """
    return ConvNormAct(in_channels, out_channels, padding=0)


def separable(in_channels: int, out_channels: int, kernel_size: int = 3) -> nn.Module:
    """Return a k×k on each channel alone, then a 1×1, without a norm between them."""
    alone = nn.Conv2d(
        in_channels, in_channels, kernel_size, groups=in_channels, bias=False
    )
    return nn.Sequential(alone, ConvNormAct(in_channels, out_channels, 1))


def separable_net(*channels: int, pool: int) -> nn.Sequential:
    """Return 3×3s of which all but the first are separable, a pooling after `pool`."""
    convs = [
        unpadded(1, out) if number == 0 else separable(channels[number - 1], out)
        for number, out in enumerate(channels)
    ]
    convs.insert(pool, nn.MaxPool2d(2))
    return nn.Sequential(*convs, GAPHead(channels[-1], 10))


class BothSigns(nn.Module):
    """ReLU of a map and of its negative: twice the channels for no parameter.

    Source: Shang et al. 2016, "Understanding and improving CNNs via concatenated
    rectified linear units", section 2.
    """

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat((maps.relu(), (-maps).relu()), 1)


def signed(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a 1×1, a 3×3 on each channel alone and both signs of the result.

    The 1×1 comes first: the 3×3s then have half as many channels to see.
    """
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        nn.Conv2d(out_channels, out_channels, 3, groups=out_channels, bias=False),
        nn.BatchNorm2d(out_channels),
        BothSigns(),
    )


def signed_net(*channels: int) -> nn.Sequential:
    """Return a 3×3, a pooling and `signed` layers; twice the channels leave each."""
    return nn.Sequential(
        nn.Conv2d(1, channels[0], 3, bias=False),
        nn.BatchNorm2d(channels[0]),
        BothSigns(),
        nn.MaxPool2d(2),
        *(signed(2 * before, out) for before, out in pairwise(channels)),
        GAPHead(2 * channels[-1], 10),
    )


def small_net() -> nn.Sequential:
    """Return the plain net that `loop.py` times, with 7,870 parameters.

    The last map sees 22×22. It was right on 99.52 % of the test images (5 seeds) before
    4,902 separable parameters did as well.
    """
    return nn.Sequential(
        unpadded(1, 8),  # n 8 26 26
        unpadded(8, 10),  # n 10 24 24
        nn.MaxPool2d(2),  # n 10 12 12
        unpadded(10, 12),  # n 12 10 10
        unpadded(12, 14),  # n 14 8 8
        unpadded(14, 16),  # n 16 6 6
        unpadded(16, 15),  # n 15 4 4
        GAPHead(15, 10),
    )


def minute_net() -> nn.Sequential:
    """Return a net with 52,146 parameters, most of them on small maps."""
    return nn.Sequential(
        ConvNormAct(1, 24, 5, padding=0),  # n 24 24 24
        nn.MaxPool2d(2),  # n 24 12 12
        unpadded(24, 32),  # n 32 10 10
        unpadded(32, 32),  # n 32 8 8
        unpadded(32, 48),  # n 48 6 6
        unpadded(48, 48),  # n 48 4 4
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


def settled(step: int, steps: int) -> float:
    """Return the share of the learning rate: up, straight down, then almost none."""
    done = step / steps
    if done < 0.2:
        return 0.1 + 0.9 * done / 0.2
    return max(0.002, (0.9 - done) / 0.7)


@dataclass(frozen=True)
class Recipe:
    """One point: its net, how it is trained, how far pictures are moved and turned."""

    build: Callable[[], nn.Module]
    epochs: int = 15
    lr: float = 0.5
    decay: float = 1e-4
    average: float = 0.0
    moved: tuple[int, float] | None = (1, 8)  # pixels, degrees
    precision: str = "float32"
    counted: int = COUNTED  # of the last epochs
    settings: dict = field(default_factory=dict)

    def described(self) -> dict:
        """Return what decides a run, as plain data: another recipe is another run."""
        return {
            "net": layers_of(self.build()),
            "epochs": self.epochs,
            "lr": self.lr,
            "decay": self.decay,
            "average": self.average,
            "moved": list(self.moved) if self.moved else None,
            "precision": self.precision,
            **({} if self.counted == COUNTED else {"counted": self.counted}),
            **self.settings,
        }

    def fit(self, model: nn.Module, train: ImageSet, judged: ImageSet, seed: int):
        """Train `model`; return its history, judged after every epoch."""
        augment = None
        if self.moved:
            pixels, degrees = self.moved
            augment = compose(
                partial(random_shift, most=pixels),
                partial(random_rotation, degrees=degrees),
            )
        return fit(
            model,
            train,
            judged,
            epochs=self.epochs,
            lr=self.lr,
            schedule=settled,
            optimizer=partial(sgd, weight_decay=self.decay),
            augment=augment,
            average=self.average,
            precision=self.precision,
            format="channels_last",
            seed=seed,
            progress=False,
            **self.settings,
        )


# A net of a thousand parameters forgets little: it sees the pictures as they are.
TINY = {"lr": 0.3, "decay": 0, "average": 0.998, "moved": None}
SMALL_BATCHES = {"settings": {"batch_size": 64}}
RECIPES = {
    "98": Recipe(partial(signed_net, 4, 5, 5, 5, 5), **TINY, **SMALL_BATCHES),
    "99.0": Recipe(partial(signed_net, 5, 7, 8, 9, 10), **TINY, **SMALL_BATCHES),
    "99.4": Recipe(
        partial(signed_net, 8, 12, 15, 18, 20), lr=0.35, average=0.998, **SMALL_BATCHES
    ),
    "99.5": Recipe(
        partial(separable_net, 12, 16, 24, 28, 32, 32, pool=2),
        lr=0.35,
        average=0.998,
        **SMALL_BATCHES,
    ),
    "quick": Recipe(quick_net, epochs=2, lr=0.3, moved=None, counted=1),
    "minute": Recipe(minute_net, epochs=5, lr=0.4, precision="bfloat16", counted=1),
}
TIMED = {"quick", "minute"}  # the others are called by the percentage they reach


def run(
    recipe: Recipe, seed: int, train: ImageSet, judged: ImageSet, entry: Path | None
) -> dict:
    """Train once; return the accuracies of the epochs that count, and the seconds."""
    torch.manual_seed(seed)
    model = recipe.build()
    history = recipe.fit(model, train, judged, seed)
    if entry is not None and seed == 0:
        submit(model, history, input_shape=(1, 28, 28), path=entry)
    last = [
        round(100 * value, 4) for value in history["valid_accuracy"][-recipe.counted :]
    ]
    return {
        "seed": seed,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "accuracy (%)": round(statistics.mean(last), 4),
        "last epochs (%)": last,
        "learnt (%)": round(100 * history.final.train_accuracy, 4),
        "seconds": round(history.seconds, 1),
    }


def table(arms: dict[str, dict]) -> str:
    """Return the points that stand in a file, the smallest first, as Markdown."""
    rows, size = [], {name: arm["runs"][0]["parameters"] for name, arm in arms.items()}
    for name, arm in sorted(arms.items(), key=lambda one: size[one[0]]):
        runs = arm["runs"]
        right = interval(one["accuracy (%)"] for one in runs)
        seconds = [one["seconds"] for one in runs]
        took = f"{statistics.median(seconds):.1f} to {max(seconds):.1f}"
        rows.append((name, f"{size[name]:,}", right, arm["recipe"]["epochs"], took))
    return markdown(HEADS, *rows)


def check_entry(entry: Path | None, seeds: set[int]) -> None:
    """Refuse a hand-in that no run would write any more."""
    if entry is not None and 0 in seeds:
        raise ValueError(
            f"`--entry` writes the net of seed 0, and that run stands in the file "
            f"already: leave it out, or move the file away first; got {entry}"
        )


def stored_in(options: argparse.Namespace) -> Path:
    """Return the file of the results: of the front, of the times, of the choosing."""
    kind = "seconds" if options.name in TIMED else "front"
    return options.folder / f"mnist_{kind}{'_chosen' * options.choose}.json"


def arguments() -> argparse.Namespace:
    what = __doc__.splitlines()[0]
    made = parser(what, "name", RECIPES, seeds=10, threads=None)
    made.add_argument("--entry", type=Path)
    made.set_defaults(folder=None)
    options = made.parse_args()
    timed = options.name in TIMED
    options.threads = options.threads or (2 if timed else 1)
    options.folder = options.folder or (Path(__file__).parent if timed else FOLDER)
    return options


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    recipe = RECIPES[options.name]
    train, judged, shared = sets(mnist, 10_000, options)
    path = stored_in(options)
    arms = kept(path, shared)
    arm = arms.get(options.name)
    if arm is None or arm["recipe"] != recipe.described():
        arm = arms[options.name] = {"recipe": recipe.described(), "runs": []}
    check_entry(options.entry, {one["seed"] for one in arm["runs"]})
    for seed in range(options.seeds):
        if seed not in [one["seed"] for one in arm["runs"]]:
            arm["runs"].append(run(recipe, seed, train, judged, options.entry))
            write(path, __doc__.splitlines()[0], shared, arms)
            print(options.name, json.dumps(arm["runs"][-1]), flush=True)
    print(table(arms))


if __name__ == "__main__":
    main()
