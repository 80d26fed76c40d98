"""Receptive fields: ours beside the tools of the package registry, one table.

The question of each case (`field_networks.py`): rows and columns that the middle unit
of a map sees. Each answer is one of

- exact: rows and columns are right
- bound: too large, and the tool says itself that it is a bound
- wrong: any other number
- refused: no number, or an error

TorchLens walks the traced graph and says of each answer whether it is exact.
receptivefield takes the gradient of one unit on a real image. torchscan has the window
of each layer by itself; torchinfo and torchsummary make tables without fields: refused,
everywhere.

usage: python benchmarks/field_tools.py [--random 60] [--json FILE] [--table FILE]
"""

import argparse
import json
import logging
import os
import platform
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from datetime import date
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parent))
from field_networks import Case, cases, middle

from coursekit import __version__, anatomy
from coursekit.anatomy.field import full

Answer = tuple[tuple[int, int], bool]  # rows and columns, and whether said to be exact
VERDICTS = ("exact", "bound", "wrong", "refused")


def ours(case: Case) -> Answer:
    table = anatomy(case.model, case.shape)
    row = table.output
    if case.layer:
        row = next(row for row in table.rows if row.name == case.layer)
    shape, (y, x) = (1, *row.output_shape), middle(row.output_shape)
    ends = [full(axis, shape)[:, 0, :, y, x].amin(1) for axis in row.units.axes[:2]]
    return tuple(int(-last - first) + 1 for first, last in ends), True


def by_torchlens(case: Case) -> Answer:
    import torchlens

    trace = torchlens.trace(case.model, torch.rand(1, *case.shape))
    layer = trace.modules[case.layer] if case.layer else trace.layers[-1]
    view, shape = layer.receptive_field, map_shape(case)
    place = dict(zip((2, 3), middle(shape), strict=True))
    units = tuple(place[a.output_axis] for a in view.axes if a.kind == "windowed")
    if not units:  # the whole image, for every unit
        sides = [axis.input_extent for axis in view.axes[-2:]]
        return tuple(sides), all(axis.exact for axis in view.axes[-2:])
    box = view.at(units)
    sides = [axis.clipped_stop - axis.clipped_start for axis in box.axes[-2:]]
    return tuple(sides), box.exact


def by_gradient(case: Case) -> Answer:
    from receptivefield.pytorch import PytorchReceptiveField
    from receptivefield.types import ImageShape

    class Mapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.feature_maps = case.model, []
            layer = self.inner.get_submodule(case.layer)
            layer.register_forward_hook(self.keep)

        def keep(self, module: nn.Module, args: tuple, out: Tensor) -> None:
            self.feature_maps = [out]

        def forward(self, x: Tensor) -> Tensor:
            self.inner(x)
            return self.feature_maps[0]

    channels, height, width = case.shape
    tool = PytorchReceptiveField(Mapped)
    found = tool.compute(input_shape=ImageShape(height, width, channels))
    return (int(found[0].rf.size.h), int(found[0].rf.size.w)), True


NO_FIELD = "no field in its table"
TOOLS: dict[str, Callable[[Case], Answer] | str] = {
    "coursekit": ours,
    "torchlens": by_torchlens,
    "receptivefield": by_gradient,
    "torchscan": "only the window of each layer by itself",
    "torchinfo": NO_FIELD,
    "torchsummary": NO_FIELD,
}


def map_shape(case: Case) -> torch.Size:
    """Return the shape (c, h, w) of the map that is asked about."""
    found = []
    layer = case.model.get_submodule(case.layer)
    handle = layer.register_forward_hook(lambda module, args, out: found.append(out))
    with torch.no_grad():
        case.model(torch.rand(1, *case.shape))
    handle.remove()
    return found[0].shape[1:]


def asked(tool: Callable | str, case: Case) -> tuple[str, object, float]:
    """Return the verdict, the answer or the error's name, and process seconds."""
    if isinstance(tool, str):
        return "refused", tool, 0.0
    before = time.process_time()
    try:
        size, exact = tool(case)
    except Exception as error:  # noqa: BLE001 (another tool's failure is a result)
        return "refused", type(error).__name__, time.process_time() - before
    return judged(size, exact, case.truth), size, time.process_time() - before


