"""How long the kernel takes to answer a slider: the explorers against the usual ways.

A real kernel is started; each answer is one `comm_msg` that sets a control, timed until
the kernel reports idle for it. Compared, in interleaved rounds: a slider nobody listens
to (floor), one that sets a label, `interact` with a new matplotlib figure of two 28×28
images, and the controls of every explorer.

usage: python benchmarks/slider.py [--rounds 30] [--json FILE]
"""

import argparse
import json
import os
import platform
import random
import statistics
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

from jupyter_client import KernelManager

SETUP = Path(__file__).with_name("slider_setup.py")
FLOOR, LABEL, FIGURE = "floor", "label", "interact + new figure"
SIMPLE = ("kernel: position", "receptive field: unit row")
SLOWEST_MS, TIMES_FASTER, TIMES_LABEL, FEW_BYTES = 30, 20, 1.5, 4096
PACKAGES = ("ipywidgets", "ipykernel", "jupyter_client", "matplotlib", "torch")


class Kernel:
    """A kernel with the widgets of `slider_setup.py` in it."""

    def __init__(self):
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def variants(self) -> dict:
        """Run the set-up; return name → (model id, trait, values to send)."""
        printed = []

        def keep(message: dict) -> None:
            if message["msg_type"] == "error":
                raise RuntimeError("\n".join(message["content"]["traceback"]))
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        code = SETUP.read_text(encoding="utf-8")
        self.client.execute_interactive(code, output_hook=keep, timeout=120)
        return json.loads("".join(printed).strip().splitlines()[-1])

    def answer(self, model_id: str, trait: str, value: int) -> tuple[float, int]:
        """Set a control; return milliseconds until idle and bytes sent back."""
        state = {"method": "update", "state": {trait: value}, "buffer_paths": []}
        content = {"comm_id": model_id, "data": state}
        message = self.client.session.msg("comm_msg", content)
        began, back = time.perf_counter(), 0
        self.client.shell_channel.send(message)
        while True:
            reply = self.client.get_iopub_msg(timeout=60)
            if reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if reply["msg_type"] == "error":
                raise RuntimeError("\n".join(reply["content"]["traceback"]))
            if reply["msg_type"] != "status":
                back += len(json.dumps(reply["content"], ensure_ascii=False).encode())
            elif reply["content"]["execution_state"] == "idle":
                return 1000 * (time.perf_counter() - began), back

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel()


def measure(rounds: int, seed: int = 0) -> dict[str, dict]:
    """Return name → times (ms) and sizes (bytes) of every answer, after a warm-up."""
    order, kernel = random.Random(seed), Kernel()
    try:
        variants = kernel.variants()
        found = {name: {"ms": [], "bytes": []} for name in variants}
        for turn in range(rounds + 3):
            names = list(variants)
            order.shuffle(names)
            for name in names:
                model_id, trait, values = variants[name]
                took = kernel.answer(model_id, trait, values[turn % len(values)])
                if turn >= 3:
                    found[name]["ms"].append(took[0])
                    found[name]["bytes"].append(took[1])
    finally:
        kernel.stop()
    return found


def summary(found: dict[str, dict]) -> list[dict]:
    """Return one row a variant: p10, median, slowest, bytes, ratios of p10."""
    p10 = {name: statistics.quantiles(f["ms"], n=10)[0] for name, f in found.items()}
    return [
        {
            "name": name,
            "p10_ms": round(p10[name], 2),
            "median_ms": round(statistics.median(f["ms"]), 2),
            "slowest_ms": round(max(f["ms"]), 2),
            "median_bytes": int(statistics.median(f["bytes"])),
            "most_bytes": max(f["bytes"]),
            "times_label": round(p10[name] / p10[LABEL], 2),
            "times_faster_than_figure": round(p10[FIGURE] / p10[name], 1),
        }
        for name, f in found.items()
    ]


def goals(rows: list[dict]) -> dict[str, bool]:
    """Say which goals are met by the explorers' rows."""
    ours = [row for row in rows if ":" in row["name"]]
    simple = [row for row in ours if row["name"] in SIMPLE]
    return {
        f"every median ≤ {SLOWEST_MS} ms": all(
            row["median_ms"] <= SLOWEST_MS for row in ours
        ),
        f"simple: ≥ {TIMES_FASTER}× faster than a new figure": all(
            row["times_faster_than_figure"] >= TIMES_FASTER for row in simple
        ),
        f"simple: ≤ {TIMES_LABEL}× a label": all(
            row["times_label"] <= TIMES_LABEL for row in simple
        ),
        f"simple: ≤ {FEW_BYTES} bytes back": all(
            row["most_bytes"] <= FEW_BYTES for row in simple
        ),
    }


def costs(rows: list[dict]) -> dict[str, float]:
    """Return every explorer's time over that of a label: the larger, the slower."""
    return {row["name"]: row["times_label"] for row in rows if ":" in row["name"]}


def machine() -> dict[str, str]:
    """Return what a number is worth nothing without."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        cpu = next((x.split(": ")[1] for x in lines if "model name" in x), cpu)
    versions = {package: version(package) for package in PACKAGES}
    return {
        "date": date.today().isoformat(),
        "cpu": f"{cpu}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        **versions,
    }


def table(rows: list[dict]) -> str:
    head = (
        f"{'variant':30}{'p10 ms':>8}{'median':>8}{'slowest':>9}{'bytes':>8}"
        f"{'most':>8}{'× label':>9}{'× faster':>10}"
    )
    lines = [
        f"{r['name']:30}{r['p10_ms']:8.2f}{r['median_ms']:8.2f}{r['slowest_ms']:9.2f}"
        f"{r['median_bytes']:8}{r['most_bytes']:8}{r['times_label']:9.2f}"
        f"{r['times_faster_than_figure']:10.1f}"
        for r in rows
    ]
    return "\n".join([head, *lines])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="answers a variant")
    parser.add_argument("--json", type=Path, help="also write the JSON to this file")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    rows = summary(measure(options.rounds))
    met = goals(rows)
    result = {"machine": machine(), "rounds": options.rounds, "rows": rows, "met": met,
              "costs": costs(rows)}  # fmt: skip
    text = json.dumps(result, indent=1, ensure_ascii=False)
    print(table(rows), *(f"{ok!s:6}{goal}" for goal, ok in met.items()), sep="\n")
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
