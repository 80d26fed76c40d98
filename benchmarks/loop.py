"""What the loop of `fit` costs, against a bare step and against other loops.

Four groups; all variants of a group run in one process, in rounds of shuffled order,
on one thread. Ratios are of CPU-time medians, beside them wall-time 10th percentiles.

- null: a net with nothing to do, 200 steps a run: microseconds on top of the bare step
- options: what each option adds to that
- nets: the MNIST net with less than 8,000 parameters (batches of 128) and ResNet-20
  (batches of 32): rate against bare steps of the same net on ready batches. The loops
  on PIL images crop, flip and cut out with ResNet-20, as "fit, augmented" does. Runs
  have 12 steps, so that setting up counts; "fit" also in runs of 48
- formats: contiguous, channels-last and bfloat16 fixed, and what "auto" would choose

tqdm, Lightning and fastai are compared where they are installed.

usage: python benchmarks/loop.py [null|options|nets|formats …] [--rounds 40]
           [--json FILE]
"""

import argparse
import contextlib
import io
import json
import os
import platform
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parent))
from loop_peers import classic, classic_pil, fastai_fit, lightning_fit
from record_mnist import small_net

from coursekit.augment import Recipe
from coursekit.data import Batches, ImageSet
from coursekit.models import cifar_resnet
from coursekit.training import OneCycle, fit, sgd

Variant = Callable[[], object]
AUGMENTED = Recipe(crop=4, flip=True, cutout=16)
LONG = 48  # steps of a long run


def noise(n: int, channels: int, size: int) -> ImageSet:
    """Return random images with random labels of ten classes."""
    draw = torch.Generator().manual_seed(0)
    shape = (n, channels, size, size)
    images = torch.randint(0, 256, shape, generator=draw, dtype=torch.uint8)
    labels = torch.randint(0, 10, (n,), generator=draw)
    return ImageSet(images, labels, tuple("0123456789"), "noise", "generated")


def bare(model: nn.Module, batches: list) -> Variant:
    """Return a run of steps on ready batches and nothing else: the limit."""
    optimizer = sgd(model.parameters(), 0.0)

    def run() -> None:
        model.train()
        for images, labels in batches:
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
            optimizer.zero_grad()

    return run


def ours(model: nn.Module, data: ImageSet, size: int, **settings) -> Variant:
    """Return a run of `fit` with loss, accuracy and a progress bar nobody sees."""

    def run() -> object:
        with contextlib.redirect_stdout(Terminal()):
            settings_ = {"epochs": 1, "batch_size": size, "lr": 0.0} | settings
            return fit(model, data, **settings_)

    return run


