"""The capstone's steps on real MNIST, from a plain net to one below 8,000 parameters.

Every step is trained from scratch with `coursekit.training.fit` and judged on the
validation images; choices were made on those alone. The test images are looked at for
the nets that meet a budget, once each. A run that stands in the file with the same
settings is not repeated, so the command can be stopped and started again.

usage: COURSEKIT_DATA=folder python benchmarks/capstone.py [--steps plain late …]
           [--seeds 2] [--epochs 15] [--images N] [--precision bfloat16]
           [--json coursekit/course/results/capstone_mnist.json]
"""

import argparse
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

import torch
from keeping import processor
from torch import nn

from coursekit import __version__
from coursekit._base.files import write_whole
from coursekit.augment import compose, random_rotation, random_shift
from coursekit.course.challenges.ladder import last_field
from coursekit.data import ImageSet, Splits, mnist
from coursekit.models.capstone import (
    budget_net,
    early_net,
    gap_net,
    late_net,
    norm_net,
    plain_net,
)
from coursekit.training import evaluate, fit, sgd

RESULTS = (
    Path(__file__).resolve().parents[1] / "coursekit/course/results/capstone_mnist.json"
)
LIGHT = compose(partial(random_shift, most=1), partial(random_rotation, degrees=8))
CONSTANT = {"lr": 0.02, "schedule": "constant"}
CYCLE = {"lr": 0.2, "schedule": "one_cycle"}
LIGHTLY = {**CYCLE, "augment": LIGHT}


def long_tail(step: int, steps: int) -> float:
    """Return the share of the highest rate: up over 20 %, down to 90 %, then level."""
    passed = step / steps
    if passed < 0.2:
        return 0.1 + 0.9 * passed / 0.2
    return max(0.002, 1 - (passed - 0.2) / 0.7)


FINAL = {
    "lr": 0.5,
    "schedule": long_tail,
    "augment": LIGHT,
    "optimizer": partial(sgd, weight_decay=1e-4),
    "format": "channels_last",
}


@dataclass(frozen=True)
class Step:
    """One row: its name, the net, how it is trained, whether the test is looked at."""

    name: str
    build: Callable[[], nn.Module]
    settings: dict = field(default_factory=dict)
    test: bool = False


STEPS = {
    "plain": Step("plain, dense head", plain_net, CONSTANT),
    "gap": Step("GAP head", gap_net, CONSTANT),
    "norm": Step("batch norm", norm_net, CONSTANT),
    "cycle": Step("one-cycle rate", norm_net, CYCLE),
    "early": Step("squeezed, pools early", early_net, CYCLE),
    "late": Step("the same, pools late", late_net, CYCLE),
    "light": Step("light augmentation", late_net, LIGHTLY),
    "20k": Step(
        "below 20,000",
        partial(budget_net, (12, 16), (16, 20, 24, 24)),
        FINAL,
        test=True,
    ),
    "10k": Step(
        "below 10,000", partial(budget_net, (8, 12), (12, 16, 16, 16)), FINAL, test=True
    ),
    "8k": Step(
        "below 8,000", partial(budget_net, (8, 10), (12, 14, 16, 15)), FINAL, test=True
    ),
}


def run(step: Step, seed: int, sets: Splits, options: argparse.Namespace) -> dict:
    """Train one step once; return what it got right and the seconds it took."""
    torch.manual_seed(seed)
    model = step.build()
    history = fit(
        model,
        sets.train,
        epochs=options.epochs,
        batch_size=128,
        seed=seed,
        precision=options.precision,
        progress=False,
        **step.settings,
    )
    return {
        "seed": seed,
        "valid": counted(model, sets.valid, history),
        "test": counted(model, sets.test, history) if step.test else None,
        "seconds": round(history.seconds, 1),
        "precision": options.precision,
        "threads": torch.get_num_threads(),
        "images": len(sets.train),
    }


def counted(model: nn.Module, images: ImageSet, history) -> list[int]:
    """Return [right, n]."""
    found = evaluate(model, images, like=history)
    return [int(found.correct.sum()), found.n]


def row_of(step: Step, epochs: int, runs: list[dict]) -> dict:
    """Return the row of one step with its runs."""
    model = step.build()
    return {
        "step": step.name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "field": last_field(model, (1, 28, 28)),
        "epochs": epochs,
        "runs": runs,
    }


def kept_runs(path: Path, step: Step, options: argparse.Namespace, n: int) -> dict:
    """Return seed → run of what the file already holds with the same settings."""
    if not path.exists():
        return {}
    wanted = row_of(step, options.epochs, [])
    for row in json.loads(path.read_text(encoding="utf-8"))["rungs"]:
        if {**row, "runs": []} == wanted:
            same = (options.precision, n)
            runs = row["runs"]
            found = {run["seed"]: run for run in runs}
            return {
                seed: run
                for seed, run in found.items()
                if (run["precision"], run["images"]) == same
            }
    return {}


def write(path: Path, rows: list[dict], sets: Splits) -> None:
    """Write the rows with machine and versions; the file is whole at every moment."""
    threads = sorted({run["threads"] for row in rows for run in row["runs"]})
    content = {
        "what": "benchmarks/capstone.py: the capstone's steps on MNIST",
        "date": date.today().isoformat(),
        "machine": f"{processor()}, {'/'.join(map(str, threads))} CPU threads",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "coursekit": __version__,
        "train": len(sets.train),
        "valid": len(sets.valid),
        "test": len(sets.test),
        "rungs": rows,
    }
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    write_whole(path, text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--images", type=int, help="train on the first N only")
    parser.add_argument("--precision", default="bfloat16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, default=RESULTS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    sets = mnist(download=False)
    if options.images:
        fewer = sets.train.subset(torch.arange(options.images))
        sets = Splits(fewer, sets.valid, sets.test)
    n = len(sets.train)
    runs = {key: kept_runs(options.json, STEPS[key], options, n) for key in STEPS}
    for seed in range(options.seeds):  # all steps once, then all again
        for key in options.steps:
            if seed not in runs[key]:
                runs[key][seed] = run(STEPS[key], seed, sets, options)
                write(options.json, rows_of(runs, options.epochs), sets)
                print(key, json.dumps(runs[key][seed]), flush=True)


def rows_of(runs: dict[str, dict], epochs: int) -> list[dict]:
    """Return the rows of all steps that have run."""
    return [
        row_of(STEPS[key], epochs, list(done.values()))
        for key, done in runs.items()
        if done
    ]


if __name__ == "__main__":
    main()
