"""What code can reach outside `state_dict`: constants, attributes, state of its own.

A variable is plain data that a function, a module or an object of the student's own
holds: an attribute, what a closure, a default, a partial or a global holds. Whether two
runs are the same is read from code and variables; what a run changes is saved with it.

    loss ─ function ─ code, default, closure, globals by their names
    model ─ module ─ code of `forward` and what it calls, attributes, children …

Code of libraries is known by its name: it changes with a version, not with a run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import CellType, FunctionType, MethodType

from torch import Tensor, nn

from coursekit.training.code_text import (
    bare,
    checksum,
    globals_in,
    is_own,
    label,
    reached,
)
from coursekit.training.plain_data import is_plain, tensors_in, text_of

MOST = 20_000  # things looked at; more is not what a student wrote
OF_MODULES = frozenset(vars(nn.Module())) | {"_coursekit_norm"}
NO_STEP = {"__init__", "__repr__", "extra_repr"}  # methods that no step calls


@dataclass(frozen=True)
class Variable:
    """Plain data and who holds it: a dict, a closure's cell, or an object."""

    value: object
    holder: object
    key: object

    @property
    def can_be_put(self) -> bool:
        """Whether another value can take its place."""
        return not isinstance(self.holder, tuple)

    def put(self, value: object) -> None:
        """Let the holder hold another value."""
        if isinstance(self.holder, dict | list):
            self.holder[self.key] = value
        else:
            setattr(self.holder, self.key, value)