class Terminal(io.StringIO):
    """A terminal that forgets what is written."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


def interleave(variants: dict[str, Variant], steps: int, rounds: int) -> dict:
    """Return per variant the CPU median and the wall 10th percentile, µs per step."""
    draw, taken = random.Random(0), {name: [] for name in variants}
    for run in variants.values():
        run()
    for _ in range(rounds):
        for name in draw.sample(list(variants), len(variants)):
            wall, cpu = time.perf_counter(), time.process_time()
            variants[name]()
            taken[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    first, found = next(iter(taken)), {}
    for name, times in taken.items():
        (walls, cpus), bases = zip(*times, strict=True), zip(*taken[first], strict=True)
        wall_base, cpu_base = bases
        found[name] = {
            "wall_p10_us": sorted(walls)[len(walls) // 10] / steps * 1e6,
            "cpu_median_us": statistics.median(cpus) / steps * 1e6,
            f"{first} over it, 95 %": median_interval(cpu_base, cpus),
            f"{first} over it, wall, 95 %": median_interval(wall_base, walls),
        }
    return found


def median_interval(base: Sequence[float], times: Sequence[float]) -> list[float]:
    """Return the 95 % interval of the median over the rounds of a ratio of times.

    The order statistics that a fair coin leaves the median between: of 30 rounds the
    10th and the 21st (Conover, Practical Nonparametric Statistics, section 3.2).
    """
    ratios = sorted(b / t for b, t in zip(base, times, strict=True))
    n = len(ratios)
    reach = 0.98 * n**0.5
    low, high = max(0, round(n / 2 - reach) - 1), min(n - 1, round(n / 2 + reach))
    return [round(ratios[low], 3), round(ratios[high], 3)]


def null(rounds: int) -> dict:
    """Microseconds that each loop adds to the bare step of a net with nothing to do."""
    data, model = noise(1600, 1, 4), nn.Sequential(nn.Flatten(), nn.Linear(16, 10))
    ready = list(Batches(data, 8))
    variants = {
        "bare": bare(model, ready),
        "fit": ours(model, data, 8),
        "classic tqdm loop": classic(model, ready),
        "Lightning barebones": lightning_fit(model, ready),
        "fastai": fastai_fit(model, ready),
    }
    found = interleave(present(variants), 200, rounds)
    base = dict(found["bare"])
    for times in found.values():
        for key in ("wall_p10_us", "cpu_median_us"):
            own = times[key] - base[key]
            times[f"own_{key}"], times[f"own_over_bare_{key[:-3]}"] = (
                own,
                own / base[key],
            )
    return found


def options(rounds: int) -> dict:
    """Microseconds that each option of `fit` adds to a step, on the net with nothing
    to do: the same net instance for all."""
    data, model = noise(1600, 1, 4), nn.Sequential(nn.Flatten(), nn.Linear(16, 10))
    asked = {
        "fit": {},
        "fit, l1": {"l1": 1e-4},
        "fit, clip": {"clip": 1.0},
        "fit, average": {"average": 0.99},
        "fit, weight_decay": {"weight_decay": 1e-3},
        "fit, label_smoothing": {"label_smoothing": 0.1},
        "fit, momentum moves": {"schedule": OneCycle()},
        "fit, stop and log": {"stop": _never, "log": _never},
    }
    variants = {
        name: ours(model, data, 8, **settings) for name, settings in asked.items()
    }
    found = interleave(
        {"bare": bare(model, list(Batches(data, 8)))} | variants, 200, rounds
    )
    base = found["fit"]["cpu_median_us"]
    for times in found.values():
        times["on top of fit_us"] = times["cpu_median_us"] - base
    return found


def _never(history: object) -> bool:
    return False


def nets(rounds: int) -> dict:
    """Rates against the bare step, for two nets of the course."""
    found = {}
    for name, model, size, channels, side, augment in (
        ("small MNIST net, 128", small_net(), 128, 1, 28, None),
        ("ResNet-20, 32", cifar_resnet(20), 32, 3, 32, AUGMENTED),
    ):
        data = noise(12 * size, channels, side)
        found[name] = net_group(model, data, size, rounds, augment)
        data = noise(LONG * size, channels, side)
        times = interleave(bare_and_fit(model, data, size), LONG, rounds)
        found[f"{name}, {LONG} steps"] = with_rates(times, "bare")
    return found


def bare_and_fit(model: nn.Module, data: ImageSet, size: int) -> dict[str, Variant]:
    """Return an epoch by bare steps on ready batches, and by `fit`."""
    return {
        "bare": bare(model, list(Batches(data, size))),
        "fit": ours(model, data, size, format="contiguous"),
    }


def net_group(
    model: nn.Module,
    data: ImageSet,
    size: int,
    rounds: int,
    augment: Recipe | None = None,
) -> dict:
    """Compare loops on one net instance, 12 batches a run."""
    variants = bare_and_fit(model, data, size) | {
        "classic + PIL": classic_pil(model, data, size, augment is not None),
        "Lightning + PIL": lightning_fit(model, data, size, augment is not None),
        "fastai + PIL": fastai_fit(model, data, size, augment is not None),
    }
    if augment is not None:
        variants["fit, augmented"] = ours(
            model, data, size, format="contiguous", augment=augment
        )
    found = interleave(present(variants), 12, rounds)
    return with_rates(found, "bare")


def formats(rounds: int) -> dict:
    """Rates of fixed formats over contiguous, and the automatic choices."""
    found = {}
    for name, model, data, size in (
        ("small MNIST net, 128", small_net(), noise(1536, 1, 28), 128),
        ("ResNet-20, 32", cifar_resnet(20), noise(384, 3, 32), 32),
    ):
        chosen = choices_of_a_long_run(model, data, size)
        variants = {
            f"{layout}, {precision}": ours(
                model, data, size, format=layout, precision=precision
            )
            for layout in ("contiguous", "channels_last")
            for precision in ("float32", "bfloat16")
        }
        times = interleave(variants, 12, max(5, rounds // 4))
        found[name] = with_rates(times, "contiguous, float32") | {"auto chose": chosen}
    return found


def choices_of_a_long_run(model: nn.Module, data: ImageSet, size: int) -> list[str]:
    """Return what the probe of `fit` chooses five times each, with and without half."""
    from coursekit.training.probe import Choice, fastest

    batch, answers = next(iter(Batches(data, size))), []
    layouts = ("contiguous", "channels_last")
    for precisions in (("float32",), ("float32", "bfloat16")):
        allowed = [Choice(a, b) for a in layouts for b in precisions]
        for _ in range(5):
            started = time.perf_counter()
            choice = fastest(allowed, model, batch, F.cross_entropy)
            seconds = time.perf_counter() - started
            answers.append(f"{choice.format}, {choice.precision} ({seconds:.2f} s)")
    return answers


def present(variants: dict[str, Variant | None]) -> dict[str, Variant]:
    """Return the variants whose packages are installed."""
    return {name: run for name, run in variants.items() if run is not None}


def with_rates(found: dict, base: str) -> dict:
    """Add to each variant its rate over the base's rate."""
    for times in found.values():
        for key in ("wall_p10", "cpu_median"):
            times[f"rate_{key}"] = found[base][f"{key}_us"] / times[f"{key}_us"]
    return found


def costs(report: dict) -> dict[str, float]:
    """Return the time of every kind of `fit` over the bare step's, as it is reported:
    the larger, the slower."""
    timed = {name: report[name] for name in ("null", "options") if name in report}
    timed |= report.get("nets", {})
    return {
        f"{group}: {variant} / bare": times["cpu_median_us"]
        / of["bare"]["cpu_median_us"]
        for group, of in timed.items()
        for variant, times in of.items()
        if variant.startswith("fit")
    }


GROUPS = {"null": null, "options": options, "nets": nets, "formats": formats}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", default=[], help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    report = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, 1 thread",
        "torch": torch.__version__,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "rounds": given.rounds,
    }
    for name in given.groups or GROUPS:
        report[name] = GROUPS[name](given.rounds)
    report["costs"] = costs(report)
    text = json.dumps(report, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
