"""Whether what a statement forbids would have been seen, had it been used.

Operators are watched in the process of the answer, by modes of torch that hold for one
thread. Code that reaches behind torch's public names, starts threads, or runs text as
code may blind the watcher: such an answer is for a person, not for a zero.
"""

import ast
from collections.abc import Iterable, Iterator
from importlib import import_module
from types import ModuleType

# Modules whose public names the watcher sees through, or that cannot call torch.
SEEN = {
    *("torch", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.linalg"),
    *("torch.fft", "torch.special", "math", "numpy", "typing", "functools"),
    *("itertools", "collections", "operator", "dataclasses", "coursekit"),
}
RUNS_TEXT = {"exec", "eval", "compile", "globals", "locals", "vars", "getattr"}
RUNS_TEXT |= {"setattr", "delattr", "open", "breakpoint", "input"}
UNSEEN = (
    "The results are right; whether it uses what the statement forbids cannot be seen "
    "where code says `{}`"
)
OWN = {"self", "cls"}
USUAL = {"__init__", "__name__"}


def unwatched(trees: Iterable[ast.stmt]) -> str:
    """Return the first thing in an answer's code that could blind a watcher, or "".

    Args:
        trees: the statements that the answer needs; nothing of them is run.
    """
    trees = list(trees)
    modules = dict(pair for tree in trees for pair in _imported(tree))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return next(filter(None, (_doubt(node, modules) for node in nodes)), "")


def _imported(tree: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield (name in the code, what it stands for) of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                short = one.name.partition(".")[0]
                yield one.asname or short, one.name if one.asname else short
        elif isinstance(node, ast.ImportFrom):
            for one in node.names:
                yield one.asname or one.name, f"{node.module}.{one.name}"


def _doubt(node: ast.AST, modules: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        if node.id in RUNS_TEXT or _is_inner(node.id, "__"):
            return node.id
        known = modules.get(node.id, "math.pi")
        return "" if known in SEEN or _is_seen(*_split(known)) else known
    if isinstance(node, ast.Attribute):
        owner = ast.unparse(node.value)
        if _is_inner(node.attr, "_") and owner not in OWN:
            return node.attr
        first, _, rest = owner.partition(".")
        whole = f"{modules[first]}.{rest}".rstrip(".") if first in modules else ""
        return f"{whole}.{node.attr}" if not _is_seen(whole, node.attr) else ""
    return ""


def _is_inner(name: str, mark: str) -> bool:
    return name.startswith(mark) and name not in USUAL


def _split(name: str) -> tuple[str, str]:
    owner, _, last = name.rpartition(".")
    return owner, last


def _is_seen(owner: str, name: str) -> bool:
    """Say whether a name of a module is one the watcher sees through."""
    if not owner:
        return True
    if owner not in SEEN:
        return not _is_module(owner)  # a class or function: its owner was looked at
    inside = getattr(import_module(owner), name, None)
    is_module = isinstance(inside, ModuleType)
    return not _is_inner(name, "_") and (not is_module or f"{owner}.{name}" in SEEN)


def _is_module(name: str) -> bool:
    """Say whether a dotted name may be a module, nothing being imported to find out."""
    owner, last = _split(name)
    if owner not in SEEN:
        return not owner or _is_module(owner)
    return isinstance(getattr(import_module(owner), last, None), ModuleType)
