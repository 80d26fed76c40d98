"""What the examples in docstrings say comes out when they are run."""

import ast
import doctest
import importlib
from pathlib import Path

import pytest
import torch
from torch import nn

from coursekit.augment import shift
from coursekit.data import shapes
from coursekit.explore import explore_padding

PACKAGE = Path(__file__).parents[1] / "coursekit"
NAMES = {"torch": torch, "nn": nn, "shapes": shapes, "shift": shift}
NAMES |= {"explore_padding": explore_padding}
HOW = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
DEFINITIONS = ast.FunctionDef | ast.ClassDef | ast.Module


def examples() -> list[tuple[str, str, str]]:
    """Return (module, name, docstring) of every example that says what comes out."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if ">>> " not in text:
            continue
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(text)):
            said = ast.get_docstring(node) if isinstance(node, DEFINITIONS) else None
            parsed = doctest.DocTestParser().get_examples(said or "")
            if any(one.want for one in parsed):
                found.append((module, getattr(node, "name", ""), said))
    return found


@pytest.mark.parametrize(
    ("module", "name", "said"), examples(), ids=lambda part: part[:40]
)
def test_an_example_gives_what_it_says(module: str, name: str, said: str):
    names = vars(importlib.import_module(module)) | NAMES
    text = said.replace("…}", "...}")  # an ellipsis of the house, inside of a number
    example = doctest.DocTestParser().get_doctest(text, dict(names), name, None, 0)
    assert doctest.DocTestRunner(optionflags=HOW).run(example).failed == 0


def test_the_examples_are_found():
    assert len(examples()) >= 25
