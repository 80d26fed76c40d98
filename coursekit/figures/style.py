"""House style of the figures: colours with one meaning each, sizes, the Figure itself.

The palette is Okabe and Ito's, told apart by readers with any common colour blindness
(https://jfly.uni-koeln.de/color/).
"""

import io
import textwrap

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}

# One meaning per colour, the same in every session.
ROLES = {
    "input": PALETTE["blue"],
    "kernel": PALETTE["orange"],
    "output": PALETTE["green"],
    "field": PALETTE["vermillion"],
    "truth": PALETTE["black"],
}

# Series without a role take these in order, each with its own marker and dashes, so
# that colour never stands alone and coinciding lines both show.
SERIES = [PALETTE[c] for c in ("blue", "vermillion", "green", "purple", "sky", "black")]
MARKERS = "osD^vP"
LINES = ["-", "--", "-.", ":"]

STYLE = {
    "font.size": 11,
    "font.family": "DejaVu Sans",
    "axes.labelsize": 11,
    "axes.titlesize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
}
styled = matplotlib.rc_context(STYLE)  # used as a decorator; nothing global stays set

WIDTH = 7.2  # inches; what a notebook column shows without scaling
_CSS_PIXELS_PER_INCH = 96
_SHARPNESS = 1.5  # image pixels per CSS pixel


class CourseFigure(Figure):
    """A matplotlib Figure that displays itself and carries its description.

    It needs neither pyplot nor `%matplotlib inline`. `alt` is the text twin: it is the
    figure's `repr` and the alternative text of the picture.
    """

    alt: str = ""

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

    __str__ = __repr__

    def png(self) -> bytes:
        """Return the figure as PNG bytes."""
        buffer = io.BytesIO()
        dpi = _CSS_PIXELS_PER_INCH * _SHARPNESS
        self.savefig(buffer, format="png", dpi=dpi)
        return buffer.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        width, height = self.get_size_inches() * _CSS_PIXELS_PER_INCH
        shown = {"alt": self.alt, "width": int(width), "height": int(height)}
        data = {"image/png": self.png(), "text/plain": repr(self)}
        return data, {"image/png": shown}


def new_figure(height: float, title: str | None, *, width: float = WIDTH):
    """Return an empty figure of the house with its title in place.

    Args:
        height, width: size in inches, title included.
        title: the finding in one sentence, or None.

    Raises:
        ValueError: `title` is neither text nor None.
    """
    if title is not None and not isinstance(title, str):
        raise ValueError(f"`title` must be text or None; got {title!r}")
    figure = CourseFigure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.alt = title or "untitled"
    if title:
        wrapped = textwrap.fill(title, int(width * 10.5))
        figure.suptitle(wrapped, x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure


def bare(axes: Axes) -> None:
    """Take ticks and frame away: for axes that carry a picture or a table."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def as_array(name: str, value: object) -> np.ndarray:
    """Return numbers of any kind (tensor, array, nested list) as a numpy array.

    Raises:
        ValueError: `value` is ragged, empty or holds something other than real numbers.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value
    elif isinstance(value, (list, tuple)) and any(hasattr(v, "detach") for v in value):
        value = [as_array(name, v) for v in value]
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"`{name}` must be a regular array; got a ragged one"
        ) from error
    if array.size == 0 or array.dtype.kind not in "biuf":
        shown = f"an empty array {array.shape}" if array.size == 0 else repr(value)[:60]
        raise ValueError(f"`{name}` must be an array of real numbers; got {shown}")
    return array
