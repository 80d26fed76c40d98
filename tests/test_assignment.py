"""The assignment in the README, run as it stands, on less data and a thinner net."""

import ast
import re
from pathlib import Path

import pytest

import coursekit.data
from coursekit.data import Splits, cifar10, shapes
from coursekit.data.set_summary import Summary
from coursekit.data.storage_folder import data_folder
from coursekit.figures import CourseFigure
from coursekit.training import Gallery, History, RunComparison
from coursekit.training.by_class import ByClass

README = Path(__file__).resolve().parent.parent / "README.md"
SECTION = README.read_text(encoding="utf-8").split("## A whole assignment")[1]
CODE = re.search(r"```python\n(.*?)```", SECTION, re.DOTALL)[1]
SETTINGS = "EPOCHS, WIDTH = 24, 64"


def shown_by(code, settings):
    """Run the code; return the values of its bare expressions and its names."""
    names, shown = {}, []
    for node in ast.parse(code.replace(SETTINGS, settings)).body:
        if isinstance(node, ast.Expr):
            shown.append(eval(ast.unparse(node), names))
        else:
            exec(ast.unparse(node), names)
    return shown, names


def part_of(parts, n):
    """Return the first images of each part."""
    train, valid, test = parts.train, parts.valid, parts.test
    few = [part.subset(range(min(n, len(part)))) for part in (train, valid, test)]
    return Splits(*few)


def check(shown, names):
    kinds = [Summary, CourseFigure, RunComparison, ByClass, Gallery]
    assert [type(one) for one in shown] == kinds
    assert all(isinstance(run, History) for run in names["runs"].values())
    found = shown[-1]
    assert found.layer == "layer3"
    assert len(found) == 10
    assert found.maps.shape[:2] == (10, 2)
    for one in shown:
        assert repr(one)
    assert "<img" in found._repr_mimebundle_()["text/html"]


def test_it_has_at_most_25_lines():
    lines = [line for line in CODE.splitlines() if line.strip()]
    assert len(lines) <= 25
    assert SETTINGS in CODE
    assert max(map(len, lines)) <= 92


def test_it_runs_on_generated_shapes(monkeypatch):
    monkeypatch.setattr(coursekit.data, "cifar10", lambda: shapes(400).split())
    check(*shown_by(CODE, "EPOCHS, WIDTH = 1, 4"))


def test_it_runs_on_cifar10_where_that_lies(monkeypatch):
    try:
        parts = part_of(cifar10(download=False), 1500)
    except FileNotFoundError:
        pytest.skip(f"there is no CIFAR-10 in {data_folder()}")
    monkeypatch.setattr(coursekit.data, "cifar10", lambda: parts)
    check(*shown_by(CODE, "EPOCHS, WIDTH = 1, 4"))
