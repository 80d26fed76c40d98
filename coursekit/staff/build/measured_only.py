"""A verdict's numbers come from a measurement: none of them is typed in.

The rule, on the syntax tree, cell by cell: a value is *measured* if a call of something
imported (torch, coursekit, a model …) goes into it, directly or through names, parts of
dicts, conditions and the notebook's own functions. Literals and settings are not, nor
is what Python's own toolbox, a tensor or an interval makes of them: `int(7)`,
`torch.tensor(7).item()` and `interval([0.9, 0.8]).above(0.5)` are typed in.

This finds carelessness, not fraud: `measure() * 0 + 7` passes.
"""

import ast
from collections import ChainMap
from collections.abc import Iterable, Sequence

from coursekit.staff.build.code import tree_of
from coursekit.staff.build.notebook_source import Cell

WORDS = ("cases", "measured")
VERDICTS = (
    "coursekit.verdict",
    "coursekit.course.claims.verdict",
    "coursekit.course.verdict",
)
# Calls into these modules and of these names measure nothing: they pass on what they
# are given. So do these methods, and those of str, list, dict …
_MODULES = """builtins cmath collections copy dataclasses decimal enum fractions
functools itertools json math numbers operator re statistics string textwrap types
typing"""
_NAMES = """tensor as_tensor asarray array from_numpy scalar_tensor full zeros ones eye
arange linspace Size Tensor FloatTensor float16 float32 float64 int8 int16 int32 int64
uint8 bool_ double interval paired Interval track predict reveal"""
_METHODS = """item tolist double half long bool numpy type astype clone detach cpu cuda
view reshape flatten squeeze unsqueeze contiguous requires_grad_ size dim numel above
below within runs_needed float int to"""
MODULES, NAMES = set(_MODULES.split()), set(_NAMES.split())
SAME_AS = {"ImportFrom": "Import", "Yield": "Return", "While": "If", "For": "If"}
SAME_AS |= {"AnnAssign": "Assign", "NamedExpr": "Assign"}
SAME_AS |= dict.fromkeys(("SetComp", "DictComp", "GeneratorExp"), "ListComp")
METHODS = set(_METHODS.split()).union(*map(dir, (str, list, dict, set, int, float)))


def typed_in(cells: Sequence[Cell]) -> list[tuple[int, str]]:
    """Find what verdicts are given that no cell measured.

    Args:
        cells: the code and prose of a notebook, in order.

    Returns:
        (line of the cell in the source, sentence), one for each `cases` or `measured`
        value that is typed in.
    """
    reader = _Reader()
    for cell in (cell for cell in cells if cell.kind == "code"):
        reader.line = cell.line
        reader.visit(tree_of(cell))
    return sorted(reader.findings)


