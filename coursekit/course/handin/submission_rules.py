"""The rules of a challenge, judged on what the inspection found.

The keys and limits are those of the course's challenges, so that a challenge or a table
of its file can be given as it is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

SIGNS = {True: "✓ met", False: "✗ not met", None: "? not judged"}
CLAIM = "the file's own word"


@dataclass(frozen=True)
class Rule:
    """One rule and how the network stands to it.

    Args:
        key: as in a challenge's file, such as "parameters_below".
        wanted, found: in words.
        met: None where it cannot be judged from the file.
        note: what to know about it, "" where nothing.
    """

    key: str
    wanted: str
    found: str
    met: bool | None
    note: str = ""

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{SIGNS[self.met]}: {self.wanted}; found {self.found}{note}"


def judged(rules: object, found: object) -> tuple[Rule, ...]:
    """Judge every rule.

    Args:
        rules: a challenge, or a mapping like a table of its file: `parameters_below`,
            `epochs_below`, `epochs_at_most`, `seconds_at_most`, `test_accuracy`
            (percent), `valid_accuracy` (percent, claimed), `last_epochs`,
            `receptive_field`, `map_at_least`, `channels_at_least`,
            `multiply_adds_at_most`, and `layers`, a list of rules in words. What else a
            table holds (a baseline's rules, what is read by eye) is not judged.
        found: an `Inspection`.

    Raises:
        ValueError: no rules, or a limit that is no number.
    """
    return tuple(_judge(*rule, found) for rule in _listed(rules))


def _listed(rules: object) -> Iterator[tuple[str, object, int]]:
    """Yield (key, limit, last epochs) of a challenge or a mapping."""
    if isinstance(rules, Mapping):
        last = rules.get("last_epochs", 1)
        for key, limit in rules.items():
            if key in IGNORED:
                continue
            many = limit if isinstance(limit, list | tuple) else [limit]
            yield from ((key, one, last) for one in many)
        return
    listed = getattr(rules, "rules", None)
    if listed is None:
        kind = type(rules).__name__
        raise ValueError(f"`rules` must be a challenge or a dict of rules; got {kind}")
    for one in listed:
        yield one.key, one.limit, getattr(one, "last_epochs", 1)


def _judge(key: str, limit: object, last: int, found: object) -> Rule:
    if key == "layers":
        judge = LAYERS.get(str(limit))
        if judge is None:
            return Rule(key, str(limit), "nothing", None, "no rule of the inspection")
        return judge(str(limit), found)
    if key not in JUDGES:
        return Rule(key, f"{key} {limit}", "nothing", None, "not to be seen in a graph")
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit < 0:
        raise ValueError(f"`rules[{key!r}]` must be a number ≥ 0; got {limit!r}")
    if key == "valid_accuracy":
        return _valid_accuracy(limit, last, found)
    return JUDGES[key](limit, found)


def _parameters(limit: float, found) -> Rule:
    number, wanted = found.count.parameters, f"fewer than {limit:,} parameters"
    return Rule("parameters_below", wanted, f"{number:,}", number < limit)


def _epochs(below: bool, limit: float, found) -> Rule:
    key = "epochs_below" if below else "epochs_at_most"
    wanted = f"{'fewer than' if below else 'at most'} {limit:,} epochs"
    number = found.epochs
    if number is None:
        return Rule(key, wanted, "no history", None)
    return Rule(key, wanted, f"{number:,}", number < limit + (not below), CLAIM)


def _seconds(limit: float, found) -> Rule:
    wanted, seconds = f"at most {limit:,g} s of training", found.claims.seconds
    if seconds is None:
        return Rule("seconds_at_most", wanted, "no history", None)
    return Rule("seconds_at_most", wanted, f"{seconds:,.0f} s", seconds <= limit, CLAIM)


def _multiply_adds(limit: float, found) -> Rule:
    wanted, number = f"at most {limit:,} multiply-adds", found.multiply_adds
    if number is None:
        return Rule("multiply_adds_at_most", wanted, "an unknown size", None)
    return Rule("multiply_adds_at_most", wanted, f"{number:,}", number <= limit)


def _field(limit: float, found) -> Rule:
    wanted = f"units of the last map see at least {limit:g} pixels on both sides"
    unknown = next((side for side in found.field if side.unknown), None)
    if unknown is not None:
        return Rule("receptive_field", wanted, str(unknown), None)
    said = " × ".join(map(str, found.field))
    met = min(side.smallest for side in found.field) >= limit
    return Rule("receptive_field", wanted, said, met)


def _map(limit: float, found) -> Rule:
    wanted = f"the last map has at least {limit:g}×{limit:g} places"
    if found.last_map is None:
        return Rule("map_at_least", wanted, "no map", None)
    said = "×".join(map(str, found.last_map))
    return Rule("map_at_least", wanted, said, min(found.last_map[1:]) >= limit)


def _channels(limit: float, found) -> Rule:
    wanted = f"every convolution gives at least {limit:g} channels"
    shapes = [one.output_shape for one in found.layers if one.operator in CONVOLVES]
    if not shapes or None in shapes:
        said = "a size that is not known" if shapes else "no convolution"
        return Rule("channels_at_least", wanted, said, None if shapes else False)
    least = min(shape[0] for shape in shapes)
    return Rule("channels_at_least", wanted, f"{least}", least >= limit)


def _test_accuracy(limit: float, found) -> Rule:
    wanted, measured = f"at least {limit:g} % of the images", found.evaluation
    if measured is None:
        return Rule("test_accuracy", wanted, "no images to measure on", None)
    low, high = measured.interval
    met, share, note = measured.accuracy >= limit / 100 - 1e-9, limit / 100, ""
    if not met and high >= share:
        note = "the interval contains the limit: so many images cannot tell them apart"
    elif met and low < share:
        note = "a true accuracy below the limit is possible too"
    return Rule("test_accuracy", wanted, str(measured), met, note)


def _valid_accuracy(limit: float, last: int, found) -> Rule:
    wanted = f"at least {limit:g} % of the validation images in the last {last} epochs"
    values = found.claims.valid_accuracies[-last:]
    if not values or None in values:
        return Rule("valid_accuracy", wanted, "no validation accuracy", None)
    met = len(values) == last and min(values) >= limit / 100 - 1e-9
    said = ", ".join(f"{value:.2%}" for value in values)
    return Rule("valid_accuracy", wanted, said, met, CLAIM)


def _of_layers(find: Callable[..., list], needed: bool, words: str, found) -> Rule:
    """Judge a rule about layers by the layers that `find` returns."""
    some = find(found)
    if not some and not needed and found.unknown:
        said = f"unknown operators: {', '.join(found.unknown)}"
        return Rule("layers", words, said, None)
    shown = "; ".join(one.described for one in some[:3])
    if needed:
        shown = f"{len(some)} of them" if some else ""
    return Rule("layers", words, shown or "none", bool(some) == needed)


def _dense_too_early(found) -> list:
    return [one for one in found.dense if one.kind == "dense" and not one.after_gap]


def _disguised(found) -> list:
    return [one for one in found.dense if one.kind == "dense in disguise"]


def _batch_norms(found) -> list:
    return [one for one in found.layers if one.kind == "batch norm"]


def _without_norm(found) -> list:
    convolved = [one for one in found.layers if one.operator in CONVOLVES]
    return [one for one in convolved if one.gives_map and not one.normalised]


def _overlapping(found) -> list:
    return [one for one in found.layers if one.overlaps]


CONVOLVES = {"Conv", "ConvTranspose", "ConvInteger", "QLinearConv"}
IGNORED = {"title", "data", "input_shape", "images", "twin", "last_epochs"}
LAYERS: Mapping[str, Callable[..., Rule]] = {
    "no dense layer except after global average pooling": partial(
        _of_layers, _dense_too_early, False
    ),
    "no dense layer in disguise": partial(_of_layers, _disguised, False),
    "batch norm": partial(_of_layers, _batch_norms, True),
    "batch norm after every convolution": partial(_of_layers, _without_norm, False),
    "no overlapping pooling": partial(_of_layers, _overlapping, False),
}
JUDGES: Mapping[str, Callable[..., Rule]] = {
    "parameters_below": _parameters,
    "epochs_below": partial(_epochs, True),
    "epochs_at_most": partial(_epochs, False),
    "seconds_at_most": _seconds,
    "multiply_adds_at_most": _multiply_adds,
    "receptive_field": _field,
    "map_at_least": _map,
    "channels_at_least": _channels,
    "test_accuracy": _test_accuracy,
    "valid_accuracy": _valid_accuracy,
}
