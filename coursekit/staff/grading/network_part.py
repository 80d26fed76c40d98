"""A challenge as a part of an assignment: the network judge decides.

    [[part]]
    challenge = "digits-20k"
    points = 5
    reference = "my_net.zip"     # what `submit` wrote of a network that meets it
    images = "held_out.npz"      # images nobody has: `images` and `labels`; or none
    rules = "ours.toml"          # where the challenge is a cohort's own

Nothing a student wrote runs: the file's graph is replayed, and its answers on the
images come back to be compared here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from coursekit.course.challenges import challenge
from coursekit.course.challenges.task import Task
from coursekit.course.handin import inspect_submission
from coursekit.data import ImageSet
from coursekit.staff.grading.network_zip import challenge_of

MEASURED = "test_accuracy"  # the rule that needs images


@dataclass(frozen=True)
class NetworkTask:
    """A challenge, a network that meets it, and images nobody has.

    `images` is None where the challenge's own test images are taken.
    """

    challenge: Task
    reference: Path
    images: ImageSet | None = None

    @property
    def needs_reader(self) -> bool:
        """Say whether a rule of it is one that only a person judges."""
        return any(rule.key == "by_eye" for rule in self.challenge.rules)

    def measured_on(self) -> ImageSet | None:
        """Return the images to answer; None where no rule asks for it."""
        if all(rule.key != MEASURED for rule in self.challenge.rules):
            return None
        return self.images or self.challenge.sets().test


@dataclass(frozen=True)
class Judged:
    """What the network judge said; `status` as in a grade's part."""

    status: str
    message: str


def read_network_task(row: dict, folder: Path) -> NetworkTask:
    """Read a part; its files lie beside the assignment.

    Raises:
        ValueError: no such challenge or file, or images that are none.
    """
    rules = folder / str(row["rules"]) if "rules" in row else None
    asked = challenge(str(row["challenge"]), rules)
    reference = folder / str(row.get("reference", ""))
    if not reference.is_file():
        raise ValueError(
            f"challenge {asked.name!r} needs a `reference`: a file that `submit` wrote "
            "of a network that meets it"
        )
    images = row.get("images")
    held = None if images is None else _images(folder / str(images), asked)
    return NetworkTask(asked, reference, held)


def _images(path: Path, asked: Task) -> ImageSet:
    try:
        with np.load(path, allow_pickle=False) as file:
            images, labels = (torch.from_numpy(file[k]) for k in ("images", "labels"))
        if tuple(images.shape[1:]) != asked.input_shape:
            raise ValueError(f"images of shape {tuple(images.shape[1:])}")
        names = tuple(map(str, range(int(labels.max()) + 1)))
        return ImageSet(images, labels, names, path.name, "the instructor's own")
    except (OSError, KeyError, ValueError, TypeError, BadZipFile, RuntimeError) as why:
        raise ValueError(
            f"`{path.name}` must be an .npz with `images`, uint8 (n, "
            f"{', '.join(map(str, asked.input_shape))}), and `labels`, int64: {why}"
        ) from None


def judge_network(task: NetworkTask, files: Sequence[Path]) -> Judged:
    """Judge the file that is for this challenge.

    Args:
        files: what a student handed in beside the notebook.
    """
    name = task.challenge.name
    mine = [one for one in files if challenge_of(one.read_bytes()) == name]
    if not mine:
        return Judged("missing", f"no file that `submit` wrote for {name} came with it")
    images = task.measured_on()
    try:
        inspection = inspect_submission(mine[-1], images=images, rules=task.challenge)
    except ValueError as why:  # what is refused is said in a sentence
        return Judged("could not be checked", str(why))
    rules = "; ".join(map(str, inspection.rules))
    if any(rule.met is False for rule in inspection.rules):
        return Judged("wrong", rules)
    met = all(rule.met for rule in inspection.rules)
    return Judged("right" if met else "person", rules)
