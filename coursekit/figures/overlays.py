"""The figure of a gallery: answers, each over the places that spoke for it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coursekit._base.pixels import as_array
from coursekit._base.validate import integer
from coursekit.figures.pictures import _captions, _displayable, _listed, _pictures
from coursekit.figures.style import WIDTH, bare, new_figure, styled

STRENGTH = 0.55  # of the colours over the picture


@styled
def overlays(
    images: object,
    maps: object = None,
    titles: Sequence[object] | None = None,
    *,
    columns: int = 5,
    rows: Sequence[str] = (),
    title: str | None = None,
    words: str | None = None,
) -> Figure:
    """Show pictures, and below each the same picture under a heat map.

    Args:
        images: pictures of bytes 0..255 or floats 0..1.
        maps: a heat map 0..1 for each picture, or several; None for none.
        titles: one short caption a picture.
        columns: pictures in a row, ≥ 1.
        rows: what each heat map shows, written beside the first of a row.
        title: the finding.
        words: the caption: what is seen, for somebody who does not see it.

    Shape:
        images: (n, c, h, w), c is 1 or 3; maps: (n, h, w), or (n, k, h, w) for k each.

    Raises:
        ValueError: wrong shape or range, or numbers of things that do not match.
    """
    raw = _pictures(images)
    captions = _captions(titles, len(raw))
    integer("columns", columns, low=1)
    ready = [_displayable(picture, "fixed", None) for picture in raw]
    heat = _maps(maps, ready)
    lines, storeys = -(-len(ready) // columns), 1 + heat.shape[1]
    cell = WIDTH / columns
    room = 0.2 + 0.17 * (1 + max(c.count("\n") for c in captions))
    height = lines * (storeys * cell + room) + (0.4 if title else 0)
    figure = new_figure(height, title, words)
    grid = figure.subplots(lines * storeys, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for place, (picture, caption) in enumerate(zip(ready, captions, strict=True)):
        line, column = divmod(place, columns)
        top, *below = grid[line * storeys : (line + 1) * storeys, column]
        _picture(top, picture, caption)
        _under_heat(below, picture, heat[place], () if column else rows)
    figure.alt += _listed(captions, len(ready))
    return figure


def _maps(maps: object, pictures: list[np.ndarray]) -> np.ndarray:
    """Return the heat maps of each picture, (n, k, h, w), k = 0 without any."""
    shape = (len(pictures), *pictures[0].shape[:2])
    if maps is None:
        return np.zeros((shape[0], 0, *shape[1:]))
    array = as_array("maps", maps)
    array = array[:, None] if array.ndim == 3 else array
    if array.ndim != 4 or (len(array), *array.shape[2:]) != shape:
        raise ValueError(f"`maps` must have the shape {shape}; got {array.shape}")
    if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1 + 1e-6:
        raise ValueError(
            f"`maps` must lie in 0 to 1; got {array.min():g} to {array.max():g}"
        )
    return array


def _picture(axes: Axes, picture: np.ndarray, caption: str) -> None:
    axes.set_axis_on()
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_title(caption, fontsize=9)
    bare(axes)


def _under_heat(
    below: Sequence[Axes],
    picture: np.ndarray,
    heat: np.ndarray,
    labels: Sequence[str],
) -> None:
    """Show the picture once under each of its heat maps."""
    grey = picture if picture.ndim == 2 else picture.mean(2)
    how = {"vmin": 0, "vmax": 1, "interpolation": "nearest"}
    for axes, one in zip(below, heat, strict=True):
        axes.set_axis_on()
        axes.imshow(grey, cmap="gray", **how)
        axes.imshow(one, cmap="inferno", alpha=STRENGTH, **how)
        bare(axes)
    for axes, label in zip(below, labels, strict=False):
        axes.set_ylabel(label, fontsize=9)
