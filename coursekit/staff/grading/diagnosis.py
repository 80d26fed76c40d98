"""Why does this net not learn? A network of one's own with one fault planted in it.

    [[part]]
    diagnosis = "patient"        # the part's name
    points = 3

The student gets the network as numbers, trains it and looks: at activations, gradients,
weights, the settings of the optimizer. The answer names fault, layer and value. Where a
layer was given what it should not have, nothing written says so:

    fault                          planted in a layer       the value asked for
    "dead units"                   every bias far below 0   the bias
    "weights too large"            its weights scaled up    their standard deviation
    "steps too long"               its learning rate        the learning rate
    "weight decay"                 its weight decay         the weight decay
    "softmax before the loss"      after the last layer     the lowest loss there is
"""

import base64
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import e, log
from numbers import Real
from random import Random
from string import Template

import numpy as np
import torch
from torch import nn

from coursekit.course.exercises.exercise import Exercise, Mistake
from coursekit.staff.build.notebook_source import Cell

FAULTS = {
    "dead units": "its units never fire: every bias lies far below zero",
    "weights too large": "its weights are far too large when training begins",
    "steps too long": "its learning rate is far too high",
    "weight decay": "its weight decay pulls the weights to zero",
    "softmax before the loss": "the loss takes logits and is given probabilities",
}
SIDE, LAYERS, USUAL = 6, 4, 2_100  # pixels; layers with weights; multiply-adds
WITHIN = 0.08  # of the usual multiply-adds; 0.03 of the value
NEAR = 0.03
STEPS, RATE = 60, 0.1
CODE = '''\
import base64

import numpy as np

NUMBERS = """
$numbers
"""
numbers = np.frombuffer(base64.b64decode(NUMBERS), np.float16).astype(np.float32)
weights, settings = numbers[:-8], numbers[-8:].reshape(2, -1)
model = nn.Sequential(
    nn.Flatten(),
    $layers,
)
nn.utils.vector_to_parameters(torch.from_numpy(weights), model.parameters())
layers = [layer for layer in model if isinstance(layer, nn.Linear)]
optimizer = torch.optim.SGD(
    {"params": layer.parameters(), "lr": float(rate), "weight_decay": float(decay)}
    for layer, rate, decay in zip(layers, *settings)
)
generator = torch.Generator().manual_seed($images)
classes = torch.rand($classes, 1, 6, 6, generator=generator)
labels = torch.arange($count) % $classes
noise = torch.randn(len(labels), 1, 6, 6, generator=generator)
images = classes[labels] + 0.1 * noise
for step in range($steps):
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(f"loss after $steps steps: {loss.item():.3f}; guessing gives "
      f"{math.log($classes):.3f}")'''
FORM = 'a fault, a layer and a value, such as ("dead units", "3", -2.5)'


@dataclass(frozen=True, eq=False)
class Patient:
    """A network that does not learn.

    Args:
        widths: of the hidden layers. classes: how many.
        fault, layer, value: what is wrong, in which module of the `nn.Sequential`.
        weights: of the network, one vector as `parameters_to_vector` gives it.
        rates, decays: of the optimizer, one for each layer with weights.
        images: seed of the images.
    """

    widths: tuple[int, ...]
    classes: int
    fault: str
    layer: str
    value: float
    weights: np.ndarray
    rates: tuple[float, ...]
    decays: tuple[float, ...]
    images: int

    @property
    def answer(self) -> tuple[str, str, float]:
        """Return fault, layer and value."""
        return self.fault, self.layer, self.value

    @property
    def multiply_adds(self) -> int:
        """Return what one image costs."""
        return _work(self.widths, self.classes)


def patient(seed: int, fault: str = "") -> Patient:
    """Draw a network and plant a fault in it.

    Args:
        seed: of the student.
        fault: one of `FAULTS`; "" draws it.
    """
    draw = Random(seed)
    widths, classes = _sizes(draw)
    named = fault or draw.choice(list(FAULTS))
    number = draw.randrange(LAYERS - 1)
    net = network_of(widths, classes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draw.randrange(2**31))
        for layer in net:
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.normal_(layer.bias, 0, 0.05)
    rates = [round(draw.uniform(0.5, 1) * RATE, 3) for _ in range(LAYERS)]
    decays = [round(draw.uniform(0, 1) * 1e-3, 5) for _ in range(LAYERS)]
    value = _planted(named, net[1 + 2 * number], number, rates, decays, draw)
    layer = str(1 + 2 * number)
    if named == "softmax before the loss":
        layer, value = str(len(net)), log((e + classes - 1) / e)
    vector = nn.utils.parameters_to_vector(net.parameters()).detach()
    numbers = vector.numpy().astype(np.float16)
    if named == "weights too large":  # as it is read, rounded to 16 bits
        weight = restored(numbers, widths, classes)[1 + 2 * number].weight
        value = weight.detach().std().item()
    images = draw.randrange(2**31)
    given = (numbers, tuple(rates), tuple(decays), images)
    return Patient(widths, classes, named, layer, value, *given)


def _planted(
    fault: str,
    layer: nn.Linear,
    number: int,
    rates: list[float],
    decays: list[float],
    draw: Random,
) -> float:
    """Plant a fault in a layer, or in its settings; return the value."""
    if fault == "dead units":
        value = -draw.randrange(80, 320) / 8
        nn.init.constant_(layer.bias, value)
    elif fault == "weights too large":
        value = draw.uniform(8, 30)
        with torch.no_grad():
            layer.weight *= value / layer.weight.std()
    elif fault == "steps too long":
        value = rates[number] = float(draw.randrange(60, 300))
    else:
        value = draw.randrange(24, 64) / 8
        if fault == "weight decay":
            decays[number], rates[number] = value, RATE
    return value


