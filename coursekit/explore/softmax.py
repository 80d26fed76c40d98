"""From logits to the loss, step by step, as float16, float32 or float64 has it."""

from typing import Annotated

import numpy as np

from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.setting import Choice, Real
from coursekit.explore.view import View, pointed
from coursekit.figures.style import ROLES

_HEIGHT, _LEFT, _TOP, _WIDE, _ROW = 150, 96, 34, 560, 38
_CLASSES = ("first", "second", "third")
_TYPES = ("float16", "float32", "float64")
_TEMPERATURES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


@explorer("Logits, shares, loss: what does each step do?")
def softmax_view(
    *,
    first: Annotated[float, Real("first logit", -10, 10, 0.5)] = 2.0,
    second: Annotated[float, Real("second logit", -10, 10, 0.5)] = 1.0,
    third: Annotated[float, Real("third logit", -10, 10, 0.5)] = 0.0,
    times: Annotated[int, Choice("all logits times", (1, 5, 20))] = 1,
    temperature: Annotated[float, Choice("temperature", _TEMPERATURES)] = 1.0,
    right: Annotated[str, Choice("right class", _CLASSES)] = "first",
    precision: Annotated[str, Choice("precision", _TYPES)] = "float32",
) -> View:
    """Show softmax, its logarithm in two steps and in one, the loss and its gradient.

    Example:
        >>> softmax_view(first=10, second=-10, times=20).numbers["in_two_steps"][1]
        -inf
    """
    logits = np.array([first, second, third]) * times
    steps = softmax_steps(logits, temperature, precision)
    chosen = _CLASSES.index(right)
    target = np.eye(3)[chosen]
    numbers = {name: values.astype(float).tolist() for name, values in steps.items()}
    numbers["loss"] = float(-steps["in_one_step"][chosen])
    numbers["loss_in_two_steps"] = float(-steps["in_two_steps"][chosen])
    numbers["gradient"] = ((steps["shares"] - target) / temperature).tolist()
    return View.drawn(
        _HEIGHT,
        _bars(numbers["shares"], chosen),
        _text(numbers, right, temperature, precision),
        numbers=numbers,
        table=_table(numbers, chosen),
    )


explore_softmax = softmax_view.explore


def softmax_steps(
    logits: np.ndarray, temperature: float, precision: str
) -> dict[str, np.ndarray]:
    """Return every step in one precision; infinite where a share was rounded to 0.

    Args:
        logits: one a class.
        temperature: divides the logits, > 0.
        precision: "float16", "float32" or "float64".
    """
    kind = np.dtype(precision).type
    scaled = (logits / temperature).astype(kind)
    shifted = scaled - scaled.max()
    with np.errstate(under="ignore", divide="ignore"):
        powers = np.exp(shifted)
        shares = powers / powers.sum(dtype=kind)
        in_two = np.log(shares)
        in_one = shifted - np.log(powers.sum(dtype=kind))
    return {
        "logits": logits,
        "scaled": scaled,
        "shares": shares,
        "in_two_steps": in_two,
        "in_one_step": in_one,
    }


def _bars(shares: list[float], chosen: int) -> str:
    parts = [svg.words(_LEFT, 20, "share of each class")]
    for i, share in enumerate(shares):
        y = _TOP + i * _ROW
        colour = ROLES["chosen"] if i == chosen else ROLES["input"]
        parts.append(svg.words(_LEFT - 88, y + 18, _CLASSES[i]))
        parts.append(svg.filled(_LEFT, y, max(share * _WIDE, 1), 26, colour))
        parts.append(svg.words(_LEFT + share * _WIDE + 6, y + 18, _spelt(share)))
    return "".join(parts)


def _spelt(value: float) -> str:
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    return svg.precise(value)


def _text(numbers: dict, right: str, temperature: float, precision: str) -> str:
    shares = dict(zip(_CLASSES, numbers["shares"], strict=True))
    said = ", ".join(f"{name} {_spelt(share)}" for name, share in shares.items())
    one, two = numbers["loss"], numbers["loss_in_two_steps"]
    apart = abs(one - two)
    judged = "the same" if apart == 0 else f"off by {_spelt(apart)}"
    return (
        f"Shares in {precision} at temperature {temperature:g}: {said}.\n"
        f"The {right} class is right: loss by log-softmax {_spelt(one)}, by softmax "
        f"and then the logarithm {_spelt(two)}: {judged}."
    )


def _table(numbers: dict, chosen: int) -> tuple[tuple[str, ...], ...]:
    head = ("class", "logit", "divided by T", "softmax", "log of softmax")
    columns = ("logits", "scaled", "shares", "in_two_steps", "in_one_step", "gradient")
    rows = [(*head, "log-softmax", "gradient")]
    for i, name in enumerate(_CLASSES):
        cells = (_spelt(numbers[column][i]) for column in columns)
        rows.append((pointed(name, i == chosen), *cells))
    return tuple(rows)
