"""How other environments are made up and judged; nothing is installed here."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.environments import course, places
from tests.environments.__main__ import COLAB, EXTRAS, WITHOUT, main, project, set_up
from tests.environments.judge import Difference, Row, difference, table
from tests.environments.pins import canonical, floors, listed, requirements
from tests.environments.pins import floor as floor_of
from tests.environments.places import TrialError
from tests.environments.supported import supported_line, with_line
from tests.environments.trial import NOT_HERE, Trial, unit_files

ROOT = Path(__file__).resolve().parent.parent
SMALL = {
    "name": "tiny-course",
    "dependencies": ["torch>=2.4", "ipywidgets>=7.7.1,<9"],
    "optional-dependencies": {
        "lab": ["jupyterlab>=4"],
        "extras": ["grad-cam>=1.5", "torch>=2.4"],
        "dev": ["tiny_course[lab,extras]", "pytest>=8", "ruff==0.17.5"],
    },
}


@pytest.mark.parametrize(
    ("requirement", "pin"),
    [
        ("torch>=2.4", "torch==2.4"),
        ("ipywidgets>=7.7.1,<9", "ipywidgets==7.7.1"),
        ("ipywidgets<9,>=7.7.1", "ipywidgets==7.7.1"),
        ("onnx >= 1.16 ; python_version < '3.14'", "onnx==1.16"),
        ("scikit-learn>=1.3", "scikit-learn==1.3"),
        ("a[b,c]>=1.0rc1", "a==1.0rc1"),
    ],
)
def test_the_floor_of_a_requirement_is_its_lower_bound(requirement: str, pin: str):
    assert floor_of(requirement) == pin


@pytest.mark.parametrize("requirement", ["torch", "torch<3", "ruff==0.17.5"])
def test_a_requirement_without_a_lower_bound_has_no_floor(requirement: str):
    with pytest.raises(ValueError, match=r"must have a floor \(>=\); got"):
        floor_of(requirement)


def test_extras_that_name_extras_are_followed_and_nothing_comes_twice():
    found = list(requirements(SMALL, ("dev",)))
    assert sorted(found) == [
        "grad-cam>=1.5",
        "ipywidgets>=7.7.1,<9",
        "jupyterlab>=4",
        "pytest>=8",
        "ruff==0.17.5",
        "torch>=2.4",
    ]


def test_the_floors_are_derived_from_the_requirements():
    assert sorted(floors(SMALL, ("extras",))) == [
        "grad-cam==1.5",
        "ipywidgets==7.7.1",
        "torch==2.4",
    ]


@pytest.mark.parametrize("lines", [["a>=7.7.1,<9", "a>=10"], ["a>=10", "a>=7.7.1"]])
def test_of_two_floors_of_a_package_the_higher_counts(lines: list[str]):
    tiny = {"name": "t", "dependencies": lines, "optional-dependencies": {"dev": []}}
    assert floors(tiny, ("dev",)) == ["a==10"]


def test_a_tool_can_be_left_out_however_its_name_is_written():
    found = floors(SMALL, ("lab", "dev"), without=("ruff", "Grad_CAM"))
    assert not {"ruff", "grad-cam"} & {pin.partition("==")[0] for pin in found}


def test_the_floors_of_this_project_are_what_packaging_reads_in_pyproject():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    read = tomllib.loads(text)["project"]
    groups = [read["dependencies"], *read["optional-dependencies"].values()]
    wishes = [Requirement(line) for group in groups for line in group]
    lowest = {}
    for wish in wishes:
        for bound in wish.specifier:
            if bound.operator == ">=":
                name, found = canonicalize_name(wish.name), Version(bound.version)
                lowest[name] = max(found, lowest.get(name, found))
    pinned = listed("\n".join(floors(project(), EXTRAS, WITHOUT)))
    assert {name: Version(found) for name, found in pinned.items()} == {
        name: found for name, found in lowest.items() if name not in WITHOUT
    }


def test_a_list_of_pins_is_names_and_versions():
    text = "# why\nPyYAML==6.0.3  # here\n\njupyter_client==7.4.9\n"
    assert listed(text) == {"pyyaml": "6.0.3", "jupyter-client": "7.4.9"}


@pytest.mark.parametrize(
    "line",
    ["a>=1", "a", "-e .", "--index-url=https://x", "a @ https://x/a.whl", "a==1.*"],
)
def test_anything_else_in_a_list_of_pins_is_refused(line: str):
    with pytest.raises(ValueError, match="a pin must be `name==version`"):
        listed(f"b==1\n{line}\n")


@pytest.mark.parametrize(("extras", "all_there"), [((), True), (("extras",), False)])
def test_colab_meets_the_floors_and_has_all_but_extras(extras, all_there):
    colab = listed(COLAB.read_text(encoding="utf-8"))
    wanted = [Requirement(line) for line in requirements(project(), extras)]
    found = {wish: colab.get(canonicalize_name(wish.name)) for wish in wanted}
    assert (None not in found.values()) == all_there
    for wish, version in found.items():
        assert version is None or wish.specifier.contains(version), (wish, version)


@pytest.mark.parametrize("name", ["PyYAML", "jupyter_client", "a.b", "A--b__c"])
def test_a_name_has_the_spelling_that_packaging_gives_it(name: str):
    assert canonical(name) == canonicalize_name(name)


BEFORE = {"torch": "2.11.0", "numpy": "2.1.3", "tqdm": "4.67.3"}


@pytest.mark.parametrize(
    ("after", "fine", "text"),
    [
        (BEFORE, True, "no difference"),
        (BEFORE | {"grad-cam": "1.5.7"}, True, "+ grad-cam 1.5.7"),
        (BEFORE | {"numpy": "2.0.2"}, False, "! numpy 2.1.3 → 2.0.2"),
        (BEFORE | {"numpy": "2.2.0"}, False, "! numpy 2.1.3 → 2.2.0"),
        (BEFORE | {"torch": "2.11.0+cpu"}, False, "! torch 2.11.0 → 2.11.0+cpu"),
        ({"torch": "2.11.0", "tqdm": "4.67.3"}, False, "- numpy 2.1.3"),
        (
            {"torch": "2.15.0", "numpy": "2.1.3", "ttach": "0.0.3"},
            False,
            "+ ttach 0.0.3\n- tqdm 4.67.3\n! torch 2.11.0 → 2.15.0",
        ),
    ],
)
def test_only_additions_are_allowed(after: dict, fine: bool, text: str):
    change = difference(BEFORE, after)
    assert change.only_additions == fine
    assert str(change) == text


def test_a_difference_names_what_was_added_removed_and_changed():
    change = difference({"a": "1", "b": "1"}, {"b": "2", "c": "3"})
    assert change == Difference({"c": "3"}, {"a": "1"}, {"b": ("1", "2")})


def test_the_table_has_a_line_for_each_trial_and_sums_up():
    rows = [Row("00.ipynb", True, 1.25, "20 passed"), Row("units", False, 61.0)]
    assert table(rows).splitlines() == [
        "| what     | result | seconds |           |",
        "|----------|--------|---------|-----------|",
        "| 00.ipynb | pass   | 1.2     | 20 passed |",
        "| units    | FAIL   | 61.0    |           |",
        "",
        "1 passed, 1 failed, 62 s",
    ]


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; return what it says."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a small checkout: a package, a notebook, an ignored and a deleted file."""
    root = tmp_path / "checkout"
    setup = {"setup": "course = 'git+https://example.org/me/mine@dev'", "": "1 + 1"}
    cells = [
        {"cell_type": "code", "metadata": {"tags": [tag]}, "source": [code]}
        for tag, code in setup.items()
    ]
    for name, text in {
        "coursekit/__init__.py": "",
        "notebooks/00_a.ipynb": json.dumps({"cells": cells}),
        "notebooks/solutions/00_a.ipynb": json.dumps({"cells": cells}),
        "tests/test_a.py": "",
        ".gitignore": "*.log\n",
        "gone.py": "",
        "kept.log": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", "gone.py", ".gitignore")
    (root / "gone.py").unlink()
    return root


def test_the_repository_holds_the_checkout_as_it_lies_there(checkout, tmp_path):
    (checkout / "coursekit" / "__init__.py").write_text("new = 1", encoding="utf-8")
    made = course.git_repository(checkout, tmp_path / "made", "dev")
    files = git(made, "ls-tree", "-r", "--name-only", "dev").split()
    assert files == [
        ".gitignore",
        "coursekit/__init__.py",
        "notebooks/00_a.ipynb",
        "notebooks/solutions/00_a.ipynb",
        "tests/test_a.py",
    ]
    assert git(made, "show", "dev:coursekit/__init__.py") == "new = 1"


def test_git_fetches_the_course_s_address_from_the_local_repository(checkout, tmp_path):
    made = course.git_repository(checkout, tmp_path / "made", "dev")
    code = course.setup_cell(made / "notebooks" / "00_a.ipynb")
    address = course.ADDRESS.search(code)
    assert address.groups() == ("https://example.org/me/mine", "dev")
    variables = os.environ | course.instead_of(address["url"], made)
    subprocess.run(
        ["git", "clone", "--quiet", "-b", "dev", address["url"], tmp_path / "cloned"],
        env=variables,
        check=True,
    )
    assert (tmp_path / "cloned" / "coursekit" / "__init__.py").is_file()


def test_the_address_is_read_in_the_real_set_up_cell():
    for notebook in course.notebooks(ROOT):
        address = course.ADDRESS.search(course.setup_cell(notebook))
        assert address["url"].startswith("https://github.com/")
        assert address["branch"]


def test_the_workplace_has_no_package_and_solutions_that_drive(checkout, tmp_path):
    made = course.git_repository(checkout, tmp_path / "made")
    folder = course.workplace(made, tmp_path / "work")
    assert not (folder / "coursekit").exists()
    assert (folder / "tests" / "test_a.py").is_file()
    for notebook in course.notebooks(folder):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        assert cells[0]["source"] == ["course = 'git+https://example.org/me/mine@dev'"]
        driven = "solutions" in notebook.parts
        assert len(cells) == 2 + driven
        if driven:
            compile(cells[-1]["source"], "cell", "exec")
            call = f'drive_all("{course.driven_file(notebook)}")'
            assert call in cells[-1]["source"]


def test_a_notebook_without_a_set_up_cell_is_named(tmp_path: Path):
    path = tmp_path / "07_x.ipynb"
    path.write_text(json.dumps({"cells": []}), encoding="utf-8")
    with pytest.raises(TrialError, match=r"07_x\.ipynb has no cell tagged `setup`"):
        course.setup_cell(path)


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path):
    with pytest.raises(TrialError, match="is no git checkout"):
        course.tracked(tmp_path)


