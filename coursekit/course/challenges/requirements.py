"""The rules a challenge may have: their keys in the file, their limits, their words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real

from coursekit._base.words import many

NO_DENSE = "no dense layer except after global average pooling"
NO_DISGUISE = "no dense layer in disguise"
BATCH_NORM = "batch norm"
BATCH_NORM_EVERYWHERE = "batch norm after every convolution"
NO_OVERLAP = "no overlapping pooling"
LAYER_RULES = {
    NO_DENSE: "dense layers, however they are written, only after global average "
    "pooling",
    NO_DISGUISE: "no dense layer in disguise: no kernel as large as its map",
    BATCH_NORM: "batch norm on the way of the image",
    BATCH_NORM_EVERYWHERE: "batch norm right after every convolution that gives a map",
    NO_OVERLAP: "pooling windows no larger than their stride",
}


@dataclass(frozen=True)
class Rule:
    """One rule of a challenge.

    Args:
        key: as in the file, such as "parameters_below" or "layers".
        limit: the number, or the words of a rule about layers.
        text: what is asked, in words.
        last_epochs: on how many of the last epochs a validation accuracy must hold.
    """

    key: str
    limit: int | float | str
    text: str
    last_epochs: int = 1

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Key:
    """A key of the file: which values it takes and how the rule reads.

    Args:
        allowed: the values, in words.
        fits: value → whether it is one of them.
        words: value → the rule in words.
    """

    allowed: str
    fits: Callable[[object], bool]
    words: Callable[[object], str]


def _whole(low: int) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        is_whole = isinstance(value, Integral) and not isinstance(value, bool)
        return is_whole and value >= low

    return fits


def _real(low: float, high: float = float("inf")) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        is_real = isinstance(value, Real) and not isinstance(value, bool)
        return is_real and low < value <= high

    return fits


_PERCENT = ("a percentage above 1, up to 100 (99.4, not 0.994)", _real(1, 100))

KEYS = {
    "parameters_below": Key(
        "a whole number ≥ 1", _whole(1), lambda n: f"fewer than {n:,} parameters"
    ),
    "fewer_parameters": Key(
        "a percentage above 0, below 100",
        lambda value: _real(0, 100)(value) and value < 100,
        lambda p: f"at least {p:g} % fewer parameters than the baseline",
    ),
    "epochs_below": Key(
        "a whole number ≥ 2", _whole(2), lambda n: f"fewer than {n} epochs"
    ),
    "epochs_at_most": Key(
        "a whole number ≥ 1", _whole(1), lambda n: f"at most {many(n, 'epoch')}"
    ),
    "seconds_at_most": Key(
        "a number above 0", _real(0), lambda s: f"at most {s:,g} s of training"
    ),
    "test_accuracy": Key(*_PERCENT, lambda p: f"at least {p:g} % of the test images"),
    "valid_accuracy": Key(
        *_PERCENT, lambda p: f"at least {p:g} % of the validation images"
    ),
    "same_accuracy": Key(
        "true",
        lambda value: value is True,
        lambda _: "as accurate as the baseline, within the interval",
    ),
    "receptive_field": Key(
        "a whole number ≥ 1",
        _whole(1),
        lambda n: f"units of the last map see at least {n}×{n} pixels",
    ),
    "map_at_least": Key(
        "a whole number ≥ 1",
        _whole(1),
        lambda n: f"the last map has at least {n}×{n} places",
    ),
    "channels_at_least": Key(
        "a whole number ≥ 1",
        _whole(1),
        lambda n: f"every convolution gives at least {many(n, 'channel')}",
    ),
    "multiply_adds_at_most": Key(
        "a whole number ≥ 1", _whole(1), lambda n: f"at most {n:,} multiply-adds"
    ),
    "description_below": Key(
        "a whole number ≥ 1",
        _whole(1),
        lambda n: f"fewer than {n:,} bytes for the graph without its weights",
    ),
}