class _Reader(ast.NodeVisitor):
    """Read a program in order; `visit` says whether what it read is measured.

    `names` holds what is known of a name: whether it is measured, the parts of a dict,
    where it was imported from, or a function of the notebook.
    """

    def __init__(self) -> None:
        self.names, self.findings, self.line = ChainMap(), set(), 0
        self.running, self.returned = [], []
        self.decided = self.counting = False  # in an `if`, a loop on something measured

    def visit(self, node: ast.AST) -> bool | None:
        kind = type(node).__name__
        read = getattr(self, f"visit_{SAME_AS.get(kind, kind)}", self.generic_visit)
        return read(node)

    def generic_visit(self, node: ast.AST) -> bool:
        return self._any(ast.iter_child_nodes(node))

    def _any(self, nodes: Iterable[ast.AST]) -> bool:
        measured = [self.visit(node) for node in nodes]  # all of them are read
        return any(measured)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        start = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for name in node.names:
            home = name.name if start or name.asname else name.name.partition(".")[0]
            self.names[name.asname or home] = start + home

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.names[node.name] = node

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        calls = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
        homes = [self._home(part) for part in [*node.bases, *calls]]
        self.names[node.name] = any(map(_measures, homes))

    def visit_Return(self, node: ast.Return | ast.Yield) -> None:
        self.returned.append(self.decided or self.generic_visit(node))

    def visit_Assign(self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> bool:
        measured = node.value is not None and self.visit(node.value)
        for target in getattr(node, "targets", None) or [node.target]:
            both = [getattr(side, "elts", ()) for side in (target, node.value)]
            if len(both[0]) == len(both[1]) > 0:  # a, b = net(x), 7
                for part, value in zip(*both, strict=True):
                    self._store(part, self.visit(value))
            else:
                self._store(target, self._parts(node.value) or measured)
        return measured

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._store(node.target, self.generic_visit(node) or self.counting)

    def visit_withitem(self, node: ast.withitem) -> None:
        self._store(node.optional_vars, self.visit(node.context_expr))

    def visit_If(self, node: ast.If | ast.While | ast.For) -> None:
        outer, source = (self.decided, self.counting), getattr(node, "iter", None)
        measured = self.visit(source or node.test)
        self._store(getattr(node, "target", None), measured)
        self.counting |= measured
        self.decided |= measured and source is None
        for part in [*node.body, *node.orelse]:
            self.visit(part)
        self.decided, self.counting = outer

    def visit_ListComp(self, node: ast.ListComp) -> bool:
        outer, self.names = self.names, self.names.new_child()
        # the loops stand last but run first, the outer one before the inner
        made = [n for n in ast.iter_child_nodes(node) if n not in node.generators]
        measured = self._any([*node.generators, *made])
        self.names = outer
        return measured

    def visit_comprehension(self, node: ast.comprehension) -> bool:
        self._store(node.target, self.visit(node.iter))
        return self._any(node.ifs)

    def visit_Name(self, node: ast.Name) -> bool:
        known = self.names.get(node.id)
        if isinstance(known, ast.FunctionDef):
            return self._run(known)
        return any(known.values()) if isinstance(known, dict) else known is True

    def visit_Subscript(self, node: ast.Subscript) -> bool:
        part = self._parts(node.value).get(ast.unparse(node.slice))
        return self.generic_visit(node) if part is None else part

    def visit_BinOp(self, node: ast.BinOp) -> bool:
        return self.generic_visit(node) or isinstance(node.op, ast.MatMult)

    def visit_Call(self, node: ast.Call) -> bool:
        home, own = self._home(node.func), self.names.get(ast.unparse(node.func))
        if home in VERDICTS:
            self._judge(node)
        if isinstance(own, ast.FunctionDef):
            return self._run(own, node)
        measured = self.generic_visit(node) or _measures(home)
        if isinstance(node.func, ast.Attribute) and not home:
            measured = measured or node.func.attr not in METHODS
            self._put_into(node.func.value, measured or self.counting)
        return measured

    def _run(self, function: ast.FunctionDef, call: ast.Call | None = None) -> bool:
        """Read the body of a function of the notebook, given what a call gives it."""
        names = [arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)]
        args = [self.visit(part) for part in call.args] if call else []
        words = {w.arg: self.visit(w.value) for w in call.keywords} if call else {}
        given = dict.fromkeys(names, self.visit(function.args))  # by default
        given |= dict(zip(names, args, strict=False)) | words
        if function in self.running:
            return any(given.values())
        outer = self.names, self.returned, self.decided, self.counting
        self.names, self.returned = self.names.new_child(given), []
        self.decided = self.counting = False
        self.running.append(function)
        for part in function.body:
            self.visit(part)
        self.running.pop()
        measured = any(self.returned)
        self.names, self.returned, self.decided, self.counting = outer
        return measured

    def _store(self, target: ast.expr | None, measured: bool | dict) -> None:
        for part in getattr(target, "elts", ()):
            self._store(part, measured)
        if isinstance(target, ast.Name):
            self.names[target.id] = self.decided or measured
        elif target is not None:
            self._put_into(target, self.decided or bool(measured))

    def _put_into(self, node: ast.expr, measured: bool) -> None:
        """Note what goes into a part of a name; of anything but a dict all counts."""
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            known = self._parts(node.value)
            known[ast.unparse(node.slice)] = measured
            measured = measured and len(known) == 1
        while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            node = node.value
        holders = [s for s in self.names.maps if ast.unparse(node) in s]
        if measured and holders:
            holders[0][node.id] = True

    def _parts(self, node: ast.expr | None) -> dict[str, bool]:
        """Say of each key of a dict whether its value is measured."""
        if isinstance(node, ast.Name):
            known = self.names.get(node.id)
            return known if isinstance(known, dict) else {}
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "dict":
            return {repr(word.arg): self.visit(word.value) for word in node.keywords}
        parts = {}
        pairs = (node.keys, node.values) if isinstance(node, ast.Dict) else ((), ())
        for key, value in zip(*pairs, strict=True):
            if key is None:  # **value
                parts |= self._parts(value) or {"**": self.visit(value)}
            else:
                parts[ast.unparse(key)] = self.visit(value)
        return parts

    def _home(self, node: ast.expr) -> str:
        """Give the dotted name under which something was imported, "" for others."""
        if isinstance(node, ast.Attribute) and (owner := self._home(node.value)):
            return f"{owner}.{node.attr}"
        known = self.names.get(node.id, "builtins") if isinstance(node, ast.Name) else 0
        return known if isinstance(known, str) else ""

    def _judge(self, call: ast.Call) -> None:
        for word in (word for word in call.keywords if word.arg in WORDS):
            parts = self._parts(word.value)
            if not parts and ast.unparse(word.value) != "{}":
                parts = {"": self.visit(word.value)}
            for key in (key for key, measured in parts.items() if not measured):
                shown = f"{word.arg}[{key}]" if key else word.arg
                text = f"`{shown}` of the verdict is typed in: no cell computes it"
                self.findings.add((self.line, text))


def _measures(home: str) -> bool:
    """Whether a call of something imported from there measures."""
    passes_on = home.partition(".")[0] in MODULES and home != "builtins.open"
    return bool(home) and not passes_on and home.rpartition(".")[2] not in NAMES
