"""`coursekit doctor`: every line is right here, or names the remedy."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from coursekit._base.hosted import HOSTED
from coursekit.setup import doctor
from coursekit.setup.doctor import Line, Report, asking, front_end, questions, software

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = ROOT / "tests" / "offline"


def run_doctor(
    *arguments: str, overlay: Path | None = None, **variables: str
) -> subprocess.CompletedProcess:
    """Run the doctor in a new Python, packages in `overlay` hiding the real ones."""
    paths = [str(path) for path in (overlay, OFFLINE, ROOT) if path]
    environment = {**os.environ, **variables, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(
        [sys.executable, "-m", "coursekit.cli", "doctor", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def fake(folder: Path, package: str, code: str) -> Path:
    """Write a package that hides the real one."""
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text(code, encoding="utf-8")
    return folder


def installed(folder: Path, package: str, version: str, *wishes: str) -> Path:
    """Write what pip leaves behind for a package of this version."""
    info = folder / f"{package}-{version}.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {package}", f"Version: {version}"]
    lines += [f"Requires-Dist: {wish}" for wish in wishes]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """Give a folder whose packages this Python finds before the real ones."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture
def without(monkeypatch):
    """Give a function that makes packages look not installed."""

    def hide(*names: str) -> None:
        real = metadata.version

        def version(name: str) -> str:
            if name in names:
                raise metadata.PackageNotFoundError(name)
            return real(name)

        monkeypatch.setattr(asking.metadata, "version", version)

    return hide


def lines_of(done: subprocess.CompletedProcess) -> dict[str, dict]:
    """Return the lines of `doctor --json` by their names."""
    assert done.stdout, done.stderr
    return {line["name"]: line for line in json.loads(done.stdout)["lines"]}


# The whole command


def test_everything_needed_works_where_the_tests_run_also_without_a_network():
    done = run_doctor("--json")
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    assert found["ok"] is True
    assert len(found["lines"]) == len(questions.QUESTIONS)
    network = lines_of(done)["network"]
    assert (network["ok"], network["needed"]) == (False, False)
    assert "works without a network" in network["remedy"]


# torchvision registers its operators like this; the error is torch's own.
MISMATCHED = """
import torch

@torch.library.register_fake("torchvision::nms")
def meta_nms(boxes, scores, threshold):
    return boxes
"""


def test_a_mismatched_torchvision_is_explained_with_the_exact_remedy(tmp_path: Path):
    installed(tmp_path, "torchvision", "0.28.0", "numpy", "torch (==2.13.0)")
    done = run_doctor("--offline", overlay=fake(tmp_path, "torchvision", MISMATCHED))
    assert done.returncode == 1
    assert "operator torchvision::nms does not exist" in done.stdout
    assert "this torchvision is made for torch 2.13.0" in done.stdout
    assert "pip install -U torch torchvision, then restart the kernel" in done.stdout
    assert "To fix before you start: PyTorch." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "raise OSError('libtorch_cuda.so: cannot open shared object file')",
        "raise ImportError('undefined symbol: _ZN3c10')",
        "raise AttributeError('partially initialized module')",
    ],
)
def test_a_torch_that_does_not_start_is_no_traceback(tmp_path: Path, code: str):
    done = run_doctor("--json", overlay=fake(tmp_path, "torch", code))
    assert done.returncode == 1
    lines = lines_of(done)
    assert lines["PyTorch"]["remedy"].startswith("pip install -U torch torchvision")
    assert not lines["device"]["ok"]
    waiting = [line for line in lines.values() if "first" in line["remedy"]]
    assert [line["name"] for line in waiting] == [
        "embedded data",
        "data sets",
        "data folder",
        "checkpoints",
        "network",
    ]
    assert not any(line["needed"] for line in waiting)


def test_help_shows_an_example():
    assert "example: coursekit doctor --json" in run_doctor("--help").stdout


def test_a_stream_that_lacks_a_letter_is_no_failure():
    # what Windows gives a program whose output goes to a file or a pipe
    done = run_doctor(PYTHONIOENCODING="cp1252")
    assert done.returncode == 0, done.stderr
    assert "? the course works without a network" in done.stdout


# Python and packages


