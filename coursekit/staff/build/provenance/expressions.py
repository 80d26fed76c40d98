"""Follow expressions: which of them are computed."""

import ast

from coursekit.staff.build.provenance.names import Names
from coursekit.staff.build.provenance.values import (
    ARRAY_CARRIERS,
    CALLERS,
    COMPUTED,
    CONSTANT,
    Value,
    carries,
    makes_array,
    mixed,
)


class Expressions(Names):
    """Evaluate expressions; longer than most classes, being one method a node.

    `Functions` adds the calls of the notebook's own functions.
    """

    def value(self, node: ast.expr | None) -> Value:
        """Give what is known about an expression."""
        if node is None:
            return CONSTANT
        follow = getattr(self, f"_{type(node).__name__.lower()}", self._parts)
        return follow(node)

    def _parts(self, node: ast.AST) -> Value:
        children = ast.iter_child_nodes(node)
        return mixed(self.value(n) for n in children if isinstance(n, ast.expr))

    def _attribute(self, node: ast.Attribute) -> Value:
        owner = self.value(node.value)
        if owner.home:
            return Value(home=f"{owner.home}.{node.attr}")
        return Value(computed=owner.any)

    def _binop(self, node: ast.BinOp) -> Value:
        both = mixed([self.value(node.left), self.value(node.right)])
        return COMPUTED if isinstance(node.op, ast.MatMult) and both.array else both

    def _tuple(self, node: ast.Tuple | ast.List) -> Value:
        values = [self.value(item) for item in node.elts]
        if any(isinstance(item, ast.Starred) for item in node.elts):
            return mixed(values)
        return Value(items=dict(enumerate(values)))

    _list = _tuple

    def _dict(self, node: ast.Dict) -> Value:
        items: dict[object, Value] = {}
        for key, content in zip(node.keys, node.values, strict=True):
            found = self.value(content)
            if key is None and found.items is not None:
                items.update(found.items)
            else:
                items[key_of(key)] = found
        return Value(items=items)

    def _subscript(self, node: ast.Subscript) -> Value:
        owner, index = self.value(node.value), self.value(node.slice)
        key = key_of(node.slice)
        if owner.items is not None and key in owner.items:
            return owner.items[key]
        found = mixed([owner, index])
        return Value(computed=found.any, array=owner.array)

    def _namedexpr(self, node: ast.NamedExpr) -> Value:
        found = self.value(node.value)
        self.bind(node.target, found)
        return found

    def _lambda(self, node: ast.Lambda) -> Value:
        return Value(function=node, scopes=self.scopes)

    def _listcomp(self, node) -> Value:
        outside, self.scopes = self.scopes, (*self.scopes, {})
        conditions = [self._loop_over(part) for part in node.generators]
        inner = node.value if isinstance(node, ast.DictComp) else node.elt
        found = mixed([self.value(inner), *conditions])
        self.scopes = outside
        return Value(computed=found.any)

    _setcomp = _generatorexp = _dictcomp = _listcomp

    def _loop_over(self, part: ast.comprehension) -> Value:
        self.bind(part.target, element(self.value(part.iter)))
        return mixed(self.value(condition) for condition in part.ifs)

    def _call(self, node: ast.Call) -> Value:
        given = [self.value(argument) for argument in node.args]
        named = {word.arg: self.value(word.value) for word in node.keywords}
        called = self.value(node.func)
        self.saw_call(node, called, named)
        everything = [*given, *named.values()]
        if called.function is not None:
            return self.call(called, given, named)
        if called.home:
            return self._call_home(called.home, given, named)
        if isinstance(node.func, ast.Attribute):
            return self._call_method(node.func, everything)
        return mixed([called, *everything])

    def _call_home(self, home: str, given: list[Value], named: dict) -> Value:
        everything = [*given, *named.values()]
        if not carries(home):
            return COMPUTED
        if home == "functools.partial" and given:
            return given[0]
        if home in CALLERS and given:
            everything.append(self._call_given(given[0], mixed(given[1:])))
        if home == "builtins.dict" and not given:
            return Value(items=named)
        if home.endswith((".list", ".tuple")) and len(given) == 1:
            return given[0]
        found = mixed(everything)
        return found if found.any else Value(array=makes_array(home))

    def _call_given(self, called: Value, argument: Value) -> Value:
        if called.function is not None:
            return self.call(called, [argument] * 8, {})
        return COMPUTED if called.home and not carries(called.home) else CONSTANT

    def _call_method(self, func: ast.Attribute, everything: list[Value]) -> Value:
        owner, given = self.value(func.value), mixed(everything)
        if owner.any:
            return COMPUTED
        if owner.array and func.attr not in ARRAY_CARRIERS:
            return COMPUTED
        if given.any or self.counting:
            self.taint(func.value)
        return Value(computed=given.any, array=owner.array)


def element(iterable: Value) -> Value:
    """Give what is known about one element of an iterable."""
    if not iterable.items:
        return Value(computed=iterable.any, array=iterable.array)
    parts = list(iterable.items.values())
    shapes = {tuple(part.items) if part.items is not None else None for part in parts}
    if len(shapes) == 1 and None not in shapes:
        keys = next(iter(shapes))
        return Value(items={k: mixed(part.items[k] for part in parts) for k in keys})
    if len(parts) == 1:
        return parts[0]
    return mixed(parts)


def key_of(node: ast.expr | None) -> object:
    """Give the key that a literal stands for; something unique for anything else."""
    if isinstance(node, ast.Constant):
        return node.value
    return object() if node is None else ast.unparse(node)
