"""The committed files themselves: built notebooks, and the style of the code."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from coursekit.staff.build.build import main

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "coursekit"
SOURCES = {
    str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
}
# A function is read at one glance and a module at one sitting. A docstring may be as
# long as it must: it is there so that the code need not be read.
MOST_LINES_OF_A_FUNCTION, MOST_LINES_OF_A_MODULE = 30, 300
MOST_LINES_OF_AN_EXPLORER = 150
EXPLORERS = re.compile(r"\bexplore_(?!receptive_field|network)(\w+)")
# All that training can do stands in one signature, a line each: a table to look up.
SIGNATURES = {"training/loop.py": {"fit": 30}}
# Python asks for the first two in every package. `authoring/start.py` is the address
# that notebooks were published with; the work is done in `course/start.py`.
NAMES_THAT_RECUR = {"__init__.py", "__main__.py", "start.py"}


def test_the_committed_notebooks_match_their_sources(capsys):
    assert main(["--check", "--root", str(ROOT / "notebooks")]) == 0, (
        capsys.readouterr()
    )


@pytest.mark.parametrize("rule", [["check"], ["format", "--check"]])
def test_the_code_keeps_the_rules_of_pyproject(rule: list[str]):
    command = [sys.executable, "-m", "ruff", *rule, "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_lock_file_that_names_a_registry_is_kept():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of committed files")
    names = {Path(line).name for line in listed.stdout.splitlines()}
    assert not names & {"uv.lock", "poetry.lock", "Pipfile.lock", "pylock.toml"}


def lengths(source: str) -> dict[str, int]:
    """Return "name:line" → lines of every function, the signature's counted too.

    Neither decorators nor the docstring count; a function inside another counts for
    itself and for the one around it.
    """
    return {
        f"{node.name}:{node.lineno}": _lines(node) - _lines_of_docstring(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _lines(node: ast.stmt) -> int:
    return node.end_lineno - node.lineno + 1


def _lines_of_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    has_one = ast.get_docstring(function, clean=False) is not None
    return _lines(function.body[0]) if has_one else 0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(): pass", {"f:1": 1}),
        ("def f(\n    a,\n):\n    return a", {"f:1": 4}),
        ("@g\n@h\ndef f():\n    pass", {"f:3": 2}),
        ('def f():\n    """One.\n\n    Two.\n    """\n    pass', {"f:1": 2}),
        ("def f():\n    def g():\n        pass\n    return g", {"f:1": 4, "g:2": 2}),
        ("class A:\n    async def f(self):\n        pass", {"f:2": 2}),
    ],
)
def test_the_lines_of_a_function_are_those_one_has_to_read(
    source: str, expected: dict[str, int]
):
    assert lengths(source) == expected


@pytest.mark.parametrize("module", SOURCES)
def test_no_function_is_longer_than_one_glance(module: str):
    found = lengths(SOURCES[module])
    table = SIGNATURES.get(module, {})
    body = {f: n - table.get(f.split(":")[0], 0) for f, n in found.items()}
    long = {f: n for f, n in body.items() if n > MOST_LINES_OF_A_FUNCTION}
    assert not long, f"{module}: split {long}; {MOST_LINES_OF_A_FUNCTION} lines at most"


@pytest.mark.parametrize("module", SOURCES)
def test_no_module_is_longer_than_one_sitting(module: str):
    assert len(SOURCES[module].splitlines()) <= MOST_LINES_OF_A_MODULE


def test_a_simple_explorer_is_one_short_file():
    """Two are not simple: any network, and receptive fields with their chain."""
    lines = {
        name: len(SOURCES[f"explore/{name}.py"].splitlines())
        for name in EXPLORERS.findall(SOURCES["explore/__init__.py"])
    }
    assert len(lines) > 15
    assert not {name: n for name, n in lines.items() if n > MOST_LINES_OF_AN_EXPLORER}


def test_a_name_of_a_file_stands_once_in_the_package():
    count = Counter(Path(module).name for module in SOURCES)
    twice = {name for name, times in count.items() if times > 1}
    assert not twice - NAMES_THAT_RECUR


@pytest.mark.parametrize(("word", "most"), [("found", 75), ("place", 60)])
def test_a_variable_says_what_it_is_rather_than_that_it_was_found(word: str, most: int):
    users = [
        f"{module}:{function.name}"
        for module, source in SOURCES.items()
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef) and word in _bound_in(function)
    ]
    assert len(users) <= most, f"find a better name than `{word}`: {users}"


def _bound_in(function: ast.FunctionDef) -> set[str]:
    names = (n for n in ast.walk(function) if isinstance(n, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def test_the_old_address_of_start_holds_no_work_of_its_own():
    starts = [module for module in SOURCES if Path(module).name == "start.py"]
    assert sorted(starts) == ["authoring/start.py", "course/start.py"]
    body = ast.parse(SOURCES["authoring/start.py"]).body
    assert not lengths(SOURCES["authoring/start.py"])
    assert any(isinstance(node, ast.ImportFrom) for node in body)


def compared_fields(source: str) -> dict[str, str]:
    """Return class → field for dataclasses that compare numbers by `==`."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        marks = [ast.unparse(mark) for mark in getattr(node, "decorator_list", [])]
        compares = any("dataclass" in m and "eq=False" not in m for m in marks)
        if isinstance(node, ast.ClassDef) and compares:
            for line in node.body:
                kind = ast.unparse(getattr(line, "annotation", ast.Constant("")))
                if re.search(r"\b(Tensor|ndarray)\b", kind):
                    found[node.name] = ast.unparse(line)
    return found


def test_no_dataclass_asks_whether_many_numbers_are_true():
    # a == b of such fields has no truth. Until Python 3.12 a cache did not notice: it
    # compared tuples, which look for the same object first; from 3.13 on it raises.
    assert {
        name: fields
        for name, source in SOURCES.items()
        if (fields := compared_fields(source))
    } == {}


def test_a_dataclass_that_compares_numbers_is_seen():
    body = "class A:\n    n: int\n    x: Tensor | None"
    assert compared_fields(f"@dataclass(frozen=True)\n{body}") == {
        "A": "x: Tensor | None"
    }
    assert compared_fields(f"@dataclass(frozen=True, eq=False)\n{body}") == {}
