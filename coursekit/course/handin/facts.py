"""What a worker found out about a network, as plain JSON and back.

Nothing that comes from another process is unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from coursekit.anatomy.window import Varies
from coursekit.course.challenges.measured import Measured
from coursekit.course.challenges.notes import Census, LastMap, Pool, Step
from coursekit.course.network_file.count import Count

MOST_DOUBTS = 20


def plain(measured: Measured) -> dict[str, object]:
    """Return what was measured of a file, without its model."""
    census = measured.census
    return {
        "input_shape": list(measured.input_shape),
        "problem": measured.problem,
        "count": asdict(measured.count),
        "description": measured.description,
        "notes": list(measured.notes),
        "census": None if census is None else _plain_census(census),
    }


def _plain_census(census: Census) -> dict[str, object]:
    last = census.last_map
    sides = [] if last is None else last.field
    return {
        "steps": [asdict(step) for step in census.steps],
        "pools": [asdict(pool) for pool in census.pools],
        "last_map": None
        if last is None
        else {**asdict(last), "field": [[int(v) for v in _ends(s)] for s in sides]},
        "shapes": {name: list(shape) for name, shape in census.shapes.items()},
        "doubts": list(census.doubts[:MOST_DOUBTS]),
        "multiply_adds": census.multiply_adds,
        "averaged": census.averaged,
        "still": list(census.still),
    }


def _ends(side: object) -> tuple[int, int]:
    return getattr(side, "smallest", side), getattr(side, "largest", side)


def measured_from(found: Mapping) -> Measured:
    """Return what a worker measured; its model stayed with it."""
    census = found["census"]
    return Measured(
        model=None,
        input_shape=tuple(found["input_shape"]),
        census=None if census is None else _census_from(census),
        problem=found["problem"],
        count=Count(**found["count"]),
        description=found["description"],
        notes=tuple(found["notes"]),
    )


def _census_from(found: Mapping) -> Census:
    last = found["last_map"]
    if last is not None:
        field = tuple(Varies.over(ends) for ends in last["field"])
        last = LastMap(**_tupled(last) | {"field": field})
    return Census(
        steps=tuple(Step(**_tupled(step)) for step in found["steps"]),
        last_map=last,
        loose={},
        unused={},
        idle=frozenset(),
        pools=tuple(Pool(**_tupled(pool)) for pool in found["pools"]),
        shapes={name: tuple(shape) for name, shape in found["shapes"].items()},
        doubts=tuple(found["doubts"]),
        multiply_adds=found["multiply_adds"],
        averaged=found["averaged"],
        still=tuple(found["still"]),
    )


def _tupled(found: Mapping) -> dict[str, object]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}