class Variables:
    """Look through the things a run uses.

    Args:
        roots: name → a model, a function, an object, or plain data.

    Attributes:
        found: path → variable.
        lines: path → what else there is, in words: names, and checksums of code.
        owners: path → dict of the attributes of a module or an object.
        unread: paths of what cannot be looked into.
    """

    def __init__(self, roots: dict[str, object]):
        self.found: dict[str, Variable] = {}
        self.lines: dict[str, str] = {}
        self.owners: dict[str, dict] = {}
        self.unread: list[str] = []
        self._seen: dict[int, object] = {}  # holds them: an id may be used again
        self._quiet: set[str] = set()  # torch's own layers say all in their repr
        model = roots.get("model", nn.Identity())
        self._tree = {id(module) for module in model.modules()}
        self._registered = set(map(id, (*model.parameters(), *_lasting(model))))
        for name, root in roots.items():
            self._look(name, root, {name: root}, name)

    def texts(self, root: str) -> str:
        """Return all below a root as lines "path: text", to compare and to show."""
        lines = {path: text_of(v.value) for path, v in self.found.items()} | self.lines
        return "\n".join(
            text if path == root else f"{path}: {text}"
            for path, text in sorted(lines.items())
            if path not in self._quiet and is_inside(path, root)
        )

    def _look(self, path: str, value: object, holder: object, key: object) -> None:
        if is_plain(value):
            if not any(id(tensor) in self._registered for tensor in tensors_in(value)):
                self.found[path] = Variable(value, holder, key)
            return
        if id(value) in self._seen or len(self._seen) > MOST:
            return
        self._seen[id(value)] = value
        for part, one, its_holder, its_key in self._parts(path, value):
            self._look(part, one, its_holder, its_key)

    def _parts(self, path: str, value: object) -> Iterator[tuple]:
        """Yield path, value, holder and key of everything inside a value."""
        if isinstance(value, partial):
            self.lines[path] = label(value)
            yield f"{path}.func", value.func, None, None
            yield from _items(path, value.args)
            yield from _items(path, value.keywords)
        elif isinstance(value, MethodType):
            yield path, value.__func__, None, None
            yield f"{path}.self", value.__self__, None, None
        elif isinstance(value, FunctionType):
            yield from self._function(path, value)
        elif isinstance(value, nn.Module):
            yield from self._module(path, value)
        elif isinstance(value, list | tuple | set | frozenset | dict):
            self.lines[path] = f"{type(value).__name__} of {len(value)}"
            yield from _items(path, value)
        elif isinstance(value, type):
            self.lines[path] = value.__qualname__
            yield from self._methods(path, value, None)
        elif is_own(type(value)):
            self.lines[path] = type(value).__qualname__
            self.owners[path] = vars(value) if hasattr(value, "__dict__") else {}
            yield from self._methods(path, type(value), None)
            yield from _items(path, self.owners[path])
            yield from _slots(path, value)
        else:  # a library's: named by what it says of itself
            self.unread += [path] * hasattr(value, "__next__")
            self.lines[path] = label(value)

    def _function(self, path: str, function: FunctionType) -> Iterator[tuple]:
        code = function.__code__
        self.lines[path] = label(function)
        names = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        first = len(names) - len(defaults)
        for k, value in enumerate(defaults):
            yield f"{path}.{names[first + k]}", value, defaults, k
        yield from _items(path, function.__kwdefaults__ or {})
        cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
        for name, cell in cells:
            if cell != CellType():
                yield f"{path}.{name}", cell.cell_contents, cell, "cell_contents"
        if is_own(function):
            self.lines[f"{path} code"] = checksum(function)
            for name in sorted(globals_in(code) & function.__globals__.keys()):
                value = function.__globals__[name]
                if is_plain(value) or _is_readable(value):
                    yield f"{path}.{name}", value, function.__globals__, name
                else:
                    self.lines[f"{path}.{name}"] = type(value).__qualname__

    def _module(self, path: str, module: nn.Module) -> Iterator[tuple]:
        own = {k: v for k, v in vars(module).items() if k not in OF_MODULES}
        self.owners[path] = vars(module)
        known = type(module).__module__.startswith("torch.")
        for name, value in own.items():
            if known:
                self._quiet.add(f"{path}.{name}")
            if not known or is_plain(value):
                yield f"{path}.{name}", value, vars(module), name
        inside = id(module) in self._tree
        passing = module._non_persistent_buffers_set
        for name, value in {**module._parameters, **module._buffers}.items():
            if value is not None and (name in passing or not inside):
                holder = module._buffers if name in module._buffers else {}
                yield f"{path}.{name}", value, holder, name
        yield from self._methods(path, type(module), {"forward", "__call__"})
        for name, child in module._modules.items():
            yield f"{path}.{name}", child, module._modules, name

    def _methods(self, path: str, kind: type, wanted: set | None) -> Iterator[tuple]:
        """Yield the methods of a class of one's own: all, or those that are reached."""
        members = {}
        for one in reversed([base for base in kind.__mro__ if is_own(base)]):
            members |= vars(one)
        first = members.keys() if wanted is None else wanted
        for name in sorted(reached(members, first) - NO_STEP):
            value = bare(members[name])
            data = is_plain(value) and not name.startswith("__")
            if isinstance(value, FunctionType) or data:
                yield f"{path}.{name}", value, kind, name


def is_inside(path: str, root: str) -> bool:
    """Return whether a path is a root or below it."""
    return path == root or path.startswith((f"{root}.", f"{root}[", f"{root} "))


def _is_readable(value: object) -> bool:
    """Return whether a global is worth a look: code, or something of one's own."""
    kinds = (FunctionType, MethodType, partial, nn.Module, type)
    return isinstance(value, kinds) or is_own(type(value))


def _lasting(model: nn.Module) -> Iterator[Tensor]:
    for module in model.modules():
        for name, buffer in module._buffers.items():
            if name not in module._non_persistent_buffers_set:
                yield buffer


def _items(path: str, values: object) -> Iterator[tuple]:
    """Yield the elements of a container, or of the dict of an object's attributes."""
    if isinstance(values, set | frozenset):
        values = tuple(sorted(values, key=repr))
    if not isinstance(values, dict):
        for k, value in enumerate(values):
            yield f"{path}[{k}]", value, values, k
        return
    for key, value in values.items():
        named = isinstance(key, str) and key.isidentifier()
        yield f"{path}.{key}" if named else f"{path}[{key!r}]", value, values, key


def _slots(path: str, thing: object) -> Iterator[tuple]:
    for kind in type(thing).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(thing, name) and not name.startswith("__"):
                yield f"{path}.{name}", getattr(thing, name), thing, name
