"""Explorers in a page without a kernel: how large, how soon ready, how fast an answer.

Each explorer becomes a page of its own, opened from disk in Chromium. Its controls are
set at random, 200 times; an answer is timed from the event until the page is laid out.

usage: python benchmarks/island.py [NAME ...] [--answers 200]
"""

import argparse
import os
import platform
import random
import statistics
import tempfile
import time
from pathlib import Path

import torch

from coursekit import explore
from coursekit.data import digits, shapes
from coursekit.models import tiny_net
from coursekit.staff.pages.island import SCRIPT, island
from coursekit.staff.pages.island.island_ways import FEW, held_of, name_of, rule_of

MOST_KB, MEDIAN_MS, WORST_MS = 1000, 5, 16
MADE = {
    "background": lambda: explore.explore_background(tiny_net(4, 3, width=4)),
    "batch_norm": lambda: explore.explore_batch_norm(tiny_net(), digits()),
    "grad_cam": lambda: explore.explore_grad_cam(tiny_net(4, 3), shapes(6)),
    "network": lambda: explore.explore_network(tiny_net(), (1, 28, 28)),
}
NAMES = [n.removeprefix("explore_") for n in explore.__all__ if n[:8] == "explore_"]
# Sets one control of the page, and lays the page out.
ANSWER = """
([which, share]) => {
    const all = document.querySelectorAll(':is(input, select):enabled');
    const control = all[which % all.length], began = performance.now();
    if (control.type === 'range') control.value = Math.round(share * control.max);
    else if (control.type === 'checkbox') control.checked = !control.checked;
    else control.selectedIndex = Math.floor(share * control.options.length);
    control.dispatchEvent(new Event(control.type === 'range' ? 'input' : 'change'));
    document.body.offsetHeight;
    return performance.now() - began;
}
"""


def measured(name: str, page: object, folder: Path, answers: int) -> dict:
    """Return what one explorer's page weighs and takes."""
    explorer, began = MADE.get(name, getattr(explore, f"explore_{name}"))(), time.time()
    fragment = island(explorer, alone=False)
    built, path = time.time() - began, folder / f"{name}.html"
    head = "<!doctype html><meta charset='utf-8'>"
    path.write_text(head + fragment + SCRIPT, encoding="utf-8")
    began = time.time()
    page.goto(path.as_uri())
    page.wait_for_selector("[data-coursekit-islands=ready]")
    ready, draw = time.time() - began, random.Random(0)
    steps = [(draw.randrange(1000), draw.random()) for _ in range(answers)]
    times = [page.evaluate(ANSWER, step) for step in steps]
    rule = rule_of(explorer)
    return {
        "way": "arithmetic" if rule else "few" if name_of(explorer) in FEW else "table",
        "states": "any" if rule else f"{sum(1 for _ in held_of(explorer)):,}",
        "kB": len(fragment) / 1000,
        "build s": built,
        "ready ms": 1000 * ready,
        "median ms": statistics.median(times),
        "worst ms": max(times),
    }


def main() -> None:
    """Measure the explorers and print a table."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME")
    parser.add_argument("--answers", type=int, default=200)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.platform()}, Python {platform.python_version()}, ", end="")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        flags = ["--disable-gpu"] + ["--no-sandbox"] * (os.geteuid() == 0)
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=flags
        )
        page, missed = browser.new_page(), []
        print(f"Chromium {browser.version}, {options.answers} answers an explorer")
        for name in options.names:
            row = measured(name, page, Path(folder), options.answers)
            cells = (v if isinstance(v, str) else f"{v:,.1f}" for v in row.values())
            print(f"{name:16}" + "".join(f"{cell:>13}" for cell in cells), flush=True)
            floors = zip(
                ("kB", "median ms", "worst ms"),
                (MOST_KB, MEDIAN_MS, WORST_MS),
                strict=True,
            )
            missed += [
                f"{name}: {n} {row[n]:.1f}" for n, most in floors if row[n] > most
            ]
        print(" " * 16 + "".join(f"{key:>13}" for key in row))
        print("missed: " + ("; ".join(missed) or "nothing"))


if __name__ == "__main__":
    main()
