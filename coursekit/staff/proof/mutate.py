"""Automatic wrong answers: small changes to the source of a right one.

Each mutant changes one thing: a constant, an operator, an order, a term, a keyword, a
statement. The survivors show what a check does not look at.
"""

import ast
import copy
import inspect
import sys
import textwrap
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from coursekit.staff.proof.mutation_rules import (
    in_place_rules,
    statement_rules,
    value_rules,
)


@dataclass(frozen=True)
class Mutant:
    """A changed source: `label` says what was changed, `answer` is the result."""

    label: str
    answer: object


def mutants(
    function: Callable, *, gradient: bool = True, in_place: bool = True
) -> list[Mutant]:
    """Return all mutants of a function or class, each with a label of its own.

    Args:
        gradient: whether to make results that are cut off from the graph.
        in_place: whether to make operations that change the arguments.
    """
    source = textwrap.dedent(inspect.getsource(function))
    namespace = vars(sys.modules[function.__module__])
    seen, labels, made = {ast.unparse(ast.parse(source))}, Counter(), []
    for label, tree in _changes(ast.parse(source), in_place):
        text = ast.unparse(ast.fix_missing_locations(tree))
        if text in seen or (".detach()" in text and not gradient):
            continue
        seen.add(text)
        labels[label] += 1
        if labels[label] > 1:
            label = f"{label} (#{labels[label]})"
        made.append(Mutant(label, _compiled(text, namespace, function.__name__)))
    return made


def _compiled(text: str, namespace: dict, name: str) -> object:
    scope = dict(namespace)
    with warnings.catch_warnings():  # such as "'int' object is not subscriptable"
        warnings.simplefilter("ignore")
        code = compile(text, f"<mutant of {name}>", "exec")
    exec(code, scope)
    return scope[name]


def _changes(tree: ast.Module, in_place: bool) -> Iterator[tuple[str, ast.Module]]:
    """Yield one changed copy of the tree per possible change."""
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for path, node in _nodes(tree):
        if isinstance(node, ast.expr):
            others = in_place_rules(node, arguments) if in_place else ()
            for new in (*value_rules(node), *others):
                yield _label(node, new), _replaced(tree, path, new)
        elif isinstance(node, ast.stmt):
            for new in statement_rules(node):
                yield _label(node, new), _replaced(tree, path, new)


def _label(old: ast.AST, new: ast.AST) -> str:
    def short(node: ast.AST) -> str:
        text = " ".join(ast.unparse(node).split())
        return text if len(text) <= 60 else text[:59] + "…"

    before, after = short(old), short(new)
    return f"{before} → {after}" if before != after else f"{before} (inside)"


Path = tuple[tuple[str, int | None], ...]


def _nodes(tree: ast.AST, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    """Walk code that runs: no docstrings, no annotations, no default of self."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "type_comment", "decorator_list"):
            continue
        children = value if isinstance(value, list) else [value]
        for number, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_docstring(tree, name, number):
                continue
            if isinstance(child, ast.keyword) and child.arg == "strict":
                continue
            step = (name, number if isinstance(value, list) else None)
            yield (*path, step), child
            yield from _nodes(child, (*path, step))


def _is_docstring(parent: ast.AST, name: str, number: int) -> bool:
    holds = isinstance(parent, (ast.FunctionDef, ast.ClassDef))
    return holds and name == "body" and number == 0 and ast.get_docstring(parent)


def _replaced(tree: ast.Module, path: Path, new: ast.AST) -> ast.Module:
    """Return a copy of the tree with the node at `path` replaced."""
    twin = copy.deepcopy(tree)
    holder = twin
    for name, number in path[:-1]:
        child = getattr(holder, name)
        holder = child if number is None else child[number]
    name, number = path[-1]
    if number is None:
        setattr(holder, name, new)
    else:
        getattr(holder, name)[number] = new
    return twin
