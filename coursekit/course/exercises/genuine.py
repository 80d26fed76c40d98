"""Python's and torch's own functions, as they were when this package was imported.

A notebook may replace `builtins.int` or `torch.isclose`, by accident or not, and a
check that uses the replacement would call wrong answers right. So the originals are put
back before an answer is compared, and that is told.
"""

import builtins

import torch

USED = {
    builtins: (
        *("abs", "all", "any", "bool", "callable", "dict", "enumerate", "float"),
        *("getattr", "hasattr", "int", "isinstance", "issubclass", "iter", "len"),
        *("list", "map", "max", "min", "next", "range", "repr", "reversed", "round"),
        *("set", "setattr", "sorted", "str", "sum", "super", "tuple", "type", "zip"),
    ),
    torch: ("isclose", "equal", "tensor", "empty_strided", "zeros_like", "arange"),
    torch.Tensor: ("__eq__", "__invert__", "all", "any", "item", "tolist", "nonzero"),
    torch.autograd: ("grad",),
}
ORIGINALS = [
    (holder, name, getattr(holder, name))
    for holder, names in USED.items()
    for name in names
]


def put_back() -> list[str]:
    """Put every original back; return the names of those that had been replaced."""
    changed = []
    for holder, name, original in ORIGINALS:
        if getattr(holder, name) is not original:
            setattr(holder, name, original)
            changed.append(f"{_home(holder)}.{name}")
    return changed


def _home(holder: object) -> str:
    return "torch.Tensor" if holder is torch.Tensor else holder.__name__
