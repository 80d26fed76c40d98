"""`Challenge.report`: all rules judged, with what the answers and the layers show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torch import Tensor, nn

from coursekit._validate import choice, integer
from coursekit.anatomy import Anatomy, anatomy
from coursekit.checks.challenges import page
from coursekit.checks.challenges.advice import advised
from coursekit.checks.challenges.belonging import not_of_this_model
from coursekit.checks.challenges.evidence import Evidence, examine, rows_of
from coursekit.checks.challenges.gallery import Gallery, gallery
from coursekit.checks.challenges.interval import Interval, wilson
from coursekit.checks.challenges.judging import judge
from coursekit.checks.challenges.table import RuleTable
from coursekit.data import Batches, ImageSet, Splits
from coursekit.metrics import confusion_matrix
from coursekit.training import Evaluation, History, evaluate
from coursekit.training.modes import device_of, seeded

if TYPE_CHECKING:
    from coursekit.checks.challenges.challenge import Challenge

FIGURES = ("curves", "confusion", "gallery")
Test = ImageSet | Batches | Splits | Evaluation | None


@dataclass(frozen=True, eq=False, repr=False)
class ReportCard:
    """What `Challenge.report` found; every part can be shown on its own.

    Args:
        challenge: what was asked.
        rules: each rule with its verdict and the cheapest way to meet it.
        history: what the rows of all runs say, None without a history.
        answers: of the model on the test images, None where there were none.
        accuracy: their share of right answers with its 95 % interval.
        wrong: the most wrong answers with Grad-CAM.
        anatomy: shapes, parameters and receptive fields, layer by layer.
    """

    challenge: Challenge
    rules: RuleTable
    history: History | None
    answers: Evaluation | None
    accuracy: Interval | None
    wrong: Gallery | None
    anatomy: Anatomy | None

    @property
    def met(self) -> bool:
        """Whether every rule was judged and is met."""
        return self.rules.met

    @property
    def confusion(self) -> Tensor | None:
        """How often each class (row) was answered as each class (column)."""
        if self.answers is None:
            return None
        found = self.answers
        return confusion_matrix(found.predictions, found.labels, len(found.classes))

    def figure(self, name: str):
        """Draw "curves", "confusion" or "gallery".

        Raises:
            ValueError: no such figure, or nothing to draw; the sentence says why.
        """
        choice("name", name, FIGURES)
        return page.figure(self, name)

    def __repr__(self) -> str:
        return page.text(self)

    def _repr_html_(self) -> str:
        return page.html(self)


@dataclass(frozen=True)
class Request:
    """What `report` was asked, checked."""

    challenge: Challenge
    model: nn.Module
    histories: tuple[History, ...]
    test: ImageSet | Batches | Evaluation | None
    no_test: str
    baseline: nn.Module | None
    images: int

    @property
    def like(self) -> History | None:
        """The history whose mean and deviation normalise the images."""
        last = self.histories[-1] if self.histories else None
        return last if last is not None and last.mean else None


def report(
    challenge: Challenge,
    model: nn.Module,
    history: History | Sequence[History] | None,
    test: Test,
    baseline: nn.Module | None,
    images: int,
) -> ReportCard:
    """Judge a hand-in; see `Challenge.report`."""
    integer("images", images, low=1, high=40)
    rows = rows_of(history)
    several = (history,) if isinstance(history, History) else tuple(history or ())
    test, no_test = _test_images(challenge, test)
    asked = Request(challenge, model, several, test, no_test, baseline, images)
    examine(model, challenge.input_shape)  # refuse before anything is measured
    with seeded(0, device_of(model)):  # whatever draws: the same card every time
        return _measured(asked, rows)


def _measured(asked: Request, rows: tuple | None) -> ReportCard:
    challenge, model, test = asked.challenge, asked.model, asked.test
    answers = _answers(model, test, asked.like)
    evidence = _evidence(asked, rows, answers)
    found = None if evidence.census is None else anatomy(model, challenge.input_shape)
    wrong = None
    if answers is not None and not isinstance(test, Evaluation):
        wrong = gallery(model, test, answers, found, asked.images, asked.like)
    return ReportCard(
        challenge,
        judged(challenge, evidence),
        None if rows is None else replace(asked.histories[-1], epochs=rows),
        answers,
        evidence.test,
        wrong,
        found,
    )


def judged(challenge: Challenge, evidence: Evidence) -> RuleTable:
    """Judge every rule of a challenge, with advice where one is not met."""
    found = (judge(rule, evidence) for rule in challenge.rules)
    return RuleTable(challenge.title, advised(found, evidence))


def _test_images(challenge: Challenge, test: Test) -> tuple[object, str]:
    """Return the images to judge by, or why there are none."""
    if test is None:
        try:
            test = challenge.sets()
        except ValueError as error:
            return None, str(error)
    if isinstance(test, Splits):
        test = test.test
    if isinstance(test, Evaluation):
        return test, ""
    if not isinstance(test, ImageSet | Batches):
        kind = type(test).__name__
        raise ValueError(
            f"`test` must be an ImageSet, Batches, Splits or an Evaluation; got {kind}"
        )
    shape = tuple(getattr(test, "data", test).images.shape[1:])
    if shape != challenge.input_shape:
        raise ValueError(
            f"`test` must hold images of the shape {challenge.input_shape}, as "
            f"`{challenge.name}` asks; got {shape}"
        )
    return test, ""


def _answers(model: nn.Module, test: object, like: History | None):
    if test is None or isinstance(test, Evaluation):
        return test
    return evaluate(model, test, like=like)


def _interval(answers: Evaluation | None) -> Interval | None:
    if answers is None:
        return None
    return wilson(int(answers.correct.sum()), answers.n)


def _evidence(asked: Request, rows, answers) -> Evidence:
    shape, other = asked.challenge.input_shape, None
    if asked.baseline is not None:
        images = None if isinstance(asked.test, Evaluation) else asked.test
        its_answers = _answers(asked.baseline, images, asked.like)
        other = examine(asked.baseline, shape, test=_interval(its_answers))
    more = {"test": _interval(answers), "no_test": asked.no_test, "baseline": other}
    if rows is not None:
        why = not_of_this_model(asked.challenge, asked.model, asked.histories)
        more |= {"no_history": why} if why else {"epochs": rows}
    return examine(asked.model, shape, **more)
