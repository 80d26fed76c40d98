"""The card of an inspection: rows of label and text, as text and as HTML."""

from collections import Counter
from collections.abc import Iterator

from coursekit._base.card import BLUE, GREEN, VERMILLION, Card
from coursekit._base.words import many, shown

COLOURS = {True: GREEN, False: VERMILLION, None: BLUE}
WORDS = {True: "all rules met", False: "a rule is broken", None: "a rule is open"}
WORDS_OF = {"norm": "batch norm", "product": "matrix product"}
WORDS_OF |= {"convolution": "convolution", "scaling": "scaling by place"}
MOST_NAMED = 4


def rows(found) -> Iterator[tuple[str, str]]:
    """Yield (label, text) of everything that an inspection shows."""
    claims, counted = found.claims, found.count
    who = claims.name or "nobody named"
    yield "from", f"{who}, {claims.written or 'no date'}, {claims.challenge or '–'}"
    yield "written by", f"coursekit {claims.versions.get('coursekit', '–')}"
    yield "file", f"{found.size:,} bytes, sha256 {found.sha256[:16]}…"
    yield "takes", "images of " + "×".join(map(str, found.input_shape))
    yield "parameters", f"{counted.total:,} recounted, {_claimed(claims)}"
    for how, number in counted.how.items():
        yield "", f"{number:,} as {how}"
    yield "", f"{counted.statistics:,} statistics of norms and images, not counted"
    yield (
        "description",
        f"{found.description:,} bytes for the graph without its weights: whatever is "
        "written into settings, sizes or signs instead costs bytes here",
    )
    if found.network.census is not None:
        yield from _structure(found)
    yield "history", _history(claims)
    if found.evaluation is not None:
        seconds = found.evaluation.seconds
        yield "measured", f"{found.evaluation}; {seconds:.1f} s on one thread"
    for rule in found.rules:
        yield "rule", str(rule)
    for remark in remarks(found):
        yield "look", remark


def _structure(found) -> Iterator[tuple[str, str]]:
    """Yield what is known of a network that was recognised as far as its answer."""
    yield "layers", _kinds(found.network.census)
    yield "GAP", "yes, before the answer" if found.gap else "no"
    for step in found.dense:
        by = "×".join(map(str, step.input_shape))
        yield "dense", f"`{step.layer}`, of {by} numbers: {step.weights:,} weights"
    where = "×".join(map(str, found.last_map)) if found.last_map else "no map"
    size = " × ".join(str(side) for side in found.field or ())
    yield "field", f"{size or 'no'} pixels, of the last map ({where})"
    yield "cost", f"{found.multiply_adds:,} multiply-adds an image"


def remarks(found) -> Iterator[str]:
    """Yield what a judge should look at."""
    claims, counted = found.claims, found.count
    for doubt in found.doubts:
        yield f"not recognised, for a person: {doubt}"
    named = set(claims.parameter_names)
    loose = {k: n for k, n in counted.tensors.items() if k not in named}
    if claims.parameters is not None and claims.parameters > counted.total:
        apart = claims.parameters - counted.total
        yield (
            f"the model has parameters that its answer does not use, {apart:,} in "
            "number: they are not in the file and do not count"
        )
    elif claims.parameters is not None and claims.parameters < counted.total:
        apart = counted.total - claims.parameters
        yield f"what counts and is no parameter in torch: {many(apart, 'number')}"
    if loose:
        some = [f"{shown(name, 40)[1:-1]} ({n:,})" for name, n in loose.items()][
            :MOST_NAMED
        ]
        more = f" and {len(loose) - MOST_NAMED} more" if len(loose) > MOST_NAMED else ""
        yield f"used as weights, but no parameters in torch: {', '.join(some)}{more}"
    if found.evaluation is not None:
        yield from found.evaluation.doubts()
    if found.epochs is not None:
        yield "epochs and history are the file's own word; no graph can prove them"


def inspection_card(found) -> Card:
    """Return an inspection as a card."""
    return Card(
        f"{found.file} · {_verdict(found)}",
        list(rows(found)),
        COLOURS[found.passed if found.rules else None],
        f"Inspection of {found.file}",
    )


def _verdict(found) -> str:
    return WORDS[found.passed] if found.rules else "inspected, no rules given"


def _claimed(claims) -> str:
    if claims.parameters is None:
        return "none claimed"
    return f"{claims.parameters:,} claimed"


def _kinds(census) -> str:
    kinds = Counter(WORDS_OF[step.kind] for step in census.steps)
    kinds["pooling"] = len(census.pools)
    return ", ".join(f"{number} {kind}" for kind, number in kinds.items() if number)


def _history(claims) -> str:
    if claims.epochs is None:
        return "none"
    accuracy = claims.valid_accuracies[-1]
    last = "" if accuracy is None else f", last validation accuracy {accuracy:.2%}"
    return f"{many(claims.epochs, 'epoch')}{last} (claimed)"
