"""What a student waits for first: the imports, and a look at a deep network.

- the first cell's `import coursekit`, and all of its names used in a session, beside
  `import torch`: fresh processes, one after another, CPU seconds of the process
- `anatomy` of ResNet-152 beside one forward pass of it, 224 pixels, in one process

usage: python benchmarks/first_cell.py [--rounds 10] [--json FILE]
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

sys.path.insert(0, str(Path(__file__).parent))
from rounds import Floor, interleave, judged, report

from coursekit import anatomy, models

CELLS = {
    "import torch": "import torch",
    "import coursekit": "import coursekit",
    "first cell": "from coursekit import anatomy, claim, figures, fit, predict\n"
    "from coursekit.course import verdict_table",
}
FLOORS = {
    "imports": [
        Floor("import coursekit", "import torch", 0.1, most=True),
        Floor("first cell", "import torch", 2.0, most=True),
    ],
    "anatomy": [Floor("anatomy of ResNet-152", "forward pass", 2.0, most=True)],
}
COUNTED = "\nimport time; print(time.process_time())"


def imports(rounds: int) -> dict[str, dict]:
    """Return CPU medians and 10th percentiles of fresh processes, in µs."""
    taken = {name: [] for name in CELLS}
    for _ in range(rounds):
        for name, cell in CELLS.items():
            command = [sys.executable, "-c", cell + COUNTED]
            ran = subprocess.run(command, capture_output=True, text=True, check=True)
            taken[name].append(float(ran.stdout))
    return {
        name: {
            "cpu_median_us": statistics.median(times) * 1e6,
            "wall_p10_us": sorted(times)[len(times) // 10] * 1e6,  # CPU here, too
        }
        for name, times in taken.items()
    }


def deep(rounds: int) -> dict[str, dict]:
    """Time `anatomy` and a forward pass of ResNet-152 by turns."""
    model, images = models.resnet152(10).eval(), torch.rand(1, 3, 224, 224)

    @torch.inference_mode()
    def forward() -> torch.Tensor:
        return model(images)

    look = {"anatomy of ResNet-152": lambda: anatomy(model, (3, 224, 224))}
    return interleave(look | {"forward pass": forward}, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = {"imports": imports(options.rounds), "anatomy": deep(options.rounds)}
    groups = {
        name: {"times": times, "floors": judged(times, FLOORS[name])}
        for name, times in found.items()
    }
    print(report(groups, options.rounds, options.json))


if __name__ == "__main__":
    main()
