"""The questions that can be asked about a network.

The right value is `anatomy`'s, counted on the network itself. The wrong ones are what
the course's exercises know as mistakes, computed with this network's own numbers: who
ignores strides finds "ignores strides" among the choices.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from math import log, prod
from numbers import Real
from random import Random

import torch
from torch import nn

from coursekit._base.modes import evaluating
from coursekit._base.words import number_text
from coursekit.anatomy import anatomy
from coursekit.course.defence.layer_facts import Facts, Window
from coursekit.course.exercises.registry import load

CHOICES = 4
BATCH = 32
FLOAT_BYTES = 4
LETTERS = "ABCD"
WORDS = 1.0  # how far apart choices lie that are no numbers: as a factor of e
NOTHING = "nothing: it answers, and its maps are smaller"


@dataclass(frozen=True)
class Question:
    """A question about a network.

    Args:
        kind: what it asks for: "field", "parameters" …; one of a kind is asked.
        text: the question.
        choices: what may be right, shuffled.
        right: the letter of the right one.
        why: by letter, what the others come from.
    """

    kind: str
    text: str
    choices: tuple[str, ...]
    right: str
    why: dict[str, str]
    spread: float = 0.0


def _question(
    kind: str,
    text: str,
    right: object,
    wrong: dict[object, str],
    draw: Random,
    spread: float = WORDS,
) -> Iterator[Question]:
    """Yield a question if enough wrong values are left; the nearest ones are kept.

    `spread` is that of words; numbers have their own.
    """
    others = [value for value in wrong if value != right]  # the likeliest first
    if isinstance(right, Real):
        others = [value for value in others if isinstance(value, Real) and value > 0]
        others.sort(key=lambda value: abs(log(value / right)))
    if len(others) < CHOICES - 1 or right == 0:
        return
    values = [right, *others[: CHOICES - 1]]
    spread = apart(values) if isinstance(right, Real) else spread
    draw.shuffle(values)
    texts = tuple(map(number_text, values))
    if len(set(texts)) < CHOICES:
        return
    pairs = list(zip(LETTERS, values, strict=True))
    letter = next(letter for letter, value in pairs if value == right)
    why = {letter: wrong[value] for letter, value in pairs if value != right}
    yield Question(kind, text, texts, letter, why, spread)


def apart(values: list) -> float:
    """Return the largest ratio between two numbers, as a logarithm."""
    return max(abs(log(a / b)) for a, b in combinations(values, 2))


def _mistakes(exercise_id: str, *args: object) -> dict[object, str]:
    """Return what the known mistakes of an exercise give for these arguments."""
    values = {}
    for mistake in load(exercise_id).mistakes:
        try:
            value = mistake.answer(*deepcopy(args))
        except Exception:  # noqa: BLE001 (a mistake that raises gives no value)
            continue
        if isinstance(value, Real) and not isinstance(value, bool):
            values.setdefault(value, mistake.message)
    return values


def _some(windows: list, draw: Random) -> list[Window]:
    return draw.sample(windows, min(4, len(windows)))


def _field(row) -> int | None:
    """Return the side of a unit's field; None where there is no one such number."""
    sides = set(row.receptive_field or ())
    side = sides.pop() if len(sides) == 1 else None
    return side if isinstance(side, int) else None


def field_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask what a unit of a layer sees."""
    for one in _some(network.windows[1:], draw):
        if right := _field(one.row):
            text = f"How many pixels in a row does a unit of {one} see?"
            wrong = _mistakes("01.3", network.chain(one))
            yield from _question("field", text, right, wrong, draw)


def weight_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask for the parameters of a convolution."""
    for one in _some(network.convolutions, draw):
        if one.groups == 1:
            wrong = _mistakes("01.7", *one.channels, one.kernel, one.bias)
            text = f"How many parameters has {one}?"
            yield from _question("parameters", text, one.parameters, wrong, draw)


def work_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask for the multiply-adds of a convolution."""
    for one in _some(network.convolutions, draw):
        _, height, width = one.row.output_shape
        wrong = _mistakes("02.6", *one.channels, one.kernel, height, width, one.groups)
        text = f"How many multiply-adds does {one} do for one image?"
        right = one.row.multiply_adds
        yield from _question("multiply-adds", text, right, wrong, draw)


def byte_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask for the bytes of a map."""
    for one in _some(network.windows, draw):
        shape = one.row.output_shape
        size = "×".join(map(str, shape))
        text = (
            f"The map of {one} is {size}: how many bytes for a batch of {BATCH} in "
            "float32?"
        )
        right = prod(shape) * BATCH * FLOAT_BYTES
        wrong = _mistakes("02.4", [shape], BATCH)
        yield from _question("bytes", text, right, wrong, draw)


