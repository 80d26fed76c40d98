"""The rules about layers, judged by what the operators do and not by their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from coursekit.course.challenges import requirements as rules
from coursekit.course.challenges.count_learnt import STATISTICS
from coursekit.course.challenges.notes import Census, Step


@dataclass(frozen=True)
class Judgement:
    """Whether a rule about layers is met, in a few words and in a sentence."""

    met: bool
    found: str
    says: str = ""


def judge_layers(name: str, model: nn.Module, census: Census) -> Judgement:
    """Judge one of `LAYER_RULES`."""
    return _JUDGES[name](model, census)


def is_dense_too_early(step: Step) -> bool:
    """Tell whether a step is a dense layer on a map that was not averaged.

    A matrix product is dense where it brings the places of a map together, or where
    each weight is used once on an image; on every place alike it is a 1×1 convolution.
    A 1×1 convolution of a single place is a dense layer by another name.
    """
    if step.averaged:
        return False
    if step.kind == "product":
        return step.spans or step.uses <= 1
    return step.kind == "convolution" and step.places == 1


def is_disguised(step: Step) -> bool:
    """Tell whether a step is a dense layer that looks like something else.

    A convolution whose kernel lies on its whole map (more than one place) and that
    does not move over all of it, as a 7×7 kernel on a 7×7 map; where padding keeps the
    size of the map, as a 3×3 on 3×3, it is a convolution. And a product of a map with
    a number of its own for every place.
    """
    if step.kind == "scaling":
        return True
    places_after = prod(step.output_shape[1:])
    return step.kind == "convolution" and step.spans and places_after < step.places


def norms(model: nn.Module, census: Census) -> tuple[list[str], list[str]]:
    """Return the batch norms an image goes through: by torch, and written by hand."""
    by_torch = [step.layer for step in census.of("norm")]
    by_hand = [
        name
        for name, module in model.named_modules()
        if not isinstance(module, _NormBase)
        and name in census.shapes
        and name not in by_torch
        and _uses_statistics(name, module, census)
    ]
    return by_torch, by_hand


def _uses_statistics(name: str, module: nn.Module, census: Census) -> bool:
    """Tell whether a module keeps the statistics of a batch norm and reads them."""
    own = set(dict(module.named_buffers(recurse=False)))
    return own >= set(STATISTICS) and not any(
        f"{name}.{key}" in census.idle for key in STATISTICS
    )


def without_norm(model: nn.Module, census: Census) -> list[Step]:
    """Return the convolutions that give a map and are not followed by a batch norm.

    One that comes last of all gives the scores of the classes and needs none.
    """
    _, by_hand = norms(model, census)
    steps = [s for s in census.steps if s.kind != "scaling"]
    bare = [
        step
        for step, after in pairwise(steps)
        if step.kind == "convolution"
        and after.kind != "norm"
        and prod(step.output_shape[1:]) > 1
    ]
    return bare[len(by_hand) :]


def _no_dense(model: nn.Module, census: Census) -> Judgement:
    early = [step for step in census.steps if is_dense_too_early(step)]
    if not early:
        late = [step for step in census.of("product") if step.averaged]
        return Judgement(True, f"{len(late)} after averaging" if late else "none")
    first = early[0]
    by = "×".join(f"{side:,}" for side in first.input_shape)
    what = "numbers that were not averaged over the map"
    if first.places == 1:
        what = "numbers of a map with a single place, which was not made by averaging"
    says = f"{_named(first)} weighs {by} {what}: {first.weights:,} weights"
    return Judgement(False, _several(len(early), "dense layer"), says)


def _no_disguise(model: nn.Module, census: Census) -> Judgement:
    steps = [step for step in census.steps if is_disguised(step)]
    if not steps:
        return Judgement(True, "none")
    first = steps[0]
    by = "×".join(map(str, first.input_shape[1:]))
    what = (
        "has a number of its own for every place of"
        if first.kind == "scaling"
        else "has a kernel as large as"
    )
    says = f"{_named(first)} {what} its {by} map: {first.weights:,} weights"
    return Judgement(False, _several(len(steps), "dense layer"), says)


def _batch_norm(model: nn.Module, census: Census) -> Judgement:
    count = sum(map(len, norms(model, census)))
    convolutions = len(census.of("convolution"))
    shown = f"{count} on {convolutions} convolutions"
    unused = sum(isinstance(module, _NormBase) for module in model.modules())
    says = ""
    if not count and unused:
        says = f"the model has {unused}, but the image goes through none of them"
    return Judgement(count > 0, shown, says)


def _batch_norm_everywhere(model: nn.Module, census: Census) -> Judgement:
    bare = without_norm(model, census)
    total = len(census.of("convolution"))
    shown = f"{total - len(bare)} of {total} convolutions"
    says = f"not after {', '.join(_named(step) for step in bare[:4])}" if bare else ""
    return Judgement(not bare and total > 0, shown, says)


def _no_overlap(model: nn.Module, census: Census) -> Judgement:
    over = [
        pool
        for pool in census.pools
        if any(w > s for w, s in zip(pool.window, pool.stride, strict=False))
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


_JUDGES: dict[str, Callable[[nn.Module, Census], Judgement]] = {
    rules.NO_DENSE: _no_dense,
    rules.NO_DISGUISE: _no_disguise,
    rules.BATCH_NORM: _batch_norm,
    rules.BATCH_NORM_EVERYWHERE: _batch_norm_everywhere,
    rules.NO_OVERLAP: _no_overlap,
}
