"""Figures of the course: arrays in, one matplotlib Figure out.

No function here calls `plt.show`, knows a widget or touches pyplot's list of open
figures: the `Figure` that comes back shows itself, once, as the last expression of a
cell, with `words=` as its caption and alternative text. Arrays are numpy arrays, torch
tensors or nested lists; pictures lie as torch has them, (c, h, w), with `uint8` 0..255
or floats 0..1.
"""

from coursekit._base.lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        ".overviews": "boxes profiles",
        ".pictures": "fields images",
        ".plots": "bars curves",
        ".style": "PALETTE ROLES CourseFigure",
        ".tables": "heatmap matrices matrix",
    },
)
