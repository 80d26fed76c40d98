"""Numbers typed into a verdict are found; numbers computed by the notebook pass."""

import pytest

from coursekit.staff.build.measured_only import typed_in
from coursekit.staff.build.notebook_source import Cell

IMPORTS = """
import math
import time
import functools
from dataclasses import dataclass
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from coursekit import claim, verdict
from coursekit.anatomy import anatomy
"""


def as_cells(texts):
    """Make code cells of texts; each stands on the line of its number."""
    return [Cell("code", text, frozenset(), n, n) for n, text in enumerate(texts, 1)]


def constants(*cells, given):
    """List what a verdict with `given` as its measurement gets that is constant."""
    last = f'verdict("C09", cases={{"a": net(x).sum() > 0}}, measured={given}, why="w")'
    texts = [IMPORTS, "net = nn.Conv2d(1, 1, 3)\nx = torch.ones(1, 1, 5, 5)"]
    texts += [*cells, last]
    made = [
        Cell("code", text, frozenset(), line, line)
        for line, text in enumerate(texts, 1)
    ]
    return typed_in(made)


@pytest.mark.parametrize(
    ("cells", "expression"),
    [
        pytest.param([], "7", id="a literal"),
        pytest.param([], "True", id="a literal bool"),
        pytest.param([], "'seven'", id="a label"),
        pytest.param([], "3 + 4 * 2", id="arithmetic on literals"),
        pytest.param([], "-7", id="a sign"),
        pytest.param([], "bool(True)", id="bool"),
        pytest.param([], "max(1, 2)", id="max"),
        pytest.param([], "float('3')", id="float"),
        pytest.param([], "int(7)", id="int"),
        pytest.param([], "sum([1, 2, 3])", id="sum"),
        pytest.param(
            ["from coursekit.metrics import interval"],
            "interval([0.9, 0.8]).above(0.5)",
            id="an interval of typed runs",
        ),
        pytest.param(
            ["from coursekit.training import track", "runs = [7 for s in track([1])]"],
            "runs[0]",
            id="a loop with a line of progress",
        ),
        pytest.param([], "len(range(10))", id="len"),
        pytest.param([], "eval('7')", id="eval"),
        pytest.param([], "[1, 7][1]", id="picked from a list"),
        pytest.param([], "{'a': 7}['a']", id="picked from a dict"),
        pytest.param([], "{'a': 7, 'b': net(x)}['a']", id="beside something computed"),
        pytest.param([], "f'{7}'", id="an f-string"),
        pytest.param([], "'7'.strip()", id="a method of a string"),
        pytest.param([], "math.sqrt(49)", id="math"),
        pytest.param([], "math.pi", id="a module's constant"),
        pytest.param([], "torch.tensor(7).item()", id="through a tensor"),
        pytest.param([], "float(torch.tensor([7.0])[0])", id="out of a tensor"),
        pytest.param([], "np.float64(7)", id="through numpy"),
        pytest.param([], "np.array([7]).tolist()[0]", id="through an array"),
        pytest.param([], "(lambda: 7)()", id="a lambda"),
        pytest.param([], "7 if 1 > 0 else 8", id="a choice"),
        pytest.param([], "[n for n in (1, 2, 7)][-1]", id="a comprehension"),
        pytest.param([], "list(map(int, '7'))[0]", id="map of a builtin"),
        pytest.param(["SIZE = 32"], "SIZE", id="a setting"),
        pytest.param(["SIZE = 32"], "SIZE // 2", id="arithmetic on a setting"),
        pytest.param(["a = 7", "b = a", "c = b + 1"], "c", id="three names"),
        pytest.param(["a, b = net(x), 7"], "b", id="unpacked"),
        pytest.param(["guess = 7"], "guess", id="the prediction"),
        pytest.param(["a = net(x)", "a = 7"], "a", id="computed, then typed over"),
        pytest.param(["n = 0\nfor _ in range(9):\n    n += 1"], "n", id="a counter"),
        pytest.param(["def f():\n    return 7"], "f()", id="a function"),
        pytest.param(["def f(x):\n    return x"], "f(7)", id="an identity"),
        pytest.param(
            ["def f(n, d=2):\n    m = n - d\n    return m"], "f(9)", id="its arithmetic"
        ),
        pytest.param(
            ["def f():\n    return g()", "def g():\n    return 7"],
            "f()",
            id="two functions",
        ),
        pytest.param(
            ["def f(n):\n    return 1 if n < 2 else n * f(n - 1)"],
            "f(5)",
            id="a recursion",
        ),
        pytest.param(
            ["def f():\n    net(x)\n    return 7"], "f()", id="computed and dropped"
        ),
        pytest.param(
            ["@functools.cache\ndef f():\n    return 7"], "f()", id="a decorator"
        ),
        pytest.param(["items = []", "items.append(7)"], "items[0]", id="appended"),
        pytest.param(["d = {}", "d['a'] = 7"], "d['a']", id="stored in a dict"),
        pytest.param(["d = {'a': net(x)}\nd['b'] = 7"], "d['b']", id="stored beside"),
        pytest.param(
            ["@dataclass\nclass Box:\n    n: int"], "Box(7).n", id="a dataclass"
        ),
        pytest.param(
            ["for n, y in ((7, 1), (7, 2)):\n    out = n"], "out", id="out of a loop"
        ),
        pytest.param(["for y in net(x):\n    out = 7"], "out", id="assigned in a loop"),
        pytest.param(["if 1 > 0:\n    n = 7\nelse:\n    n = 8"], "n", id="branches"),
        pytest.param(["with torch.no_grad():\n    n = 7"], "n", id="in a with"),
        pytest.param(["try:\n    n = 7\nfinally:\n    pass"], "n", id="in a try"),
        pytest.param(["(n := 7)"], "n", id="a walrus"),
        pytest.param(
            ["from coursekit import predict", "card = predict('01-x', 7)"],
            "card.guess",
            id="a prediction's card",
        ),
        pytest.param(
            ["from coursekit.metrics import interval", "runs = [0.9, 0.8, 0.7]"],
            "interval(runs).mean",
            id="the mean of typed runs",
        ),
        pytest.param(["(a, b), (c, d) = (1, 2), (3, 4)"], "a + d", id="nested names"),
        pytest.param(
            ["n = 7\nsizes = [n for n in net(x)]"], "n", id="hidden by a comprehension"
        ),
        pytest.param([], "an_unknown_name", id="a name from nowhere"),
    ],
)
def test_a_number_that_is_typed_in_is_found(cells, expression):
    sentence = "`measured['m']` of the verdict is typed in: no cell computes it"
    assert constants(*cells, given=f"{{'m': {expression}}}") == [
        (len(cells) + 3, sentence)
    ]


