"""Start the worker that reads a file, and wait for it no longer than allowed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Timer

from coursekit.course.handin.bounds import LOADING, SECONDS, WAITING
from coursekit.course.handin.judge_worker import READY
from coursekit.course.handin.opening import shown_name

WORKER = "coursekit.course.handin.judge_worker"
MOST_OUTPUT = 32 * 2**20  # characters


def judged_apart(path: Path) -> dict[str, object]:
    """Return what a process of its own found in a file.

    Args:
        path: a regular file whose zip directory was looked at.

    Raises:
        ValueError: the file is refused, or takes too long or too much; one sentence.
    """
    command = [sys.executable, "-P", "-m", WORKER, str(path.resolve())]
    ways = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    single = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ways, **single},
        text=True,
        encoding="utf-8",
    ) as process:
        first = _within(LOADING, process, process.stdout.readline)
        rest = ""
        if first.strip() == READY:
            first = ""
            rest = _within(WAITING, process, lambda: process.stdout.read(MOST_OUTPUT))
        process.kill()
    return answer_of(shown_name(path), _read(first + rest))


def _within(seconds: float, process: subprocess.Popen, read) -> str:
    """Return what `read` gives; the process ends when the time is up."""
    timer = Timer(seconds, process.kill)
    timer.start()
    try:
        return read()
    finally:
        timer.cancel()


def answer_of(name: str, said: object) -> dict[str, object]:
    """Return what a worker found.

    Raises:
        ValueError: it refused the file, or ended without a word.
    """
    if not isinstance(said, dict):
        raise ValueError(
            f"{name} takes more time or memory to judge than a hand-in may: "
            f"{SECONDS} seconds and 2 GB"
        )
    if "refused" in said:
        raise ValueError(said["refused"])
    return said


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
