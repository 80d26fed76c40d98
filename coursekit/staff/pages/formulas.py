"""LaTeX in prose as pictures inside the page: matplotlib's mathtext, no MathJax.

mathtext knows a large part of LaTeX's formulas; what it cannot read stays as written.
"""

import base64
import io
import re
from html import escape

# $$…$$, or $…$ as pandoc takes it: no space inside the signs, no digit after them.
FORMULA = re.compile(
    r"\$\$(?P<alone>[^$]+)\$\$|(?<![\\$])\$(?P<inside>[^\s$](?:[^$]*[^\s$\\])?)\$(?!\d)"
)
POINTS = 12


def with_formulas(text: str) -> str:
    """Return plain text as HTML in which every formula is a picture.

    Args:
        text: unescaped text, formulas between dollar signs.
    """
    shown, end = [], 0
    for formula in FORMULA.finditer(text):
        shown.append(escape(text[end : formula.start()], quote=False))
        shown.append(
            picture(formula["alone"] or formula["inside"], bool(formula["alone"]))
        )
        end = formula.end()
    return "".join([*shown, escape(text[end:], quote=False)])


def picture(latex: str, alone: bool = False) -> str:
    """Return a formula as an `<img>` that needs no other file; its alt text is LaTeX.

    Args:
        latex: without dollar signs.
        alone: on a line of its own.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import math_to_image

    drawn = io.BytesIO()
    size = FontProperties(size=POINTS, math_fontfamily="cm")
    try:
        depth = math_to_image(f"${latex.strip()}$", drawn, prop=size, format="svg")
    except ValueError:
        sign = "$$" if alone else "$"
        return escape(f"{sign}{latex}{sign}", quote=False)
    packed = base64.b64encode(drawn.getvalue()).decode()
    style = "display:block;margin:1em auto" if alone else f"vertical-align:{-depth}pt"
    return (
        f'<img alt="{escape(latex.strip())}" style="{style}" '
        f'src="data:image/svg+xml;base64,{packed}">'
    )
