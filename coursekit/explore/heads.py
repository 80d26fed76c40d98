"""A GAP head and a dense head read the same maps of a digit that moves.

Both heads are fitted by least squares to the same fixed maps (random 5×5 filters, ReLU,
mean over 4×4) of the same digits in the middle of the sheet: nothing is trained, the
difference is the head's alone.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np

from coursekit._base.words import article
from coursekit.data.carried import digit_pixels
from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View
from coursekit.figures.style import ROLES

ROOM, SIDE, FILTERS, LEARNT, SHOWN = 6, 28, 64, 700, 30
_HEIGHT, _TOP, _PANEL, _BARS, _WIDE = 300, 40, 224, (300, 540), 150
_NAMES = ("GAP head", "dense head")


@dataclass(frozen=True, eq=False)
class Heads:
    """Hold the filters, both heads' weights, and digits neither head was fitted to."""

    filters: np.ndarray
    weights: tuple[np.ndarray, np.ndarray]
    digits: np.ndarray
    labels: np.ndarray


def _prepare() -> Heads:
    """Move a digit, or give it a larger sheet: which head still reads it?"""
    return _fitted()


@lru_cache(maxsize=1)
def _fitted() -> Heads:
    pixels, labels = digit_pixels(16)
    sheets = np.pad(pixels / 255.0, ((0, 0), (ROOM, ROOM), (ROOM, ROOM)))
    filters = np.random.default_rng(0).standard_normal((25, FILTERS))
    filters -= filters.mean(0)
    maps = np.stack([feature_maps(sheet, filters) for sheet in sheets[:LEARNT]])
    target = np.eye(10)[labels[:LEARNT]]
    read = (maps.mean((1, 2)), maps.reshape(LEARNT, -1))
    weights = tuple(_least_squares(features, target) for features in read)
    shown = slice(LEARNT, LEARNT + SHOWN)
    return Heads(filters, weights, sheets[shown], labels[shown])


def _least_squares(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return weights with a small penalty on their size; the last row is the bias."""
    wide = np.hstack([features, np.ones((len(features), 1))])
    penalty = 1e-3 * np.trace(wide @ wide.T) / len(wide)
    return wide.T @ np.linalg.solve(wide @ wide.T + penalty * np.eye(len(wide)), target)


def feature_maps(sheet: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Return the maps of one sheet.

    Shape:
        sheet (h, w), filters (25, c) → (h // 4, w // 4, c)
    """
    padded = np.pad(sheet, 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    h, w = (side // 4 for side in sheet.shape)
    answers = windows.reshape(*sheet.shape, 25)[: 4 * h, : 4 * w] @ filters
    return np.maximum(answers, 0).reshape(h, 4, w, 4, -1).mean((1, 3))


@explorer("A digit moves: which head still reads it?", _prepare)
def heads_view(
    heads: Heads,
    *,
    digit: Annotated[int, Whole("digit", 0, SHOWN - 1)] = 0,
    right: Annotated[int, Whole("moved right", -ROOM, ROOM)] = 0,
    down: Annotated[int, Whole("moved down", -ROOM, ROOM)] = 0,
    border: Annotated[int, Choice("more black on each side", (0, 2, 4, 8, 16))] = 0,
) -> View:
    """Show a digit on its sheet and what both heads answer.

    Example:
        >>> heads_view(border=4).numbers["dense head"] is None
        True
    """
    moved = np.roll(heads.digits[digit], (down, right), (0, 1))
    sheet = np.pad(moved, border)
    maps = feature_maps(sheet, heads.filters)
    read = (maps.mean((0, 1)), maps.reshape(-1))
    scores = [
        np.append(features, 1) @ weights if len(features) + 1 == len(weights) else None
        for features, weights in zip(read, heads.weights, strict=True)
    ]
    truth = int(heads.labels[digit])
    answers = [None if s is None else int(s.argmax()) for s in scores]
    numbers = {"truth": truth, "side": len(sheet), "numbers_read": maps.size}
    numbers |= dict(zip(_NAMES, answers, strict=True))
    numbers["scores"] = [None if s is None else s.tolist() for s in scores]
    drawing = _sheet(sheet, truth) + "".join(map(_bars, _BARS, _NAMES, scores))
    said = _text(numbers, (right, down), len(heads.weights[1]) - 1)
    return View.drawn(_HEIGHT, drawing, said, numbers=numbers)


explore_heads = heads_view.explore


def _sheet(sheet: np.ndarray, truth: int) -> str:
    source = svg.uri(svg.png(np.rint(255 * sheet).astype(np.uint8)))
    title = svg.words(8, 24, f"{article(truth)} on {len(sheet)}×{len(sheet)} pixels")
    return title + svg.picture(source, 8, _TOP, _PANEL, _PANEL)


def _bars(left: float, name: str, scores: np.ndarray | None) -> str:
    parts = [svg.words(left, 24, name)]
    if scores is None:
        return parts[0] + svg.words(left, 60, "no weights for this size")
    for label, score in enumerate(scores):
        y = _TOP + 24 * label
        colour = ROLES["chosen"] if score == scores.max() else ROLES["input"]
        parts.append(svg.words(left, y + 15, f"{label}"))
        size = min(max(score, 0), 1.2) / 1.2 * _WIDE
        parts.append(svg.filled(left + 20, y, max(size, 1), 18, colour))
    return "".join(parts)


def _text(numbers: dict, moved: tuple[int, int], wanted: int) -> str:
    across, down = moved
    said = []
    for name in _NAMES:
        answer = numbers[name]
        if answer is None:
            given = numbers["numbers_read"]
            said.append(f"The {name} reads {wanted:,} numbers and would get {given:,}.")
            continue
        judged = "right" if answer == numbers["truth"] else "wrong"
        said.append(f"The {name} says {answer}: {judged}.")
    place = f"moved {across} to the right and {down} down"
    size = f"{numbers['side']}×{numbers['side']}"
    digit = article(numbers["truth"]).capitalize()
    return f"{digit} on a sheet of {size}, {place}.\n" + "\n".join(said)
