"""What is recognised: operators, their settings, and what each input may be.

An operator is a short function on tensors. Its keyword arguments are the settings it
may have; a letter for each input says what may stand there, the last one for all
further inputs:

    x   the image's numbers, or stored ones, which then count
    w   a stored weight, which counts
    t   a statistic of batch norm
    s   a size, axis or place: it may not be made of learnt numbers or of the image
    o   only its type matters
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


class Unrecognised(Exception):  # noqa: N818 (nothing went wrong: a person looks)
    """What the judge does not know, with the reason; it is for a person."""


class Misfit(Exception):  # noqa: N818 (the file is refused by its own sentence)
    """Sizes that do not fit each other."""


@dataclass(frozen=True)
class Operator:
    """One recognised operator.

    Args:
        run: tensors → tensor, or several.
        roles: a letter for each input.
        settings: names of the settings it may have.
        moves: whether numbers only change their place.
    """

    run: Callable
    roles: str
    settings: frozenset[str]
    moves: bool

    def role(self, place: int) -> str:
        """Return the letter of an input."""
        return self.roles[min(place, len(self.roles) - 1)]


LARGEST = 2**26  # numbers of a tensor that is computed from few
KNOWN: dict[str, Operator] = {}


def operator(names: str, roles: str, *, moves: bool = False) -> Callable:
    """Register a function as the meaning of the ONNX operators named.

    Args:
        names: blank between.
        roles: a letter for each input.
        moves: whether numbers only change their place.
    """

    def register(run: Callable) -> Callable:
        parameters = inspect.signature(run).parameters.values()
        settings = frozenset(p.name for p in parameters if p.kind == p.KEYWORD_ONLY)
        KNOWN.update(
            dict.fromkeys(names.split(), Operator(run, roles, settings, moves))
        )
        return run

    return register


def whole(sizes: Tensor) -> list[int]:
    """Return the numbers of a size."""
    return [int(one) for one in sizes.reshape(-1).tolist()]


def need(condition: bool, because: str) -> None:
    """Refuse to recognise what does not fulfil a condition."""
    if not condition:
        raise Unrecognised(because)
