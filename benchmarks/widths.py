"""The races of session 02b with many seeds: what three runs leave open.

The networks, the data and the training are the session's own, read from its source.

usage: python benchmarks/widths.py [--seeds 30] [--json FILE]
"""

import argparse
import ast
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from keeping import FOLDER, kept, write

SOURCE = FOLDER.parents[2] / "notebooks/src/02b_width_and_memory.py"
NEEDED = {"parts", "rivals"}  # of the names that are no settings
Names = dict[str, object]


def session() -> Names:
    """Return the session's imports, settings and functions by name; no experiment."""
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if is_wanted(node)]
    names: Names = {}
    exec(compile(tree, SOURCE.name, "exec"), names)
    return names


def is_wanted(node: ast.stmt) -> bool:
    """Tell definitions and settings from the cells that measure something."""
    if isinstance(node, ast.Assign):
        targets = {target.id for target in node.targets if isinstance(target, ast.Name)}
        settings = all(target.isupper() for target in targets)
        return bool(targets) and (settings or targets <= NEEDED)
    return isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef)


def arms_of(names: Names) -> dict[str, Callable]:
    """Return what takes part in the four races: name → function that builds it."""
    orders = {name: partial(names["squeezed"], name) for name in names["ORDERS"]}
    growths = {
        name: partial(names["staged"], widths)
        for name, widths in names["SCHEDULES"].items()
    }
    blocks = {name: partial(names["made_of"], name) for name in names["BLOCKS"]}
    return orders | growths | names["rivals"] | blocks


def main() -> None:
    """Train every network from every seed and keep the accuracies."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--json", type=Path, default=FOLDER / "widths.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    names = session()
    data = names["parts"].train
    settings = {"data": data.name, "train": len(data), "epochs": names["EPOCHS"]}
    arms = {name: [] for name in arms_of(names)} | kept(options.json, settings)
    for seed in range(options.seeds):
        names["SEEDS"] = (seed,)
        missing = {
            name: make
            for name, make in arms_of(names).items()
            if seed not in {run["seed"] for run in arms[name]}
        }
        for name, (accuracy,) in names["race"](missing).items():
            arms[name].append({"seed": seed, "accuracy": accuracy})
        write(options.json, __doc__.partition("\n")[0], settings, arms)
        print(f"seed {seed} of {options.seeds}", flush=True)


if __name__ == "__main__":
    main()
