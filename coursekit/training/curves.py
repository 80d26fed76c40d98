"""Loss and accuracy by epoch as two small SVG curves, and the same in words."""

from typing import Protocol

POINTS = 120  # of a line at most

_COLOURS = {"train": "#0072B2", "valid": "#009E73"}  # Okabe and Ito's blue and green
_STROKES = {
    "train": f'stroke="{_COLOURS["train"]}"',
    "valid": f'stroke="{_COLOURS["valid"]}" stroke-dasharray="12 5"',
}
Lines = dict[str, list[float]]  # "train" and, where there is one, "valid"


class Columns(Protocol):
    """The rows of a run as columns, such as `columns["valid_loss"]`: a `History`."""

    def __len__(self) -> int: ...

    def __getitem__(self, column: str) -> list[float | None]: ...


def curves_html(history: Columns, points: int = POINTS) -> str:
    """Return both curves as SVG, nothing for less than two epochs.

    Args:
        history: the rows so far.
        points: drawn of each line at most, spread evenly, the last one among them.
    """
    if len(history) < 2:
        return ""
    drawings = "".join(_drawing(*curve, points) for curve in _curves(history))
    return f"<div>{drawings}</div>"


def curves_text(history: Columns) -> str:
    """Return where each line begins and ends, a sentence a curve."""
    return "\n".join(_words(*curve) for curve in _curves(history))


def _curves(history: Columns) -> list[tuple[str, str, Lines]]:
    """Return what is drawn, its unit and its lines, for the loss and the accuracy."""
    panels = []
    for what, unit, scale in (("loss", "", 1.0), ("accuracy", " %", 100.0)):
        lines = {
            name: [x * scale for x in history[f"{name}_{what}"] if x is not None]
            for name in _STROKES
        }
        panels.append(
            (what, unit, {name: line for name, line in lines.items() if line})
        )
    return panels


def _words(what: str, unit: str, lines: Lines) -> str:
    ends = ", ".join(
        f"{name} {line[0]:.3g} to {line[-1]:.3g}{unit}" for name, line in lines.items()
    )
    return f"{what} by epoch: {ends}"


def _drawing(what: str, unit: str, lines: Lines, points: int) -> str:
    values = [x for line in lines.values() for x in line]
    low, high = min(values), max(values)
    epochs = max(len(line) for line in lines.values())
    drawn = "".join(
        f'<polyline {_STROKES[name]} points="{_places(line, low, high, points)}"/>'
        for name, line in lines.items()
    )
    legend = " ".join(
        f'<tspan fill="{_COLOURS[name]}">{name}</tspan>' for name in lines
    )
    return (
        f'<svg width="280" height="130" viewBox="0 0 560 260" style="background:#fff" '
        f'role="img" aria-label="{_words(what, unit, lines)}" font-size="22">'
        f'<text x="8" y="24">{what}{unit and f" ({unit.strip()})"} by epoch</text>'
        f'<text x="552" y="24" text-anchor="end">{legend}</text>'
        f'<path d="M6 40v210h546" fill="none" stroke="#999"/>'
        f'<g fill="#666"><text x="12" y="58">{high:.3g}</text>'
        f'<text x="12" y="244">{low:.3g}</text>'
        f'<text x="552" y="244" text-anchor="end">epoch {epochs}</text></g>'
        f'<g fill="none" stroke-width="4">{drawn}</g></svg>'
    )


def _places(line: list[float], low: float, high: float, points: int) -> str:
    """Return at most `points` points of a line in a box of 536×200 half pixels."""
    spread, last = (high - low) or 1.0, len(line) - 1
    count = min(len(line), points)
    picked = [round(i * last / max(1, count - 1)) for i in range(count)]
    return " ".join(
        f"{12 + 536 * i / max(1, last):.0f},{244 - 200 * (line[i] - low) / spread:.0f}"
        for i in picked
    )
