"""What is known about a value without running anything."""

import ast
import builtins
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Calls into these modules carry their arguments along: they compute nothing new.
_MODULES = """
builtins cmath collections copy dataclasses decimal enum fractions functools itertools
json math numbers operator re statistics string textwrap types typing
"""
TOOLBOX = frozenset(_MODULES.split())
# The course's own functions that compute nothing new either.
COURSE_CARRIERS = frozenset(
    {
        "coursekit.metrics.interval",
        "coursekit.metrics.paired",
        "coursekit.training.track",
        "coursekit.predict",
        "coursekit.reveal",
    }
)
MEASURING_BUILTINS = frozenset({"builtins.open", "builtins.input"})

# Functions of torch and numpy that only put numbers into an array, and the methods that
# only take them out again or change their form.
_MAKERS = """
tensor as_tensor asarray array from_numpy scalar_tensor full zeros ones eye arange
linspace Size Tensor FloatTensor float16 float32 float64 double int8 int16 int32 int64
uint8 bool_
"""
ARRAY_MAKERS = frozenset(_MAKERS.split())
_CARRIERS = """
item tolist float double half int long bool numpy to type astype clone copy detach cpu
cuda view reshape flatten squeeze unsqueeze contiguous requires_grad_ size dim numel
"""
ARRAY_CARRIERS = frozenset(_CARRIERS.split())

# Toolbox functions that call the function they are given.
CALLERS = frozenset(
    {
        "builtins.map",
        "builtins.filter",
        "functools.reduce",
        "itertools.starmap",
        "itertools.accumulate",
    }
)


@dataclass(frozen=True)
class Value:
    """What is known about a value.

    Args:
        computed: it depends on a call that computes.
        items: the parts of a literal container, by key or index.
        home: the dotted name of something imported or builtin, not yet called.
        function: a function of the notebook.
        scopes: the scopes that `function` sees.
        array: constant numbers in a tensor or array.
    """

    computed: bool = False
    items: Mapping[object, "Value"] | None = None
    home: str = ""
    function: ast.FunctionDef | ast.Lambda | None = None
    scopes: tuple[dict, ...] = ()
    array: bool = False

    @property
    def any(self) -> bool:
        """Whether the value or any part of it is computed."""
        return self.computed or any(v.any for v in (self.items or {}).values())


CONSTANT = Value()
COMPUTED = Value(computed=True)


def mixed(values: Iterable[Value]) -> Value:
    """Give the value of something made of several: computed if one of them is."""
    values = list(values)
    if any(value.any for value in values):
        return COMPUTED
    return Value(array=any(value.array for value in values))


def either(one: Value, other: Value) -> Value:
    """Give what is known of a value that is one or the other, by a constant choice."""
    if one == other:
        return one
    return COMPUTED if one.any and other.any else CONSTANT


def builtin(name: str) -> Value:
    """Give the value of a name that the notebook does not bind."""
    return Value(home=f"builtins.{name}") if hasattr(builtins, name) else CONSTANT


def carries(home: str) -> bool:
    """Whether calling `home` only carries its arguments along."""
    in_toolbox = home.partition(".")[0] in TOOLBOX and home not in MEASURING_BUILTINS
    return in_toolbox or makes_array(home) or home in COURSE_CARRIERS


def makes_array(home: str) -> bool:
    """Whether calling `home` only puts numbers into an array."""
    top, _, name = home.partition(".")
    return top in ("torch", "numpy") and name in ARRAY_MAKERS
