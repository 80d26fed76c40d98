"""The drawing of a network: boxes in columns, lines between them, frames round blocks.

A colour never stands alone: every box says in words what it is.
"""

from collections.abc import Iterable

from torch import nn

from coursekit.explore import svg
from coursekit.explore.boxes import LINE, centred, plate, tinted
from coursekit.explore.network.graph_layout import Box, Cell, Layout
from coursekit.figures.style import PALETTE, ROLES

_LEFT, _TOP, _WIDE, _HIGH, _ACROSS, _DOWN = 20, 54, 76, 46, 92, 70
_LANE, _BETWEEN = 20, 8  # a row with nothing but lines; room between two lines
_ROUND = 13  # radius of a join
_WHITE = "#fff"
_SIGNS = {"add": "+", "multiply": "×", "subtract": "−"}
_TINTS = {
    "conv": ROLES["kernel"],
    "pool": PALETTE["sky"],
    "dense": PALETTE["yellow"],
    "act": ROLES["output"],
    "norm": PALETTE["purple"],
    "end": ROLES["input"],
}
_ACTIVATIONS = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid,
    nn.Tanh, nn.Softmax, nn.LogSoftmax, nn.Hardswish, nn.Hardsigmoid, nn.Softplus,
)  # fmt: skip

Rect = tuple[float, float, float, float]


class Sheet:
    """The places of a layout on the page, in SVG units."""

    def __init__(self, layout: Layout):
        self.layout = layout
        filled = {(layout.line(at), row) for at, row in layout.cells.values()}
        self._tops: dict[tuple[int, int], float] = {}
        top = _TOP
        for line, rows in enumerate(layout.rows()):
            for row in range(rows):
                has_box = (line, row) in filled
                self._tops[line, row] = top - (0 if has_box else _HIGH / 2 - 6)
                top += _DOWN if has_box else _LANE
            top += _BETWEEN
        self.height = top + 2

    def corner(self, cell: Cell) -> tuple[float, float]:
        """Return the top left corner of a cell."""
        line = self.layout.line(cell[0])
        column = cell[0] - self.layout.breaks[line]
        return _LEFT + _ACROSS * column, self._tops[line, cell[1]]

    def rectangles(self, names: Iterable[str]) -> list[Rect]:
        """Return a rectangle round some boxes, one for each line they stand in."""
        corners_of: dict[int, list[tuple[float, float]]] = {}
        for name in names:
            cell = self.layout.cells[name]
            line = self.layout.line(cell[0])
            corners_of.setdefault(line, []).append(self.corner(cell))
        return [_round(corners) for corners in corners_of.values()]


def _round(corners: list[tuple[float, float]]) -> Rect:
    xs, ys = zip(*corners, strict=True)
    left, top = min(xs), min(ys)
    return left, top, max(xs) - left + _WIDE, max(ys) - top + _HIGH


def draw_network(
    sheet: Sheet, title: str, labels: dict[str, tuple[str, str, str, str]]
) -> str:
    """Draw a whole layout.

    Args:
        sheet: where everything stands.
        title: above the drawing.
        labels: box → family (a key of the tints, or ""), what, name, output.
    """
    layout = sheet.layout
    boxes = "".join(
        _draw_box(box, sheet.corner(layout.cells[name]), labels[name])
        for name, box in layout.boxes.items()
    )
    return svg.words(8, 22, title) + _frames(sheet) + _lines(sheet) + boxes


def _draw_box(
    box: Box, corner: tuple[float, float], label: tuple[str, str, str, str]
) -> str:
    family, what, name, output = label
    x, y = corner
    middle = x + _WIDE / 2
    if box.name.endswith(")"):
        return _join(middle, y, what, output)
    fill = tinted(_TINTS[family]) if family in _TINTS else _WHITE
    dashes = ' stroke-dasharray="3 3"' if box.is_outside else ""
    behind = "" if box.kind else _plate(x + 3, y - 3, _WHITE)
    return (
        f"{behind}{_plate(x, y, fill, dashes)}"
        + centred(middle, y + 15, what, 12, svg.ON_TINT)
        + centred(middle, y + 28, name, 10, svg.ON_TINT)
        + centred(middle, y + 41, output, 10, "#444")
    )


def _plate(x: float, y: float, fill: str, more: str = "") -> str:
    return plate(x, y, _WIDE, _HIGH, fill, more=more)


def _join(x: float, y: float, what: str, output: str) -> str:
    sign = _SIGNS.get(what, what[:5])
    size = 18 if len(sign) == 1 else 9 if len(sign) > 3 else 11
    at = y + _HIGH / 2
    return (
        f'<circle cx="{x:g}" cy="{at:g}" r="{_ROUND}" fill="#fff" stroke="#1a1a1a" '
        f'stroke-width="1.5"/>'
        + centred(x, at + size * 0.34, sign, size, svg.INK)
        + centred(x, y + _HIGH + 1, output, 10, svg.QUIET)
    )


