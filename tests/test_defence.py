"""Questions on one's own network: one right answer each, counted a second way here."""

import os
import random
import re

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from coursekit.course import defend
from coursekit.course.defence import LETTERS
from coursekit.staff.grading.oral_sheet import oral_sheet

NETS = int(os.environ.get("COURSEKIT_DEFENCES", "30"))  # 1,000 nightly
SIDE = 41


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(channels, channels, 3, padding=1)
        self.two = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x):
        return x + self.two(torch.relu(self.one(x)))


def student_net(seed: int) -> nn.Sequential:
    """Draw a net as students hand it in: convolutions, poolings, shortcuts, GAP."""
    draw, layers, channels = random.Random(seed), [], 3
    for number in range(draw.randint(4, 7)):
        wide = draw.choice((8, 10, 16, 20))
        kernel = draw.choice((1, 3, 3, 3, 5))
        layers += [nn.Conv2d(channels, wide, kernel, padding=kernel // 2), nn.ReLU()]
        channels = wide
        if draw.random() < 0.3:
            layers.append(nn.BatchNorm2d(channels))
        if draw.random() < 0.3:
            layers.append(Residual(channels))
        if number in (1, 3):
            layers.append(draw.choice((nn.MaxPool2d(2), nn.AvgPool2d(3, 2))))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def seen(net: nn.Module, name: str) -> int:
    """Count the pixels in a row that a unit in the middle of a layer responds to.

    Weights all positive and the poolings all averages, so that nothing cancels.
    """
    for module in net.modules():
        for parameter in module.parameters(recurse=False):
            parameter.data = torch.full_like(parameter, 1e-3)
        for place, child in module.named_children():
            if isinstance(child, nn.MaxPool2d):
                setattr(module, place, nn.AvgPool2d(child.kernel_size, child.stride))
    kept = []
    net.get_submodule(name).register_forward_hook(lambda *a: kept.append(a[2]))
    image = torch.ones(1, 3, 121, 121, dtype=torch.float64, requires_grad=True)
    net.double().eval()(image)
    middle = kept[0].shape[-1] // 2
    kept[0][0, 0, middle, middle].backward()
    return int((image.grad[0].abs().sum((0, 1)) > 0).sum())


def work(net: nn.Module, name: str) -> int:
    """Count the multiply-adds of a layer with torch's own counter."""
    counted = {}
    layer = net.get_submodule(name)
    call = layer.forward

    def forward(x):
        with FlopCounterMode(display=False) as counter:
            out = call(x)
        counted[name] = counter.get_total_flops() // 2
        return out

    layer.forward = forward
    net.eval()(torch.zeros(1, 3, SIDE, SIDE))
    return counted[name]


def truth(question, seed: int) -> str:
    """Answer a question in a way that shares no code with the course."""
    net, names = student_net(seed), re.findall(r"`([\w.]+)`", question.text)
    if question.kind == "field":
        return str(seen(net, names[0]))
    if question.kind == "pooling":
        net.set_submodule(names[0], nn.Identity())
        return str(seen(net, names[1]))
    if question.kind == "parameters":
        return f"{sum(p.numel() for p in net.get_submodule(names[0]).parameters()):,}"
    if question.kind == "multiply-adds":
        return f"{work(net, names[0]):,}"
    if question.kind == "bytes":
        kept = []
        net.get_submodule(names[0]).register_forward_hook(lambda *a: kept.append(a[2]))
        net.eval()(torch.zeros(32, 3, SIDE, SIDE))
        return f"{kept[0].numel() * 4:,}"
    return max(question.choices, key=lambda name: work(student_net(seed), name))


@pytest.mark.parametrize("seed", range(NETS))
def test_one_choice_is_right_and_the_others_are_wrong(seed):
    net = student_net(seed)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    made = defend(net, (3, SIDE, SIDE), seed=seed)
    assert len(made.questions) == 5
    assert len({one.kind for one in made.questions}) == 5
    for question in made.questions:
        right = truth(question, seed)
        assert len(set(question.choices)) == 4
        assert question.choices[LETTERS.index(question.right)] == right
        assert set(question.why) == set(LETTERS) - {question.right}
        assert all(question.why.values())
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())


def test_two_students_get_other_questions():
    shape = (3, SIDE, SIDE)
    texts = {repr(defend(student_net(seed), shape)) for seed in range(20)}
    assert len(texts) == 20
    net = student_net(0)
    assert repr(defend(net, shape, seed=1)) != repr(defend(net, shape, seed=2))
    assert repr(defend(net, shape, seed=1)) == repr(defend(net, shape, seed=1))


def test_answers_are_judged_with_the_reason():
    made = defend(student_net(1), (3, SIDE, SIDE))
    right = [one.right for one in made.questions]
    assert made.judge(*right).count("right") == 5
    first = made.questions[0]
    wrong = next(letter for letter in LETTERS if letter != first.right)
    assert first.why[wrong] in made.judge(wrong.lower(), *right[1:])
    for letters in ([], ["E"] * 5, ["A"] * 4, ["AB", *right[1:]], [1, *right[1:]]):
        with pytest.raises(ValueError, match="`letters` must be 5 of A, B, C, D"):
            made.judge(*letters)


def test_a_net_with_nothing_to_ask_about_is_one_sentence():
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    with pytest.raises(ValueError, match="0 questions can be asked about it"):
        defend(net, (3, 2, 2))


def test_the_sheet_shows_questions_and_keeps_the_key_apart():
    made = defend(student_net(2), (3, SIDE, SIDE))
    page = oral_sheet(made, "<b>s1</b>", "net.zip")
    assert "<b>" not in page.partition("<body>")[2]
    assert page.index(made.questions[-1].text.split("`")[0]) < page.index("Key")
    assert "http" not in page.replace("http-equiv", "")