def judged(size: tuple, exact: bool, truth: tuple) -> str:
    if tuple(size) == truth:
        return "exact"
    larger = all(found >= true for found, true in zip(size, truth, strict=True))
    return "bound" if larger and not exact else "wrong"


def table(rows: list[dict], versions: dict[str, str]) -> str:
    """Return verdicts and process seconds of all tools, kind by kind, as Markdown."""
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    counts = {kind: sum(row["kind"] == kind for row in rows) for kind in kinds}
    head = [f"{kind} ({n})" for kind, n in counts.items()]
    lines = [
        f"| {' / '.join(VERDICTS)} | {' | '.join(head)} | process s, middle case |",
        "|" + "---|" * (len(kinds) + 2),
    ]
    for tool, version in versions.items():
        cells = [counted(rows, kind, tool) for kind in kinds]
        cells.append("–" if isinstance(TOOLS[tool], str) else typical(rows, tool))
        lines.append(f"| {tool} {version} | {' | '.join(cells)} |")
    return "\n".join(lines)


def counted(rows: list[dict], kind: str, tool: str) -> str:
    found = Counter(row[tool]["verdict"] for row in rows if row["kind"] == kind)
    return " / ".join(str(found[verdict]) for verdict in VERDICTS)


def typical(rows: list[dict], tool: str) -> str:
    seconds = sorted(row[tool]["seconds"] for row in rows)
    return f"{seconds[len(seconds) // 2]:.3f}"


def times_slower(rows: list[dict], tool: str) -> float:
    """Return the median over the cases of a tool's process time over ours."""
    ratios = sorted(r[tool]["seconds"] / r["coursekit"]["seconds"] for r in rows)
    return ratios[len(ratios) // 2]


def examined(case: Case, tools: list[str]) -> dict:
    row = {"kind": case.kind, "network": case.name, "truth": case.truth}
    for tool in tools:
        verdict, answer, seconds = asked(TOOLS[tool], case)
        row[tool] = {"verdict": verdict, "answer": answer, "seconds": round(seconds, 4)}
    said = (f"{tool} {row[tool]['verdict']} {row[tool]['answer']}" for tool in tools)
    print(f"{case.kind}, {case.name}: {case.truth} · {' · '.join(said)}", flush=True)
    return row


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--random", type=int, default=60, help="random networks")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--table", type=Path, help="write the table, dated, as Markdown"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    tools = [name for name in TOOLS if find_spec(name)]
    for tool in tools:  # imports and first calls happen before the clock starts
        asked(TOOLS[tool], Case("", "", nn.Conv2d(3, 1, 3), (3, 8, 8), "", (3, 3)))
    rows = [examined(case, tools) for case in cases(options.random)]
    versions = {tool: metadata.version(tool) for tool in tools}
    versions |= {"coursekit": __version__}  # of the code; an old install says another
    slower = {t: times_slower(rows, t) for t in tools[1:] if callable(TOOLS[t])}
    said = (
        f"{date.today()} · torch {torch.__version__}, Python "
        f"{platform.python_version()}, {platform.machine()}, 1 thread · {len(rows)} "
        "cases, one run each; process time over ours, median of the cases: "
        + ", ".join(f"{tool} {ratio:.0f}×" for tool, ratio in slower.items())
    )
    page = f"{table(rows, versions)}\n\n{said}\n"
    print(page)
    if options.table:
        options.table.write_text(page, encoding="utf-8")
    if options.json:
        costs = {f"coursekit / {tool}": 1 / ratio for tool, ratio in slower.items()}
        found = {"date": date.today().isoformat(), "rows": rows, "versions": versions,
                 "machine": platform.machine(), "costs": costs}  # fmt: skip
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return int(any(row["coursekit"]["verdict"] in ("wrong", "bound") for row in rows))


if __name__ == "__main__":
    sys.exit(main())
