"""Figures of the course: arrays in, one matplotlib Figure out.

No function here calls `plt.show`, knows a widget or touches pyplot's list of open
figures: the `Figure` that comes back shows itself, once, as the last expression of a
cell, with `words=` as its caption and alternative text. Arrays are numpy arrays, torch
tensors or nested lists; pictures lie as torch has them, (c, h, w), with `uint8` 0..255
or floats 0..1.
"""

from coursekit.figures.overviews import boxes, profiles
from coursekit.figures.pictures import fields, images
from coursekit.figures.plots import bars, curves
from coursekit.figures.style import PALETTE, ROLES, CourseFigure
from coursekit.figures.tables import heatmap, matrices, matrix

__all__ = [
    "PALETTE",
    "ROLES",
    "CourseFigure",
    "bars",
    "boxes",
    "curves",
    "fields",
    "heatmap",
    "images",
    "matrices",
    "matrix",
    "profiles",
]
