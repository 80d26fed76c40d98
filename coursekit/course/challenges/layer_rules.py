"""The rules about layers, judged by what the operators do and not by their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from coursekit._base.words import many
from coursekit.course.challenges import requirements as rules
from coursekit.course.challenges.notes import Census, Step


@dataclass(frozen=True)
class Judgement:
    """Whether a rule about layers is met, in a few words and in a sentence."""

    met: bool
    found: str
    says: str = ""


def judge_layers(name: str, census: Census) -> Judgement:
    """Judge one of `LAYER_RULES`."""
    return _JUDGES[name](census)


def is_dense_too_early(step: Step) -> bool:
    """Tell whether a step is a dense layer on a map that was not averaged.

    A matrix product is dense where it brings the places of a map together, or where
    each weight is used once on an image; on every place alike it is a 1×1 convolution.
    A 1×1 convolution of a single place is a dense layer by another name; averaging a
    single place is none, so a map that max pooling made 1×1 counts as not averaged.
    """
    if step.averaged:
        return False
    if step.kind == "product":
        return step.spans or step.uses <= 1
    return step.kind == "convolution" and step.places == 1


def is_disguised(step: Step) -> bool:
    """Tell whether a step is a dense layer that looks like something else.

    A convolution whose kernel sees a whole side of its map, or seven tenths of it, and
    leaves fewer places, or a single one: a 7×7 kernel on a 7×7 map, also an 8×8 with
    some padding, and a 5×5 that leaves one place by its stride. Where
    padding keeps the size of the map, as a 3×3 on 3×3, it is a convolution. And
    whatever has a number of its own for every place: a mask, a norm over [c, h, w].
    Where no step is one of these, it is tried out: a layer whose answer stays when the
    content of its map moves is dense too (`shifting`).
    """
    if step.kind == "scaling":
        return True
    after = prod(step.output_shape[1:])
    if step.kind != "convolution" or step.averaged or after >= step.places:
        return False
    return step.spans or (after == 1 and step.uses == 1)


def is_dense(step: Step) -> bool:
    """Tell whether a step is a dense layer before averaging, plain or in disguise."""
    return is_dense_too_early(step) or is_disguised(step)


def without_norm(census: Census) -> list[Step]:
    """Return the convolutions that give a map and are not followed by a batch norm.

    Followed means: before the next weighing layer, wherever it stands, so that
    pre-activation blocks fulfil the rule. One that comes last of all gives the scores
    of the classes and needs none.
    """
    steps = [s for s in census.steps if s.kind != "scaling"]
    return [
        step
        for step, after in pairwise(steps)
        if step.kind == "convolution"
        and after.kind != "norm"
        and prod(step.output_shape[1:]) > 1
    ]


def _no_dense(census: Census) -> Judgement:
    early = [step for step in census.steps if is_dense_too_early(step)]
    if not early:
        late = [step for step in census.of("product") if step.averaged]
        return Judgement(True, f"{len(late)} after averaging" if late else "none")
    first = early[0]
    by = "×".join(f"{side:,}" for side in first.input_shape)
    what = "numbers that were not averaged over the map"
    if first.places == 1:
        what = "numbers of a map with a single place, which was not made by averaging"
    if first.pooled is not None:
        part, whole = first.pooled
        side = round(whole**0.5)
        what = (
            f"numbers that average {part} of {whole} places; make the pooling "
            f"`AvgPool2d({side})`, and it averages them all"
        )
    says = f"{_named(first)} weighs {by} {what}: {first.weights:,} weights"
    return Judgement(False, _several(len(early), "dense layer"), says)


def _no_disguise(census: Census) -> Judgement:
    steps = [step for step in census.steps if is_disguised(step)]
    if not steps and census.still:
        says = (
            f"the answer of `{census.still[0]}` does not move along when the content "
            "of its map moves by one place: it has numbers of its own for the places"
        )
        return Judgement(False, _several(len(census.still), "dense layer"), says)
    if not steps:
        return Judgement(True, "none")
    first = steps[0]
    by = "×".join(map(str, first.input_shape[1:])) or "flattened"
    says = f"{_named(first)} has a kernel as large as its {by} map"
    if first.kind == "scaling":
        says = (
            f"{_named(first)} has a number of its own for every place of its {by} map"
        )
    says += f": {first.weights:,} weights"
    return Judgement(False, _several(len(steps), "dense layer"), says)


def _batch_norm(census: Census) -> Judgement:
    count = len(census.of("norm"))
    convolutions = len(census.of("convolution"))
    shown = f"{count} on {many(convolutions, 'convolution')}"
    return Judgement(count > 0, shown)


def _batch_norm_everywhere(census: Census) -> Judgement:
    bare = without_norm(census)
    total = len(census.of("convolution"))
    shown = f"{total - len(bare)} of {many(total, 'convolution')}"
    says = f"not after {', '.join(_named(step) for step in bare[:4])}" if bare else ""
    return Judgement(not bare and total > 0, shown, says)


def _no_overlap(census: Census) -> Judgement:
    """Look at the windows that move: one over the whole map overlaps with nothing."""
    over = [
        pool
        for pool in census.pools
        if pool.rest > 1
        and any(w > s for w, s in zip(pool.window, pool.stride, strict=False))
    ]
    if not over:
        return Judgement(True, "none")
    pool = over[0]
    where = f"`{pool.layer}`" if pool.layer else "a pooling in the forward pass"
    by, step = ("×".join(map(str, sides)) for sides in (pool.window, pool.stride))
    says = f"{where} has a window of {by} and a stride of {step}"
    return Judgement(False, _several(len(over), "pooling"), says)


def _named(step: Step) -> str:
    return f"`{step.layer}`" if step.layer else "an operation in the forward pass"


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''}"


_JUDGES: dict[str, Callable[[Census], Judgement]] = {
    rules.NO_DENSE: _no_dense,
    rules.NO_DISGUISE: _no_disguise,
    rules.BATCH_NORM: _batch_norm,
    rules.BATCH_NORM_EVERYWHERE: _batch_norm_everywhere,
    rules.NO_OVERLAP: _no_overlap,
}
