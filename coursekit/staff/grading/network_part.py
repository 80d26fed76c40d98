"""A challenge as a part of an assignment: the network judge decides.

    [[part]]
    challenge = "digits-20k"
    points = 5
    reference = "my_net.zip"     # what `submit` wrote of a network that meets it
    images = "held_out.npz"      # images nobody has: `images` and `labels`; or none
    rules = "ours.toml"          # where the challenge is a cohort's own
    personal = true              # everybody gets another budget of parameters

Nothing a student wrote runs: the file's graph is replayed, and its answers on the
images come back to be compared here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from coursekit.course.challenges import challenge
from coursekit.course.challenges.requirements import KEYS, Rule
from coursekit.course.challenges.task import Task
from coursekit.course.exercises.draw import Draw
from coursekit.course.handin import inspect_submission
from coursekit.data import ImageSet
from coursekit.staff.grading.network_zip import challenge_of

MEASURED = "test_accuracy"  # the rule that needs images
BUDGET = "parameters_below"  # the rule that may be personal
WITHIN = 10  # percent of the usual budget, either way


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

    @property
    def budget(self) -> int:
        """Return below how many parameters a network must stay; 0 for no such rule."""
        limits = (rule.limit for rule in self.challenge.rules if rule.key == BUDGET)
        return next(limits, 0)

    @property
    def budgets(self) -> range:
        """Return the budgets that students may get: as much effort for everybody.

        Raises:
            ValueError: there is no such rule, or no room around its limit.
        """
        around = self.budget * WITHIN // 100
        if not around:
            raise ValueError(
                f"challenge {self.challenge.name!r} cannot be personal: it needs "
                f"`{BUDGET}`, {100 // WITHIN} or more, from which budgets within "
                f"{WITHIN} % are drawn; got {self.budget or 'no such rule'}"
            )
        return range(self.budget - around, self.budget + around + 1)

    def of_student(self, seed: int) -> "NetworkTask":
        """Return the task with a budget of one's own; all other rules stay.

        Args:
            seed: of the student, as `hidden_seed` gives it.

        Raises:
            ValueError: as `budgets`.
        """
        drawn, asked = Draw(seed).choice(self.budgets), self.challenge
        own = Rule(BUDGET, drawn, KEYS[BUDGET].words(drawn))
        usual = KEYS[BUDGET].words(self.budget)
        rules = (own if rule.key == BUDGET else rule for rule in asked.rules)
        title = asked.title.replace(usual, own.text)
        return replace(self, challenge=replace(asked, title=title, rules=tuple(rules)))

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
        ValueError: no such challenge or file, images that are none, or no budget
            that could be personal.
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
    task = NetworkTask(asked, reference, held)
    if row.get("personal"):
        task.of_student(0)  # refuses what cannot be asked so
    return task


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


def fits_every_budget(task: NetworkTask) -> None:
    """Raise where the reference has too many parameters for some student's budget.

    Only parameters are counted: the other rules are the same for everybody.
    """
    least, found = min(task.budgets), inspect_submission(task.reference).parameters
    if found >= least:
        raise ValueError(
            f"the reference for {task.challenge.name} has {found:,} parameters; "
            f"personal budgets begin at fewer than {least:,}: nothing was released"
        )


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
