"""Pointing at a drawing: which part of it sets which settings, as plain data.

    Mark(20, 54, 76, 46, {"layer": 3})                      a box: pressed, layer 3
    Mark.grid(8, 34, 40, 8, 8)                               cells of 40 units, 8 by 8

The second is a grid of cells to press or drag over, each with values of its own. A
`View` holds its marks. Being data they serve any page: with a kernel, which is told the
values, and without, where they choose one of `states`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Self


@dataclass(frozen=True)
class Along:
    """A value that follows the cell: first + down · row + across · column."""

    first: int = 0
    down: int = 0
    across: int = 0

    def at(self, row: int, column: int) -> int:
        """Return the value in a cell."""
        return self.first + self.down * row + self.across * column


ROW_AND_COLUMN = {"row": Along(down=1), "column": Along(across=1)}


@dataclass(frozen=True)
class Mark:
    """Hold a rectangle of a drawing and what is set by pressing it.

    Args:
        x, y, width, height: in the units of the drawing.
        sets: name of a setting → its value (text, a number, True or False), or an
            `Along`, for one that differs from cell to cell.
        rows, columns: the cells that the rectangle is divided into.
    """

    x: float
    y: float
    width: float
    height: float
    sets: Mapping[str, object] = field(default_factory=dict)
    rows: int = 1
    columns: int = 1

    @classmethod
    def grid(
        cls,
        x: float,
        y: float,
        cell: float,
        rows: int,
        columns: int,
        sets: Mapping[str, object] = ROW_AND_COLUMN,
    ) -> Self:
        """Return the mark of square cells, each of which sets its row and column.

        Args:
            x, y, cell: top left corner, and side of a cell.
            rows, columns: how many there are.
            sets: what a cell sets instead.
        """
        return cls(x, y, columns * cell, rows * cell, sets, rows, columns)

    def moved(self, down: float) -> Self:
        """Return the mark further down in the drawing."""
        return replace(self, y=self.y + down)

    def at(self, row: int = 0, column: int = 0) -> dict[str, object]:
        """Return the settings and values of a cell."""
        return {
            name: value.at(row, column) if isinstance(value, Along) else value
            for name, value in self.sets.items()
        }

    def values(self) -> dict[str, object]:
        """Return what is set as JSON has it: an `Along` as [first, down, across]."""
        return {
            name: [value.first, value.down, value.across]
            if isinstance(value, Along)
            else value
            for name, value in self.sets.items()
        }


# Runs in the page for press and drag: the cell's values go into a hidden text field.
# The first rectangle that was pressed keeps the pointer until it is let go.
_HAND = """
const moves = event.type === 'pointermove';
if (moves ? !this.hasPointerCapture(event.pointerId) : event.button) return;
const marks = [...this.querySelectorAll('rect')];
if (!moves) {
  this.dataset.at = marks.indexOf(event.target);
  this.setPointerCapture(event.pointerId);
}
event.preventDefault();
const mark = marks[this.dataset.at], box = mark.getBoundingClientRect();
const cell = (share, count) =>
  Math.max(0, Math.min(count - 1, Math.floor(share * count)));
const row = cell((event.clientY - box.top) / box.height, mark.dataset.rows);
const column = cell((event.clientX - box.left) / box.width, mark.dataset.columns);
const sets = JSON.parse(mark.dataset.sets);
for (const name in sets) if (Array.isArray(sets[name])) {
  const [first, down, across] = sets[name];
  sets[name] = first + down * row + across * column;
}
const said = JSON.stringify(sets);
if (moves && this.dataset.said === said) return;
this.dataset.said = said;
const field = this.closest('.coursekit-view').querySelector('.coursekit-said input');
field.value = JSON.stringify([sets, moves ? 0 : Date.now()]);
for (const kind of ['input', 'change'])
  field.dispatchEvent(new Event(kind, {bubbles: true}));
"""


def layer(size: tuple[str, str], marks: Iterable[Mark]) -> str:
    """Return a transparent picture of the marks, to lie over the drawing.

    Args:
        size: width and height of the drawing.
        marks: those above come last.
    """
    rectangles = "".join(map(_rectangle, marks))
    hand = escape(" ".join(_HAND.split()))
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" aria-hidden="true" '
        f'onpointerdown="{hand}" onpointermove="this.onpointerdown(event)" '
        'style="display:block;max-width:100%;height:auto;touch-action:none">'
        f'<g fill-opacity="0" style="pointer-events:all">{rectangles}</g></svg>'
    )


def _rectangle(mark: Mark) -> str:
    cursor = "crosshair" if mark.rows * mark.columns > 1 else "pointer"
    return (
        f'<rect x="{mark.x:.5g}" y="{mark.y:.5g}" width="{mark.width:.5g}" '
        f'height="{mark.height:.5g}" style="cursor:{cursor}" data-rows="{mark.rows}" '
        f'data-columns="{mark.columns}" '
        f'data-sets="{escape(json.dumps(mark.values()))}"/>'
    )
