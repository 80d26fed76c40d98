"""Global settings that an answer may change: put back afterwards, and told."""

import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Setting:
    """A global setting: how to read and write it, and the value checks start from."""

    name: str
    read: Callable[[], object]
    write: Callable[[object], object]
    start: object = None


SETTINGS = (
    Setting(
        "torch's default dtype",
        torch.get_default_dtype,
        torch.set_default_dtype,
        torch.float32,
    ),
    Setting(
        "whether gradients are recorded",
        torch.is_grad_enabled,
        torch.set_grad_enabled,
        True,
    ),
    Setting(
        "torch's default device",
        # torch 2.4's get_default_device() fails after set_default_device(None).
        lambda: torch.empty(0).device.type,
        lambda kind: torch.set_default_device(None if kind == "cpu" else kind),
        "cpu",
    ),
    Setting("the number of threads", torch.get_num_threads, torch.set_num_threads),
    Setting(
        "the deterministic mode",
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    Setting("the working directory", lambda: _directory(), os.chdir),
    Setting(
        "environment variables",
        lambda: _environment(),
        lambda before: _set_environment(before),
    ),
    Setting("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Setting("numpy's error mode", np.geterr, lambda mode: np.seterr(**mode)),
)


@contextmanager
def restored_settings(seed: int, notes: list[str]):
    """Start from `seed`, put every global setting back and tell which had changed.

    Using the global generators is allowed and leaves no trace; setting their seed is
    told, because the cells that follow would silently lose their randomness.
    """
    with torch.inference_mode(False):
        yield from _restoring(seed, notes)


def _restoring(seed: int, notes: list[str]) -> Iterator[None]:
    generators = random.getstate(), np.random.get_state(), torch.get_rng_state()
    before = [setting.read() for setting in SETTINGS]
    started = [
        _start(setting, value) for setting, value in zip(SETTINGS, before, strict=True)
    ]
    torch.default_generator.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        if torch.initial_seed() != seed:
            notes.append("your code set torch's random seed; it was put back")
        for setting, at_start, value in zip(SETTINGS, started, before, strict=True):
            now = setting.read()
            if now != at_start:
                notes.append(f"your code changed {setting.name}; it was put back")
            if now != value:
                setting.write(value)
        random.setstate(generators[0])
        np.random.set_state(generators[1])
        torch.set_rng_state(generators[2])


def _start(setting: Setting, value: object) -> object:
    """Write the value that checks start from, and return it."""
    if setting.start is None or setting.start == value:
        return value
    setting.write(setting.start)
    return setting.start


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # the directory was deleted
        return ""


def _environment() -> dict[str, str]:
    """Return the variables, without those that torch sets when a part of it loads."""
    own = "TORCHINDUCTOR_"
    return {k: v for k, v in os.environ.items() if not k.startswith(own)}


def _set_environment(before: dict[str, str]) -> None:
    for name in set(_environment()) - set(before):
        del os.environ[name]
    os.environ.update(before)
