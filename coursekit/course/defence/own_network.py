"""The questions that can be asked about a network.

The right value is `anatomy`'s, counted on the network itself. The wrong ones are what
the course's exercises know as mistakes, computed with this network's own numbers: who
ignores strides finds "ignores strides" among the choices.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import combinations
from math import log, prod
from numbers import Real
from random import Random

from torch import nn

from coursekit._base.words import number_text
from coursekit.anatomy import anatomy
from coursekit.anatomy.table import Layer
from coursekit.course.exercises.registry import load

CHOICES = 4
BATCH = 32
FLOAT_BYTES = 4
LETTERS = "ABCD"
SLIDING = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)


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


class Facts:
    """What the questions are made from: the rows of `anatomy`, with their modules."""

    def __init__(self, model: nn.Module, shape: tuple[int, ...]) -> None:
        self.model, self.shape = model, shape
        self.table = anatomy(model, shape)
        rows = [row for row in self.table.rows if row.is_leaf and row.output_shape]
        modules = dict(model.named_modules())
        self.rows = [row for row in rows if len(row.output_shape) == 3]
        self.rows = [row for row in self.rows if row.name in modules]
        self.module = {row.name: modules[row.name] for row in self.rows}
        self.sliding = [
            r for r in self.rows if isinstance(self.module[r.name], SLIDING)
        ]
        convolutions = (
            r for r in self.sliding if hasattr(self.module[r.name], "groups")
        )
        self.convolutions = [r for r in convolutions if _is_square(self.module[r.name])]

    def called(self, row: Layer) -> str:
        """Return how a layer is named in a question: `6` (Conv2d 16 → 32, 3×3)."""
        module = self.module[row.name]
        sides = "×".join(str(_side(module.kernel_size)) for _ in range(2))
        channels = ""
        if hasattr(module, "groups"):
            channels = f" {module.in_channels} → {module.out_channels}"
        return f"`{row.name}` ({row.kind}{channels}, {sides})"

    def chain(self, name: str) -> list[tuple[int, int, int]]:
        """Return (kernel, stride, dilation) of all sliding layers down to `name`."""
        layers = []
        for row in self.sliding:
            module = self.module[row.name]
            layers.append(tuple(map(_side, _settings(module))))
            if row.name == name:
                break
        return layers


def _settings(module: nn.Module) -> tuple:
    return module.kernel_size, module.stride, getattr(module, "dilation", 1)


def _side(value: object) -> int:
    return value[0] if isinstance(value, tuple) else value


def _is_square(module: nn.Module) -> bool:
    return len(set(module.kernel_size)) == 1


def _question(
    kind: str, text: str, right: object, wrong: dict[object, str], draw: Random
) -> Iterator[Question]:
    """Yield a question if enough wrong values are left; the nearest ones are kept."""
    others = [value for value in wrong if value != right]
    if isinstance(right, Real):
        others = [value for value in others if isinstance(value, Real) and value > 0]
        others.sort(key=lambda value: abs(log(value / right)))
    if len(others) < CHOICES - 1 or right == 0:
        return
    values = [right, *others[: CHOICES - 1]]
    draw.shuffle(values)
    texts = tuple(map(number_text, values))
    if len(set(texts)) < CHOICES:
        return
    pairs = list(zip(LETTERS, values, strict=True))
    yield Question(
        kind,
        text,
        texts,
        next(letter for letter, value in pairs if value == right),
        {letter: wrong[value] for letter, value in pairs if value != right},
        _spread(values),
    )


def _spread(values: list) -> float:
    """Return the largest ratio between two choices, as a logarithm; 0 for words."""
    if not all(isinstance(value, Real) for value in values):
        return 0.0
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


def _some(rows: list, draw: Random) -> list:
    return draw.sample(rows, min(4, len(rows)))


def field_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask what a unit of a layer sees."""
    for row in _some(network.sliding[1:], draw):
        if row.receptive_field and isinstance(row.receptive_field[0], int):
            text = f"How many pixels in a row does a unit of {network.called(row)} see?"
            wrong = _mistakes("01.3", network.chain(row.name))
            yield from _question("field", text, row.receptive_field[0], wrong, draw)


def weight_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask for the parameters of a convolution."""
    for row in _some(network.convolutions, draw):
        one = network.module[row.name]
        if one.groups == 1:
            args = (one.in_channels, one.out_channels, one.kernel_size[0])
            wrong = _mistakes("01.7", *args, one.bias is not None)
            text = f"How many parameters has {network.called(row)}?"
            yield from _question("parameters", text, row.parameters, wrong, draw)


def work_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask for the multiply-adds of a convolution."""
    for row in _some(network.convolutions, draw):
        one, (_, height, width) = network.module[row.name], row.output_shape
        args = (one.in_channels, one.out_channels, one.kernel_size[0], height, width)
        wrong = _mistakes("02.6", *args, one.groups)
        name = network.called(row)
        text = f"How many multiply-adds does {name} do for one image?"
        yield from _question("multiply-adds", text, row.multiply_adds, wrong, draw)


def byte_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask for the bytes of a map."""
    for row in _some(network.sliding, draw):
        shape = row.output_shape
        size = "×".join(map(str, shape))
        text = (
            f"The map of {network.called(row)} is {size}: how many bytes for a batch "
            f"of {BATCH} in float32?"
        )
        right = prod(shape) * BATCH * FLOAT_BYTES
        wrong = _mistakes("02.4", [shape], BATCH)
        yield from _question("bytes", text, right, wrong, draw)


def most_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask which layer does most multiply-adds."""
    rows = sorted(network.convolutions, key=lambda row: -row.multiply_adds)
    if len(rows) < CHOICES or rows[0].multiply_adds == rows[1].multiply_adds:
        return
    heavy = max(rows[1:], key=lambda row: row.parameters)
    others = [rows[1], heavy, rows[-1], *rows[2:]]
    wrong = {
        row.name: f"`{row.name}` does {row.multiply_adds:,}, `{rows[0].name}` "
        f"{rows[0].multiply_adds:,}"
        for row in others
    }
    text = "Which of these layers does most multiply-adds for one image?"
    yield from _question("most work", text, rows[0].name, wrong, draw)


def pooling_questions(network: Facts, draw: Random) -> Iterator[Question]:
    """Ask what a later unit sees when a pooling is taken out."""
    pools = [
        r for r in network.sliding if not hasattr(network.module[r.name], "groups")
    ]
    last = network.sliding[-1] if network.sliding else None
    for row in _some([one for one in pools if one is not last], draw):
        without = deepcopy(network.model)
        without.set_submodule(row.name, nn.Identity())
        try:
            table = anatomy(without, network.shape)
        except ValueError:
            continue  # a head that needs the smaller map
        after = next(one for one in table.rows if one.name == last.name)
        before = last.receptive_field
        if not before or not isinstance(after.receptive_field[0], int):
            continue
        kernel, stride, _ = map(_side, _settings(network.module[row.name]))
        wrong = {
            before[0]: "that is what it sees with the pooling",
            before[0]
            - kernel
            + 1: "a pooling widens the field by more than its window",
            before[0] // stride: "strides move apart, they do not multiply the field",
            before[0] * stride: "without the pooling it sees less, not more",
        }
        text = (
            f"You take {network.called(row)} out. How many pixels in a row does a unit "
            f"of {network.called(last)} see then?"
        )
        yield from _question("pooling", text, after.receptive_field[0], wrong, draw)
