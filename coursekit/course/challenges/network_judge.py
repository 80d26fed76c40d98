"""Judge one rule after the other: met, not met, for a person, or not judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from coursekit.course.challenges.layer_rules import judge_layers
from coursekit.course.challenges.measured import Measured
from coursekit.course.challenges.requirements import Rule
from coursekit.metrics.proportion import images_to_tell, percent

MET, NOT_MET, NOT_JUDGED = "met", "not met", "not judged"
FOR_A_PERSON = "for a person"
# Rules that are not about the network: a doubt about it changes nothing there.
OF_TRAINING = {"epochs_below", "epochs_at_most", "seconds_at_most", "by_eye"}
OF_TRAINING |= {"test_accuracy", "valid_accuracy", "same_accuracy"}


@dataclass(frozen=True)
class Finding:
    """What was found about one rule.

    Args:
        rule: the rule.
        status: "met", "not met", "not judged" or "for a person".
        value: the number measured, None where there is none.
        found: the same in a few words.
        says: what there is to say about it, "" if the number says all.
        advice: the cheapest way to meet the rule, "" where it is met.
        ways: the ways it was chosen from, best first, each carried out on a copy.
    """

    rule: Rule
    status: str
    value: float | None = None
    found: str = ""
    says: str = ""
    advice: str = ""
    ways: tuple = ()


def judge(rule: Rule, measured: Measured) -> Finding:
    """Judge one rule by what was measured; nothing is trained or changed.

    What is recognised is met or not met. With anything in the network that is not, no
    rule about it is met: that is for a person to look at.
    """
    found = _JUDGES[rule.key](rule, measured)
    doubts = (measured.problem,) if measured.problem else ()
    doubts = measured.census.doubts if measured.census is not None else doubts
    if not doubts or found.status == NOT_MET or rule.key in OF_TRAINING:
        return found
    return replace(found, status=FOR_A_PERSON, says=f"{doubts[0]}{_more(doubts)}")


def _more(doubts: tuple[str, ...]) -> str:
    return f" (and {len(doubts) - 1} more like it)" if len(doubts) > 1 else ""


def _not_judged(rule: Rule, why: str) -> Finding:
    return Finding(rule, NOT_JUDGED, None, "", why)


def _description_below(rule: Rule, measured: Measured) -> Finding:
    size = measured.description
    if not size:
        return _not_judged(rule, measured.no_file)
    return Finding(rule, _status(size < rule.limit), size, f"{size:,} bytes")


def _multiply_adds_at_most(rule: Rule, measured: Measured) -> Finding:
    if measured.census is None:
        return _not_judged(rule, measured.problem)
    number = measured.census.multiply_adds
    return Finding(rule, _status(number <= rule.limit), number, f"{number:,}")


def _status(met: bool) -> str:
    return MET if met else NOT_MET


def _parameters_below(rule: Rule, measured: Measured) -> Finding:
    total = measured.count.total
    says = ". ".join(measured.notes)
    return Finding(rule, _status(total < rule.limit), total, f"{total:,}", says)


def _fewer_parameters(rule: Rule, measured: Measured) -> Finding:
    if measured.baseline is None:
        return _not_judged(rule, "no baseline was given: `report(…, baseline=model)`")
    total, before = measured.count.total, measured.baseline.count.total
    if not before:
        return _not_judged(rule, "the baseline has no parameters")
    saved = 100 * (1 - total / before)
    says = f"{total:,} parameters, the baseline has {before:,}"
    return Finding(rule, _status(saved >= rule.limit), saved, f"{saved:.1f} %", says)


def _epochs(is_met: Callable[[int, int], bool]) -> Callable:
    def judged(rule: Rule, measured: Measured) -> Finding:
        if measured.epochs is None:
            return _not_judged(rule, measured.no_history)
        epochs = len(measured.epochs)
        return Finding(rule, _status(is_met(epochs, rule.limit)), epochs, f"{epochs}")

    return judged


def _seconds(rule: Rule, measured: Measured) -> Finding:
    if measured.epochs is None:
        return _not_judged(rule, measured.no_history)
    seconds = measured.seconds
    return Finding(rule, _status(seconds <= rule.limit), seconds, f"{seconds:,.0f} s")


def _test_accuracy(rule: Rule, measured: Measured) -> Finding:
    test, limit = measured.test, rule.limit / 100
    if test is None:
        return _not_judged(rule, measured.no_test)
    met = test.value >= limit - 1e-9
    says = f"95 % interval {percent(test.low)} … {percent(test.high)}"
    if not met and limit in test:
        says = (
            f"below {rule.limit:g} %, but the interval {percent(test.low)} … "
            f"{percent(test.high)} contains it: not distinguishable with {test.n:,} "
            f"images{_enough(test.value, limit)}"
        )
    elif met and test.low < limit:
        says += (
            f": at or above {rule.limit:g} % on these {test.n:,} images, but a true "
            "accuracy below it is possible too"
        )
    return Finding(rule, _status(met), 100 * test.value, percent(test.value), says)


def _enough(value: float, limit: float) -> str:
    need = images_to_tell(value, limit)
    return f" (it would take about {need:,})" if need else ""


def _valid_accuracy(rule: Rule, measured: Measured) -> Finding:
    if measured.epochs is None:
        return _not_judged(rule, measured.no_history)
    last = [row.valid_accuracy for row in measured.epochs[-rule.last_epochs :]]
    if None in last or not last:
        why = "the history has no validation accuracy: `fit(model, train, valid)`"
        return _not_judged(rule, why)
    shown = ", ".join(f"{100 * value:.2f}" for value in last) + " %"
    if len(last) < rule.last_epochs:
        why = f"the history has {len(last)} of the {rule.last_epochs} epochs asked for"
        return Finding(rule, NOT_MET, 100 * min(last), shown, why)
    met = min(last) >= rule.limit / 100 - 1e-9
    return Finding(rule, _status(met), 100 * min(last), shown)


def _same_accuracy(rule: Rule, measured: Measured) -> Finding:
    if measured.baseline is None:
        return _not_judged(rule, "no baseline was given: `report(…, baseline=model)`")
    test, other = measured.test, measured.baseline.test
    if test is None or other is None:
        return _not_judged(rule, measured.no_test)
    met = test.high >= other.value
    side = "reaches" if met else "stays below"
    says = (
        f"the baseline has {percent(other.value)}; the 95 % interval "
        f"{percent(test.low)} … {percent(test.high)} {side} it"
    )
    return Finding(rule, _status(met), 100 * test.value, percent(test.value), says)


def _receptive_field(rule: Rule, measured: Measured) -> Finding:
    last = measured.census and measured.census.last_map
    if not last:
        return _not_judged(rule, measured.problem or "the network has no map")
    sides = [getattr(side, "smallest", side) for side in last.field]
    least = min(sides)
    shown = f"{least}" if len(set(sides)) == 1 else "×".join(map(str, sides))
    where = f"`{last.layer}`" if last.layer else "the forward pass"
    by = "×".join(map(str, last.shape))
    says = f"the last map, {by}, comes from {where}"
    return Finding(rule, _status(least >= rule.limit), least, shown, says)


def _map_at_least(rule: Rule, measured: Measured) -> Finding:
    last = measured.census and measured.census.last_map
    if not last:
        return _not_judged(rule, measured.problem or "the network has no map")
    least = min(last.shape[1:])
    shown = "×".join(map(str, last.shape[1:]))
    return Finding(rule, _status(least >= rule.limit), least, shown)


def _channels_at_least(rule: Rule, measured: Measured) -> Finding:
    if measured.census is None:
        return _not_judged(rule, measured.problem)
    steps = measured.census.of("convolution")
    if not steps:
        return Finding(rule, NOT_MET, 0, "0", "there is no convolution")
    least = min(steps, key=lambda step: step.output_shape[0])
    width = least.output_shape[0]
    says = "" if width >= rule.limit else f"`{least.layer}` gives {width}"
    return Finding(rule, _status(width >= rule.limit), width, f"{width}", says)


def _layers(rule: Rule, measured: Measured) -> Finding:
    if measured.census is None:
        return _not_judged(rule, measured.problem)
    found = judge_layers(rule.limit, measured.census)
    return Finding(rule, _status(found.met), None, found.found, found.says)


def _by_eye(rule: Rule, measured: Measured) -> Finding:
    return _not_judged(rule, "your instructor reads this")


_JUDGES: dict[str, Callable[[Rule, Measured], Finding]] = {
    "parameters_below": _parameters_below,
    "fewer_parameters": _fewer_parameters,
    "epochs_below": _epochs(lambda epochs, limit: epochs < limit),
    "epochs_at_most": _epochs(lambda epochs, limit: epochs <= limit),
    "seconds_at_most": _seconds,
    "test_accuracy": _test_accuracy,
    "valid_accuracy": _valid_accuracy,
    "same_accuracy": _same_accuracy,
    "receptive_field": _receptive_field,
    "map_at_least": _map_at_least,
    "channels_at_least": _channels_at_least,
    "multiply_adds_at_most": _multiply_adds_at_most,
    "description_below": _description_below,
    "layers": _layers,
    "by_eye": _by_eye,
}
