"""Answers of every style: wrong ones that passed, right ones that were refused."""

import math
import re
from itertools import permutations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.course import check
from coursekit.course.exercises import exercise_ids, solution
from coursekit.course.exercises.agreement import first_difference
from coursekit.course.exercises.registry import load
from coursekit.course.exercises.values import is_value

# The gradient of the input counts


class DetachedTransition(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.mix = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, images):
        return F.max_pool2d(self.mix(images.detach()), 2)


class DetachedHead(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.dense = nn.Linear(channels, classes)

    def forward(self, images):
        return self.dense(images.detach().mean((2, 3)))


class DetachedShortcut(load("06.1").solution):
    def forward(self, images):
        x = self.norm1(self.conv1(images)).relu()
        return (self.norm2(self.conv2(x)) + self.shortcut(images.detach())).relu()


class DetachedBranch(load("07.1").solution):
    def forward(self, images):
        one = self.one(images.detach()).relu()
        return torch.cat([one, super().forward(images)[:, one.shape[1] :]], 1)


def detached_auxiliary(main, auxiliary, labels, weight=0.3, training=True):
    loss = F.cross_entropy(main, labels)
    for logits in auxiliary if training else []:
        loss = loss + weight * F.cross_entropy(logits.detach(), labels)
    return loss


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("02.3", DetachedTransition),
        ("03.8", DetachedHead),
        ("06.1", DetachedShortcut),
        ("07.1", DetachedBranch),
        ("07.6", detached_auxiliary),
    ],
)
def test_an_input_cut_off_from_the_graph_is_noticed(exercise_id, answer):
    outcome = check(exercise_id, answer)
    assert outcome.status == "wrong"
    assert re.search("gradient|cut off from the graph", outcome.message)


# Device


def gap_on_the_cpu(images):
    return images.cpu().mean((2, 3))