def most_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask which layer does most multiply-adds."""
    works = sorted(network.convolutions, key=lambda one: -one.row.multiply_adds)
    if len(works) < CHOICES:
        return
    first, *others = works
    heavy = max(others, key=lambda one: one.parameters)
    others = [*dict.fromkeys((others[0], heavy, *others[1:]))][: CHOICES - 1]
    most = first.row.multiply_adds
    if most == others[0].row.multiply_adds:
        return
    wrong = {
        str(one): f"`{one.row.name}` does {one.row.multiply_adds:,}, "
        f"`{first.row.name}` {most:,}"
        for one in others
    }
    spread = apart([one.row.multiply_adds for one in (first, *others)])
    text = "Which of these layers does most multiply-adds for one image?"
    yield from _question("most work", text, str(first), wrong, draw, spread)


def pooling_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask what a later unit sees when a pooling is taken out."""
    last = network.windows[-1] if network.windows else None
    for one in _some([pool for pool in network.pools if pool is not last], draw):
        before, right = _field(last.row), _field_without(network, one, last)
        if not before or not right:
            continue
        wrong = {
            before: "that is what it sees with the pooling",
            before
            - one.kernel
            + 1: "a pooling widens the field by more than its window",
            before // one.stride: "strides move apart, they do not multiply the field",
            before * one.stride: "without the pooling it sees less, not more",
        }
        text = (
            f"You take {one} out. How many pixels in a row does a unit of {last} see "
            "then?"
        )
        yield from _question("pooling", text, right, wrong, draw)


def _field_without(network: Facts, pool: Window, last: Window) -> int | None:
    with network.without(pool.row.name):
        try:
            rows = anatomy(network.model, network.shape).rows
        except ValueError:  # a head that needs the smaller map
            return None
    return _field(next(row for row in rows if row.name == last.row.name))


def half_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask what breaks when the images have half the side."""
    channels, height, width = network.shape
    small = (channels, height // 2, width // 2)
    if min(small) < 1 or not network.windows:
        return
    where = _breaks_at(network, small)
    reasons = {NOTHING: f"`{where}` does not get what it was made for"}
    for name, why in _suspects(network, draw):
        earlier = f"`{where}` refuses its map" if where else why
        reasons[f"`{name}` breaks"] = earlier
    right = NOTHING if where == "" else f"`{where}` breaks"
    if where is not None and right in reasons:
        size = "×".join(map(str, small))
        text = f"You give it images of half the side, {size}. What breaks first?"
        yield from _question("half the side", text, right, reasons, draw)


def _suspects(network: Facts, draw: Random) -> Iterator[tuple[str, str]]:
    """Yield layers that may be thought to need one size, and why they do not."""
    for row in reversed(network.leaves):
        module = network.modules[row.name]
        is_dense = getattr(getattr(module, "node", None), "op", "") == "Gemm"
        if is_dense or isinstance(module, nn.Linear):
            yield row.name, "what it is fed is as long as before"
    for one in network.pools[-1:]:
        yield one.row.name, "its window still fits on the smaller map"
    for one in draw.sample(network.windows, len(network.windows)):
        yield one.row.name, "a window slides over a map of any size that it fits on"


def _breaks_at(network: Facts, shape: tuple[int, ...]) -> str | None:
    """Return the layer that refuses images of a shape; "" for none, None: not said."""
    begun, ended, handles = [], [], []
    for name, module in network.modules.items():
        if name and not any(module.children()):
            told = partial(_note, begun, name), partial(_note, ended, name)
            handles.append(module.register_forward_pre_hook(told[0]))
            handles.append(module.register_forward_hook(told[1]))
    try:
        with evaluating(network.model):
            network.model(torch.zeros(1, *shape))
    except Exception:  # noqa: BLE001 (whatever a layer raises that does not fit)
        return begun[-1] if len(begun) > len(ended) else None
    finally:
        for handle in handles:
            handle.remove()
    return ""


def _note(names: list[str], name: str, *_: object) -> None:
    names.append(name)
