"""The rules of a challenge, judged on what the inspection found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from coursekit.course.challenges.network_judge import (
    FOR_A_PERSON,
    MET,
    NOT_MET,
    Finding,
    judge,
)
from coursekit.course.challenges.requirements import KEYS, LAYER_RULES, Rule
from coursekit.course.handin.inspection import Ruled
from coursekit.metrics.proportion import wilson
from coursekit.training.history import Epoch

VERDICTS = {MET: True, NOT_MET: False}
IGNORED = {"title", "data", "input_shape", "images", "twin", "last_epochs"}
CLAIMED = {"epochs_below", "epochs_at_most", "seconds_at_most", "valid_accuracy"}
CLAIM = "the file's own word"


def listed(rules: object) -> Iterator[Rule]:
    """Yield the rules of a challenge, or of a mapping like a table of its file.

    Raises:
        ValueError: no rules, or a limit that does not fit.
    """
    if not isinstance(rules, Mapping):
        if not isinstance(getattr(rules, "rules", None), tuple):
            kind = type(rules).__name__
            raise ValueError(
                f"`rules` must be a challenge or a dict of rules; got {kind}"
            )
        yield from rules.rules
        return
    for key, limit in rules.items():
        if key in KEYS:
            if not KEYS[key].fits(limit):
                raise ValueError(
                    f"`rules[{key!r}]` must be {KEYS[key].allowed}; got {limit!r}"
                )
            last = rules.get("last_epochs", 1) if key == "valid_accuracy" else 1
            yield Rule(key, limit, KEYS[key].words(limit), last)
        elif key not in IGNORED:
            for one in limit if isinstance(limit, list | tuple) else [limit]:
                yield Rule(key, one, LAYER_RULES.get(one, str(one)))


def judged(rules: tuple[Rule, ...], found) -> tuple[Ruled, ...]:
    """Judge every rule, by the judge of `challenge.check`.

    Args:
        rules: of a challenge.
        found: an `Inspection`.
    """
    test = None
    if found.evaluation is not None:
        test = wilson(found.evaluation.right, found.evaluation.n)
    claims = found.claims
    network = replace(
        found.network,
        epochs=_rows(claims),
        no_history="no history",
        test=test,
        no_test="no images to measure on",
    )
    return tuple(_ruled(rule, network, found) for rule in rules)


def _rows(claims) -> tuple[Epoch, ...] | None:
    """Return the rows of the claimed history; the seconds stand in the first."""
    if claims.epochs is None:
        return None
    accuracies = claims.valid_accuracies
    seconds = [claims.seconds or 0.0, *[0.0] * (len(accuracies) - 1)]
    return tuple(
        Epoch(k, 0.0, 0.0, None, accuracy, time, 0.0)
        for k, (accuracy, time) in enumerate(zip(accuracies, seconds, strict=True), 1)
    )


def _ruled(rule: Rule, network, found) -> Ruled:
    if rule.key == "layers" and rule.limit not in LAYER_RULES:
        return Ruled(rule.key, str(rule.limit), "nothing", None, "no rule of the judge")
    if rule.key not in KEYS and rule.key != "layers":
        note = "your instructor reads this"
        return Ruled(rule.key, str(rule.limit), "nothing", None, note)
    finding = judge(rule, network)
    if rule.key == "test_accuracy":
        finding = _checked_accuracy(finding, found)
    note = CLAIM if rule.key in CLAIMED and finding.found else finding.says
    said = finding.found or ("none" if finding.status == MET else "nothing")
    met = VERDICTS.get(finding.status)
    return Ruled(rule.key, rule.text, said, met, note, finding.status)


def _checked_accuracy(finding: Finding, found) -> Finding:
    """Leave an accuracy to a person that other images or neighbours would change."""
    doubts = [] if found.evaluation is None else found.evaluation.doubts()
    if not doubts or finding.status != MET:
        return finding
    return replace(finding, status=FOR_A_PERSON, says=doubts[0])
