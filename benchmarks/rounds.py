"""Time variants side by side: one process, one thread, rounds of shuffled order.

The ratio to trust on a shared machine is that of the CPU-time medians; the 10th
percentile of wall time, as if undisturbed, stands beside it.
"""

import argparse
import json
import os
import platform
import random
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import torch

Variant = Callable[[], object]
_UNIT = 0.005


@dataclass(frozen=True)
class Floor:
    """State that `fast` must have at least (or, where `most`, at most) a ratio.

    Args:
        fast, slow: names of variants; the ratio is time of slow over time of fast.
        least: the ratio to reach.
        most: take the ratio the other way round, fast over slow, as an upper bound.
    """

    fast: str
    slow: str
    least: float
    most: bool = False


def group_alone(
    name: str,
    what: str,
    variants: Callable[[], dict[str, Variant | None]],
    floors: list[Floor],
    rounds: int,
    also: Callable[[dict[str, Variant]], dict] = lambda present: {},
) -> None:
    """Be the command of a script with one group: measure, judge, print, store.

    Args:
        name: of the group.
        what: of the help, a line.
        variants: makes what is timed; None for one that is not installed.
        floors: what the ratios must reach.
        rounds: unless `--rounds` says something else.
        also: more about the variants that are there, by name.
    """
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    runs = variants()
    present = {key: run for key, run in runs.items() if run is not None}
    times = interleave(present, options.rounds)
    group = {
        "times": times,
        "floors": judged(times, floors),
        **also(present),
        "not installed": sorted(set(runs) - set(present)),
    }
    print(report({name: group}, options.rounds, options.json))


def interleave(variants: dict[str, Variant], rounds: int) -> dict[str, dict]:
    """Return per variant the CPU median and the wall 10th percentile in µs a call.

    A measurement is as many calls in a row as take about `_UNIT` seconds: a single
    fast call after a slow one would mostly measure what that left in the caches.
    """
    draw, taken = random.Random(0), {name: [] for name in variants}
    calls = {name: _calls(run) for name, run in variants.items()}
    for _ in range(rounds):
        for name in draw.sample(list(variants), len(variants)):
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in range(calls[name]):
                variants[name]()
            spent = time.process_time() - cpu, time.perf_counter() - wall
            taken[name].append([seconds / calls[name] for seconds in spent])
    return {
        name: {
            "cpu_median_us": statistics.median(cpu for cpu, _ in times) * 1e6,
            "wall_p10_us": sorted(wall for _, wall in times)[len(times) // 10] * 1e6,
        }
        for name, times in taken.items()
    }


def _calls(run: Variant) -> int:
    run()
    times = []
    for _ in range(5):
        cpu = time.process_time()
        run()
        times.append(time.process_time() - cpu)
    return max(1, round(_UNIT / max(min(times), 1e-6)))


def judged(found: dict[str, dict], floors: list[Floor]) -> list[dict]:
    """Return each floor with the ratios measured; None where a variant is missing."""
    return [_judged(found, floor) for floor in floors]


def _judged(found: dict[str, dict], floor: Floor) -> dict:
    sign = "≤" if floor.most else "≥"
    row = {"what": f"{floor.fast} / {floor.slow}", "goal": f"{sign} {floor.least:g}"}
    if floor.fast not in found or floor.slow not in found:
        return row | {"cpu": None, "wall_p10": None, "held": None}
    ratios = {
        key: found[floor.slow][field] / found[floor.fast][field]
        for key, field in (("cpu", "cpu_median_us"), ("wall_p10", "wall_p10_us"))
    }
    if floor.most:
        ratios = {key: 1 / ratio for key, ratio in ratios.items()}
    held = ratios["cpu"] <= floor.least if floor.most else ratios["cpu"] >= floor.least
    return (
        row | {key: round(ratio, 4) for key, ratio in ratios.items()} | {"held": held}
    )


def report(groups: dict[str, dict], rounds: int, path: Path | None) -> str:
    """Return the measurements as JSON with machine and versions; also to a file."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    content = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, 1 thread",
        "load": load,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "rounds": rounds,
        **groups,
        "costs": costs(groups),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    if path is not None:
        path.write_text(text + "\n", encoding="utf-8")
    return text


def costs(groups: dict[str, dict]) -> dict[str, float]:
    """Return every floor's ratio, turned so that a larger one is slower."""
    return {
        f"{name}: {row['what']}": row["cpu"] if "≤" in row["goal"] else 1 / row["cpu"]
        for name, group in groups.items()
        for row in group["floors"]
        if row["cpu"]
    }
