"""`Challenge.report`: all rules judged, with what the answers and the layers show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import nn

from coursekit._base.modes import device_of, seeded
from coursekit._base.validate import integer
from coursekit.anatomy import anatomy
from coursekit.course.challenges.as_file import handed_in
from coursekit.course.challenges.cheapest_way import advised
from coursekit.course.challenges.measured import examine, rows_of
from coursekit.course.challenges.network_judge import judge
from coursekit.course.challenges.page import ReportCard
from coursekit.course.challenges.rule_table import RuleTable
from coursekit.course.challenges.same_model import not_of_this_model
from coursekit.course.challenges.sets import load
from coursekit.course.challenges.task import Task
from coursekit.data import Batches, ImageSet, Splits
from coursekit.metrics.proportion import Proportion, wilson
from coursekit.training import Evaluation, History, evaluate, gallery

Test = ImageSet | Batches | Splits | Evaluation | None


@dataclass(frozen=True)
class Request:
    """What `report` was asked, checked; `unknown` if anatomy cannot show the model."""

    challenge: Task
    model: nn.Module
    histories: tuple[History, ...]
    test: ImageSet | Batches | Evaluation | None
    no_test: str
    baseline: nn.Module | None
    images: int
    unknown: bool

    @property
    def like(self) -> History | None:
        """The history whose mean and deviation normalise the images."""
        last = self.histories[-1] if self.histories else None
        return last if last is not None and last.mean else None


def report(
    challenge: Task,
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
    unknown = examine(model, challenge.input_shape).census is None  # or refused here
    asked = Request(challenge, model, several, test, no_test, baseline, images, unknown)
    with seeded(0, device_of(model)):  # whatever draws: the same card every time
        return _measured(asked, rows)


def _measured(asked: Request, rows: tuple | None) -> ReportCard:
    challenge, model, test = asked.challenge, asked.model, asked.test
    answers = _answers(model, test, asked.like)
    more = _evidence(asked, rows, answers)
    rules = judged(challenge, model, **more)
    found = None if asked.unknown else anatomy(model, challenge.input_shape)
    wrong = None
    if answers is not None and not isinstance(test, Evaluation):
        cam = "last" if found is not None else None
        how = {"cam": cam, "count": asked.images, "like": asked.like}
        wrong = gallery(model, test, **how, answers=answers)
    return ReportCard(
        challenge,
        rules,
        None if rows is None else replace(asked.histories[-1], epochs=rows),
        answers,
        more["test"],
        wrong,
        found,
    )


def judged(challenge: Task, model: nn.Module, **more) -> RuleTable:
    """Judge every rule of a challenge by the file, with advice where one is not met.

    Args:
        challenge: what is asked.
        model: judged as its file; advice is tried on its layers.
        more: further fields of `Measured`, such as the epochs.
    """
    shape = challenge.input_shape
    written = handed_in(model, shape, **more)
    found = (judge(rule, written) for rule in challenge.rules)
    return RuleTable(challenge.title, advised(found, examine(model, shape, **more)))


def _test_images(challenge: Task, test: Test) -> tuple[object, str]:
    """Return the images to judge by, or why there are none."""
    if test is None:
        try:
            test = load(challenge)
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


def _interval(answers: Evaluation | None) -> Proportion | None:
    if answers is None:
        return None
    return wilson(int(answers.correct.sum()), answers.n)


def _evidence(asked: Request, rows, answers) -> dict[str, object]:
    """Return what is known beside the network: answers, baseline, epochs."""
    shape, other = asked.challenge.input_shape, None
    if asked.baseline is not None:
        images = None if isinstance(asked.test, Evaluation) else asked.test
        its_answers = _answers(asked.baseline, images, asked.like)
        other = handed_in(asked.baseline, shape, test=_interval(its_answers))
    more = {"test": _interval(answers), "no_test": asked.no_test, "baseline": other}
    if rows is not None:
        why = not_of_this_model(asked.challenge, asked.model, asked.histories)
        more |= {"no_history": why} if why else {"epochs": rows}
    return more
