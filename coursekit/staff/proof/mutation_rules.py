"""What a mutant changes: rules from a piece of syntax to its plausible wrong forms."""

import ast
import copy
from collections.abc import Iterator

ARITHMETIC = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
}
ONE_SIDED = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.MatMult, ast.Pow)
ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.MatMult, ast.Pow)
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
NAMES = {
    "mean": ("sum",),
    "sum": ("mean",),
    "amax": ("amin",),
    "amin": ("amax",),
    "max": ("min",),
    "min": ("max",),
    "maximum": ("minimum",),
    "std": ("var",),
    "var": ("std",),
    "exp": ("sqrt",),
    "sqrt": ("square",),
    "rsqrt": ("sqrt",),
    "log_softmax": ("softmax",),
    "softmax": ("log_softmax",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",),
    "new_zeros": ("new_ones",),
    "relu": ("sigmoid", "abs"),
    "cumprod": ("cumsum",),
    "argmax": ("argmin",),
    "sort": ("argsort",),
    "max_pool2d": ("avg_pool2d",),
    "floor": ("ceil",),
    "BatchNorm2d": ("InstanceNorm2d",),
}


IN_PLACE = {ast.Add: "add_", ast.Sub: "sub_", ast.Mult: "mul_", ast.Div: "div_"}


def value_rules(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the wrong forms of an expression."""
    rules = {
        ast.Constant: _constant,
        ast.BinOp: _operation,
        ast.Compare: _comparison,
        ast.BoolOp: _connective,
        ast.UnaryOp: lambda node: iter([node.operand]),
        ast.Call: _call,
        ast.Tuple: _swapped_elements,
        ast.List: _swapped_elements,
        ast.IfExp: _branches,
        ast.Attribute: _renamed,
        ast.Slice: _slice,
    }
    yield from rules.get(type(node), lambda _: iter(()))(node)


def statement_rules(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the wrong forms of a statement: left out, changed, turned round."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)):
        yield ast.Pass()
    if isinstance(node, ast.AugAssign):
        for operator in ARITHMETIC.get(type(node.op), ()):
            yield _with(node, op=operator())
        yield ast.Assign([node.target], node.value, lineno=node.lineno)
    if isinstance(node, ast.If):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
        yield _with(node, test=ast.Constant(False))
        yield _with(node, test=ast.Constant(True))
    if isinstance(node, ast.Return) and node.value is not None:
        yield _with(node, value=_method(node.value, "detach"))
        yield _with(node, value=_method(node.value, "half"))


def _constant(node: ast.Constant) -> Iterator[ast.expr]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(value + 1), ast.Constant(value - 1))
    elif isinstance(value, float):
        yield from (ast.Constant(value * 2), ast.Constant(value * 100))


def _operation(node: ast.BinOp) -> Iterator[ast.expr]:
    for operator in ARITHMETIC.get(type(node.op), ()):
        yield _with(node, op=operator())
    if isinstance(node.op, ONE_SIDED):
        yield from (node.left, node.right)
    if isinstance(node.op, ORDERED):
        yield _with(node, left=node.right, right=node.left)


def in_place_rules(node: ast.expr, arguments: set[str]) -> Iterator[ast.expr]:
    """Yield the form of an operation on an argument that changes the argument."""
    if isinstance(node, ast.BinOp) and type(node.op) in IN_PLACE:
        if isinstance(node.left, ast.Name) and node.left.id in arguments:
            call = ast.Attribute(node.left, IN_PLACE[type(node.op)], ast.Load())
            yield ast.Call(call, [node.right], [])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        holder = node.func.value
        if isinstance(holder, ast.Name) and holder.id in arguments:
            yield _with(node, func=_with(node.func, attr=f"{node.func.attr}_"))


def _comparison(node: ast.Compare) -> Iterator[ast.expr]:
    for operator in COMPARISONS.get(type(node.ops[0]), ()):
        yield _with(node, ops=[operator(), *node.ops[1:]])


def _connective(node: ast.BoolOp) -> Iterator[ast.expr]:
    yield _with(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
    yield from node.values


def _call(node: ast.Call) -> Iterator[ast.expr]:
    """Leave the call out, drop or swap arguments, drop a keyword."""
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node.func.value
    if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]
    for number in range(0 if _is_symmetric(node) else len(node.args) - 1):
        args = list(node.args)
        args[number], args[number + 1] = args[number + 1], args[number]
        yield _with(node, args=args)
    for number in range(len(node.args)):
        yield _with(node, args=[*node.args[:number], *node.args[number + 1 :]])
    for number in range(len(node.keywords)):
        if node.keywords[number].arg == "strict":  # of zip: a safeguard, not a result
            continue
        kept = [*node.keywords[:number], *node.keywords[number + 1 :]]
        yield _with(node, keywords=kept)


def _is_module(node: ast.expr) -> bool:
    names = ("torch", "F", "nn", "math", "functional")
    return isinstance(node, ast.Name) and node.id in names


def _is_symmetric(node: ast.Call) -> bool:
    """Say whether a call of two arguments does not depend on their order."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return len(node.args) == 2 and name in ("min", "max", "minimum", "maximum")


def _swapped_elements(node: ast.Tuple | ast.List) -> Iterator[ast.expr]:
    if isinstance(node.ctx, ast.Store):
        return
    for number in range(len(node.elts) - 1):
        elements = list(node.elts)
        elements[number], elements[number + 1] = elements[number + 1], elements[number]
        yield _with(node, elts=elements)
    if len(node.elts) > 1:
        for number in range(len(node.elts)):
            yield _with(node, elts=[*node.elts[:number], *node.elts[number + 1 :]])


def _branches(node: ast.IfExp) -> Iterator[ast.expr]:
    yield _with(node, body=node.orelse, orelse=node.body)
    yield from (node.body, node.orelse)


def _renamed(node: ast.Attribute) -> Iterator[ast.expr]:
    for name in NAMES.get(node.attr, ()):
        yield _with(node, attr=name)


def _slice(node: ast.Slice) -> Iterator[ast.expr]:
    for part in ("lower", "upper", "step"):
        if getattr(node, part) is not None:
            yield _with(node, **{part: None})


def _method(value: ast.expr, name: str) -> ast.Call:
    return ast.Call(ast.Attribute(value, name, ast.Load()), [], [])


def _with(node: ast.AST, **changes: object) -> ast.AST:
    twin = copy.copy(node)
    for name, value in changes.items():
        setattr(twin, name, value)
    return twin
