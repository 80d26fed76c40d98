"""Nearly the same code is found, and not by comparing everybody with everybody."""

import random
import re
from itertools import combinations

import pytest

from coursekit.staff.grading import alike as alike_module
from coursekit.staff.grading.alike import alike


def groups_by_definition(texts: dict[str, str], least: float) -> list[tuple[str, ...]]:
    """Compare all pairs, and join groups that touch."""
    runs = {}
    for name, text in texts.items():
        words = re.findall(r"\w+|[^\w\s]", text)
        runs[name] = {tuple(words[i : i + 6]) for i in range(len(words) - 5)}
    groups = [{name} for name in texts if len(runs[name]) >= 60]
    for one, other in combinations([n for n in texts if len(runs[n]) >= 60], 2):
        both, either = len(runs[one] & runs[other]), len(runs[one] | runs[other])
        if both >= least * either:
            touched = [group for group in groups if group & {one, other}]
            groups = [g for g in groups if g not in touched] + [set().union(*touched)]
    return sorted(tuple(sorted(group)) for group in groups if len(group) > 1)


def of(texts: dict[str, str]) -> list[dict]:
    """Return grades that hold these codes."""
    return [{"student": k, "parts": [{"code": v}]} for k, v in texts.items()]


def code(draw: random.Random, length: int = 90) -> list[str]:
    """Return random words: a frame that all share, and one's own."""
    return ["def", "f", "(", "x", ")", ":"] * 3 + [
        draw.choice("abcdefgh") + str(draw.randrange(9)) for _ in range(length)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_groups_are_those_of_comparing_all_pairs(seed):
    draw, texts = random.Random(seed), {}
    for number in range(25):
        words = code(draw, draw.choice((30, 60, 90, 300)))
        texts[f"s{number:02}"] = " ".join(words)
        for copy in range(draw.choice((0, 0, 1, 3))):
            for _ in range(draw.randrange(3)):
                words[draw.randrange(len(words))] = "z"
            texts[f"s{number:02}c{copy}"] = " ".join(words)
    found = alike(of(texts))
    assert found == groups_by_definition(texts, 0.9)
    assert found


def test_a_class_is_not_compared_pair_by_pair(monkeypatch):
    draw, compared = random.Random(0), []
    every = alike_module._candidates

    def counted(*given: object) -> set:
        compared.append(every(*given))
        return compared[-1]

    monkeypatch.setattr(alike_module, "_candidates", counted)
    texts = {f"s{i}": " ".join(code(draw, 200)) for i in range(400)}
    texts |= {f"t{i}": texts["s0"] for i in range(400)}  # one set, however many
    (group,) = alike(of(texts))
    assert len(group) == 401
    assert len(compared[0]) < 400  # of 319,600 pairs


def test_nearly_the_same_code_is_one_group():
    code = "\n".join(f"def f{i}(x):\n    return x * {i} + x ** {i}" for i in range(9))
    other = "\n".join(f"def g{i}(y):\n    return y / {i} - {i}" for i in range(9))
    texts = {
        "a": code,
        "b": code + "\n# mine",
        "c": other,
        "d": "import torch\n" + code,
    }
    grades = [{"student": k, "parts": [{"code": v}]} for k, v in texts.items()]
    assert alike(grades) == [("a", "b", "d")]