@pytest.mark.parametrize(
    ("cells", "expression"),
    [
        pytest.param(
            ["batches = [net(x), net(x)]"],
            "[n for batch in batches for n in batch][0]",
            id="a comprehension with two loops",
        ),
        pytest.param([], "net(x).shape[-1]", id="a shape"),
        pytest.param([], "net.weight.numel()", id="a count"),
        pytest.param(
            ["from coursekit.metrics import paired"],
            "paired([net(x).mean()], [1.0]).above(0)",
            id="an interval of measured runs",
        ),
        pytest.param([], "int(net(x).max())", id="through a builtin"),
        pytest.param([], "round(float(net(x).max()), 3)", id="through two"),
        pytest.param([], "len(anatomy(net, (1, 5, 5)))", id="the package"),
        pytest.param([], "F.conv1d(x, x).item()", id="a function of torch"),
        pytest.param([], "torch.arange(10).float().mean()", id="a tensor's method"),
        pytest.param([], "float((torch.ones(3) @ torch.ones(3)))", id="a product"),
        pytest.param([], "math.log(net(x).sum())", id="math of a measurement"),
        pytest.param([], "sum(p.numel() for p in net.parameters())", id="a sum"),
        pytest.param([], "f'{net(x).sum():.2f}'", id="an f-string"),
        pytest.param([], "7 - net(x).numel()", id="a difference"),
        pytest.param([], "{'a': 7, 'b': net(x)}['b']", id="out of a dict"),
        pytest.param([], "3 if net(x) > 0 else 0", id="a condition"),
        pytest.param([], "list(map(net, [x]))[0]", id="mapped"),
        pytest.param(["a = net(x)", "b = a + 1"], "b", id="two names"),
        pytest.param(["a, b = 7, net(x)"], "b", id="unpacked"),
        pytest.param(["(a, b), c = net(x).shape, 7"], "a - b", id="nested names"),
        pytest.param(
            ["runs = {'plain': 0}", "for k in runs:\n    runs[k] = net(x).sum()"],
            "runs['plain']",
            id="a dict filled over its zeros",
        ),
        pytest.param(
            ["n = net(x).sum()\nodd = [n for n in (1, 3)]"],
            "n",
            id="hidden by a comprehension",
        ),
        pytest.param(["began = time.time()"], "time.time() - began", id="a time"),
        pytest.param(
            ["def f(n):\n    return F.relu(torch.tensor(n))"], "f(7)", id="a function"
        ),
        pytest.param(["def f(n):\n    return n + 1"], "f(net(x))", id="its argument"),
        pytest.param(
            ["def f(go):\n    return go()"], "f(lambda: net(x))", id="a function given"
        ),
        pytest.param(
            ["sizes = []", "for n in range(3):\n    sizes.append(net(x).shape[-1])"],
            "sizes[0]",
            id="appended in a loop",
        ),
        pytest.param(
            ["n = 0", "for y in net(x):\n    if y.sum() > 0:\n        n += 1"],
            "n",
            id="counted by a condition",
        ),
        pytest.param(
            ["n, size = 0, net(x)", "while size > 1:\n    size, n = size / 2, n + 1"],
            "n",
            id="steps of a while",
        ),
        pytest.param(
            [
                "ok = True",
                "for n in range(3):\n    if net(x).sum() > n:\n        ok = 0",
            ],
            "ok",
            id="a flag",
        ),
        pytest.param(
            ["def f(n):\n    if n > 2:\n        return 1\n    return 0"],
            "f(net(x))",
            id="an early return",
        ),
        pytest.param(
            ["scores = {}", "for k in 'ab':\n    scores[k] = net(x).sum()"],
            "scores['a']",
            id="a dict filled in a loop",
        ),
        pytest.param(
            ["class Net(nn.Module):\n    def forward(self, x):\n        return x"],
            "Net()(x).numel()",
            id="a module of the notebook",
        ),
        pytest.param(
            ["results = {'a': 7} | {k: net(x) for k in 'bc'}"],
            "results['b']",
            id="a dict comprehension",
        ),
    ],
)
def test_a_number_that_is_computed_passes(cells, expression):
    assert constants(*cells, given=f"{{'m': {expression}}}") == []


