"""Code that could blind the watcher of forbidden operators is for a person."""

import ast
import inspect
import textwrap
from pathlib import Path

import pytest

from coursekit.course.exercises.registry import exercise_ids, load
from coursekit.staff.grading.assignment import Assignment, Part
from coursekit.staff.grading.grade import grade
from coursekit.staff.grading.watchable import unwatched
from tests.hostile_handins import notebook

FORBIDS = [one for one in exercise_ids() if load(one).forbids]
HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
POOL = "torch.max_pool2d(images, kernel_size, stride)"
START = "def max_pool(images, kernel_size, stride):\n"


@pytest.mark.parametrize("exercise_id", FORBIDS)
def test_honest_answers_are_not_doubted(exercise_id):
    exercise = load(exercise_id)
    for answer in {exercise.solution, *exercise.right}:
        text = Path(inspect.getsourcefile(answer)).read_text(encoding="utf-8")
        imports = [n for n in ast.parse(text).body if isinstance(n, ast.Import)]
        source = textwrap.dedent(inspect.getsource(answer))
        assert unwatched([*imports, *ast.parse(HEAD + source).body]) == ""


@pytest.mark.parametrize(
    "line",
    [
        "import matplotlib.pyplot as plt",  # imported, and not used by the answer
        "from coursekit import check, hint",
        "import numpy as np\ndef f(x):\n    return np.maximum(x, 0).sum()",
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self._side = 3",
        "def f(x):\n    return x.unfold(2, 3, 1).amax(-1)",
        "def f(x):\n    return torch.nn.functional.relu(x)",
    ],
)
def test_what_students_write_is_not_doubted(line):
    assert unwatched(ast.parse(HEAD + line).body) == ""


BLINDERS = {
    "with torch._C._DisableTorchDispatch(): x = 1": "_DisableTorchDispatch",
    "from torch._C import _DisableTorchDispatch as D\nwith D(): x = 1": "torch._C",
    "import threading\nthreading.Thread(target=f).start()": "threading",
    "from concurrent.futures import ThreadPoolExecutor as T\nT().submit(f)": "futures",
    "torch.jit.fork(f)": "torch.jit",
    "from torch import jit\njit.fork(f)": "torch.jit",
    "from torch.utils import dlpack\ndlpack.to_dlpack(x)": "torch.utils",
    "torch.utils.data.DataLoader(x)": "torch.utils",
    "exec('x')": "exec",
    "getattr(torch, 'max' + '_pool2d')(x)": "getattr",
    "f.__globals__['x']": "__globals__",
    "__builtins__": "__builtins__",
    "import sys\nsys.modules": "sys",
    "import coursekit.course.exercises.operators_used as o\no.used = 1": "coursekit",
    "import coursekit\ncoursekit.course.exercises": "coursekit.course",
    "import scipy.signal as s\ns.convolve2d(x, y)": "scipy",
}


@pytest.mark.parametrize("line", BLINDERS, ids=range(len(BLINDERS)))
def test_what_could_blind_the_watcher_is_named(line):
    assert BLINDERS[line] in unwatched(ast.parse(HEAD + line).body)


def test_a_blinded_watcher_gives_no_points_and_a_person_looks(sandbox, tmp_path):
    exercise = load("01.6")
    given = Assignment("a", "A", None, (Part("01.6", 1, exercise),), "")
    plain = "def max_pool2x2(images):\n    return F.max_pool2d(images, 2)\n"
    blind = (
        "import coursekit.course.exercises.operators_used as o\n"
        "def max_pool2x2(images):\n"
        "    def unseen(self, func, types, args=(), kwargs=None):\n"
        "        return func(*args, **(kwargs or {}))\n"
        "    o._Functions.__torch_function__ = unseen\n"
        "    o._Operators.__torch_dispatch__ = unseen\n"
        "    return F.max_pool2d(images, 2)\n"
    )
    path = tmp_path / "hand-in.ipynb"
    for text, status in ((plain, "wrong"), (blind, "person")):
        path.write_bytes(notebook(HEAD + text))
        got = grade(path, "s1", given, sandbox, b"secret")
        assert (got.parts[0].status, got.points) == (status, 0), got.parts[0].message
    assert "__torch_function__" in got.parts[0].message
    assert got.person == ("01.6: code does not decide it",)
