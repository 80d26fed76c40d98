"""How one pytest run treats the stack, and the kernels of the notebooks.

- Under `pytest -n 2` two processes share the files, in the order of `turn`.
- `tests/test_stack.py` runs first; where torch and torchvision do not fit, it ends the
  run, since everything after it would fail for the same reason.
- nbval starts a notebook's kernel with the environment of this process; on Linux, if
  there are several, as forks of one with torch imported (tests/kernels). Kernels are
  offline (tests/offline); those of notebooks/solutions judge strictly, so that a wrong
  solution fails, and those of the student versions do not.
- In a student version, every check of an exercise must answer "not yet". Where its
  solution runs too, only the cells that may differ run (`tests/student_cells.py`).
- What the solutions show is kept until the run ends: the browser looks at it too.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import ipykernel.kernelspec
import pytest

from tests.kernels import POSSIBLE, ForkServer
from tests.student_cells import worth_a_run

os.environ["COURSEKIT_PROGRESS"] = "off"  # no kernel of a test writes a student's file
OFFLINE = Path(__file__).resolve().parent / "tests" / "offline"
# Forms of an output that a solution notebook does not keep: its text says the same.
NOT_STORED = ("text/html", "image/svg+xml")
# A cell that is one call: check("01.3", receptive_field)
CHECK = re.compile(r"""check\(["']\d\d[a-z]?\.\d+["'], *\w+\)""")
KERNELS = ForkServer()


def pytest_configure(config: pytest.Config) -> None:
    """Make a folder for what notebooks show, one for all processes of this run."""
    if not hasattr(config, "workerinput"):
        os.environ["COURSEKIT_SHOWN"] = tempfile.mkdtemp(prefix="coursekit-shown-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder of what notebooks showed; end the server of kernels."""
    KERNELS.close()
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop("COURSEKIT_SHOWN"))


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Order the files; compare of a notebook's outputs what is stored: the text.

    Of a student version whose solution runs too, leave out what both have alike.
    """
    items.sort(key=turn)
    notebooks = {item.path: item.parent for item in items if is_notebook(item)}
    KERNELS.worth_it = POSSIBLE and len(notebooks) > 2
    for notebook in notebooks.values():
        notebook.skip_compare = (*notebook.skip_compare, *NOT_STORED)
    left_out = set()
    for path, student in notebooks.items():
        solution = notebooks.get(path.parent / "solutions" / path.name)
        if solution is not None:
            run = worth_a_run(code_in(student.nb), code_in(solution.nb))
            mine = [item for item in items if item.parent is student]
            left_out |= {item for item in mine if item.cell_num not in run}
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=list(left_out))


def is_notebook(item: pytest.Item) -> bool:
    return item.path.suffix == ".ipynb"


def code_in(notebook: dict) -> list[str]:
    """Return the texts of a notebook's code cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def turn(item: pytest.Item) -> int:
    """The stack first, then notebooks, for they take minutes; the browser last."""
    if item.path.name == "test_stack.py":
        return 0
    if is_notebook(item):
        return 1
    return 3 if is_browser(item.nodeid) else 2


def is_browser(nodeid: str) -> bool:
    """Tell the tests that drive Chromium by their file."""
    return "test_browser" in nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep every file in one process, and both files of the browser in the same one.

    A browser beside two busy processes is too slow for its own waiting times. As the
    last piece of work it has the machine for itself but for what the other process is
    just finishing.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if is_browser(nodeid) else nodeid.partition("::")[0]

    config.option.loadscopereorder = False  # files keep the order of `turn`
    return ByFile(config, log)


def is_solution(item: pytest.Item) -> bool:
    """Tell the two versions of a notebook apart."""
    return item.path.parent.name == "solutions"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Change the environment while nbval starts a kernel, and give it back."""
    if item.path.suffix != ".ipynb":
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(OFFLINE), prepend=os.pathsep)
        patch.delenv("COURSEKIT_STRICT", raising=False)
        if is_solution(item):
            patch.setenv("COURSEKIT_STRICT", "1")
        if KERNELS.worth_it:
            patch.setattr(ipykernel.kernelspec, "make_ipkernel_cmd", KERNELS.command)
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """After a student's check cell has run, read what the check said."""
    result = yield
    if item.path.suffix == ".ipynb" and is_solution(item):
        keep(item.path.stem, item.test_outputs)
    if item.path.suffix == ".ipynb" and item.path.parent.name == "notebooks":
        source = item.cell.source.strip()
        if CHECK.fullmatch(source) and "not yet" not in said(item.test_outputs):
            pytest.fail(f"{source} does not answer “not yet” before it is solved")
    return result


def keep(name: str, outputs: list) -> None:
    """Write down what a code cell has shown, one line for each in their order."""
    with (Path(os.environ["COURSEKIT_SHOWN"]) / f"{name}.jsonl").open("a") as file:
        file.write(json.dumps(outputs) + "\n")


def said(outputs: list) -> str:
    """Return the plain text of a cell's outputs."""
    texts = [output.get("data", {}).get("text/plain", "") for output in outputs]
    return "\n".join([*texts, *(output.get("text", "") for output in outputs)])