def test_a_torchvision_whose_answers_are_wrong_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch,
):
    ops = pytest.importorskip("torchvision.ops")
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(ops, "nms", lambda *args: torch.tensor([0, 1, 2]))
    assert not software.stack().ok


def test_a_missing_torch_is_installed_not_upgraded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    answer = software.stack()
    assert (answer.ok, answer.remedy) == (False, "pip install torch torchvision")


def broken_stack() -> Line:
    """Return the answer about a stack whose operators are not found."""
    reason = "RuntimeError: operator torchvision::nms does not exist"
    return Line("PyTorch", False, *software._broken_stack("torch 2, …", reason))


def test_where_conda_keeps_torch_conda_repairs_it(tmp_path, monkeypatch):
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "pytorch-2.5.1-cpu.json").write_text("{}")
    monkeypatch.setattr(software.sys, "prefix", str(tmp_path))
    assert broken_stack().remedy.startswith("conda update -c conda-forge pytorch torch")


def test_on_colab_a_new_runtime_is_the_remedy(monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    assert "Disconnect and delete runtime" in broken_stack().remedy


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(software.sys, "version_info", (3, 10, 13, "final", 0))
    answer = software.python()
    assert not answer.ok
    assert "3.11 or newer" in answer.remedy


def test_a_package_below_its_lower_bound_is_named(here: Path):
    installed(here, "numpy", "1.20.0")
    answer = software.packages()
    assert not answer.ok
    assert answer.detail == "numpy 1.20.0"
    assert '"numpy>=1.26"' in answer.remedy


def test_the_bounds_are_those_of_the_installed_metadata(here: Path):
    installed(here, "coursekit", "9.9", "numpy>=99", 'absent>=1; extra == "lab"')
    answer = software.packages()
    assert answer.remedy.startswith('pip install "numpy>=99"')


def test_packages_without_metadata_ask_for_an_installation(
    monkeypatch: pytest.MonkeyPatch,
):
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(software.metadata, "requires", missing)
    answer = software.packages()
    assert not answer.ok
    assert "pip install -e" in answer.remedy


def test_a_missing_extra_is_a_note_with_its_installation(without):
    without("torchsummary")
    answer = software.extras()
    assert (answer.mark, answer.remedy) == ("note", "pip install torchsummary")


# Front end and sliders

LAB = {"jupyterlab": "4.6.6"}
CLASSIC = {"notebook": "6.5.7"}
FITTING = [
    {"ipywidgets": "8.1.9", "jupyterlab_widgets": "3.0.16", **LAB},
    {"ipywidgets": "7.8.5", "jupyterlab_widgets": "1.1.11", **LAB},
    {"ipywidgets": "7.7.1", "widgetsnbextension": "3.6.10", **CLASSIC},
    {"ipywidgets": "8.1.9", "widgetsnbextension": "4.0.14", **CLASSIC},
    {"ipywidgets": "8.1.9", "jupyterlab_widgets": "3.0.16", "notebook": "7.5.0"},
    {"ipywidgets": "8.1.9"},  # no front end here: it lies in another environment
]
UNFITTING = [
    ({"ipywidgets": "7.7.1", "jupyterlab_widgets": "3.0.16", **LAB}, "jupyterlab_wid"),
    ({"ipywidgets": "8.1.9", "jupyterlab_widgets": "1.1.11", **LAB}, "jupyterlab_wid"),
    ({"ipywidgets": "8.1.9", "widgetsnbextension": "3.6.10", **CLASSIC}, "widgetsnb"),
    ({"ipywidgets": "7.7.1", "widgetsnbextension": "4.0.14", **CLASSIC}, "widgetsnb"),
]


@pytest.fixture
def jupyter(here, without):
    """Give a function that installs exactly these parts of Jupyter."""

    def install(versions: dict[str, str]) -> None:
        parts = ("jupyterlab", "notebook", "jupyterlab_widgets", "widgetsnbextension")
        without(*[name for name in parts if name not in versions])
        for name, version in versions.items():
            installed(here, name, version)

    return install


@pytest.mark.parametrize("versions", FITTING)
def test_sliders_whose_halves_fit_are_right(jupyter, versions):
    jupyter(versions)
    assert front_end.widgets() == Line(
        "widgets", True, f"ipywidgets {versions['ipywidgets']}"
    )


@pytest.mark.parametrize(("versions", "half"), UNFITTING)
def test_sliders_whose_halves_do_not_fit_are_named(jupyter, versions, half):
    jupyter(versions)
    answer = front_end.widgets()
    assert answer.mark == "FIX"
    assert f"ipywidgets {versions['ipywidgets']} does not go with {half}" in (
        answer.detail
    )
    assert answer.remedy.startswith('pip install -U "ipywidgets>=8,<9"')


@pytest.mark.parametrize(
    ("front", "half"), [(LAB, "jupyterlab_widgets"), (CLASSIC, "widgetsnbextension")]
)
def test_sliders_need_their_half_in_the_front_end(jupyter, front, half):
    jupyter({"ipywidgets": "8.1.9", **front})
    answer = front_end.widgets()
    assert answer.mark == "FIX"
    assert answer.remedy == f"pip install {half}, then reload the page"


def test_colab_shows_its_own_sliders_whatever_lies_beside(jupyter, monkeypatch):
    # Colab, August 2026: 7.7.1 beside 3.0.16, and sliders work there
    jupyter(UNFITTING[0][0])
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    assert front_end.widgets().ok


def test_missing_sliders_are_named_with_their_installation(without):
    without("ipywidgets")
    assert front_end.widgets().remedy.startswith('pip install "ipywidgets>=7.7.1,<9"')


@pytest.mark.parametrize(
    ("module", "variables", "place"),
    [
        ("ipykernel.kernelapp", {"COLAB_RELEASE_TAG": "x"}, "Colab"),
        ("ipykernel.kernelapp", {"KAGGLE_KERNEL_RUN_TYPE": "x"}, "Kaggle"),
        ("ipykernel.kernelapp", {"VSCODE_PID": "1"}, "VS Code"),
        ("ipykernel.kernelapp", {"VSCODE_CWD": "x"}, "VS Code"),
        ("ipykernel.kernelapp", {}, "Jupyter"),
    ],
)
def test_the_program_that_shows_the_notebook_is_recognised(
    monkeypatch: pytest.MonkeyPatch, module: str, variables: dict, place: str
):
    for name in ("VSCODE_PID", "VSCODE_CWD", *HOSTED.values()):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, module, sys)
    assert front_end.notebook().detail == f"running in {place}"


