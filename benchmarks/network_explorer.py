"""The network explorer: how long until its first view, and until each answer.

First views are timed in fresh Python processes, one a run: from the call of
`explore_network` to the drawn picture, and once more in the same process, where what
torch and scikit-learn load at first use is there already. Answers are timed by the
machinery of `slider.py`, through a real kernel.

usage: python benchmarks/network_explorer.py [--rounds 20] [--runs 3] [--json FILE]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import slider

HERE = Path(__file__).parent
SETUP = HERE / "network_explorer_setup.py"
FIRST_S, ANSWER_MS, UNIT_BYTES = 2.0, 30, 8192
FIRST = """
import json, time, torch
from coursekit import models
from coursekit.explore import explore_network
found = []
for _ in range(2):
    model = models.{name}()
    wall, cpu = time.perf_counter(), time.process_time()
    explore_network(model, {shape})
    found.append((time.perf_counter() - wall, time.process_time() - cpu))
print(json.dumps(found))
"""
NETWORKS = {
    "tiny_net": (1, 28, 28),
    "resnet18": (3, 224, 224),
    "googlenet": (3, 224, 224),
    "resnet152": (3, 224, 224),
}


def first_views(runs: int) -> list[dict]:
    """Return seconds until the first view of each network, the median of fresh runs."""
    rows = []
    for name, shape in NETWORKS.items():
        found = []
        for _ in range(runs):
            code = FIRST.format(name=name, shape=shape)
            ran = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True
            )
            found.append(json.loads(ran.stdout))
        row = {"name": name, "input": shape, "runs": runs}
        for place, when in enumerate(("first", "again")):
            for kind, clock in enumerate(("wall_s", "cpu_s")):
                times = [run[place][kind] for run in found]
                row[f"{when}_{clock}"] = round(statistics.median(times), 2)
        rows.append(row)
    return rows


def answers(rounds: int) -> list[dict]:
    """Return the rows of `slider.py` for the controls of this explorer."""
    with tempfile.TemporaryDirectory() as folder:
        both = [slider.SETUP.read_text("utf-8"), SETUP.read_text("utf-8")]
        slider.SETUP = Path(folder) / "setup.py"
        slider.SETUP.write_text("\n".join(both), encoding="utf-8")
        return slider.summary(slider.measure(rounds))


def goals(views: list[dict], rows: list[dict]) -> dict[str, bool]:
    """Say which goals are met."""
    ours = [row for row in rows if ":" in row["name"]]
    resnet = next(view for view in views if view["name"] == "resnet18")
    return {
        f"first view of ResNet-18 ≤ {FIRST_S:g} s": resnet["first_wall_s"] <= FIRST_S,
        f"every median ≤ {ANSWER_MS} ms": all(
            row["median_ms"] <= ANSWER_MS for row in ours
        ),
        f"moving a unit: ≤ {UNIT_BYTES} bytes back": all(
            row["most_bytes"] <= UNIT_BYTES for row in ours if "unit" in row["name"]
        ),
    }


def table(views: list[dict]) -> str:
    lines = [
        f"{v['name']:12}{v['first_wall_s']:10.2f}{v['first_cpu_s']:10.2f}"
        f"{v['again_wall_s']:10.2f}{v['again_cpu_s']:10.2f}"
        for v in views
    ]
    head = f"{'first view':12}{'wall s':>10}{'cpu s':>10}{'again':>10}{'cpu s':>10}"
    return "\n".join([head, *lines])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="answers a variant")
    parser.add_argument("--runs", type=int, default=3, help="fresh processes a network")
    parser.add_argument("--json", type=Path, help="also write the JSON to this file")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    views, rows = first_views(options.runs), answers(options.rounds)
    met = goals(views, rows)
    print(table(views), slider.table(rows), sep="\n\n")
    print(*(f"{ok!s:6}{goal}" for goal, ok in met.items()), sep="\n")
    result = {
        "machine": slider.machine(),
        "first_views": views,
        "rows": rows,
        "met": met,
        "costs": slider.costs(rows),
    }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
