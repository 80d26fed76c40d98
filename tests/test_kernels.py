"""What conftest.py promises about the kernels that nbval starts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
# A course of two notebooks that look at their own kernel.
STUDENT = """
import os
assert "COURSEKIT_STRICT" not in os.environ
"""
SOLUTION = """
import os
assert os.environ["COURSEKIT_STRICT"] == "1"
"""
OFFLINE = """
import socket
try:
    socket.getaddrinfo("example.org", 443)
except OSError as error:
    assert "offline" in str(error)
else:
    raise AssertionError("the kernel reached for a name server")
"""


SHOWN_TWICE = """
class HTML_AND_TEXT(int):
    def _repr_html_(self):
        return f"<b>{self}</b>"
"""
CHECK = "def check(number, answer):\n    return {!r}\nanswer = ..."


def course_at(folder: Path, student: str, solution: str, *more: str) -> None:
    """Write a small course with this project's conftest.py and pytest settings.

    Args:
        folder: where to.
        student, solution: the first cell of the two versions.
        more: further cells of both.
    """
    (folder / "tests").mkdir()
    for name in ("offline", "kernels"):
        shutil.copytree(ROOT / "tests" / name, folder / "tests" / name)
    for name in ("conftest.py", "pyproject.toml", "tests/student_cells.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "notebooks" / "solutions").mkdir(parents=True)
    for place, code in ((".", student), ("solutions", solution)):
        cells = [nbformat.v4.new_code_cell(text) for text in (code, *more)]
        notebook = nbformat.v4.new_notebook(cells=cells)
        nbformat.write(notebook, folder / "notebooks" / place / "00_tiny.ipynb")


def run_pytest(folder: Path, **variables: str) -> subprocess.CompletedProcess:
    """Run `pytest` in `folder` as `make test` does."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_solutions_are_judged_strictly_and_student_versions_are_not(tmp_path: Path):
    course_at(tmp_path, STUDENT, SOLUTION, OFFLINE)
    done = run_pytest(tmp_path, COURSEKIT_STRICT="1")
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_a_failing_cell_makes_the_run_red(tmp_path: Path):
    course_at(tmp_path, "1 + 1", "assert 1 + 1 == 3")
    done = run_pytest(tmp_path)
    assert done.returncode == 1, done.stdout
    assert "1 failed, 1 passed" in done.stdout


@pytest.mark.parametrize(
    ("answer", "closing"),
    [("01.3 · not yet · …", "4 passed"), ("01.3 · right · …", "1 failed, 3 passed")],
)
def test_a_student_check_must_say_not_yet(tmp_path: Path, answer: str, closing: str):
    code = CHECK.format(answer)
    course_at(tmp_path, code, code, 'check("01.3", answer)')
    done = run_pytest(tmp_path)
    assert closing in done.stdout


def test_a_stored_number_that_changed_makes_the_run_red(tmp_path: Path):
    course_at(tmp_path, "1", "1")
    path = tmp_path / "notebooks" / "solutions" / "00_tiny.ipynb"
    notebook = nbformat.read(path, as_version=4)
    stored = nbformat.v4.new_output("execute_result", {"text/plain": "41"})
    cell = nbformat.v4.new_code_cell("HTML_AND_TEXT(42)", outputs=[stored])
    cell.execution_count, cell.metadata.tags = 1, ["nbval-check-output"]
    notebook.cells += [nbformat.v4.new_code_cell(SHOWN_TWICE), cell]
    nbformat.write(notebook, path)
    assert "1 failed" in run_pytest(tmp_path).stdout
    cell.source = "HTML_AND_TEXT(41)"
    nbformat.write(notebook, path)
    assert run_pytest(tmp_path).returncode == 0