@pytest.mark.parametrize(
    ("versions", "mark", "said"),
    [
        ({"jupyterlab": "4.6.6"}, "ok", "JupyterLab 4.6.6: coursekit lab"),
        ({"jupyterlab": "3.6.8"}, "note", 'pip install -U "jupyterlab>=4"'),
        ({"notebook": "6.5.7"}, "ok", "Jupyter Notebook 6.5.7: jupyter notebook"),
        ({}, "note", 'pip install -U "jupyterlab>=4"'),
    ],
)
def test_outside_a_kernel_the_installed_front_end_is_named(
    jupyter, monkeypatch, versions, mark, said
):
    monkeypatch.delitem(sys.modules, "ipykernel.kernelapp", raising=False)
    jupyter(versions)
    answer = front_end.notebook()
    assert answer.mark == mark
    assert said in str(answer)


# The report


def test_a_note_does_not_spoil_the_report_and_a_failure_does():
    fine, note = Line("a", True, "x"), Line("b", False, "y", "do", needed=False)
    assert Report((fine, note)).ok
    broken = Report((fine, note, Line("c", False, "z", "mend it")))
    assert not broken.ok
    assert broken.summary == "To fix before you start: c."


def test_text_and_html_hold_every_answer():
    report = Report((Line("a", False, "x < y", "mend it"),))
    assert "FIX   a" in repr(report)
    assert "→ mend it" in repr(report)
    assert "x &lt; y" in report._repr_html_()
    assert "<th scope='row'" in report._repr_html_()


def test_the_report_is_a_tuple_of_frozen_lines():
    answers = doctor.report(offline=True)
    assert isinstance(answers, tuple)
    assert {type(answer) for answer in answers} == {Line}
    assert answers[-1] == Line("network", True, "not asked (--offline)")
    assert doctor.show(offline=True).lines[0] == answers[0]


def test_a_line_that_is_not_right_always_names_a_remedy():
    answers = doctor.report(offline=True)
    assert all(answer.ok or answer.remedy for answer in answers)
    assert not any(answer.ok and answer.remedy for answer in answers)
