"""The committed files themselves: built notebooks, and the style of the code."""

import subprocess
import sys
from pathlib import Path

import pytest

from coursekit.staff.build.build import main

ROOT = Path(__file__).resolve().parent.parent


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
