"""Questions on one's own network: one right answer each, counted a second way here."""

import contextlib
import os
import random
import re
from html import unescape
from unittest.mock import patch

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from coursekit import cli
from coursekit.course import defend
from coursekit.course.defence import LETTERS
from coursekit.course.handin.opening import opened
from coursekit.course.network_file.graph import read_graph
from coursekit.course.network_file.replay import Replay
from coursekit.staff.grading.oral_sheet import oral_sheet
from tests.handin_files import handed_in as write_handin
from tests.handin_files import here, network  # noqa: F401 (a fixture)
from tests.handin_files import random as onnx_random

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
    if draw.random() < 0.3:
        places = nn.Sequential(*layers)(torch.zeros(2, 3, SIDE, SIDE))[0].numel()
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(places, 10))
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
    with contextlib.suppress(RuntimeError):  # a dense head wants images of one size
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
        inside, _, last = names[0].rpartition(".")
        setattr(net.get_submodule(inside), last, nn.Identity())
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
    if question.kind == "half the side":
        small = torch.zeros(1, 3, SIDE // 2, SIDE // 2)
        try:
            net.eval()(small)
        except RuntimeError:  # of a dense head, the last layer
            return f"`{len(net) - 1}` breaks"
        return "nothing: it answers, and its maps are smaller"
    named = {text: re.findall(r"`([\w.]+)`", text)[0] for text in question.choices}
    return max(named, key=lambda text: work(student_net(seed), named[text]))


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
    assert "<b>s1" not in page
    assert "&lt;b&gt;s1" in page
    assert page.index(made.questions[-1].text.split("`")[0]) < page.index("Key")
    assert "<details><summary>" in page  # closed, until somebody opens it
    assert "http" not in page.replace("http-equiv", "")


def handed_in(tmp_path):
    """Return the file of a small net as it is handed in, made without torch's export.

    Conv 3×3 → pool 2 → Conv 3×3 → Conv 3×3 → Conv 1×1 → average.
    """
    shapes = {"a": (8, 1, 3, 3), "b": (12, 8, 3, 3), "c": (16, 12, 3, 3)}
    shapes["d"] = (10, 16, 1, 1)
    weights = {name: onnx_random(*shape) for name, shape in shapes.items()}
    weights["e"] = onnx_random(8)
    pads = {"pads": [1, 1, 1, 1]}
    nodes = [
        ("Conv", "images a e", "1", pads),
        ("Relu", "1", "2"),
        ("MaxPool", "2", "3", {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("Conv", "3 b", "4", pads),
        ("Relu", "4", "5"),
        ("Conv", "5 c", "6", pads),
        ("Relu", "6", "7"),
        ("Conv", "7 d", "8"),
        ("GlobalAveragePool", "8", "9"),
        ("Flatten", "9", "logits"),
    ]
    model = network(nodes, weights, shape=(1, 16, 16))
    return write_handin(tmp_path / "net.zip", model)


def test_a_file_is_asked_about_like_the_model_it_was_written_from(tmp_path):
    found = Replay(read_graph(opened(handed_in(tmp_path)).model))
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3, padding=1, bias=False), nn.ReLU(),
        nn.Conv2d(12, 16, 3, padding=1, bias=False), nn.ReLU(),
        nn.Conv2d(16, 10, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    shape = (1, 16, 16)
    for seed in range(5):
        of_file, of_net = (defend(one, shape, seed=seed) for one in (found, net))
        for one, other in zip(of_file.questions, of_net.questions, strict=True):
            assert (one.kind, one.right) == (other.kind, other.right)
            plain = [re.sub(r"`.*?`", "", text) for text in one.choices]
            assert plain == [re.sub(r"`.*?`", "", text) for text in other.choices]


def test_the_command_writes_a_sheet_and_says_which_file_gives_none(
    tmp_path,
    capsys,
    here,  # noqa: F811
):
    path = handed_in(tmp_path)
    (tmp_path / "other.zip").write_bytes(b"no zip")
    given = ["oral", str(path), str(tmp_path / "other.zip"), "--to", str(tmp_path)]
    assert cli.main(given) == 1
    said = capsys.readouterr()
    assert "other.zip is no zip" in said.err
    page = (tmp_path / "net-oral.html").read_text(encoding="utf-8")
    assert page.count("☐") == 20
    assert "Ada" in page


def test_a_quiz_says_what_is_right_and_why_not():
    made = defend(student_net(3), (3, SIDE, SIDE))
    quiz = made.quiz()
    quiz.button.click()
    assert "every question first" in quiz.summary.value
    for one, choice in zip(made.questions, quiz.choices, strict=True):
        choice.value = one.right
    first = made.questions[0]
    wrong = quiz.choices[0].value = next(one for one in LETTERS if one != first.right)
    quiz.button.click()
    assert f"4 of {len(made.questions)} right" in quiz.summary.value
    assert first.why[wrong].split("`")[0].split("<")[0] in unescape(quiz.said[0].value)
    assert all("✓ right" in said.value for said in quiz.said[1:])


def test_a_saved_quiz_keeps_its_questions_and_no_answer():
    made = defend(student_net(3), (3, SIDE, SIDE))
    with patch("IPython.display.publish_display_data") as published:
        made._ipython_display_()
    still, live = (call.args[0] for call in published.call_args_list)
    texts = {choice for one in made.questions for choice in one.choices}
    plain = unescape(re.sub(r"<.*?>", "", still["text/html"]))
    assert all(text.replace("`", "") in plain for text in texts)
    assert not any(why in plain for one in made.questions for why in one.why.values())
    assert "application/vnd.jupyter.widget-view+json" in live
