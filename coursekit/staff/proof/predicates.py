"""Places where a wrong answer could hide: predicates of the arguments of a call.

A place is one predicate of one argument (or pair of arguments) of an exercise, such as
"`images` has an axis 0 of length 1"; places of one kind are a column of the table that
`coursekit checks --cases` prints.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

Holds = Callable[[dict[str, object]], bool]


@dataclass(frozen=True)
class Place:
    """A predicate of the arguments: its kind, its own label, and when it holds."""

    kind: str
    label: str
    holds: Holds


# Of a tensor: does it hold for the values, the shape, the memory?
VALUES: dict[str, Callable[[Tensor], bool]] = {
    "beyond 20": lambda x: bool((x.abs() > 20).any()),
    "beyond 100": lambda x: bool((x.abs() > 100).any()),
    "all below -20": lambda x: bool((x < -20).all()),
    "all above 20": lambda x: bool((x > 20).all()),
    "exact zeros": lambda x: bool((x == 0).any()),
    "ties": lambda x: x.unique().numel() < x.numel(),
    "large mean": lambda x: x.numel() > 1 and _stands_apart(x),
    "half precision": lambda x: x.dtype == torch.float16,
    "single precision": lambda x: x.dtype == torch.float32,
    "double precision": lambda x: x.dtype == torch.float64,
}
SHAPES: dict[str, Callable[[Tensor], bool]] = {
    "h < w": lambda x: x.shape[-2] < x.shape[-1],
    "h > w": lambda x: x.shape[-2] > x.shape[-1],
    "h = w": lambda x: x.shape[-2] == x.shape[-1],
    "channels last": lambda x: x.dim() == 4 and _is_channels_last(x),
}
NUMBERS = (0, 1, 2, 3)
# Arguments that count something or are the side of something, so at least 1.
SIZES = (
    "size kernel_size stride dilation in_channels out_channels channels classes "
    "batch_size bytes_per_value height width groups bins length side one three five "
    "pool reduced middle hidden n layers[…][0] layers[…][1] layers[…][2] counts[…] "
    "shapes[…][0] shapes[…][1] shapes[…][2] channels[…] dense[…] three[…] five[…] "
    "blocks[…][0] blocks[…][1] blocks[…][2] branches[…][1]"
)
LISTS: dict[str, Callable[[list], bool]] = {
    "empty list": lambda x: len(x) == 0,
    "list of one": lambda x: len(x) == 1,
    "list of many": lambda x: len(x) >= 5,
    "equal entries": lambda x: len(x) > 1 and all(_same(y, x[0]) for y in x[1:]),
}
KINDS = (
    "axis of length 1",
    "long axis",
    *SHAPES,
    "not contiguous",
    *VALUES,
    "labels alike",
    "flags all on",
    "flags all off",
    *(f"number {n}" for n in NUMBERS),
    "number below 0",
    "equal numbers",
    "numbers in order",
    "numbers against the order",
    "default left out",
    "yes",
    "no",
    *LISTS,
    "kernel as large as the image",
    "kernel larger than the image",
    "second size",
)
LONG = 16


def places(calls: Iterable[dict[str, object]]) -> list[Place]:
    """Return the places that arguments like these can have.

    Args:
        calls: named arguments of calls, at least one; an argument that a call leaves
            to its default is absent.
    """
    calls = list(calls)
    found: dict[str, Place] = {}
    names = list(dict.fromkeys(name for call in calls for name in call))
    for name in names:
        for value in (call[name] for call in calls if name in call):
            found |= {one.label: one for one in _of(name, value)}
        if any(name not in call for call in calls):
            label = f"`{name}` is left out"
            found[label] = Place("default left out", label, _left_out(name))
    for one, other in combinations(_whole(calls, names), 2):
        found |= {place.label: place for place in _of_pair(one, other)}
    found |= {one.label: one for one in _kernels(names)}
    return list(found.values())


def _kernels(names: list[str]) -> Iterator[Place]:
    """Yield the places of a kernel on an image: as large as it is, and larger."""
    if {"image", "kernel"} <= set(names):
        reach = _tensor_reach
    elif {"size", "kernel_size", "padding", "dilation"} <= set(names):
        reach = _row_reach
    else:
        return
    same, more = "kernel as large as the image", "kernel larger than the image"
    yield Place(
        same, f"`kernel` {same[7:]}", lambda named: any(k == s for k, s in reach(named))
    )
    yield Place(
        more, f"`kernel` {more[7:]}", lambda named: any(k > s for k, s in reach(named))
    )


def _tensor_reach(named: dict) -> list[tuple[int, int]]:
    """Return (kernel, image) along each axis."""
    return list(zip(named["kernel"].shape, named["image"].shape, strict=True))


def _row_reach(named: dict) -> list[tuple[int, int]]:
    """Return (reach of the kernel, padded size)."""
    reach = named.get("dilation", 1) * (named["kernel_size"] - 1) + 1
    return [(reach, named["size"] + 2 * named.get("padding", 0))]


def _of(name: str, value: object) -> Iterator[Place]:
    """Yield the places of one argument."""
    if isinstance(value, Tensor):
        yield from _of_tensor(name, value)
    elif isinstance(value, bool):
        yield Place("yes", f"`{name}` is True", _when(name, lambda x: x is True))
        yield Place("no", f"`{name}` is False", _when(name, lambda x: x is False))
    elif isinstance(value, (int, float)):
        yield from _of_number(name, value)
    elif isinstance(value, (list, tuple)):
        yield from _of_list(name, value)


def _of_tensor(name: str, value: Tensor) -> Iterator[Place]:
    for axis in range(value.dim()):
        for kind, rule in (
            ("axis of length 1", lambda n: n == 1),
            ("long axis", lambda n: n > LONG),
        ):
            label = f"`{name}`: {kind} at {axis}"
            yield Place(kind, label, _when(name, _axis(axis, rule)))
    if value.dim() >= 2:
        for kind, rule in SHAPES.items():
            if kind != "channels last" or value.dim() == 4:
                yield Place(kind, f"`{name}`: {kind}", _when(name, rule))
    scattered = _when(name, lambda x: not x.is_contiguous())
    yield Place("not contiguous", f"`{name}`: not contiguous", scattered)
    if value.is_floating_point():
        for kind, rule in VALUES.items():
            if kind != "large mean" or value.dim() >= 2:
                yield Place(kind, f"`{name}`: {kind}", _when(name, rule))
    elif value.dtype == torch.bool:
        on, off = _when(name, lambda x: bool(x.all())), _when(name, _all_off)
        yield Place("flags all on", f"`{name}`: all True", on)
        yield Place("flags all off", f"`{name}`: all False", off)
    else:
        alike = _when(name, lambda x: x.unique().numel() == 1)
        yield Place("labels alike", f"`{name}`: all the same", alike)
        below = _when(name, lambda x: bool((x < 0).any()))
        yield Place("number below 0", f"`{name}`: below 0", below)


def is_no_size(place: Place) -> bool:
    """Say whether a place asks for a size below 1, which no statement allows."""
    names = re.findall("`(.*?)`", place.label)
    return place.kind in ("number 0", "number below 0") and names[0] in SIZES.split()


def _of_number(name: str, value: float) -> Iterator[Place]:
    for number in NUMBERS if isinstance(value, int) else NUMBERS[:2]:
        equals = _when(name, lambda x, number=number: x == number)
        yield Place(f"number {number}", f"`{name}` is {number}", equals)
    yield Place("number below 0", f"`{name}` below 0", _when(name, lambda x: x < 0))


def _of_list(name: str, value: list | tuple) -> Iterator[Place]:
    if isinstance(value, list):
        for kind, rule in LISTS.items():
            yield Place(kind, f"`{name}`: {kind}", _when(name, rule))
    for entry in value:
        if isinstance(entry, (list, tuple)):
            for position, inner in enumerate(entry):
                yield from _inside(name, f"[…][{position}]", inner, _column(position))
        else:
            yield from _inside(name, "[…]", entry, list)


def _inside(name: str, where: str, entry: object, pick: Callable) -> Iterator[Place]:
    """Yield the places of an entry: they hold where any entry like it has them."""
    for place in _of("entry", entry):

        def holds(named: dict, rule: Holds = place.holds) -> bool:
            return any(rule({"entry": x}) for x in pick(named.get(name, ())))

        label = place.label.replace("`entry`", f"`{name}{where}`")
        yield Place(place.kind, label, holds)


def _of_pair(one: str, other: str) -> Iterator[Place]:
    for kind, sign, rule in (
        ("equal numbers", "=", lambda a, b: a == b),
        ("numbers in order", "<", lambda a, b: a < b),
        ("numbers against the order", ">", lambda a, b: a > b),
    ):

        def holds(named: dict, rule: Callable = rule) -> bool:
            return one in named and other in named and rule(named[one], named[other])

        yield Place(kind, f"`{one}` {sign} `{other}`", holds)


def _whole(calls: list[dict], names: list[str]) -> list[str]:
    """Return the names of arguments that are whole numbers."""
    return [
        name for name in names if any(type(call.get(name)) is int for call in calls)
    ]


def _when(name: str, rule: Callable[[object], bool]) -> Holds:
    return lambda named: name in named and bool(rule(named[name]))


def _left_out(name: str) -> Holds:
    return lambda named: name not in named


def _axis(axis: int, rule: Callable[[int], bool]) -> Callable[[Tensor], bool]:
    return lambda x: x.dim() > axis and rule(x.shape[axis])


def _column(position: int) -> Callable[[list], list]:
    return lambda rows: [row[position] for row in rows if len(row) > position]


def _all_off(value: Tensor) -> bool:
    return not value.any()


def _stands_apart(value: Tensor) -> bool:
    """Say whether the mean is more than 1,000 deviations away from 0."""
    deviation, mean = torch.std_mean(value.double())
    return bool(mean.abs() > 1_000 * deviation) and bool(deviation > 0)


def _is_channels_last(value: Tensor) -> bool:
    last = value.is_contiguous(memory_format=torch.channels_last)
    return last and not value.is_contiguous()


def _same(one: object, other: object) -> bool:
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    return one == other
