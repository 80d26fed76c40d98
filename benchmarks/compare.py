"""Name what got slower since the last stored run; store this one if asked.

`make bench` leaves a JSON file for each script in a folder. Those with "costs" (times
over a peer's or a bound's in the same run, a larger one is slower) are compared with
`benchmarks/stored.json`. Ratios only: microseconds of two machines say nothing.

usage: python benchmarks/compare.py FOLDER [--store]
"""

import argparse
import json
import os
import platform
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

STORED = Path(__file__).with_name("stored.json")
SLOWER = 1.10  # by more than 10 %
Costs = dict[str, float]


def slower(before: Costs, now: Costs) -> list[str]:
    """Return a line for each cost that rose by more than 10 %, the worst first."""
    rises = {name: now[name] / before[name] for name in before.keys() & now.keys()}
    worst = sorted(rises.items(), key=lambda rise: (-rise[1], rise[0]))
    return [
        f"{name}: {now[name]:.3g} against {before[name]:.3g} (+{rise - 1:.0%})"
        for name, rise in worst
        if rise > SLOWER
    ]


def only_once(before: Costs, now: Costs) -> list[str]:
    """Return a line for each cost that only one of the two runs has."""
    gone = [
        f"{name}: no longer measured" for name in sorted(before.keys() - now.keys())
    ]
    return gone + [f"{name}: new" for name in sorted(now.keys() - before.keys())]


def said(name: str, stored: dict | None, now: Costs) -> list[str]:
    """Return what there is to say about one script's costs."""
    if stored is None:
        return [f"{name}: nothing stored to compare with"]
    found = slower(stored["costs"], now)
    since = f"{stored['date']} ({stored['machine']}, torch {stored['torch']})"
    head = f"{name}: {len(found)} of {len(now)} slower than on {since}"
    return [head, *(f"  {line}" for line in found + only_once(stored["costs"], now))]


def run(found: dict) -> dict:
    """Return a run as it is stored: ratios, and what they are worth nothing without."""
    return {
        "date": date.today().isoformat(),
        "machine": processor(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "rounds": found.get("rounds", 1),
        "load": found.get("load"),
        "costs": {name: round(cost, 4) for name, cost in found["costs"].items()},
    }


def processor() -> str:
    """Return the model of the processor and the number of its cores."""
    info, name = Path("/proc/cpuinfo"), platform.processor() or platform.machine()
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        name = next((x.split(": ")[1] for x in lines if "model name" in x), name)
    return f"{name}, {os.cpu_count()} cores"


def measured(folder: Path) -> dict[str, dict]:
    """Return script → what it found, of all that found ratios."""
    found = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }
    return {
        name: x for name, x in found.items() if isinstance(x, dict) and "costs" in x
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--store", action="store_true", help="the next runs' measure")
    options = parser.parse_args()
    found = measured(options.folder)
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    for name, one in found.items():
        print(*said(name, stored.get(name), one["costs"]), sep="\n")
    if options.store:
        stored |= {name: run(one) for name, one in found.items()}
        text = json.dumps(stored, indent=1, ensure_ascii=False, sort_keys=True)
        STORED.write_text(text + "\n", encoding="utf-8")
        print(f"stored: {', '.join(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
