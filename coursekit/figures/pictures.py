"""Figures made of pictures: a grid of them, or squares drawn on one."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from coursekit._base.pixels import as_array, planes
from coursekit._base.validate import choice, integer
from coursekit.figures.style import (
    LINES,
    SERIES,
    WIDTH,
    bare,
    new_figure,
    styled,
)


@styled
def images(
    images: object,
    titles: Sequence[object] | None = None,
    *,
    columns: int | None = None,
    title: str | None = None,
    words: str | None = None,
    scale: str = "fixed",
) -> Figure:
    """Show pictures side by side.

    Args:
        images: a batch, or a list of pictures whose sizes may differ; one picture too.
            A picture may be a path, a Pillow image or an (h, w, 3) array as well.
        titles: one short caption a picture.
        columns: pictures in a row; chosen from their number by default.
        title: the finding.
        words: the caption: what is seen, for somebody who does not see it.
        scale: "fixed" shows 0..255 (integers) or 0..1 (floats) from black to white;
            "each" stretches every picture to its own range, "shared" all of them to
            one range: for feature maps, whose values have no range of their own.

    Shape:
        images: (n, c, h, w), (c, h, w), or a list of (c, h, w) or (h, w); c is 1 or 3.

    Raises:
        ValueError: wrong shape, wrong range for `scale="fixed"`, captions that do not
            match the number of pictures.
    """
    choice("scale", scale, ["fixed", "each", "shared"])
    raw = _pictures(images)
    captions = _captions(titles, len(raw))
    columns = _columns(columns, len(raw))
    limits = _shared_limits(raw) if scale == "shared" else None
    ready = [_displayable(picture, scale, limits) for picture in raw]
    rows = -(-len(ready) // columns)
    tallest = max(p.shape[0] / p.shape[1] for p in ready)
    cell = min(WIDTH / columns, 3.4 / max(tallest, 0.5))
    room = 0.3 + 0.18 * max(c.count("\n") for c in captions)
    height = rows * (cell * tallest + (room if titles is not None else 0.1))
    figure = new_figure(height + (0.5 if title else 0.1), title, words)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, picture, caption in zip(grid.flat, ready, captions, strict=False):
        _show(axes, picture, caption)
    figure.alt += _listed(captions, len(ready))
    return figure


@styled
def fields(
    image: object,
    boxes: Sequence[Sequence[Sequence[int]]],
    labels: Sequence[object] | None = None,
    *,
    title: str | None = None,
    words: str | None = None,
) -> Figure:
    """Draw windows, such as receptive fields, as outlines on a picture.

    Args:
        image: the picture the windows lie on; also a path or a Pillow image.
        boxes: one `((top, bottom), (left, right))` a window, in pixels, half open, as
            `coursekit.anatomy.seen` returns them; parts outside the picture are drawn.
        labels: what each window is, for the legend.
        title: the finding.
        words: the caption: what is seen, for somebody who does not see it.

    Shape:
        image: (c, h, w) or (h, w); c is 1 or 3.

    Raises:
        ValueError: a box is malformed or empty, or labels do not match the boxes.
    """
    picture = _displayable(_pictures([image])[0], "fixed", None)
    windows = [_box(index, box) for index, box in enumerate(boxes)]
    captions = _captions(labels, len(windows), name="labels", things="boxes")
    height, width = picture.shape[:2]
    figure = new_figure(min(5.6, 0.9 + 4.6 * height / width), title, words)
    axes = figure.subplots()
    _show(axes, picture, "")
    for index, (box, caption) in enumerate(zip(windows, captions, strict=True)):
        _outline(axes, box, index, caption)
    _axes_in_pixels(axes, windows, height, width)
    if labels is not None and windows:
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    sides = [f"{y[1] - y[0]}×{x[1] - x[0]} pixels" for y, x in windows]
    figure.alt += _listed(
        [f"{c} {s}".strip() for c, s in zip(captions, sides, strict=True)], len(windows)
    )
    return figure


def _pictures(images: object) -> list[np.ndarray]:
    """Return a list of (c, h, w) arrays."""
    is_batch = getattr(images, "ndim", 0) == 4
    is_list = isinstance(images, list | tuple) and len(images) and _is_one(images[0])
    if not is_batch and not is_list and isinstance(images, list | tuple):
        images = as_array("images", images)
        is_batch = images.ndim == 4
    several = images if is_batch or is_list else [images]
    return [planes("images", image) for image in several]


def _is_one(value: object) -> bool:
    """Tell a picture from the rows of one that is written as a list."""
    is_array = hasattr(value, "shape") and len(value.shape) >= 2
    return is_array or not isinstance(value, list | tuple | int | float)


def _displayable(picture: np.ndarray, scale: str, limits) -> np.ndarray:
    """Return (h, w) or (h, w, 3) floats in 0..1."""
    low, high = limits or (picture.min(), picture.max())
    if scale == "fixed":
        whole = picture.dtype.kind in "iu"
        allowed = 255 if whole else 1
        if low < 0 or high > allowed + 1e-6:
            kind = "integers" if whole else "floats"
            raise ValueError(
                f"`images` of {kind} must lie in 0 to {allowed}; got {low:g} to "
                f"{high:g} (scale='each' or 'shared' stretches any range)"
            )
        low, high = 0, allowed
    span = float(high) - float(low)
    unit = (picture.astype(float) - float(low)) / (span or 1.0)
    return unit[0] if len(unit) == 1 else unit.transpose(1, 2, 0)


def _shared_limits(pictures: list[np.ndarray]) -> tuple[float, float]:
    return min(p.min() for p in pictures), max(p.max() for p in pictures)


def _captions(titles, count: int, *, name: str = "titles", things: str = "pictures"):
    if titles is None:
        return [""] * count
    if isinstance(titles, str) or len(titles) != count:
        shown = repr(titles) if isinstance(titles, str) else len(titles)
        raise ValueError(f"`{name}` must be {count} captions for {things}; got {shown}")
    return [str(caption) for caption in titles]


def _columns(columns: int | None, count: int) -> int:
    if columns is not None:
        return integer("columns", columns, low=1)
    return count if count <= 5 else int(np.ceil(np.sqrt(1.7 * count)))


def _show(axes: Axes, picture: np.ndarray, caption: str) -> None:
    axes.set_axis_on()
    small = max(picture.shape[:2]) <= 128
    axes.imshow(
        np.clip(picture, 0, 1),
        cmap="gray",
        vmin=0,
        vmax=1,
        interpolation="nearest" if small else "antialiased",
    )
    axes.set_title(caption)
    bare(axes)


def _box(index: int, box) -> tuple[tuple[int, int], tuple[int, int]]:
    try:
        (top, bottom), (left, right) = box
        well = top < bottom and left < right
    except (TypeError, ValueError):
        well = False
    if not well:
        raise ValueError(
            f"`boxes[{index}]` must be ((top, bottom), (left, right)) in pixels with "
            f"top < bottom and left < right; got {box!r}"
        )
    return (top, bottom), (left, right)


def _outline(axes: Axes, box, index: int, caption: str) -> None:
    (top, bottom), (left, right) = box
    style = {"fill": False, "clip_on": False}
    # Pixel (i, j) is the square from i - 0.5 to i + 0.5.
    corner = (left - 0.5, top - 0.5)
    size = (right - left, bottom - top)
    axes.add_patch(Rectangle(corner, *size, edgecolor="white", linewidth=4, **style))
    axes.add_patch(
        Rectangle(
            corner,
            *size,
            edgecolor=SERIES[(index + 1) % len(SERIES)],
            linestyle=LINES[index % len(LINES)],
            linewidth=2,
            label=caption or None,
            **style,
        )
    )


def _axes_in_pixels(axes: Axes, windows, height: int, width: int) -> None:
    edges_y = [edge for y, _ in windows for edge in y]
    edges_x = [edge for _, x in windows for edge in x]
    axes.set_xlim(min([0, *edges_x]) - 0.5, max([width, *edges_x]) - 0.5)
    axes.set_ylim(max([height, *edges_y]) - 0.5, min([0, *edges_y]) - 0.5)
    axes.set_xticks(np.linspace(0, width - 1, 5).astype(int))
    axes.set_yticks(np.linspace(0, height - 1, 5).astype(int))
    axes.set_xlabel("x in pixels")
    axes.set_ylabel("y in pixels")


def _listed(captions: list[str], count: int) -> str:
    said = ", ".join(" ".join(c.split()) for c in captions if c)
    return f" ({count} drawn{': ' + said if said else ''})"
