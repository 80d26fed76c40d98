"""`challenge("mnist-8k")`: what is asked, the data, and the check while designing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from coursekit._base.words import did_you_mean
from coursekit.course.challenges.as_file import handed_in
from coursekit.course.challenges.challenge_file import read
from coursekit.course.challenges.measured import rows_of
from coursekit.course.challenges.page import ReportCard
from coursekit.course.challenges.report import Test, judged, report
from coursekit.course.challenges.rule_table import RuleTable
from coursekit.course.challenges.sets import load
from coursekit.course.challenges.task import Task
from coursekit.data import Splits
from coursekit.training import History


@dataclass(frozen=True, repr=False)
class Challenge(Task):
    """A budget to keep and a bar to reach: a `Task` that judges networks."""

    def sets(self) -> Splits:
        """Load the data set: train to learn, valid to choose, test for the report.

        Raises:
            ValueError: the challenge needs no data, or the data set is not at hand; the
                sentence names the offline twin.
        """
        return load(self)

    def check(
        self,
        model: nn.Module,
        history: History | Sequence[History] | None = None,
        *,
        baseline: nn.Module | None = None,
    ) -> RuleTable:
        """Judge what can be judged without data; use it while you design.

        Judged is the file that `submit` would write, so that you see what your
        instructor will see.

        Args:
            model: your network, trained or not; it is left as it was found.
            history: what `fit` returned, for the rules about epochs.
            baseline: the network yours is compared with, where a rule does.

        Raises:
            ValueError: no module, or images of the challenge do not go through it.
        """
        other = None if baseline is None else handed_in(baseline, self.input_shape)
        return judged(self, model, epochs=rows_of(history), baseline=other)

    def report(
        self,
        model: nn.Module,
        history: History | Sequence[History] | None = None,
        test: Test = None,
        *,
        baseline: nn.Module | None = None,
        images: int = 10,
    ) -> ReportCard:
        """Judge a trained network by every rule, and show what it gets wrong.

        The test images are looked at once, at the end: choose by the validation ones.

        Args:
            model: your trained network; modes, gradients and torch's random numbers are
                left as they were found.
            history: what `fit` returned; a list where it was called several times.
            test: the images to judge by, or the evaluation on them; None takes those of
                the challenge.
            baseline: the trained network yours is compared with, where a rule does.
            images: most wrong answers to show, 1 to 40.

        Raises:
            ValueError: no module, images that do not go through it, or an argument of
                another kind.
        """
        return report(self, model, history, test, baseline, images)


def all_challenges(path: str | os.PathLike | None = None) -> tuple[Challenge, ...]:
    """Return every challenge, in the order of the file.

    Args:
        path: an instructor's TOML file, whose tables are added to the course's and
            replace those of the same name; None takes the one that the environment
            variable COURSEKIT_CHALLENGES names, if it is set.

    Raises:
        ValueError: the file cannot be read; the sentence names table and key.
    """
    return tuple(Challenge(**fields) for fields in read(path).values())


def challenge(name: str, path: str | os.PathLike | None = None) -> Challenge:
    """Return the challenge of this name; see `all_challenges`.

    Raises:
        ValueError: there is none of this name, or the file cannot be read.
    """
    known = {one.name: one for one in all_challenges(path)}
    if name not in known:
        raise ValueError(f"there is no challenge {name!r}; {did_you_mean(name, known)}")
    return known[name]
