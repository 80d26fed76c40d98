"""The README's first picture: predict, run, verdict, in ten seconds, as a moving SVG.

Claim, numbers and sentences come from the package and from the stored verdict. It moves
by CSS alone; who asked for less motion sees its last moment, and so does a printer.
"""

import textwrap
from collections.abc import Sequence
from html import escape
from pathlib import Path

from torch import nn

from coursekit.anatomy import anatomy
from coursekit.course.claims import Verdict, listing
from coursekit.course.predictions import Prediction, Revealed
from coursekit.figures.style import ROLES
from coursekit.staff.build.folder import sessions

CLAIM, SESSION, SIDE, LAYERS = "C12", "01", 100, 3
OPTIONS, SAID = (3, 7, 9), 9  # pixels; what a beginner says
QUESTION = (
    f"{LAYERS} layers of 3×3 convolutions, one after the other. How wide is the patch "
    "of the picture that a unit of the last one sees?"
)
CELL, CELLS = 15, 11  # of the drawn detail
WIDTH, HEIGHT, PANEL = 900, 268, 284

# In a loop of ten seconds each part comes at its time and stays until the end.
STYLE = """
text { font: 15px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1b1f24 }
.small { font-size: 13px } .head { font-size: 19px; font-weight: 700 }
.code { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: 13px }
.panel { fill: #fff; stroke: #c9ced6 } .grid { stroke: #c9ced6 }
.ground { fill: #f3f5f8 } .ring { fill: none; stroke: #0072b2; stroke-width: 1.5 }
.dot { fill: #0072b2 }
@media (prefers-color-scheme: dark) {
  text { fill: #eef1f5 } .panel { fill: #1b1f27; stroke: #485060 }
  .grid { stroke: #485060 } .ground { fill: #10131a }
  .ring { stroke: #56b4e9 } .dot { fill: #56b4e9 }
}
@media (prefers-reduced-motion: no-preference) {
  .at { animation: 10s infinite both }
}
"""
MOMENT = (
    ".at{n} {{ animation-name: a{n} }} @keyframes a{n} "
    "{{ 0%, {before}% {{ opacity: 0 }} {at}%, 97% {{ opacity: 1 }} "
    "100% {{ opacity: 0 }} }}"
)
MOMENTS = (14, 30, 38, 46, 58, 70)  # percent of the loop


def moving_picture(verdict: Verdict, fields: Sequence[int]) -> str:
    """Return the picture as an SVG file.

    Args:
        verdict: on `CLAIM`, as it was measured.
        fields: what a unit sees after each layer, pixels.
    """
    seen = Revealed(Prediction("01-w", SAID, OPTIONS), fields[-1], fields[-1] == SAID)
    moments = [MOMENT.format(n=n, at=at, before=at - 3) for n, at in enumerate(MOMENTS)]
    words = (
        f"Predict: {QUESTION} The reader says {SAID} pixels. Run: the field grows to "
        f"{', '.join(map(str, fields))}. Verdict: {seen} Claim {CLAIM}: "
        f"{verdict.verdict}."
    )
    panels = (_predict(), _run(fields), _verdict(verdict, str(seen)))
    drawn = "".join(
        f'<g transform="translate({12 + n * (PANEL + 12)} 12)">'
        f'<rect class="panel" width="{PANEL}" height="{HEIGHT - 24}" rx="10"/>{one}</g>'
        for n, one in enumerate(panels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(words)}">'
        f"<style>{STYLE}{' '.join(moments)}</style>"
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="14"/>'
        f"{drawn}</svg>\n"
    )


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(words)}</text>'


def _lines(y: float, words: str, most: int = 36) -> str:
    """Write a sentence in lines of so many letters."""
    rows = enumerate(textwrap.wrap(words, most))
    return "".join(_text(18, y + 20 * n, row, "small") for n, row in rows)


def _predict() -> str:
    asked = _text(18, 34, "1 · Predict", "head") + _lines(66, QUESTION)
    marks = []
    for n, option in enumerate(OPTIONS):
        y = 160 + 28 * n
        ring = f'<circle cx="27" cy="{y}" r="7" class="ring"/>'
        dot = f'<circle class="dot at at0" cx="27" cy="{y}" r="4"/>'
        marks += [ring, dot * (option == SAID), _text(44, y + 5, f"{option} pixels")]
    return asked + "".join(marks)


def _run(fields: Sequence[int]) -> str:
    left, top, side = 60, 66, CELL * CELLS
    cells = [
        f'<path class="grid" d="M{left + CELL * n} {top}v{side}M{left} '
        f'{top + CELL * n}h{side}"/>'
        for n in range(CELLS + 1)
    ]
    squares = []
    for n, field in enumerate(fields):
        near = (CELLS - field) / 2 * CELL
        squares.append(
            f'<rect class="at at{n + 1}" x="{left + near}" y="{top + near}" '
            f'width="{field * CELL}" height="{field * CELL}" fill="{ROLES["field"]}" '
            f'fill-opacity=".28" stroke="{ROLES["field"]}" stroke-width="2"/>'
        )
    run = _text(120, 33, "anatomy(net, …)", "code")
    return _text(18, 34, "2 · Run", "head") + run + "".join(cells + squares)


def _verdict(verdict: Verdict, said: str) -> str:
    card = (
        '<g class="at at4"><rect x="16" y="54" width="5" height="44" '
        f'fill="{ROLES["kernel"]}"/>{_text(30, 72, said.partition(". ")[0] + ".")}'
        f"{_text(30, 93, said.partition('. ')[2], 'small')}</g>"
    )
    true = f"{verdict.claim.id} ✓ {verdict.verdict}"
    result = (
        '<g class="at at5"><rect x="16" y="116" width="5" height="90" '
        f'fill="{ROLES["output"]}"/>{_text(30, 136, true, "head")}'
        '<g transform="translate(12 0)">'
        f"{_lines(162, verdict.claim.statement, 33)}</g></g>"
    )
    return _text(18, 34, "3 · Verdict", "head") + card + result


def drawn_from(notebooks: Path) -> str:
    """Draw the picture from the verdict that a solution notebook stores.

    Args:
        notebooks: the course's folder of notebooks.
    """
    solved = [session.solution for session in sessions(notebooks, [SESSION])]
    (verdict,) = [one for one in listing(solved) if one.claim.id == CLAIM]
    layers = [nn.Conv2d(1, 1, 3) for _ in range(LAYERS)]
    table = anatomy(nn.Sequential(*layers), (1, SIDE, SIDE))
    fields = [table[str(n)].receptive_field[0] for n in range(LAYERS)]
    return moving_picture(verdict, fields)
