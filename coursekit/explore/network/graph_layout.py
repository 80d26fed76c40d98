"""Where the layers of a network stand in its drawing.

Time runs from left to right: the column of a box is the longest path that leads to it,
and lines that pass a column keep a row of it free (Sugiyama, Tagawa, Toda, "Methods for
visual understanding of hierarchical system structures", 1981). Rows hold what happens
side by side. A network wider than the page goes on in the next line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from coursekit.anatomy.data_flow import Flow, Node

Cell = tuple[int, int]  # (column, row)
COLUMNS = 8  # a line of the drawing has at most
MOST_BOXES = 160  # a drawing has at most when more than one level is open
_READABLE = 30  # boxes in the drawing one begins with


@dataclass(frozen=True)
class Box:
    """What is drawn as one: a layer, a join, or a closed container.

    Args:
        name: of the node, or of the call of the container.
        kind: of the node; "" for a container.
        inside: the open containers it stands in, outermost first.
        holds: the names of everything within.
        is_outside: whether it only shows where the block's lines come from or go to.
    """

    name: str
    kind: str
    inside: tuple[str, ...]
    holds: frozenset[str]
    is_outside: bool = False


@dataclass(frozen=True)
class Step:
    """A piece of a line: from one cell to one of the next column."""

    start: Cell
    end: Cell
    arrives: bool


@dataclass(frozen=True, eq=False)
class Layout:
    """The boxes, their cells, and the lines between them.

    Args:
        boxes: by name, in the order they are reached.
        cells: name → (column, row).
        steps: the pieces of the lines.
        breaks: the first column of every line of the drawing.
        block: the container that is drawn, "" for the whole network.
    """

    boxes: dict[str, Box]
    cells: dict[str, Cell]
    steps: tuple[Step, ...]
    breaks: tuple[int, ...]
    block: str = ""

    def line(self, column: int) -> int:
        """Return which line of the drawing a column stands in."""
        return sum(start <= column for start in self.breaks) - 1

    def rows(self) -> tuple[int, ...]:
        """Return how many rows each line of the drawing needs."""
        most = [0] * len(self.breaks)
        for column, row in (*self.cells.values(), *(step.end for step in self.steps)):
            at = self.line(column)
            most[at] = max(most[at], row + 1)
        return tuple(most)

    def holding(self, name: str) -> tuple[str, ...]:
        """Return the boxes of a layer or a container, or the one that holds it."""
        inner = [box for box in self.boxes.values() if not box.is_outside]
        whole = name in ("", self.block)
        own = [box.name for box in inner if whole or name in (box.name, *box.inside)]
        around = (box.name for box in inner if name in box.holds)
        return tuple(own or around)


def containers(flow: Flow) -> tuple[str, ...]:
    """Return every call that holds other layers, in the order they are reached."""
    return tuple(dict.fromkeys(name for node in flow.nodes for name in node.inside))


@lru_cache(maxsize=32)
def depths(flow: Flow, block: str) -> tuple[int, int]:
    """Return how many levels to open at first, and how many can be opened at most."""
    inner = [node for node in flow.nodes if _is_in(node, block)]
    first = most = 1
    for depth in range(2, 2 + max(len(_path(node, block)) for node in inner)):
        count = len({_home(node, block, (), depth) for node in inner})
        first = depth if count <= _READABLE else first
        most = depth if count <= MOST_BOXES else most
    return first, most


@lru_cache(maxsize=8)
def lay_out(flow: Flow, block: str, depth: int) -> Layout:
    """Choose what is drawn, and where.

    Args:
        flow: the graph of the network.
        block: the container to draw, "" for the whole network.
        depth: how many levels are open, ≥ 1; deeper containers are one box each.
    """
    inner = [node for node in flow.nodes if _is_in(node, block)]
    around = inner[0].inside[: inner[0].inside.index(block) + 1] if block else ()
    home = {node.name: _home(node, block, around, depth) for node in flow.nodes}
    own = {home[node.name] for node in inner}
    pairs = ((home[edge.source], home[edge.target]) for edge in flow.edges)
    edges = dict.fromkeys(p for p in pairs if p[0] != p[1] and own & set(p))
    shown = own.union(*edges)
    members: dict[str, list[Node]] = {}
    for node in flow.nodes:
        if home[node.name] in shown:
            members.setdefault(home[node.name], []).append(node)
    boxes = {
        name: _box(name, nodes, block, name not in own)
        for name, nodes in members.items()
    }
    cells, steps = _Places(tuple(boxes), tuple(edges)).fill()
    return Layout(boxes, cells, steps, _breaks(cells, steps), block)


def _is_in(node: Node, block: str) -> bool:
    return not block or block in node.inside


def _path(node: Node, block: str) -> tuple[str, ...]:
    return node.inside[node.inside.index(block) + 1 :] if block else node.inside


def _home(node: Node, block: str, around: tuple[str, ...], depth: int) -> str:
    """Return the name of the box that a node is drawn in.

    Outside of the block that is the largest container which does not hold the block.
    """
    if not _is_in(node, block):
        others = (call for call in node.inside if call not in around)
        return next(others, node.name)
    path = _path(node, block)
    return path[depth - 1] if len(path) >= depth else node.name


def _box(name: str, nodes: list[Node], block: str, is_outside: bool) -> Box:
    first = nodes[0]
    if name == first.name:
        path = () if is_outside else _path(first, block)
        return Box(name, first.kind, path, frozenset([name]), is_outside)
    at = first.inside.index(name)
    start = first.inside.index(block) + 1 if block and not is_outside else 0
    calls = {call for node in nodes for call in node.inside[at:]}
    holds = frozenset(calls | {node.name for node in nodes})
    inside = () if is_outside else first.inside[start:at]
    return Box(name, "", inside, holds, is_outside)


class _Places:
    """Give every box a cell, and every line that passes a column a row of it.

    A residual block, x → a → b → add and x → add, column by column:

        column     0     1     2     3
        row 0     [x]─┬─[a]───[b]───[+]       a has the longest way on: it keeps row 0
        row 1         └──•─────•─────┘        the shortcut passes two columns: lanes

    `lanes` says in which cell the line of every box that is still needed is now: after
    column 1 that is a: (1, 0) and x: (1, 1).
    """

    def __init__(self, names: tuple[str, ...], edges: tuple[tuple[str, str], ...]):
        self.names = names
        self.before: dict[str, list[str]] = {name: [] for name in names}
        self.after: dict[str, list[str]] = {name: [] for name in names}
        for source, target in edges:
            self.before[target].append(source)
            self.after[source].append(target)
        self.column = _longest(names, self.before)
        self.left = _longest(names[::-1], self.after)
        self.cells: dict[str, Cell] = {}
        self.lanes: dict[str, Cell] = {}  # where the line of a source is now
        self.steps: list[Step] = []

    def fill(self) -> tuple[dict[str, Cell], tuple[Step, ...]]:
        for column in range(max(self.column.values()) + 1):
            self._fill(column)
        return self.cells, tuple(self.steps)

    def _fill(self, column: int) -> None:
        """The longest way on keeps its row; what only passes gives way downwards."""
        arriving = [name for name in self.names if self.column[name] == column]
        wish = {name: self._wish(name) for name in arriving}
        taken: set[int] = set()
        for name in sorted(arriving, key=lambda n: (wish[n], -self.left[n])):
            self.cells[name] = (column, _free(wish[name], taken))
            starts = (self.lanes[source] for source in self.before[name])
            self.steps += [Step(start, self.cells[name], True) for start in starts]
        on = {}
        for source, (at, row) in sorted(self.lanes.items(), key=lambda x: x[1][1]):
            if self._is_needed(source, column):
                on[source] = (column, _free(row, taken))
                self.steps.append(Step((at, row), on[source], False))
        new = {n: self.cells[n] for n in arriving if self._is_needed(n, column)}
        self.lanes = on | new

    def _wish(self, name: str) -> int:
        return min((self.lanes[source][1] for source in self.before[name]), default=0)

    def _is_needed(self, source: str, column: int) -> bool:
        return any(self.column[target] > column for target in self.after[source])


def _longest(names: Iterable[str], before: dict[str, list[str]]) -> dict[str, int]:
    """Return the length of the longest path to every box, in the order reached."""
    length: dict[str, int] = {}
    for name in names:
        length[name] = max((length[s] + 1 for s in before[name]), default=0)
    return length


def _free(wish: int, taken: set[int]) -> int:
    """Take the first free row from the wished one downwards."""
    while wish in taken:
        wish += 1
    taken.add(wish)
    return wish


def _breaks(cells: dict[str, Cell], steps: tuple[Step, ...]) -> tuple[int, ...]:
    """Begin a new line where it is full, or just before if fewer lines cross there."""
    crossing: dict[int, set[Cell]] = {}
    for step in steps:
        crossing.setdefault(step.end[0], set()).add(step.start)
    starts, count = [0], max(column for column, _ in cells.values()) + 1
    while count - starts[-1] > COLUMNS:
        full = starts[-1] + COLUMNS
        places = range(full, full - COLUMNS // 2, -1)
        starts.append(min(places, key=lambda at: len(crossing.get(at, ()))))
    return tuple(starts)
