"""Does the answer of a convolutional part move along when the content of its map moves?

A dense layer has numbers of its own for every place, so its answer does not. Beside the
rules about structure this is tried out, node by node: the maps that a node is given are
rolled by one place of its result, and the result must be the old one, rolled.

    a map            a  b  c  d  e  f        kernel of 3      p  C  D  E  F  q
    rolled by one    f  a  b  c  d  e                         r  s  C  D  E  t

Compared are units whose windows lie on the map both times (C, D, E; p to t see padding
or the seam). What leaves on one side comes in on the other, so averages, norms and
gates over the whole map stay exactly what they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import lcm

import torch
from torch import Tensor

from coursekit._base.words import shown
from coursekit.anatomy.field import Field, align, straight
from coursekit.course.challenges.by_place import are_coordinates, place_axes
from coursekit.course.challenges.notes import Census
from coursekit.course.challenges.past import Past, past_of
from coursekit.course.network_file.allow_list import Unrecognised
from coursekit.course.network_file.replay import FAILURES, Replay, Step, layer_name

MOST_WORK = 5 * 10**8  # multiply-adds; of more the structure alone is judged
MOST_NUMBERS = 2**25  # of all its results
APART = 1e-3  # of the largest number of a result
ROUNDING = 1e-4  # of the largest number a step is given


@dataclass(frozen=True, eq=False)
class Moved:
    """The numbers of a tensor after its map was rolled by so many places."""

    numbers: Tensor
    places: int


@dataclass(frozen=True)
class Row:
    """Units along a dimension that lie side by side on a map.

    Args:
        dim: None where the units do not differ along this axis of the map; -1 where
            they do, but in no row of their own.
        units: so many further on, a unit sees the same, `places` further on.
    """

    dim: int | None
    units: int = 1
    places: int = 1

    @property
    def moves(self) -> bool:
        """Whether it can be rolled."""
        return self.dim not in (None, -1)


def still_layers(replay: Replay, census: Census) -> tuple[str, ...]:
    """Return the layers whose answer does not move along with their map, in order.

    Args:
        replay: run by `census` on tensors without numbers.
        census: what that run found.

    Raises:
        Unrecognised: it cannot be run on numbers.
    """
    made = sum(v.data.numel() for v in replay.ledger.values.values() if v.image)
    if census.multiply_adds > MOST_WORK or made > MOST_NUMBERS:
        return ()
    with torch.no_grad():
        plain = _numbers(replay)
        found = [label for axis in (0, 1) for label in _still(replay, plain, axis)]
    return tuple(dict.fromkeys(found))


def _numbers(replay: Replay) -> dict[str, Tensor]:
    """Return every tensor by name, for an image of noise."""
    found = {name: v.data for name, v in replay.ledger.values.items() if not v.image}
    shape = (1, *replay.graph.input_shape)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    found[replay.graph.input] = noise
    for step in _on_images(replay):
        found |= _results(step, found)
    return found


def _on_images(replay: Replay) -> Iterator[Step]:
    """Give the steps whose results depend on the image."""
    for step in replay.steps:
        if replay.ledger.values[step.node.outputs[0]].image:
            yield step


def _results(step: Step, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    try:
        out = step(*(given[name] if name else None for name in step.node.inputs))
    except FAILURES as error:
        reason = shown((str(error).splitlines() or [type(error).__name__])[0], 120)
        raise Unrecognised(f"node {step.node.label} fails: {reason}") from error
    several = [out] if isinstance(out, Tensor) else out
    return dict(zip(step.node.outputs, several, strict=False))


def _still(replay: Replay, plain: dict[str, Tensor], axis: int) -> Iterator[str]:
    """Give the layers that do not move along one axis of their map."""
    loose: dict[str, Moved] = {}  # of units in no row that could be rolled
    for step in _on_images(replay):
        names = {n for n in step.node.inputs if n and replay.ledger.values[n].image}
        pasts = {name: _past(replay, name) for name in names}
        if not any(n in loose or _row(pasts[n], axis).dim is not None for n in names):
            continue
        for result in filter(replay.ledger.values.get, step.node.outputs):
            after = _past(replay, result)
            places, moved = _moved(pasts, after.before or after, plain, loose, axis)
            again = _results(step, plain | moved)[result] if places else plain[result]
            if not _is_settled(after, axis, again):
                loose[result] = Moved(again, places)
            if places and not _is_exempt(step, replay):
                pair, given = (plain[result], again), [plain[name] for name in names]
                if not _alike(*_compared(step, after, pair, axis, places), given):
                    yield layer_name(step.node, replay.graph)


def _past(replay: Replay, name: str) -> Past:
    return past_of(replay.ledger.values[name].data)


def _row(past: Past, axis: int) -> Row:
    """Tell along which dimension the units of a tensor follow an axis of the map."""
    shape, axes = past.local.shape, past.local.axes
    own, other = (place_axes(Field(shape, (axes[k],))) for k in (axis, 1 - axis))
    if not own:
        return Row(None)
    window, grid = straight(axes[axis], shape)
    if window is None or window.advance < 1 or {grid.dim} != own or own & other:
        return Row(-1)
    return Row(grid.dim, len(window.phases), window.advance)


def _moved(
    pasts: dict[str, Past], before: Past, plain: dict, loose: dict, axis: int
) -> tuple[int, dict[str, Tensor]]:
    """Return by how many places the maps move, 0 where they cannot, and the maps."""
    seen = _row(before, axis)
    rows = {n: _row(past, axis) for n, past in pasts.items() if n not in loose}
    for name, row in rows.items():
        if pasts[name].map_shape != before.map_shape and row.moves and seen.moves:
            rows[name] = replace(seen, dim=row.dim)  # as in `x + y`, of two maps
    moving = [row.places for row in (seen, *rows.values()) if row.moves]
    known = {loose[name].places for name in pasts if name in loose}
    places = known.pop() if known else lcm(*moving)
    parts = (row.moves and not _is_whole(pasts[n], axis) for n, row in rows.items())
    lost = any(row.dim == -1 for row in rows.values()) or bool(known)
    lost |= len(rows) < len(pasts) and any(parts)  # pieces of a map
    if lost or any(places % one for one in moving):
        return 0, {}
    moved = {name: loose[name].numbers for name in pasts if name in loose}
    rolled = {
        name: plain[name].roll(row.units * places // row.places, row.dim)
        for name, row in rows.items()
        if row.moves
    }
    return places, moved | rolled


def _is_whole(past: Past, axis: int) -> bool:
    """Tell whether the units together stand for every place of their map."""
    row = _row(past, axis)
    return past.local.shape[row.dim] * row.places == past.map_shape[axis] * row.units


def _is_settled(after: Past, axis: int, like: Tensor) -> bool:
    """Tell whether units stand in a row, or have seen their whole map each."""
    row = _row(after, axis)
    if row.dim is None and not after.before:
        return bool(_whole(after, axis, like).all())
    return row.dim != -1


def _whole(past: Past, axis: int, like: Tensor) -> Tensor:
    """Tell for each unit whether it sees its map from end to end."""
    low, high = _ends(past, axis, like)
    return (low <= 0) & (high >= past.map_shape[axis] - 1)


def _compared(
    step: Step, after: Past, pair: tuple[Tensor, Tensor], axis: int, places: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return units, their counterparts, and which of them see the map alone."""
    before, (plain, again) = after.before or after, pair
    row, (low, high) = _row(before, axis), _ends(before, axis, plain)
    if row.dim is None and _row(after, axis).dim is None:
        return plain, again, _whole(before, axis, plain)  # it may not change at all
    units = row.units * places // row.places
    rest = plain.shape[row.dim] if row.moves else 0
    if units >= rest:
        return plain, again, torch.zeros_like(plain, dtype=torch.bool)
    first = [t.narrow(row.dim, 0, rest - units) for t in (plain, low, high)]
    later = [t.narrow(row.dim, units, rest - units) for t in (again, low, high)]
    inside = (later[1] - first[1] == places) & (later[2] - first[2] == places)
    return first[0], later[0], inside | (step.node.op == "Where")


def _ends(past: Past, axis: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first and the last place of its map that each unit sees."""
    bounds = align(past.local.axes[axis].bounds, like.dim())
    return bounds[0].expand(like.shape), -bounds[1].expand(like.shape)


def _alike(plain: Tensor, again: Tensor, compared: Tensor, given: list[Tensor]) -> bool:
    """Tell whether numbers are the same but for rounding."""
    rounding = APART * _largest(plain) + ROUNDING * max(map(_largest, given))
    return not bool(((again - plain).abs()[compared] > rounding).any())


def _largest(numbers: Tensor) -> float:
    known = numbers.float().nan_to_num(0, 0, 0).abs()
    return float(known.max()) if known.numel() else 0.0


def _is_exempt(step: Step, replay: Replay) -> bool:
    """Tell whether a step lays coordinates beside a map, each place's own."""
    if step.node.op != "Concat":
        return False
    given = (replay.ledger.values[name] for name in step.node.inputs)
    return all(are_coordinates(one.data) for one in given if not one.image)
