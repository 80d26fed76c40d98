"""Functions as text: whose they are, what they name, a checksum of what they do."""

import dis
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, ModuleType
from zlib import crc32

LIBRARIES = ("site-packages", "dist-packages")
STANDARD = Path(sysconfig.get_path("stdlib"))
OURS = Path(__file__).parents[1]


def is_own(thing: type | FunctionType) -> bool:
    """Return whether a class or function was written for this run: in no library."""
    name = getattr(thing, "__module__", None) or "__main__"
    if name == "builtins" or name in sys.builtin_module_names:
        return False
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:
        return True
    path = Path(file)
    libraries = not set(LIBRARIES).isdisjoint(path.parts)
    return not (libraries or path.is_relative_to(STANDARD) or path.is_relative_to(OURS))


def label(thing: object) -> str:
    """Return a function with those it holds, or an object, in a line of words."""
    if isinstance(thing, partial):
        extras = [*map(label, thing.args)]
        extras += [f"{key}={label(value)}" for key, value in thing.keywords.items()]
        return f"{label(thing.func)}({', '.join(extras)})"
    if isinstance(thing, FunctionType):
        names = [label(one) for one in _held(thing)]
        return thing.__qualname__ + (f"({', '.join(names)})" if names else "")
    if isinstance(thing, BuiltinFunctionType | ModuleType | type):
        return getattr(thing, "__qualname__", thing.__name__)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(thing)).replace("\n", " ")


def _held(function: FunctionType) -> Iterator[object]:
    """Yield the functions that a function's closure holds, alone or in a tuple."""
    for cell in function.__closure__ or ():
        if cell != CellType():
            held = cell.cell_contents
            for one in held if isinstance(held, tuple | list) else (held,):
                if isinstance(one, FunctionType | partial):
                    yield one


def bare(member: object) -> object:
    """Return the function of a method, a property and the like."""
    for name in ("__func__", "fget", "func"):
        if isinstance(getattr(member, name, None), FunctionType):
            return getattr(member, name)
    return member


def reached(members: dict[str, object], first: Iterable[str]) -> set[str]:
    """Return the names of the members that code names, from the first ones on."""
    names, new = set(), set(first) & members.keys()
    while new:
        names |= new
        codes = [getattr(bare(members[name]), "__code__", None) for name in new]
        named = {name for code in codes if code for name in _names_in(code)}
        new = (named & members.keys()) - names
    return names


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code and those of the functions written inside it."""
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _names_in(code: CodeType) -> set[str]:
    return {name for one in _codes(code) for name in one.co_names}


def globals_in(code: CodeType) -> set[str]:
    return {
        step.argval
        for one in _codes(code)
        for step in dis.get_instructions(one)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }


def checksum(function: FunctionType) -> str:
    """Return a checksum of what a function does; comments and its docstring do not."""
    texts = []
    for code in _codes(function.__code__):
        constants = [
            sorted(map(repr, one)) if isinstance(one, frozenset) else repr(one)
            for one in code.co_consts
            if not isinstance(one, CodeType) and one != function.__doc__
        ]
        texts.append(f"{code.co_code.hex()} {code.co_names} {constants}")
    return f"checksum {crc32(' '.join(texts).encode()):08x}"
