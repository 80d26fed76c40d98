"""House style of the figures: colours with one meaning each, sizes, the Figure itself.

The palette is Okabe and Ito's, told apart by readers with any common colour blindness
(https://jfly.uni-koeln.de/color/).
"""

import base64
import io
import textwrap
from html import escape

import matplotlib
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
    "chosen": PALETTE["vermillion"],  # and nothing that is not chosen: see SERIES
    "truth": PALETTE["black"],
}

# Series without a role take these in order, each with its own marker and dashes, so
# that colour never stands alone and coinciding lines both show.
SERIES = [PALETTE[c] for c in ("blue", "green", "purple", "black", "sky", "orange")]
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
_PHOTO = 64  # pixels a side from which a picture counts as a photo
# What is a dark page: in JupyterLab, Colab, VS Code.
DARK = ":is([data-jp-theme-light=false],[theme=dark],.vscode-dark)"
# Lines and words turn light on dark, colours stay; pixels of pictures stay, dimmed.
_NIGHT = {"plot": "invert(1) hue-rotate(180deg)", "pictures": "brightness(.8)"}
_CAPTION = "max-width:44em;margin:.2em 0 .6em;line-height:1.4;opacity:.85"


class CourseFigure(Figure):
    """A matplotlib Figure that displays itself, with its words under it.

    It needs neither pyplot nor `%matplotlib inline`. It comes out as HTML, the only
    form whose alternative text every front end shows to a screen reader, and as text.

    Attributes:
        alt: made from title, axes and values, for a figure without `words`.
        words: the caption.
    """

    alt: str = ""
    words: str = ""

    @property
    def description(self) -> str:
        """The figure in words: its title and caption, or what is known of its axes."""
        title = self.get_suptitle().replace("\n", " ").rstrip(".")
        return f"{title}. {self.words}".removeprefix(". ") if self.words else self.alt

    def __repr__(self) -> str:
        return f"Figure: {self.description}"

    __str__ = __repr__

    def png(self) -> bytes:
        """Return the figure as PNG bytes."""
        buffer = io.BytesIO()
        dpi = _CSS_PIXELS_PER_INCH * _SHARPNESS
        self.savefig(buffer, format="png", dpi=dpi, pil_kwargs={"compress_level": 1})
        return buffer.getvalue()

    def html(self) -> str:
        """Return the figure as HTML, the picture in it."""
        kind, packed = encoded(self.png(), photo=self._shows_a_photo())
        code = base64.b64encode(packed).decode()
        width = int(self.get_size_inches()[0] * _CSS_PIXELS_PER_INCH)
        said = escape(self.words)
        caption = f"<figcaption style='{_CAPTION}'>{said}</figcaption>" if said else ""
        what = "pictures" if any(axes.get_images() for axes in self.axes) else "plot"
        name = f"coursekit-{what}"
        night = f"<style>{DARK} .{name} img{{filter:{_NIGHT[what]}}}</style>"
        return (
            f"<figure class='{name}' style='margin:0'>{night}"
            f"<img alt='{escape(self.description)}' "
            f"width='{width}' style='max-width:100%;height:auto' "
            f"src='data:image/{kind};base64,{code}'>{caption}</figure>"
        )

    def _shows_a_photo(self) -> bool:
        shown = [image for axes in self.axes for image in axes.get_images()]
        return any(min(image.get_array().shape[:2]) >= _PHOTO for image in shown)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}


def encoded(png: bytes, *, photo: bool) -> tuple[str, bytes]:
    """Return (kind, bytes) of a smaller picture: WebP, or JPEG and PNG without it.

    Args:
        png: the picture.
        photo: small losses do not show.
    """
    from PIL import Image, features

    picture, buffer = Image.open(io.BytesIO(png)).convert("RGB"), io.BytesIO()
    if features.check("webp"):
        how = {"quality": 90} if photo else {"lossless": True, "quality": 60}
        picture.save(buffer, "WEBP", method=2, **how)
        return "webp", buffer.getvalue()
    kind, how = ("jpeg", {"quality": 90}) if photo else ("png", {"optimize": True})
    picture.save(buffer, kind, **how)
    return kind, buffer.getvalue()


def new_figure(
    height: float, title: str | None, words: str | None = None, *, width: float = WIDTH
):
    """Return an empty figure of the house with its title in place.

    Args:
        height, width: size in inches, title included.
        title: the finding in one sentence, or None.
        words: the caption, or None.

    Raises:
        ValueError: `title` or `words` is neither text nor None.
    """
    for name, text in (("title", title), ("words", words)):
        if text is not None and not isinstance(text, str):
            raise ValueError(f"`{name}` must be text or None; got {text!r}")
    figure = CourseFigure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.alt = title or "untitled"
    figure.words = " ".join((words or "").split())
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
