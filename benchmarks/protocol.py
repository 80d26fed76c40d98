"""What the records share: chosen on images held out, then judged once on the others."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from keeping import FOLDER

from coursekit.data import ImageSet, Splits


def parser(
    what: str, name: str, names: Iterable, *, seeds: int, threads: int | None
) -> argparse.ArgumentParser:
    """Return the options of a record: which recipe, how many seeds, on what."""
    made = argparse.ArgumentParser(description=what)
    names = list(names)
    made.add_argument(name, type=type(names[0]), choices=names)
    made.add_argument("--seeds", type=int, default=seeds)
    made.add_argument("--choose", action="store_true")
    made.add_argument("--images", type=int, help="train on the first N only")
    made.add_argument("--threads", type=int, default=threads)
    made.add_argument("--folder", type=Path, default=FOLDER)
    return made


def sets(
    load: Callable[..., Splits], held_out: int, options: argparse.Namespace
) -> tuple[ImageSet, ImageSet, dict]:
    """Return what to learn from, what to be judged on, and both in words.

    Args:
        load: a set of `coursekit.data`.
        held_out: images to choose by.
        options: of `parser`.
    """
    parts = load(valid=held_out if options.choose else 0, download=False)
    train, judged = parts.train, parts.valid if options.choose else parts.test
    if options.images is not None:
        train = train.subset(torch.arange(options.images))
    words = {
        "data": judged.name,
        "learnt from": len(train),
        "judged on": "images to choose by" if options.choose else "test images",
        "threads": options.threads,
    }
    return train, judged, words