def _sizes(draw: Random) -> tuple[tuple[int, ...], int]:
    """Draw widths and classes until the work is nearly everybody's."""
    while True:
        widths = tuple(draw.randint(20, 30) for _ in range(LAYERS - 1))
        classes = draw.randint(4, 12)
        if abs(_work(widths, classes) - USUAL) <= WITHIN * USUAL:
            return widths, classes


def _work(widths: tuple[int, ...], classes: int) -> int:
    sizes = (SIDE**2, *widths, classes)
    return sum(a * b for a, b in pairwise(sizes))


def network_of(widths: tuple[int, ...], classes: int) -> nn.Sequential:
    """Return the network without its numbers: Flatten, then Linear and ReLU in turn."""
    layers, before = [nn.Flatten()], SIDE**2
    for width in widths:
        layers += [nn.Linear(before, width), nn.ReLU()]
        before = width
    return nn.Sequential(*layers, nn.Linear(before, classes))


def restored(
    numbers: np.ndarray, widths: tuple[int, ...], classes: int
) -> nn.Sequential:
    """Return the network with its numbers."""
    net = network_of(widths, classes)
    vector = torch.from_numpy(numbers.astype(np.float32))
    nn.utils.vector_to_parameters(vector, net.parameters())
    return net


def code_of(one: Patient) -> str:
    """Return the cell that makes the network and its images, and trains it."""
    settings = np.array([*one.rates, *one.decays], np.float16)
    packed = np.concatenate([one.weights, settings]).tobytes()
    numbers = "\n".join(textwrap.wrap(base64.b64encode(packed).decode(), 84))
    ends = {"softmax before the loss": ", nn.Softmax(dim=1)"}.get(one.fault, "")
    sizes = (SIDE**2, *one.widths, one.classes)
    pairs = pairwise(sizes)
    layers = ", nn.ReLU(),\n    ".join(f"nn.Linear({a}, {b})" for a, b in pairs)
    return Template(CODE).substitute(
        numbers=numbers,
        layers=layers + ends,
        images=one.images,
        classes=one.classes,
        count=20 * one.classes,
        steps=STEPS,
    )


def diagnosis_exercise(part_id: str, one: Patient) -> Exercise:
    """Ask for fault, layer and value, as an exercise that the checks know to judge."""
    listed = "".join(f'\n- `"{name}"`: {text}' for name, text in FAULTS.items())
    return Exercise(
        id=part_id,
        title="Why does this net not learn?",
        statement=(
            "The network of the next cell does not learn: one thing is wrong in one "
            "of its layers. Look at activations, gradients, weights and settings, and "
            'give fault, layer and value: `("dead units", "3", -2.5)`. A layer is '
            "named by its place in `model`. The value is the layer's bias, the "
            "standard deviation of its weights, its learning rate or its weight decay; "
            f"for a softmax, the lowest loss that can be reached. The faults:{listed}"
        ),
        minutes=20,
        difficulty=4,
        importance=4,
        solution=one.answer,
        oracle=lambda answer: first_wrong(one, answer),
        right=(one.answer, [*one.answer]),
        wrong=tuple(wrong_answers(one)),
        hints=("Begin where the signal or the gradient ends: print both per layer.",),
        takeaway="Where, what, and how much: that is a diagnosis.",
        kind="design",
    )


NOT_THIS = "The fault is another one."
ELSEWHERE = "That is the fault; it sits in another layer."
NOT_SO = "Fault and layer are right; the value is another."


def first_wrong(one: Patient, answer: object) -> str:
    """Return the sentence on the first thing that is wrong, or "".

    Raises:
        ValueError: it is no diagnosis.
    """
    if not isinstance(answer, list | tuple) or len(answer) != 3:
        raise ValueError(f"A diagnosis is {FORM}.")
    fault, layer, value = answer
    if fault not in FAULTS or isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"A diagnosis is {FORM}; the faults are {', '.join(FAULTS)}.")
    if fault != one.fault:
        return NOT_THIS
    if str(layer) != one.layer:
        return ELSEWHERE
    near = abs(float(value) - one.value) <= NEAR * abs(one.value)
    return "" if near else NOT_SO


def wrong_answers(one: Patient) -> Iterator[Mistake]:
    """Yield what is answered by who sees only a part of it."""
    fault, layer, value = one.answer
    for other in FAULTS:
        if other != fault:
            yield Mistake(f"says {other}", (other, layer, value), NOT_THIS)
    names = [str(number) for number in range(1, 2 * LAYERS + 1)]
    for other in names:
        if other != layer:
            yield Mistake(f"says {other}", (fault, other, value), ELSEWHERE)
    slips = {
        "the sign lost": -value,
        "a layer's usual value": RATE if value > RATE else 1.0,
        "off by a tenth": value * 1.1,
        "the loss of guessing": log(one.classes),
        "squared": value**2,
    }
    for name, slip in slips.items():
        yield Mistake(name, (fault, layer, slip), NOT_SO)


def diagnosis_cells(one: Patient) -> tuple[Cell, ...]:
    """Return the cells that go out with the question."""
    return (Cell("code", code_of(one), frozenset(), 0, 0),)
