"""A student's model judged as the file it would be handed in as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from torch import nn

from coursekit.course.challenges.measured import Measured, examine, of_file
from coursekit.course.challenges.neighbours import mixed_by_structure
from coursekit.course.challenges.notes import Census
from coursekit.course.network_file.count import Count

NAMED = 3


def handed_in(model: nn.Module, input_shape: tuple[int, ...], **more) -> Measured:
    """Judge a model by its file; without onnx, or where none can be written, as it is.

    Args:
        model: left as it was found.
        input_shape: (channels, height, width) of one image.
        more: further fields of `Measured`.

    Raises:
        ValueError: no module, or images of this shape do not go through it.
    """
    live = examine(model, input_shape, **more)
    try:
        from coursekit.course.network_file.export import exported, on_cpu

        written = exported(on_cpu(model), input_shape).SerializeToString()
        found = of_file(written, **more)
    except ModuleNotFoundError:
        return _looked_beside(live)
    except ValueError as error:
        return _looked_beside(replace(live, no_file=f"it cannot be handed in: {error}"))
    notes = (*_notes(model, found.count), *found.notes)
    return replace(found, census=_named(found.census, live.census), notes=notes)


def _looked_beside(live: Measured) -> Measured:
    """Note where a model answers an image by others of its batch."""
    if live.census is None:
        return live
    mixed = mixed_by_structure(live.model, live.input_shape)
    doubts = *live.census.doubts, *mixed
    return replace(live, census=replace(live.census, doubts=doubts))


def _named(census: Census | None, live: Census | None) -> Census | None:
    """Give steps the names they have in the model, where both are the same steps."""
    if census is None or live is None:
        return census
    steps, pools = (
        _as_live(census.steps, live.steps),
        _as_live(census.pools, live.pools),
    )
    last = census.last_map
    if last and live.last_map and last.shape == live.last_map.shape:
        last = replace(last, layer=live.last_map.layer)
    return replace(census, steps=steps, pools=pools, last_map=last)


def _as_live(mine: tuple, live: tuple) -> tuple:
    if [type(one) for one in mine] != [type(one) for one in live]:
        return mine
    same = ("kind", "output_shape", "window", "stride")
    for one, other in zip(mine, live, strict=True):
        if any(getattr(one, k, 0) != getattr(other, k, 0) for k in same):
            return mine
    return tuple(
        replace(one, layer=other.layer) for one, other in zip(mine, live, strict=True)
    )


def _notes(model: nn.Module, count: Count) -> Iterator[str]:
    """Say what a plain count of the parameters would have left unsaid."""
    named = dict(model.named_parameters(remove_duplicate=False))
    buffers, loose = dict(model.named_buffers()), 0
    for name, number in count.tensors.items():
        if name in buffers:
            yield f"`{name}` is a buffer, but {number:,} numbers in it count as learnt"
        loose += 0 if name in named or name in buffers else number
    if loose:
        yield (
            f"{loose:,} numbers read in the forward pass are neither parameters nor "
            "buffers: counted"
        )
    frozen = sum(p.numel() for p in model.parameters() if not p.requires_grad)
    if frozen:
        yield f"{frozen:,} of them are frozen; they count all the same"
    used = {id(named[name]) for name in count.tensors if name in named}
    unused = {n: p for n, p in model.named_parameters() if id(p) not in used}
    if unused:
        names = ", ".join(f"`{name}`" for name in list(unused)[:NAMED])
        more = " …" if len(unused) > NAMED else ""
        total = sum(p.numel() for p in unused.values())
        yield (
            f"{total:,} more are built and never used ({names}{more}): they are not in "
            "the file and do not count"
        )
