"""environment.yml (conda) and pyproject.toml (pip) name the same requirements.

Whether a conda solver finds a solution is not tested here: it needs a channel.
"""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
# The name on conda-forge where it is not the name on the package index.
CONDA_NAME = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
# conda's own: the interpreter and the tool that installs the rest.
CONDA_ONLY = {"python", "pip"}
CONDA_SPEC = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9_.-]*)(?: (?P<bounds>[<>=!~0-9.,]+))?"
)


def from_pyproject() -> dict[str, SpecifierSet]:
    """Return what a student installs by pip: the base, `lab` and `extras`."""
    optional = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *optional["lab"], *optional["extras"]]
    parsed = map(Requirement, lines)
    return {canonicalize_name(wish.name): wish.specifier for wish in parsed}


def conda_lines() -> list[str]:
    """Return the specs that conda itself reads."""
    return [line for line in CONDA["dependencies"] if isinstance(line, str)]


def pip_lines() -> list[str]:
    """Return the lines below `pip:`."""
    (section,) = [line for line in CONDA["dependencies"] if isinstance(line, dict)]
    return section["pip"]


def from_environment() -> dict[str, SpecifierSet]:
    """Return what environment.yml asks for, by the package index's names."""
    index_name = {conda: name for name, conda in CONDA_NAME.items()}
    found = {}
    for line in conda_lines():
        spec = CONDA_SPEC.fullmatch(line)
        name = index_name.get(spec["name"], spec["name"])
        found[canonicalize_name(name)] = SpecifierSet(spec["bounds"] or "")
    for line in pip_lines():
        if not line.startswith("-"):
            wish = Requirement(line)
            found[canonicalize_name(wish.name)] = wish.specifier
    return {name: bounds for name, bounds in found.items() if name not in CONDA_ONLY}


def test_conda_and_pip_ask_for_the_same_packages_and_bounds():
    assert from_environment() == from_pyproject()


def test_conda_and_pip_ask_for_the_same_python():
    (python,) = [line for line in conda_lines() if line.split()[0] == "python"]
    wanted = SpecifierSet(PROJECT["requires-python"])
    assert SpecifierSet(python.split()[1]) == wanted


def test_environment_has_the_form_that_conda_reads():
    assert set(CONDA) == {"name", "channels", "dependencies"}
    assert CONDA["channels"] == ["conda-forge"]
    assert "-e ." in pip_lines()


@pytest.mark.parametrize("line", conda_lines())
def test_a_conda_line_is_a_name_and_perhaps_bounds(line: str):
    assert CONDA_SPEC.fullmatch(line)


@pytest.mark.parametrize("name", from_pyproject())
def test_students_get_lower_bounds_and_no_pins(name: str):
    operators = {clause.operator for clause in from_pyproject()[name]}
    assert ">=" in operators
    assert operators <= {">=", "<"}


@pytest.mark.parametrize("name", ["torch", "torchvision"])
def test_torch_has_no_ceiling(name: str):
    # A ceiling can select a torch that no torchvision of the index belongs to.
    assert {clause.operator for clause in from_pyproject()[name]} == {">="}


def test_no_lock_file_is_kept():
    names = ("uv.lock", "poetry.lock", "Pipfile.lock", "pylock.toml")
    assert [name for name in names if (ROOT / name).exists()] == []
