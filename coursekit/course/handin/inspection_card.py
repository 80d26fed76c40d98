"""The card of an inspection: rows of label and text, as text and as HTML."""

from collections import Counter
from collections.abc import Iterator

from coursekit._base.card import BLUE, GREEN, VERMILLION, Card

COLOURS = {True: GREEN, False: VERMILLION, None: BLUE}
WORDS = {True: "all rules met", False: "a rule is broken", None: "a rule is open"}
MOST_NAMED = 4


def rows(found) -> Iterator[tuple[str, str]]:
    """Yield (label, text) of everything that an inspection shows."""
    claims, counted = found.claims, found.count
    who = claims.name or "nobody named"
    yield "from", f"{who}, {claims.written or 'no date'}, {claims.challenge or '–'}"
    yield "file", f"{found.size:,} bytes, sha256 {found.sha256[:16]}…"
    yield "takes", "images of " + "×".join(map(str, found.input_shape))
    yield "parameters", f"{counted.parameters:,} recounted, {_claimed(claims)}"
    for how, number in counted.how.items():
        yield "", f"{number:,} as {how}"
    yield "", f"{counted.statistics:,} batch-norm statistics, not counted"
    yield "layers", _kinds(found.layers)
    yield "batch norm", f"{found.batch_norms} layers" if found.batch_norms else "none"
    yield "GAP", "yes, before the answer" if found.gap else "no"
    for layer in found.dense:
        where = "after GAP" if layer.after_gap else "before GAP or without"
        yield "dense", f"{layer.kind}, {where}: {layer.described}"
    where = "×".join(map(str, found.last_map)) if found.last_map else "no map"
    sides = [f"{side}" for side in found.field]
    size = sides[0] if found.field[0].unknown else " × ".join(sides) + " pixels"
    yield "field", f"{size}, of the last map ({where})"
    costs = found.multiply_adds
    yield "cost", "not known" if costs is None else f"{costs:,} multiply-adds an image"
    yield "history", _history(claims)
    if found.evaluation is not None:
        seconds = found.evaluation.seconds
        yield "measured", f"{found.evaluation}; {seconds:.1f} s on one thread"
    for rule in found.rules:
        yield "rule", str(rule)
    for remark in remarks(found):
        yield "look", remark


def remarks(found) -> Iterator[str]:
    """Yield what a judge should look at."""
    claims, counted = found.claims, found.count
    named = set(claims.parameter_names)
    loose = {k: n for k, n in counted.tensors.items() if k not in named}
    if claims.parameters is not None and claims.parameters != counted.parameters:
        apart = counted.parameters - claims.parameters
        word = "more" if apart > 0 else "fewer"
        yield f"{abs(apart):,} parameters {word} than the manifest claims"
    if loose:
        some = [f"{name[:40]} ({n:,})" for name, n in list(loose.items())[:MOST_NAMED]]
        more = f" and {len(loose) - MOST_NAMED} more" if len(loose) > MOST_NAMED else ""
        yield f"used as weights, but no parameters in torch: {', '.join(some)}{more}"
    if found.unknown:
        yield f"operators that the inspection does not know: {', '.join(found.unknown)}"
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


def _kinds(layers) -> str:
    kinds = Counter(layer.kind for layer in layers)
    kinds.pop("rearrangement", None)
    return ", ".join(f"{number} {kind}" for kind, number in kinds.items())


def _history(claims) -> str:
    if claims.epochs is None:
        return "none"
    accuracy = claims.valid_accuracies[-1]
    last = "" if accuracy is None else f", last validation accuracy {accuracy:.2%}"
    return f"{claims.epochs:,} epochs{last} (claimed)"