def test_every_notebook_is_found_and_solutions_come_last():
    names = [path.relative_to(ROOT).as_posix() for path in course.notebooks(ROOT)]
    lying_there = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "notebooks").rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts
    ]
    assert set(lying_there) == set(names)
    assert names == sorted(names, key=lambda name: ("solutions" in name, name))


def test_a_run_has_one_thread_and_nothing_of_the_user_s_own(monkeypatch, tmp_path):
    for name in ("PYTHONPATH", "COURSEKIT_DATA", "JUPYTER_PATH", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("HTTPS_PROXY", "kept")
    found = course.clean_environment(tmp_path)
    assert "mine" not in found.values()
    assert (found["OMP_NUM_THREADS"], found["HTTPS_PROXY"]) == ("1", "kept")


def test_the_packages_of_this_environment_are_those_that_pip_lists():
    asked = [sys.executable, "-I", "-m", "pip", "list", "--format=json"]
    done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("this environment has no pip to compare with")
    listed_by_pip = {
        canonicalize_name(found["name"]): found["version"]
        for found in json.loads(done.stdout)
    }
    assert places.packages(Path(sys.prefix)) == listed_by_pip


def test_what_lies_in_the_working_folder_is_not_installed(monkeypatch, tmp_path):
    (tmp_path / "ghost-1.0.dist-info").mkdir()
    metadata = tmp_path / "ghost-1.0.dist-info" / "METADATA"
    metadata.write_text("Name: ghost\nVersion: 1.0\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert "ghost" not in places.packages(Path(sys.prefix))


def test_a_copy_of_an_environment_leaves_the_original_alone(tmp_path: Path):
    base = tmp_path / "base"
    (base / "lib").mkdir(parents=True)
    (base / "lib" / "a.py").write_text("old", encoding="utf-8")
    copy = places.fresh_copy(base, tmp_path / "copy")
    (copy / "lib" / "new.py").write_text("new", encoding="utf-8")
    (copy / "lib" / "b").write_text("replaced", encoding="utf-8")
    (copy / "lib" / "b").replace(copy / "lib" / "a.py")
    assert (base / "lib" / "a.py").read_text(encoding="utf-8") == "old"
    assert [path.name for path in (base / "lib").iterdir()] == ["a.py"]
    again = places.fresh_copy(base, tmp_path / "copy")
    assert [path.name for path in (again / "lib").iterdir()] == ["a.py"]


def test_a_missing_python_is_named_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(TrialError, match=r"No Python 3\.99 here.*PYTHON399="):
        places.find_python(("3.99",), "PYTHON399")


def test_this_python_is_found_by_its_version():
    version = "{}.{}".format(*sys.version_info)
    assert places.starts(sys.executable, version)
    assert not places.starts(sys.executable, "3.2")


def test_a_package_of_elsewhere_is_not_taken_for_the_installed_one(tmp_path: Path):
    (tmp_path / "coursekit").mkdir()
    (tmp_path / "coursekit" / "__init__.py").write_text("", encoding="utf-8")
    with pytest.raises(TrialError, match="not the installed package"):
        Trial(Path(sys.prefix), tmp_path, dict(os.environ)).check_installed()


def test_unit_tests_of_the_checkout_are_left_out_and_exist():
    files = unit_files(ROOT, "test_*.py")
    assert "tests/test_explore.py" in files
    assert "tests/test_layers.py" not in files
    for name in NOT_HERE:
        assert (ROOT / "tests" / f"{name}.py").is_file()


def in_a_kernel(code: str) -> dict:
    """Run a cell as the twin does, here."""
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "environments" / "cell.py"],
        input=code,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_cell_runs_in_a_kernel_of_this_environment_and_programs_are_timed_apart():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', '']); 1 / 1"
    answer = in_a_kernel(f"{code}\nprint('done')")
    assert (answer["text"], answer["error"]) == ("done\n", "")
    assert 0 < answer["pip"] < answer["seconds"]
    assert answer["where"][0] == sys.prefix


def test_a_set_up_cell_that_fails_ends_the_trial_with_its_error():
    with pytest.raises(TrialError, match=r"(?s)set-up cell failed.*no wheel for you"):
        set_up(Path(sys.prefix), "raise OSError('no wheel for you')", dict(os.environ))


def test_every_file_of_the_package_reaches_who_installs_it():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    patterns = tomllib.loads(text)["tool"]["setuptools"]["package-data"]["*"]
    left_behind = [
        path
        for path in (ROOT / "coursekit").rglob("*")
        if path.is_file()
        and not any(path.match(pattern) for pattern in (*patterns, "*.py", "*.pyc"))
    ]
    assert left_behind == []


def test_a_trial_that_cannot_begin_says_why_and_is_red(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(places, "starts", lambda python, version: False)
    assert main(["floor", "--at", str(tmp_path / "floor")]) == 1
    assert "Stopped. No Python 3.11 here" in capsys.readouterr().err
    assert not (tmp_path / "floor").exists()


def test_make_offers_the_three_trials():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("colab-twin", "floor", "newest"):
        assert f"\n{target}: python\n" in makefile
        assert f'"make {target}' in makefile


def test_a_trial_s_line_tells_versions_and_what_passed():
    rows = [Row("00_x.ipynb", True, 3.0), Row("01_y.ipynb", True, 4.0)]
    rows += [Row("3 files of unit tests", True, 9.0, "7 passed")]
    packages = {"torch": "2.4.0+cpu", "torchvision": "0.19.0", "ipywidgets": "7.7.1"}
    line = supported_line("floor", "3.11.7", packages, rows)
    told = "| oldest | 3.11.7 | 2.4.0 | 0.19.0 | 7.7.1 | 2 of 2 sessions, 7 passed | "
    assert line.startswith(told)
    table = "a\n| oldest | – | – |\n| newest | – | – |\n"
    assert with_line(table, line) == f"a\n{line}\n| newest | – | – |\n"
    with pytest.raises(ValueError, match="must have a line for Colab"):
        with_line(table, line.replace("oldest", "Colab's"))
