"""The set-up of `make lab` and `make test`: what it says when it cannot go on."""

import ast
import sys
from pathlib import Path

import pytest

from coursekit.setup import bootstrap

ROOT = Path(__file__).resolve().parent.parent


def test_an_old_python_can_read_the_script_far_enough_to_be_refused():
    source = (ROOT / "coursekit" / "setup" / "bootstrap.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))


@pytest.mark.parametrize("version", [(3, 7, 16), (3, 10, 13)])
def test_an_old_python_is_refused_in_one_sentence(version: tuple[int, ...]):
    with pytest.raises(bootstrap.SetupError, match=r"needs Python 3\.11 or newer"):
        bootstrap.check_python(version)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 1), (4, 0, 0)])
def test_a_new_python_is_accepted(version: tuple[int, ...]):
    bootstrap.check_python(version)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        (
            "WARNING: Retrying after NewConnectionError: Temporary failure in name "
            "resolution\nERROR: No matching distribution found for setuptools>=68",
            "Check the network",
        ),
        (
            "SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'",
            "PIP_CERT",
        ),
        ("ERROR: No matching distribution found for torch>=2.4", "64-bit Python"),
        ("something\nERROR: nobody has seen this\n", "ERROR: nobody has seen this"),
        ("", "none"),
    ],
)
def test_words_of_pip_become_a_remedy(words: str, remedy: str):
    assert remedy in bootstrap.explain(words)


def test_a_full_disk_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bootstrap, "ROOM", 2**40)
    with pytest.raises(bootstrap.SetupError, match="disk is full"):
        bootstrap.make_environment(tmp_path / ".venv")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_in_it_is_never_emptied(tmp_path: Path):
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("two years of work", encoding="utf-8")
    with pytest.raises(bootstrap.SetupError, match="has something else in it"):
        bootstrap.make_environment(tmp_path)
    assert thesis.exists()


def test_a_python_without_venv_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = "not created successfully because ensurepip is not available"
    monkeypatch.setattr(bootstrap, "run", lambda command: (1, words))
    with pytest.raises(bootstrap.SetupError, match="apt install python3-venv"):
        bootstrap.make_environment(tmp_path / ".venv")


def test_an_environment_that_is_up_to_date_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    python = bootstrap.interpreter(tmp_path)
    python.parent.mkdir(parents=True)
    python.touch()
    stamp = tmp_path / "coursekit-lab-extras.stamp"
    stamp.write_text(bootstrap.fingerprint("lab,extras"), encoding="utf-8")
    assert bootstrap.main([str(tmp_path), "lab,extras"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_the_fingerprint_tells_extras_apart():
    assert bootstrap.fingerprint("dev") != bootstrap.fingerprint("lab,extras")


def test_a_python_that_does_not_start_does_not_count_as_working(tmp_path: Path):
    assert not bootstrap.works(tmp_path / "bin" / "python")
    assert bootstrap.works(Path(sys.executable))


def test_a_wrong_command_line_shows_the_right_one(capsys: pytest.CaptureFixture):
    assert bootstrap.main([]) == 2
    assert "usage: python -I coursekit/setup/bootstrap.py" in capsys.readouterr().err
