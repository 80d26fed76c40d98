"""The cheapest way to meet a rule: several ways are carried out, and the best is named.

Cheapest means: what changes no answer first (biases before batch norm);
then the fewest layers changed; then, for a budget, the change that leaves most of it
used, and for any other rule the one with the fewest parameters. A way that would break
another rule about the network is not named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from coursekit.course.challenges import edits, repairs
from coursekit.course.challenges import requirements as rules
from coursekit.course.challenges.layer_rules import is_dense_too_early, is_disguised
from coursekit.course.challenges.measured import Measured
from coursekit.course.challenges.network_judge import MET, NOT_MET, Finding, judge
from coursekit.course.challenges.notes import Step
from coursekit.course.challenges.requirements import Rule
from coursekit.course.challenges.swaps import AND, Edit, joined, tried
from coursekit.course.challenges.training_advice import for_training

TRIED = 24  # so many changes are carried out at most, each about 0.1 s
NAMED = 3


@dataclass(frozen=True)
class Way:
    """One way to meet a rule, carried out on a copy without numbers.

    Args:
        says: what to do.
        parameters: what the network then has.
        field: pixels a unit of its last map then sees, along the shorter side.
        changes: layers changed.
    """

    says: str
    parameters: int
    field: int
    changes: int

    def __str__(self) -> str:
        return f"{self.says}: {self.parameters:,} parameters"


def advised(findings: Iterable[Finding], measured: Measured) -> tuple[Finding, ...]:
    """Return the findings, those not met with the cheapest way to meet them."""
    findings = tuple(findings)
    return tuple(
        _advised(finding, findings, measured) if finding.status == NOT_MET else finding
        for finding in findings
    )


def _advised(finding: Finding, findings: tuple, measured: Measured) -> Finding:
    said = for_training(finding, measured)
    if said or measured.census is None:
        return replace(finding, advice=said)
    met = [f.rule for f in findings if f.status == MET]
    try:
        ways = _ways(finding.rule, met, measured)
    except (RuntimeError, ValueError, TypeError, AttributeError):
        ways = ()  # a layer that cannot be rebuilt must not cost the whole table
    advice = _sentence(ways) if ways else _fallback(finding, measured)
    return replace(finding, advice=advice, ways=ways)


def _ways(rule: Rule, met: list[Rule], measured: Measured) -> tuple[Way, ...]:
    """Return the best ways to meet a rule, the cheapest first."""
    key = rule.limit if rule.key == "layers" else rule.key
    if key not in _CHANGES:
        return ()
    ways = _carried_out(_CHANGES[key](rule, measured), rule, met, measured)
    if key in _BUDGETS:
        ways.sort(key=lambda way: (way.changes, -way.parameters))
    else:
        ways.sort(key=lambda way: (way.parameters, way.changes))
    return tuple(ways[:NAMED])


def _sentence(ways: tuple[Way, ...]) -> str:
    said = f"Cheapest: {ways[0]}"
    first = ways[0].says.split(AND)[0] + AND
    others = [str(way).replace(first, f"…{AND}", 1) for way in ways[1:]]
    return f"{said}. Or: {'; '.join(others)}." if others else f"{said}."


def _carried_out(
    candidates: Iterable[Edit], rule: Rule, met: list[Rule], measured: Measured
) -> list[Way]:
    """Return the first change of each kind that meets the rule and loses no other."""
    ways: dict[str, Way] = {}
    for change in islice(candidates, TRIED):
        if change.kind in ways:
            continue
        after = tried(change, measured)
        if after is None or judge(rule, after).status != MET:
            continue
        if not any(judge(other, after).status == NOT_MET for other in met):
            ways[change.kind] = _way(change, after)
    return list(ways.values())


def _way(change: Edit, after: Measured) -> Way:
    last = after.census.last_map
    sides = [getattr(side, "smallest", side) for side in last.field] if last else [0]
    return Way(change.says, after.count.total, min(sides), change.changes)


def _to_budget(limit: int) -> Callable[[Measured], list[Edit]]:
    """Return the ways down to fewer than `limit` numbers, the mildest first."""

    def ways(measured: Measured) -> list[Edit]:
        over, free = measured.count.total - limit + 1, edits.free(measured)
        if free and -free.adds >= over:
            return [free]
        head = edits.gap_head(measured)
        single = [e for e in edits.smaller(measured) if e.adds < 0]
        enough = _enough([head] if head else single, over)
        for first in (_some(free), _some(head), _some(free, head)):
            if not enough and first:
                enough = _enough([joined([*first, e]) for e in single], over)
        if not enough:
            kinds = dict.fromkeys(e.kind for e in single)
            alike = ([e for e in single if e.kind == kind] for kind in kinds)
            first = _some(free, head)
            enough = [e for each in alike for e in _combined(each, first, over)]
        narrow = next((e for e in edits.narrower(measured) if -e.adds >= over), None)
        return [*enough, *_some(narrow)]

    return ways


def _enough(candidates: list[Edit], over: int) -> list[Edit]:
    """Return the changes that save `over` numbers, the smallest saving first."""
    return sorted((e for e in candidates if -e.adds >= over), key=lambda e: -e.adds)


def _combined(single: list[Edit], first: list[Edit], over: int) -> list[Edit]:
    """Join the changes of a kind that save most, until it is enough."""
    chosen, changed = list(first), set()
    for one in sorted(single, key=lambda e: e.adds):
        if changed & set(one.swaps):
            continue
        changed |= set(one.swaps)
        chosen.append(one)
        if -sum(e.adds for e in chosen) >= over:
            return [joined(chosen)]
    return []


def _parameters_below(rule: Rule, measured: Measured) -> list[Edit]:
    return _to_budget(rule.limit)(measured)


def _fewer_parameters(rule: Rule, measured: Measured) -> list[Edit]:
    before = measured.baseline.count.total
    return _to_budget(int(before * (1 - rule.limit / 100)) + 1)(measured)


def _receptive_field(rule: Rule, measured: Measured) -> list[Edit]:
    last = measured.census.last_map
    sides = [getattr(side, "smallest", side) for side in last.field]
    return list(repairs.wider_field(measured, rule.limit - min(sides)))


def _some(*perhaps: Edit | None) -> list[Edit]:
    return [one for one in perhaps if one is not None]


_BUDGETS = ("parameters_below", "fewer_parameters")
_CHANGES: dict[str, Callable[[Rule, Measured], Iterable[Edit]]] = {
    "parameters_below": _parameters_below,
    "fewer_parameters": _fewer_parameters,
    "receptive_field": _receptive_field,
    "map_at_least": lambda rule, e: repairs.unpooled(e),
    rules.NO_DENSE: lambda rule, e: _some(edits.gap_head(e)),
    rules.NO_DISGUISE: lambda rule, e: _some(repairs.undisguised(e)),
    rules.BATCH_NORM: lambda rule, e: _some(
        repairs.normalised(e, everywhere=False), repairs.normalised(e, everywhere=True)
    ),
    rules.BATCH_NORM_EVERYWHERE: lambda rule, e: _some(
        repairs.normalised(e, everywhere=True)
    ),
    rules.NO_OVERLAP: lambda rule, e: _some(repairs.tidy_pools(e)),
}


def _fallback(finding: Finding, measured: Measured) -> str:
    """Say what to do where no change could be carried out on the layers as they are."""
    limit, steps = finding.rule.limit, measured.census.steps
    if limit in (rules.NO_DENSE, rules.NO_DISGUISE):
        is_wrong = is_dense_too_early if limit == rules.NO_DENSE else is_disguised
        step = next((step for step in steps if is_wrong(step)), None)
        if step is None:  # seen in the file only
            return ""
        if not measured.census.of("convolution"):
            return "Begin with convolutions: they make a map that can be averaged."
        return _average(step)
    if finding.rule.key in _BUDGETS and steps:
        step = max(steps, key=lambda step: step.weights)
        return (
            f"No small change is enough. Most weights are in {_place(step.layer)}: "
            f"{step.weights:,} of {measured.count.total:,}."
        )
    if finding.rule.key == "channels_at_least":
        return f"Give every convolution {limit} output channels or more."
    return ""


def _average(step: Step) -> str:
    if step.places == 1:
        return (
            f"The map is down to a single place before {_place(step.layer)}: leave a "
            "pooling or a stride out, so that there is something to average."
        )
    return (
        f"Average the map over all its {step.places} places before "
        f"{_place(step.layer)}, or leave a pooling or a stride out before it; after "
        f"averaging, one weight for each channel and output is left of "
        f"{step.weights:,}."
    )


def _place(layer: str) -> str:
    return f"`{layer}`" if layer else "the operation in the forward pass"