def _lines(sheet: Sheet) -> str:
    """Draw every piece of every line, with an arrow where it arrives."""
    layout = sheet.layout
    joins = {layout.cells[name] for name in layout.boxes if name.endswith(")")}
    boxes = set(layout.cells.values())
    lines, arrows = [], []
    for step in layout.steps:
        x1, y1 = sheet.corner(step.start)
        x2, y2 = sheet.corner(step.end)
        y1, y2 = y1 + _HIGH / 2, y2 + _HIGH / 2
        x1 += _WIDE / 2 + _ROUND if step.start in joins else _WIDE
        end = x2 + (_WIDE / 2 - _ROUND if step.end in joins else 0)
        same_line = layout.line(step.start[0]) == layout.line(step.end[0])
        lines.append(_curve(x1, y1, x2, y2) if same_line else _turn(x1, y1, x2, y2))
        lines.append(f"H{end if step.end in boxes else x2 + _WIDE:g}")
        if step.arrives:
            arrows.append(f"M{end:g} {y2:g}l-6-3.5v7z")
    return (
        f'<path d="{"".join(lines)}" fill="none" stroke="{LINE}" '
        f'stroke-width="1.5"/><path d="{"".join(arrows)}" fill="{LINE}"/>'
    )


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    if y1 == y2:
        return f"M{x1:g} {y1:g}H{x2:g}"
    bend, turn = (x2 - 16, x2) if x2 - x1 > 16 else (x1, x2)
    half = (bend + turn) / 2
    return f"M{x1:g} {y1:g}H{bend:g}C{half:g} {y1:g} {half:g} {y2:g} {turn:g} {y2:g}"


def _turn(x1: float, y1: float, x2: float, y2: float) -> str:
    """Leave a line of the drawing on its right, come back on the left of the next."""
    return f"M{x1:g} {y1:g}h10M{x2 - 14:g} {y2:g}H{x2:g}"


def _frames(sheet: Sheet) -> str:
    """Draw a named frame round every open container that has its place to itself."""
    members: dict[str, list[str]] = {}
    for box in sheet.layout.boxes.values():
        if box.inside:
            members.setdefault(box.inside[-1], []).append(box.name)
    frames = []
    for container, names in members.items():
        others = [sheet.corner(sheet.layout.cells[name])
                  for name in sheet.layout.boxes if name not in names]  # fmt: skip
        for rect in sheet.rectangles(names):
            if not any(_covers(rect, corner) for corner in others):
                frames.append(_frame(rect, container))
    return "".join(frames)


def _covers(rect: Rect, corner: tuple[float, float]) -> bool:
    x, y, wide, high = rect
    return x <= corner[0] < x + wide and y <= corner[1] < y + high


def _frame(rect: Rect, name: str) -> str:
    x, y, wide, high = rect
    return (
        f'<rect x="{x - 6:g}" y="{y - 6:g}" width="{wide + 12:g}" '
        f'height="{high + 12:g}" rx="6" fill="#f6f6f6" stroke="#9a9a9a" '
        'stroke-dasharray="4 3"/>'
        + svg.words(x - 4, y - 9, tail(name), size=10, fill=svg.QUIET)
    )


def tail(name: str) -> str:
    """Return the end of a name that says most: "three.0.1" of "3a.net.three.0.1"."""
    parts = name.split(".")
    words = [at for at, part in enumerate(parts) if not part.split(":")[0].isdigit()]
    return ".".join(parts[words[-1] if words else 0 :])


def highlight(sheet: Sheet, names: tuple[str, ...]) -> str:
    """Frame the boxes of the chosen layer."""
    return "".join(
        svg.outlined(x - 3, y - 3, wide + 6, high + 6, ROLES["chosen"])
        for x, y, wide, high in sheet.rectangles(names)
    )


def described(module: nn.Module | None, kind: str) -> tuple[str, str]:
    """Return the family and a few words for a layer: ("conv", "conv 3×3 /2")."""
    if module is None:
        return "end" if kind in ("input", "output") else "", kind
    kernel, stride = (getattr(module, name, None) for name in ("kernel_size", "stride"))
    size = "" if kernel is None else f" {_sides(kernel)}"
    size += "" if stride in (None, 1, (1, 1)) else f" /{_sides(stride, '')}"
    if "Conv" in kind:
        return "conv", f"conv{size}"
    if "Pool" in kind:
        target = getattr(module, "output_size", None)
        size = size or (f" → {_sides(target)}" if target else "")
        return "pool", ("avg" if "Avg" in kind else "max") + size
    if isinstance(module, nn.Linear):
        return "dense", "dense"
    if "Norm" in kind:
        return "norm", "batch norm" if "Batch" in kind else kind
    return "act" if isinstance(module, _ACTIVATIONS) else "", kind


def _sides(size: object, by: str = "×") -> str:
    sides = tuple(size) if isinstance(size, tuple) else (size, size)
    same = len(set(sides)) == 1
    return str(sides[0]) if same and not by else (by or ",").join(map(str, sides))