def test_a_dict_passed_by_name_is_judged_part_by_part():
    cell = "numbers = {'good': net(x).sum(), 'bad': 9}"
    ((_, sentence),) = constants(cell, given="numbers")
    assert "measured['bad']" in sentence


def test_a_dict_made_by_keywords_is_judged_part_by_part():
    ((_, sentence),) = constants(given="dict(good=net(x), bad=int(7))")
    assert "measured['bad']" in sentence


def test_a_spread_dict_is_judged_part_by_part():
    ((_, sentence),) = constants("a = {'bad': 1}", given="{**a, 'good': net(x)}")
    assert "measured['bad']" in sentence


def test_a_verdict_inside_a_function_of_the_notebook_is_judged():
    helper = (
        "def show(n):\n"
        '    return verdict("C10", cases={"a": n > 3}, measured={}, why="w")'
    )
    assert constants(helper, "show(net(x))", given="{}") == []
    assert len(constants(helper, "show(7)", given="{}")) == 1


def test_a_case_that_is_typed_in_is_found_under_any_name_of_verdict():
    texts = [
        "import coursekit\nfrom coursekit.course.claims import verdict as judge",
        'coursekit.verdict("C09", cases={"a": True}, measured={}, why="w")',
        'judge("C09", cases={"a": 1 < 2}, measured={}, why="w")',
    ]
    assert [line for line, _ in typed_in(as_cells(texts))] == [2, 3]