def pool_into_zeros(images):
    n, c, h, w = images.shape
    result = torch.zeros(n, c, h // 2, w // 2, dtype=images.dtype)
    for y in range(h // 2):
        for x in range(w // 2):
            square = images[:, :, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
            result[:, :, y, x] = square.amax((2, 3))
    return result


def softmax_by_lists(logits):
    rows = [(row - row.max()).exp() for row in logits]
    shares = [(row / row.sum()).tolist() for row in rows]
    return torch.tensor(shares, dtype=logits.dtype)


def dropout_by_numpy(values, uniform, p, training=True):
    if not training:
        return values
    mask = torch.from_numpy(uniform.cpu().numpy() >= p)
    return values.cpu() * mask / (1 - p)


class HeadWithANewTensor(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.dense = nn.Linear(channels, classes)

    def forward(self, images):
        means = torch.zeros(images.shape[:2], dtype=images.dtype)
        return self.dense(means + images.mean((2, 3)))


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("03.1", gap_on_the_cpu),
        ("01.6", pool_into_zeros),
        ("04.4", dropout_by_numpy),
        ("03.8", HeadWithANewTensor),
    ],
)
def test_a_result_built_on_the_cpu_is_wrong(exercise_id, answer):
    outcome = check(exercise_id, answer)
    assert outcome.status == "wrong"
    assert "the input is on a GPU" in outcome.message


def test_loops_and_items_are_no_reason_to_leave_the_device():
    def flip(images, chosen):
        turned = [x.flip(-1) if yes else x for x, yes in zip(images, chosen.tolist())]  # noqa: B905 (as students write it)
        return torch.stack(turned)

    assert check("04.9", flip).status == "right"


# What a statement forbids


def hidden_pooling(images):
    pool = getattr(F, "max" + "_pool2d")
    return pool(images, 2)


def pooling_in_one_dimension(images):
    n, c, h, w = images.shape
    rows = F.max_pool1d(images.flatten(1, 2), 2).reshape(n, c, h, w // 2)
    even = rows[:, :, : h // 2 * 2]
    return torch.maximum(even[:, :, ::2], even[:, :, 1::2])


def pooling_by_module(images):
    return nn.MaxPool2d(2)(images)


def conv_by_module(images, weight):
    layer = nn.Conv2d(images.shape[1], len(weight), 1, bias=False)
    return torch.func.functional_call(
        layer, {"weight": weight[..., None, None]}, images
    )


def conv_by_operator(images, weight):
    kernel = weight[:, :, None, None]
    none = [0, 0]
    return torch.ops.aten.convolution(
        images, kernel, None, [1, 1], none, [1, 1], False, none, 1
    )


def by_backward(logits, labels):
    leaf = logits.detach().clone().requires_grad_()
    loss = F.cross_entropy(leaf, labels)
    loss.backward()
    return loss.detach(), leaf.grad


def by_func_grad(logits, labels):
    grad = torch.func.grad_and_value(F.cross_entropy)
    gradient, loss = grad(logits, labels)
    return loss, gradient


def flip_none_is_the_same(images, chosen):
    if not chosen.any():
        return images
    return torch.where(chosen[:, None, None, None], images.flip(3), images)


@pytest.mark.parametrize(
    ("exercise_id", "answer", "words"),
    [
        ("01.6", hidden_pooling, "torch's own `max_pool2d`"),
        ("01.6", pooling_in_one_dimension, "torch's own `max_pool1d`"),
        ("01.6", pooling_by_module, "torch's own `max_pool2d`"),
        ("02.1", conv_by_module, "torch's own `conv2d`"),
        ("02.1", conv_by_operator, "torch's own `convolution`"),
        ("03.4", by_backward, "You let autograd find the gradient"),
        ("03.4", by_func_grad, "You let autograd find the gradient"),
        ("04.9", flip_none_is_the_same, "shares its memory with the input"),
    ],
)
def test_what_the_statement_forbids_is_seen(exercise_id, answer, words):
    outcome = check(exercise_id, answer)
    assert outcome.status == "wrong"
    assert words in outcome.message


# Right answers, written differently


def inception(order: tuple[str, ...], *, lazy: bool = False) -> type:
    """An inception module whose layers are made in this order."""

    class Module(nn.Module):
        def __init__(self, in_channels, one, three, five, pool):
            super().__init__()
            conv = nn.LazyConv2d if lazy else nn.Conv2d
            settings = {
                "a": (in_channels, one, 1),
                "b": (in_channels, three[0], 1),
                "c": (in_channels, five[0], 1),
                "d": (in_channels, pool, 1),
                "e": (three[0], three[1], 3, 1, 1),
                "f": (five[0], five[1], 5, 1, 2),
            }
            for name in order:
                numbers = settings[name][1:] if lazy else settings[name]
                setattr(self, name, conv(*numbers))

        def forward(self, x):
            pooled = self.d(F.max_pool2d(x, 3, 1, 1))
            three, five = self.e(self.b(x).relu()), self.f(self.c(x).relu())
            return torch.cat([self.a(x), three, five, pooled], 1).relu()

    return Module


@pytest.mark.parametrize("order", list(permutations("abcd")))
def test_the_branches_of_an_inception_module_may_be_made_in_any_order(order):
    assert check("07.1", inception((*order, "e", "f"))).status == "right"


def test_an_inception_module_may_be_lazy():
    assert check("07.1", inception(tuple("febcad"), lazy=True)).status == "right"


class SecondFirst(nn.Module):
    """A residual block that makes its second convolution first."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.norm2, self.norm1 = (nn.BatchNorm2d(out_channels) for _ in range(2))
        self.skip = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            project = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.skip = nn.Sequential(project, nn.BatchNorm2d(out_channels))

    def forward(self, x):
        inner = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(inner)) + self.skip(x))


class LazyBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.body = nn.Sequential(
            nn.LazyConv2d(out_channels, 3, stride, 1, bias=False),
            nn.LazyBatchNorm2d(),
            nn.ReLU(inplace=True),
            nn.LazyConv2d(out_channels, 3, 1, 1, bias=False),
            nn.LazyBatchNorm2d(),
        )
        self.skip = nn.Sequential()
        if (stride, in_channels) != (1, out_channels):
            self.skip.append(nn.LazyConv2d(out_channels, 1, stride, bias=False))
            self.skip.append(nn.LazyBatchNorm2d())

    def forward(self, x):
        return (self.body(x) + self.skip(x)).relu_()


class OwnHead(nn.Module):
    """Own parameters, the weight the other way round."""

    def __init__(self, channels, classes):
        super().__init__()
        self.b = nn.Parameter(torch.zeros(1, classes))
        self.w = nn.Parameter(torch.randn(channels, classes))

    def forward(self, images):
        return images.mean((2, 3)) @ self.w + self.b


class OwnHeadLikeLinear(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, channels))
        self.shift = nn.Parameter(torch.zeros(classes))

    def forward(self, images):
        return F.linear(images.mean(dim=[-2, -1]), self.weight, self.shift)


class ConvolutionHead(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.conv = nn.Conv2d(channels, classes, 1)

    def forward(self, images):
        return self.conv(images).mean((2, 3))


class LazyHead(nn.Sequential):
    def __init__(self, channels, classes):
        pool, flat = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        super().__init__(pool, flat, nn.LazyLinear(classes))


class DenseTransition(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.mix = nn.Linear(in_channels, out_channels, bias=False)

    def forward(self, images):
        mixed = self.mix(images.movedim(1, -1)).movedim(-1, 1)
        return F.max_pool2d(mixed, 2)


class OwnInception(nn.Module):
    """Own kernels and biases, in an order of its own."""

    def __init__(self, in_channels, one, three, five, pool):
        super().__init__()
        self.all = nn.ParameterList()
        for before, after, size in (
            (in_channels, pool, 1),
            (in_channels, three[0], 1),
            (*three, 3),
            (in_channels, five[0], 1),
            (*five, 5),
            (in_channels, one, 1),
        ):
            self.all.append(torch.randn(after, before, size, size))
            self.all.append(torch.zeros(after))

    def layer(self, images, number, padding=0):
        kernel, bias = self.all[2 * number], self.all[2 * number + 1]
        return F.conv2d(images, kernel, bias, padding=padding).relu()

    def forward(self, images):
        three = self.layer(self.layer(images, 1), 2, 1)
        five = self.layer(self.layer(images, 3), 4, 2)
        pooled = self.layer(F.max_pool2d(images, 3, 1, 1), 0)
        return torch.cat([self.layer(images, 5), three, five, pooled], 1)


class OwnTransition(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(in_channels, out_channels))

    def forward(self, images):
        mixed = torch.einsum("nchw,co->nohw", images, self.kernel)
        return F.max_pool2d(mixed, 2)


class LazyTransition(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        mix = nn.LazyConv2d(out_channels, 1, bias=False)
        super().__init__(mix, nn.MaxPool2d(2))


class HeadWithAConstant(nn.Module):
    """A buffer that is no running statistic keeps its value."""

    def __init__(self, channels, classes):
        super().__init__()
        self.dense = nn.Linear(channels, classes)
        self.register_buffer("one", torch.ones(1))

    def forward(self, images):
        return self.dense(images.mean((2, 3)) * self.one)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("06.1", SecondFirst),
        ("06.1", LazyBlock),
        ("07.1", OwnInception),
        ("03.8", OwnHead),
        ("03.8", OwnHeadLikeLinear),
        ("03.8", ConvolutionHead),
        ("03.8", LazyHead),
        ("03.8", HeadWithAConstant),
        ("02.3", DenseTransition),
        ("02.3", OwnTransition),
        ("02.3", LazyTransition),
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_weights_are_matched_by_what_they_do(exercise_id, answer, seed):
    assert check(exercise_id, answer, seed=seed).status == "right"


def test_a_known_mistake_is_known_in_another_order_too():
    class NoLastReluSecondFirst(SecondFirst):
        def forward(self, x):
            inner = F.relu(self.norm1(self.conv1(x)))
            return self.norm2(self.conv2(inner)) + self.skip(x)

    assert check("06.1", NoLastReluSecondFirst).mistake == "NoLastRelu"


@pytest.mark.parametrize("answer", [0.191, 0.1914, 0.19140625, 49 / 256])
def test_the_digits_of_the_takeaway_are_enough(answer):
    assert check("04.6", answer).status == "right"


@pytest.mark.parametrize("answer", [0.18, 0.2, 0.25, 19.1])
def test_other_shares_are_wrong(answer):
    assert check("04.6", answer).status == "wrong"


# Statements, references and printed solutions


CODE = [one for one in exercise_ids() if not is_value(load(one))]


@pytest.mark.parametrize("exercise_id", CODE)
def test_a_printed_solution_runs_with_the_usual_imports(exercise_id):
    scope = {"torch": torch, "nn": nn, "F": F, "math": math}
    exec(solution(exercise_id).text, scope)
    answer = scope[load(exercise_id).answer_name]
    assert check(exercise_id, answer).status == "right"


@pytest.mark.parametrize(
    ("exercise_id", "words"),
    [
        ("01.1", "it always fits into the padded row"),
        ("03.4", "Both are tensors"),
        ("03.6", "on the edge of two bins belongs to the upper one"),
        ("04.4", "0 ≤ p < 1"),
        ("04.5", "holds pixels (y, x) of the images"),
        ("05.1", "No two logits of a row are equal"),
        ("08.5", "below 0 where it has more"),
    ],
)
def test_a_statement_says_what_its_cases_leave_out(exercise_id, words):
    assert words in load(exercise_id).statement


def test_a_head_that_costs_more_saves_less_than_nothing():
    assert load("08.5").solution(64, 1, 2, 12) < 0


# Sentences


def test_numbers_that_differ_late_are_shown_with_the_digits_that_differ():
    sentence = first_difference(0.49792451, 0.49792549)
    assert sentence == "the result is 0.49792451; 0.49792549 is right"


def test_a_result_of_the_wrong_sort_is_not_compared_with_a_dict():
    message = check("03.7", lambda weight, c, h, w: weight).message
    assert "dict" not in message
    assert "the shape is" in message


def one_reduction(side, in_channels, one, three, five, reduced):
    wide = in_channels * (one + 9 * three) + reduced * 25 * five
    return side**2 * (wide + 2 * in_channels * reduced)


def two_missing(side, in_channels, one, three, five, reduced):
    inside = reduced * (9 * three + 25 * five)
    return side**2 * (in_channels * (one + reduced) + inside)


def one_missing(side, in_channels, one, three, five, reduced):
    inside = reduced * (9 * three + 25 * five)
    return side**2 * (in_channels * (one + 2 * reduced) + inside)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (one_missing, "One of the three 1×1 reductions is missing"),
        (two_missing, "Two of the three 1×1 reductions are missing"),
        (one_reduction, "With side="),
    ],
)
def test_as_many_reductions_are_said_to_be_missing_as_are(answer, words):
    assert check("07.3", answer).message.startswith(words)


def test_a_pooling_that_doubles_the_field_is_a_known_mistake():
    def receptive_field(layers):
        field, jump = 1, 1
        for kernel_size, stride, dilation in layers:
            if kernel_size == 2 and stride == 2:
                field *= 2
            else:
                field += (kernel_size - 1) * dilation * jump
            jump *= stride
        return field

    outcome = check("01.3", receptive_field)
    assert outcome.message.startswith("You double the field at a 2×2 pooling")
    assert receptive_field([(3, 1, 1), (3, 1, 1), (2, 2, 1)]) == 10
