"""Where a verdict's numbers come from: computed by the notebook, or typed in.

The cells are read in order, as one program that is followed without running it. A value
is *computed* if it depends on a call of something imported from outside Python's own
toolbox (torch, coursekit, a model …), directly or through names, containers, loops,
conditions and the notebook's own functions. Literals, settings, arithmetic on them,
Python's builtins and its `math` do not compute: `int(7)`, `max(1, 2)` and a function
that returns 7 are still numbers typed in.

This finds carelessness, not fraud: `measure() * 0 + 7` passes.
"""

from collections.abc import Sequence

from coursekit.staff.build.code import tree_of
from coursekit.staff.build.provenance.statements import Flow
from coursekit.staff.build.notebook_source import Cell


def typed_in(cells: Sequence[Cell]) -> list[tuple[int, str]]:
    """Find what verdicts are given that no cell computed.

    Args:
        cells: the code and prose of a notebook, in order.

    Returns:
        (line of the cell in the source, sentence), one for each `cases` or `measured`
        value that is constant.
    """
    flow = Flow()
    for cell in cells:
        if cell.kind == "code":
            flow.line = cell.line
            flow.run(tree_of(cell).body)
    return flow.constants()
