"""The augmentation explorer in words: captions, sentences, a table."""

from fractions import Fraction

from torch import Tensor

from coursekit.explore import svg
from coursekit.explore.augmentation_truth import Truth

_FILLED = "filled with black"


def percent(share: float | Fraction) -> str:
    """Return a share as "19.1 %"."""
    return f"{100 * float(share):.1f} %"


def heading(size: tuple[int, int, int], way: str, amount: int, holes: int) -> str:
    """Return what is done to n images of h×w pixels; the sentence goes on."""
    n, h, w = size
    what = {
        "cutout": f"cutout: {_many(holes, 'hole')} of {amount}×{amount}",
        "crop": f"random crop with padding {amount}",
        "flip": f"random flip, each with a chance of {amount} %",
        "shift": f"random shift by at most {amount} pixels along each axis",
        "rotation": f"random rotation by at most {amount}° to either side",
    }
    return f"{_many(n, 'image')} of {h}×{w} pixels, as given and after {what[way]}"


def finding(truth: Truth, amount: int) -> str:
    """Return what was drawn for all images together, in a sentence."""
    if truth.way == "flip":
        return f"Mirrored: {sum(truth.drawn)} of {len(truth.drawn)}; no pixel is lost."
    filled = f"{_FILLED}: {percent(truth.mean)} of the pixels"
    if truth.way == "rotation":
        turns = " to ".join(_turn(f(truth.drawn)) for f in (min, max))
        return f"Angles from {turns} (counter-clockwise is positive); {filled}."
    if truth.way == "crop":
        return (
            f"Padding by {amount} and cutting a window of the old size is a shift by "
            f"at most {amount}; {filled}."
        )
    return f"{filled[0].upper()}{filled[1:]}."


def comparison(truth: Truth, expected: Fraction, amount: int, holes: int) -> str:
    """Return the covered share beside its exact mean, in a sentence."""
    measured = f"Covered in these images: {percent(truth.mean)} of the pixels."
    if holes > 1:
        return (
            f"{measured} The exact mean is {percent(expected)}: holes may overlap and "
            "hang over the border."
        )
    h, w = truth.holes.shape[1:]
    inside = percent(Fraction(amount**2, h * w))
    return (
        f"{measured} The exact mean is {expected} = {percent(expected)}; if no hole "
        f"hung over the border, it would be {inside}."
    )


def captions(truth: Truth) -> list[str]:
    """Return a few characters to stand below each image."""
    if truth.way in ("crop", "shift"):
        return [_arrows(*offset) for offset in truth.drawn]
    if truth.way == "rotation":
        return [_turn(angle) for angle in truth.drawn]
    if truth.way == "flip":
        return ["mirrored" if drawn else "as it was" for drawn in truth.drawn]
    return [percent(share) for share in truth.filled]


def table(truth: Truth) -> tuple[tuple[str, ...], ...]:
    """Return a row an image: what was drawn, and how much of it is filled."""
    head = ("image", "drawn", _FILLED)
    if truth.way == "cutout":
        words = [_place(hole) for hole in truth.holes]
    elif truth.way in ("crop", "shift"):
        words = [_steps(*offset) for offset in truth.drawn]
    else:
        words = captions(truth)
    rows = zip(words, map(percent, truth.filled), strict=True)
    return (head, *((str(i), *row) for i, row in enumerate(rows, start=1)))


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number > 1)}"


def _turn(angle: float) -> str:
    return f"{svg.short(angle)}°"


def _arrows(down: int, right: int) -> str:
    vertical = f"{'↓' if down >= 0 else '↑'}{abs(down)}"
    return f"{vertical} {'→' if right >= 0 else '←'}{abs(right)}"


def _steps(down: int, right: int) -> str:
    vertical = f"{abs(down)} {'down' if down >= 0 else 'up'}"
    return f"{vertical}, {abs(right)} {'right' if right >= 0 else 'left'}"


def _place(hole: Tensor) -> str:
    """Return the rows and columns a mask lies in."""
    if not hole.any():
        return "nothing"
    spans = (hole.any(1 - axis).nonzero().flatten() for axis in (0, 1))
    rows, columns = (f"{int(span[0])}–{int(span[-1])}" for span in spans)
    return f"rows {rows}, columns {columns}"
