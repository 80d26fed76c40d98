"""Which cells of a student version are worth a run beside that of the solution.

Both versions hold the same experiments, and the solution has run them. What is another
thing for a student is an empty answer, and what sees it:

    x = train()          the same in both: run once, in the solution
    def f(a): ...        another cell: run
    check("01.3", f)     uses `f`: run
    y = f(data)          uses `f`: run, and so is what makes `data`

A student version by itself runs whole.
"""

import ast
import re
import symtable
from collections.abc import Iterator, Sequence

from coursekit.staff.grading.notebook_answers import Statement, statements

ALWAYS = re.compile(r"^(?:import|from) |\bcheck\(|\bpredict\(", re.MULTILINE)


def worth_a_run(student: Sequence[str], solution: Sequence[str]) -> set[int]:
    """Return the numbers of the code cells to run, counted from 0.

    Args:
        student, solution: the texts of all code cells, pairwise the same cell.
    """
    found, broken = statements(list(student))
    theirs, _ = statements(list(solution))
    same = {(one.cell, one.text) for one in theirs}
    other = [one for one in found if (one.cell, one.text) not in same]
    run = {one.cell - 1 for one in other} | {number - 1 for number in broken}
    run |= {n for n, text in enumerate(student) if ALWAYS.search(text)}
    run |= _users(found, {name for one in other for name in one.binds})
    return run | _makers(found, run)


def _users(found: Sequence[Statement], names: set[str]) -> set[int]:
    """Return the cells that use a name, or what such a cell makes with it."""
    cells: set[int] = set()
    while True:
        more = [one for one in found if used(one.text) & names]
        grown = names | {name for one in more for name in one.binds}
        cells |= {one.cell - 1 for one in more}
        if grown == names:
            return cells
        names = grown


def _makers(found: Sequence[Statement], run: set[int]) -> set[int]:
    """Return the cells that give the names a value that the cells of `run` use."""
    cells, waiting = set(run), list(run)
    while waiting:
        cell = waiting.pop()
        names = {n for one in found if one.cell - 1 == cell for n in used(one.text)}
        before = {
            one.cell - 1 for one in found if one.cell <= cell and one.binds & names
        }
        waiting += before - cells
        cells |= before
    return cells


def used(code: str) -> set[str]:
    """Return the names of the notebook that code uses, those inside functions too.

    From Python 3.12 on a comprehension's own names are among them: a cell more may run,
    none is left out.
    """
    changed = [
        one for one in ast.walk(ast.parse(code)) if isinstance(one, ast.AugAssign)
    ]
    names = {one.target.id for one in changed if isinstance(one.target, ast.Name)}
    return names | set(_used(symtable.symtable(code, "cell", "exec")))


def _used(scope: symtable.SymbolTable) -> Iterator[str]:
    outside = scope.get_type() == "module"
    for name in scope.get_symbols():
        if name.is_referenced() and (outside or name.is_global()):
            yield name.get_name()
    for inner in scope.get_children():
        yield from _used(inner)
