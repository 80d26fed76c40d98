"""Follow calls of the notebook's own functions; note what verdicts are given."""

import ast

from coursekit.staff.build.provenance.expressions import Expressions
from coursekit.staff.build.provenance.values import CONSTANT, Value, mixed

VERDICTS = frozenset({"coursekit.verdict", "coursekit.course.claims.verdict"})
DEPTH = 12


class Functions(Expressions):
    """Follow calls into the bodies of functions; `Flow` adds the statements.

    Attributes:
        line: where the cell that runs now stands in the source.
        branching: an `if` or `while` on a computed value is around.
        counting: the same, or a loop over something computed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.line = 0
        self.branching = self.counting = False
        self.returned: list[Value] = []
        self.active: list[ast.AST] = []
        self.seen: dict[tuple[int, int, str], str] = {}

    def constants(self) -> list[tuple[int, str]]:
        """List (line, sentence) of every constant a verdict was given."""
        return [(line, text) for (line, _, _), text in sorted(self.seen.items())]

    def call(self, called: Value, given: list[Value], named: dict) -> Value:
        """Follow a call of one of the notebook's functions."""
        node = called.function
        if node in self.active or len(self.active) >= DEPTH:
            return mixed([*given, *named.values()])
        outer = self.scopes, self.returned, self.branching, self.counting
        self.active.append(node)
        self.branching = self.counting = False
        inside = self._parameters(node.args, given, named)
        self.scopes, self.returned = (*called.scopes, inside), []
        if isinstance(node, ast.Lambda):
            self.returned.append(self.value(node.body))
        else:
            self.run(node.body)
        found = self.returned
        self.scopes, self.returned, self.branching, self.counting = outer
        self.active.pop()
        return found[0] if len(found) == 1 else mixed(found)

    def _parameters(self, form: ast.arguments, given: list, named: dict) -> dict:
        places = [*form.posonlyargs, *form.args]
        late = dict(zip(reversed(places), reversed(form.defaults), strict=False))
        late |= dict(zip(form.kwonlyargs, form.kw_defaults, strict=True))
        inside = {part.arg: self.value(late.get(part)) for part in places}
        inside |= {part.arg: self.value(late[part]) for part in form.kwonlyargs}
        inside |= {part.arg: found for part, found in zip(places, given, strict=False)}
        known = {name: found for name, found in named.items() if name in inside}
        extra = {name: found for name, found in named.items() if name not in inside}
        if form.vararg:
            inside[form.vararg.arg] = Value(items=dict(enumerate(given[len(places) :])))
        if form.kwarg:
            inside[form.kwarg.arg] = Value(items=extra)
        return inside | known

    def saw_call(self, node: ast.Call, called: Value, named: dict) -> None:
        """Note every constant that a call of `verdict` is given."""
        if called.home not in VERDICTS:
            return
        place = (self.line, node.lineno)
        for word in ("cases", "measured"):
            found = named.get(word, CONSTANT)
            parts = found.items if found.items is not None else {None: found}
            for key, part in parts.items():
                mark = (*place, f"{word} {key}")
                self.seen.pop(mark, None)
                if not part.any:
                    shown = word if key is None else f"{word}[{key!r}]"
                    self.seen[mark] = (
                        f"`{shown}` of the verdict is typed in: no cell computes it"
                    )
