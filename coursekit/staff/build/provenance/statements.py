"""Follow statements: assignments, branches, loops, definitions."""

import ast
from contextlib import contextmanager

from coursekit.staff.build.provenance.expressions import element
from coursekit.staff.build.provenance.functions import Functions
from coursekit.staff.build.provenance.values import (
    COMPUTED,
    CONSTANT,
    Value,
    carries,
    either,
    mixed,
)


class Flow(Functions):
    """Follow a program statement by statement; long, being one method a statement."""

    def run(self, body: list[ast.stmt]) -> None:
        """Follow statements in order."""
        for statement in body:
            kind = type(statement).__name__.lower()
            getattr(self, f"_do_{kind}", self._do_other)(statement)

    def _do_other(self, node: ast.stmt) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)

    def _do_import(self, node: ast.Import) -> None:
        for name in node.names:
            home = name.name if name.asname else name.name.partition(".")[0]
            self.scopes[-1][name.asname or home] = Value(home=home)

    def _do_importfrom(self, node: ast.ImportFrom) -> None:
        for name in node.names:
            home = f"{node.module}.{name.name}"
            self.scopes[-1][name.asname or name.name] = Value(home=home)

    def _do_assign(self, node: ast.Assign) -> None:
        found = self.value(node.value)
        for target in node.targets:
            self.bind(target, COMPUTED if self.branching else found)

    def _do_annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.value(node.value))

    def _do_augassign(self, node: ast.AugAssign) -> None:
        found = mixed([self.value(node.target), self.value(node.value)])
        self.bind(node.target, COMPUTED if self.counting else found)

    def _do_return(self, node: ast.Return) -> None:
        found = self.value(node.value)
        self.returned.append(COMPUTED if self.branching else found)

    def _do_expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Yield | ast.YieldFrom):
            self.returned.append(self.value(node.value.value))
        else:
            self.value(node.value)

    def _do_if(self, node: ast.If) -> None:
        test = self.value(node.test).any
        before = self.scopes[-1]
        with self._under(branching=test):
            ends = [self._branch(before, body) for body in (node.body, node.orelse)]
        before.clear()
        before.update(_joined(*ends, choice=mixed if test else None))

    def _branch(self, before: dict, body: list[ast.stmt]) -> dict:
        outer, self.scopes = self.scopes, (*self.scopes[:-1], dict(before))
        self.run(body)
        end, self.scopes = self.scopes[-1], outer
        return end

    def _do_for(self, node: ast.For) -> None:
        around = self.value(node.iter)
        with self._under(counting=around.any):
            for _ in range(2):  # twice: what one turn computes, the next one uses
                self.bind(node.target, element(around))
                self.run(node.body)
        self.run(node.orelse)

    def _do_while(self, node: ast.While) -> None:
        for _ in range(2):
            with self._under(branching=self.value(node.test).any):
                self.run(node.body)
        self.run(node.orelse)

    def _do_with(self, node: ast.With) -> None:
        for item in node.items:
            found = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, found)
        self.run(node.body)

    def _do_try(self, node: ast.Try) -> None:
        for body in (node.body, *(h.body for h in node.handlers), node.orelse):
            self.run(body)
        self.run(node.finalbody)

    def _do_functiondef(self, node: ast.FunctionDef) -> None:
        self.scopes[-1][node.name] = Value(function=node, scopes=self.scopes)

    def _do_classdef(self, node: ast.ClassDef) -> None:
        bases = [self.value(base).home for base in node.bases]
        measures = any(base and not carries(base) for base in bases)
        methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
        made = [Value(function=method, scopes=self.scopes) for method in methods]
        if measures or any(self.call(method, [], {}).any for method in made):
            self.scopes[-1][node.name] = Value(home=f"notebook.{node.name}")
        else:
            self.scopes[-1][node.name] = CONSTANT

    @contextmanager
    def _under(self, *, branching: bool = False, counting: bool = False):
        outer = self.branching, self.counting
        self.branching = self.branching or branching
        self.counting = self.counting or counting or branching
        yield
        self.branching, self.counting = outer


def _joined(one: dict, other: dict, *, choice) -> dict:
    """Join what two branches left behind; a name of one branch only keeps its value."""
    both = {**one, **other}
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            pair = (one[name], other[name])
            both[name] = choice(pair) if choice else either(*pair)
    return both
