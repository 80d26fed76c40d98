"""Of a student version only what may differ from the solution runs a second time."""

import sys

import pytest

from tests.student_cells import used, worth_a_run

SOLUTION = [
    "import torch",  # 0
    "data = torch.ones(3)",  # 1
    "model = train(data)",  # 2: long, seen by nothing below
    "def double(x):\n    return 2 * x",  # 3
    'check("01.1", double)',  # 4
    "twice = double(data)",  # 5
    "plot(twice)",  # 6
    "plot(model)",  # 7
    'guess = 4\npredict("01-a", guess)',  # 8
    "def helper(double):\n    return double",  # 9: its own `double`
]
STUDENT = [
    *SOLUTION[:3],
    "def double(x):\n    ...  # your code here",
    *SOLUTION[4:8],
    'guess = ...  # your answer\npredict("01-a", guess)',
    SOLUTION[9],
]


def test_what_is_alike_and_sees_no_answer_is_left_to_the_solution():
    left_out = set(range(len(STUDENT))) - worth_a_run(STUDENT, SOLUTION)
    assert left_out == {2, 7, 9}


def test_two_versions_that_are_alike_run_imports_checks_and_predictions():
    assert worth_a_run(SOLUTION, SOLUTION) == {0, 3, 4, 8}


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("y = f(x)", {"f", "x"}),
        ("def g(a):\n    b = a\n    return b + c", {"c"}),
        ("[i * k for i in rows]", {"k", "rows"}),
        ("class Net(Base):\n    size = width\n    def f(self): return depth", {"Base"}),
        ("x += 1", {"x"}),
    ],
)
def test_the_names_that_code_takes_from_the_notebook(code: str, names: set[str]):
    assert names <= used(code)
    own = {"a", "b", "self"} | ({"i"} if sys.version_info < (3, 12) else set())
    assert not own & used(code)


def test_a_cell_that_is_no_python_runs():
    assert 0 in worth_a_run(["if (", "x = 1"], ["if (", "x = 1"])


def test_a_name_that_is_changed_in_place_needs_all_that_made_it():
    cells = ["rows = []", "rows.append(1)", "z = 1", 'check("01.1", rows)']
    assert worth_a_run(cells, cells) == {0, 1, 3}
