"""`coursekit doctor`: every line is right here, or names the remedy."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from coursekit import doctor
from coursekit.doctor import Line, Report, questions

ROOT = Path(__file__).resolve().parent.parent


def run_doctor(
    *arguments: str, overlay: Path | None = None, **variables: str
) -> subprocess.CompletedProcess:
    """Run the doctor in a new Python, packages in `overlay` hiding the real ones."""
    paths = [str(path) for path in (overlay, ROOT) if path]
    environment = {**os.environ, **variables, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(
        [sys.executable, "-m", "coursekit.doctor", *arguments],
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


def lines_of(done: subprocess.CompletedProcess) -> dict[str, dict]:
    """Return the lines of `doctor --json` by their names."""
    assert done.stdout, done.stderr
    return {line["name"]: line for line in json.loads(done.stdout)["lines"]}


def test_everything_works_where_the_tests_run():
    done = run_doctor("--json")
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    assert found["ok"] is True
    assert len(found["lines"]) == len(questions.QUESTIONS)


def test_a_mismatched_torchvision_is_explained_with_the_exact_remedy(tmp_path: Path):
    code = "raise RuntimeError('operator torchvision::nms does not exist')"
    done = run_doctor(overlay=fake(tmp_path, "torchvision", code))
    assert done.returncode == 1
    assert "operator torchvision::nms does not exist" in done.stdout
    assert "pip install -U torch torchvision" in done.stdout
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


def test_a_torchvision_whose_answers_are_wrong_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch,
):
    ops = pytest.importorskip("torchvision.ops")
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(ops, "nms", lambda *args: torch.tensor([0, 1, 2]))
    assert not questions.stack().ok


def test_a_missing_torch_is_installed_not_upgraded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    answer = questions.stack()
    assert (answer.ok, answer.remedy) == (False, "pip install torch torchvision")


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(questions.sys, "version_info", (3, 10, 13, "final", 0))
    answer = questions.python()
    assert not answer.ok
    assert "3.11 or newer" in answer.remedy


def test_a_package_below_its_lower_bound_is_named(monkeypatch: pytest.MonkeyPatch):
    versions = {"numpy": "1.20.0"}
    real = metadata.version
    monkeypatch.setattr(
        questions.metadata, "version", lambda name: versions.get(name) or real(name)
    )
    answer = questions.packages()
    assert not answer.ok
    assert answer.detail == "numpy 1.20.0"
    assert '"numpy>=1.26"' in answer.remedy


def test_packages_without_metadata_ask_for_an_installation(
    monkeypatch: pytest.MonkeyPatch,
):
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(questions.metadata, "requires", missing)
    answer = questions.packages()
    assert not answer.ok
    assert "pip install -e" in answer.remedy


@pytest.mark.parametrize(
    ("package", "question"),
    [("torchsummary", questions.extras), ("ipywidgets", questions.widgets)],
)
def test_a_missing_package_is_named_with_its_installation(
    monkeypatch: pytest.MonkeyPatch, package: str, question
):
    real = questions._version
    monkeypatch.setattr(
        questions, "_version", lambda name: None if name == package else real(name)
    )
    answer = question()
    assert not answer.ok
    assert package in answer.remedy


def test_sliders_need_their_half_in_jupyterlab(monkeypatch: pytest.MonkeyPatch):
    real = questions._version
    monkeypatch.setattr(
        questions,
        "_version",
        lambda name: None if name == "jupyterlab_widgets" else real(name),
    )
    assert "jupyterlab_widgets" in questions.widgets().remedy


@pytest.mark.parametrize(
    ("module", "variables", "place"),
    [
        ("google.colab", {}, "Google Colab"),
        ("ipykernel.kernelapp", {"VSCODE_PID": "1"}, "VS Code"),
        ("ipykernel.kernelapp", {}, "Jupyter"),
    ],
)
def test_the_program_that_shows_the_notebook_is_recognised(
    monkeypatch: pytest.MonkeyPatch, module: str, variables: dict, place: str
):
    for name in ("VSCODE_PID", "VSCODE_CWD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, module, sys)
    assert questions.notebook().detail == f"running in {place}"


@pytest.mark.parametrize("question", [questions.memory, questions.disk])
def test_little_room_is_a_note_and_not_a_failure(
    monkeypatch: pytest.MonkeyPatch, question
):
    monkeypatch.setattr(questions, "GIB", 2**50)
    answer = question()
    assert answer.mark == "note"
    assert answer.remedy


def test_unreadable_data_is_a_line_and_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
):
    import coursekit.data

    def unreadable() -> None:
        raise OSError("digits.csv.gz is gone")

    monkeypatch.setattr(coursekit.data, "digits", unreadable)
    answer = questions.embedded_data()
    assert not answer.ok
    assert "digits.csv.gz is gone" in answer.detail


def test_the_data_folder_is_looked_for_only_where_it_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.delenv("COURSEKIT_DATA", raising=False)
    assert questions.data_folder().ok
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    assert questions.data_folder().ok
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path / "nowhere"))
    assert questions.data_folder().mark == "note"


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
    answers = doctor.report()
    assert isinstance(answers, tuple)
    assert {type(answer) for answer in answers} == {Line}
    assert doctor.show().lines[0] == answers[0]


def test_help_shows_an_example():
    assert "example: coursekit doctor --json" in run_doctor("--help").stdout
