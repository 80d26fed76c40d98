"""Explorers in a page without a kernel: how large, how soon ready, how fast an answer.

Each explorer becomes a page of its own, opened from disk in Chromium. Its controls are
set at random, 200 times; an answer is timed from the event until the page is laid out.

With `--site` the front page of a built site is opened instead, nine times: when its
first words stand there, when the picture of its explorer, when it answers.

usage: python benchmarks/island.py [NAME ...] [--answers 200] [--site build/site]
"""

import argparse
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from coursekit import explore
from coursekit.data import digits, shapes
from coursekit.models import tiny_net
from coursekit.staff.pages.island import SCRIPT, island
from coursekit.staff.pages.island.island_ways import FEW, held_of, name_of, rule_of

MOST_KB, MEDIAN_MS, WORST_MS, PICTURE_MS, LOADS = 1000, 5, 16, 1000, 9
# Milliseconds after the start of the page's loading. A picture stands there when the
# frame after its element's is painted.
WATCH = """
const seen = (name, selector) => {
    const look = () => document.querySelector(selector)
        ? requestAnimationFrame(() => { window[name] = performance.now(); })
        : requestAnimationFrame(look);
    look();
};
seen('pictured', '.coursekit-island .coursekit-layer svg');
seen('ready', '[data-coursekit-islands=ready]');
"""
TIMES = """
() => ({
    words: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    picture: window.pictured, live: window.ready,
})
"""
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


def front(page: object, site: Path) -> bool:
    """Print how soon the front page shows something; say whether it is soon enough."""
    page.add_init_script(WATCH)
    loads = []
    for _ in range(LOADS):
        page.goto("about:blank")
        page.goto((site / "index.html").absolute().as_uri())
        page.wait_for_function("window.pictured && window.ready")
        page.wait_for_function(
            "performance.getEntriesByName('first-contentful-paint').length"
        )
        loads.append(page.evaluate(TIMES))
    for name in loads[0]:
        times = [load[name] for load in loads]
        print(f"front page, {name:8} {statistics.median(times):6.0f} ms, ", end="")
        print(f"worst of {LOADS} loads {max(times):.0f} ms")
    return max(load["picture"] for load in loads) <= PICTURE_MS


def main() -> int:
    """Measure the explorers and print a table; 1 where a limit is missed."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME")
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--site", type=Path)
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
        if options.site:
            held = front(page, options.site)
            print("in time" if held else "missed: the picture")
            return int(not held)
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
        return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
