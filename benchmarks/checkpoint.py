"""What it costs never to lose a run: checkpoints at the default interval.

A tiny net and ResNet-20 are trained with and without a checkpoint, in interleaved
rounds; beside the difference stands the share of time by the clock that writing files
took. `fit` keeps saving as a whole under 2 %, whatever model, disk and interval.

usage: python benchmarks/checkpoint.py [--rounds 5] [--epochs 4] [--json FILE]
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from loop import noise
from torch import nn

from coursekit.data import ImageSet
from coursekit.models import cifar_resnet, tiny_net
from coursekit.training import checkpoint, fit


class Stopwatch:
    """Write checkpoints and note the seconds."""

    def __init__(self):
        self.seconds, self.bytes = [], 0
        self._write = checkpoint.write

    def __call__(self, path: Path, state: dict) -> None:
        started = time.perf_counter()
        self._write(path, state)
        self.seconds.append(time.perf_counter() - started)
        self.bytes = path.stat().st_size


def train(
    model: nn.Module, data: ImageSet, epochs: int, path: Path | None
) -> tuple[float, float]:
    """Return the seconds of a run: the processor's, and the clock's."""
    began, started = time.perf_counter(), time.process_time()
    fit(model, data, epochs=epochs, lr=0.0, progress=False, checkpoint=path)
    return time.process_time() - started, time.perf_counter() - began


def compare(model: nn.Module, data: ImageSet, epochs: int, rounds: int) -> dict:
    """Return CPU seconds with and without checkpoints, and what each save took."""
    train(model, data, 1, None)  # the first run of a process pays for imports
    watch = checkpoint.write = Stopwatch()
    taken: dict[str, list[tuple[float, float]]] = {"without": [], "with": []}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(rounds):
            for name in sorted(taken, reverse=bool(i % 2)):
                path = Path(folder) / f"{i}" if name == "with" else None
                taken[name].append(train(model, data, epochs, path))
    checkpoint.write = watch._write
    medians = {
        name: statistics.median(cpu for cpu, _ in times)
        for name, times in taken.items()
    }
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "file_bytes": watch.bytes,
        "saves_a_run": len(watch.seconds) / rounds,
        "save_ms_median": 1000 * statistics.median(watch.seconds),
        "share_of_time_writing": sum(watch.seconds)
        / sum(wall for _, wall in taken["with"]),
        "share_at_30_s_interval": statistics.median(watch.seconds) / 30,
        "cpu_with_over_without": medians["with"] / medians["without"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    report = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, 1 thread",
        "torch": torch.__version__,
        "rounds": options.rounds,
        "tiny net": compare(
            tiny_net(), noise(2560, 1, 28), 5 * options.epochs, options.rounds
        ),
        "ResNet-20": compare(
            cifar_resnet(20), noise(768, 3, 32), options.epochs, options.rounds
        ),
    }
    text = json.dumps(report, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
