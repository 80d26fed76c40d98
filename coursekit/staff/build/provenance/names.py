"""Names: what each is bound to, and what happens to it when something is stored."""

import ast

from coursekit.staff.build.provenance.values import COMPUTED, Value, builtin


class Names:
    """The scopes of a program, innermost last.

    `Expressions` adds `value(node)`.
    """

    def __init__(self) -> None:
        self.scopes: tuple[dict[str, Value], ...] = ({},)

    def _name(self, node: ast.Name) -> Value:
        for scope in reversed(self.scopes):
            if node.id in scope:
                return scope[node.id]
        return builtin(node.id)

    def bind(self, target: ast.expr, found: Value) -> None:
        """Give a target of an assignment its value."""
        if isinstance(target, ast.Name):
            self.scopes[-1][target.id] = found
        elif isinstance(target, ast.Tuple | ast.List):
            whole = Value(computed=found.any, array=found.array)
            for index, part in enumerate(target.elts):
                self.bind(part, (found.items or {}).get(index, whole))
        elif isinstance(target, ast.Starred):
            self.bind(target.value, Value(computed=found.any))
        elif isinstance(target, ast.Subscript):
            self._bind_item(target, found)
        elif isinstance(target, ast.Attribute) and found.any:
            self.taint(target.value)

    def _bind_item(self, target: ast.Subscript, found: Value) -> None:
        owner = self.value(target.value)
        key = target.slice
        if owner.items is not None and isinstance(target.value, ast.Name):
            name = key.value if isinstance(key, ast.Constant) else ast.unparse(key)
            items = {**owner.items, name: found}
            self.scopes[-1][target.value.id] = Value(owner.computed, items)
        elif found.any:
            self.taint(target.value)

    def taint(self, node: ast.expr) -> None:
        """Mark the name under an expression as computed: something was put into it."""
        while isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        if isinstance(node, ast.Name):
            for scope in reversed(self.scopes):
                if node.id in scope:
                    scope[node.id] = COMPUTED
                    return
