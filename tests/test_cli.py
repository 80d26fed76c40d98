"""The `coursekit` command: finds its commands, and fails in one sentence."""

import json
import os
import subprocess
import sys
from functools import cache
from importlib import import_module

import pytest

from coursekit import cli
from coursekit.course.claims import CLAIMS
from tests.small_sources import OPENING, written


def test_help_lists_every_command_and_an_example(capsys):
    assert cli.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {name} " in said for name in cli.COMMANDS)
    assert "coursekit build --help" in said


def test_without_a_command_help_goes_to_standard_error(capsys):
    assert cli.main([]) == 2
    assert capsys.readouterr().err.startswith("usage: coursekit COMMAND")


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_exists(name):
    module, function, line = cli.COMMANDS[name]
    assert callable(getattr(import_module(module), function))
    assert "\n" not in line
    assert len(line) <= 72


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_explains_itself_with_an_example(name, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([name, "--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: coursekit {name}")
    assert f"coursekit {name}" in said.partition("\n")[2]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("biuld", "there is no command 'biuld'; did you mean 'build'?"),
        ("claim", "there is no command 'claim'; did you mean 'claims'?"),
        ("zzz", "there is no command 'zzz'; there are 'badges', 'build', "),
    ],
)
def test_an_unknown_command_is_refused_with_the_nearest_one(name, hint, capsys):
    assert cli.main([name]) == 2
    assert capsys.readouterr().err.startswith(f"coursekit: {hint}")


def failing(error):
    """Make a command that raises `error`."""

    def command(arguments):
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (ValueError("`n` must be 3; got 4"), 1, "`n` must be 3; got 4"),
        (
            FileNotFoundError(2, "No such file", "x.py"),
            1,
            "x.py: No such file",
        ),
        (ModuleNotFoundError("no", name="jupytext"), 1, "this command needs jupytext"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_a_failing_command_says_why_in_one_line(
    error, code, sentence, capsys, monkeypatch
):
    monkeypatch.setattr("coursekit.staff.build.build.main", failing(error))
    assert cli.main(["build"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"coursekit build: {sentence}")
    assert said.err.count("\n") == 1


def test_a_mistake_of_our_own_is_not_hidden(monkeypatch):
    mistake = ModuleNotFoundError("no", name="coursekit.nowhere")
    monkeypatch.setattr("coursekit.staff.build.build.main", failing(mistake))
    with pytest.raises(ModuleNotFoundError):
        cli.main(["build"])


def test_a_command_s_exit_code_is_passed_on(monkeypatch):
    monkeypatch.setattr("coursekit.staff.build.build.main", lambda arguments: 7)
    assert cli.main(["build"]) == 7


PRINTING = ("cli data list", "cli --help", "setup.doctor --offline")
posix = pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")


@cache
def usual_code(command):
    """Return a command's exit code where somebody reads what it says."""
    line = [sys.executable, "-m", *f"coursekit.{command}".split()]
    return subprocess.run(line, capture_output=True).returncode


@posix
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"])
@pytest.mark.parametrize("command", PRINTING)
def test_a_closed_output_is_no_traceback_and_no_failure(command, closed):
    line = f"'{sys.executable}' -m coursekit.{command} {closed}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True)
    assert (done.stderr, done.returncode) == ("", usual_code(command))


@posix
@pytest.mark.parametrize("command", PRINTING)
def test_a_reader_that_is_gone_ends_a_command_quietly(command):
    reader, writer = os.pipe()
    os.close(reader)
    line = [sys.executable, "-m", *f"coursekit.{command}".split()]
    with open(writer, "wb") as nobody:
        done = subprocess.run(line, stdout=nobody, stderr=subprocess.PIPE)
    assert (done.stderr, done.returncode) == (b"", 1)


def test_the_arguments_after_the_name_reach_the_command(tmp_path, capsys):
    assert cli.main(["build", "01", "--root", str(tmp_path)]) == 1
    assert "`root` must be the course's folder" in capsys.readouterr().err


def test_help_loads_neither_torch_nor_jupyter():
    code = (
        "import sys; from coursekit.cli import main; main(['--help']); "
        "print(sorted({'torch', 'matplotlib', 'IPython', 'jupytext', 'nbformat'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


# coursekit claims

STORED = {
    "id": "C03",
    "session": "01",
    "verdict": "false",
    "expected": "true",
    "cases": [["formula = torch", False]],
    "measured": [["settings compared", 1234], ["error", 0.5]],
    "predicted": "true",
    "why": "It is so.",
}


@pytest.fixture
def root(tmp_path):
    """Give a course whose one solution stores a verdict on C03."""
    session = written(tmp_path, OPENING)
    data = {"application/vnd.coursekit.verdict+json": STORED}
    cell = {"cell_type": "code", "outputs": [{"data": data}]}
    session.solution.parent.mkdir()
    session.solution.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    return str(tmp_path)


def test_claims_are_listed_with_session_verdict_and_numbers(root, capsys):
    assert cli.main(["claims", "--root", root]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "C02  01  not tested yet"
    assert lines[2] == (
        "C03  01  false   (expected true)  settings compared = 1,234, error = 0.5"
    )
    assert lines[-1] == "1 of 86 claims tested"
    assert len(lines) == 87


def test_claims_of_one_session_are_listed_alone(root, capsys):
    assert cli.main(["claims", "--session", "06", "--root", root]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:3] for line in lines[:-1]] == [f"C{n}" for n in range(73, 80)]
    assert lines[-1] == "0 of 7 claims tested"


def test_claims_as_json_hold_every_claim(root, capsys):
    assert cli.main(["claims", "--json", "--root", root]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == list(CLAIMS)
    assert rows[2]["verdict"] == "false"
    assert rows[2]["measured"] == {"settings compared": 1234, "error": 0.5}
    assert rows[3]["verdict"] is None
    assert rows[2].keys() == rows[3].keys()


def test_an_unknown_session_is_refused(root, capsys):
    assert cli.main(["claims", "--session", "9", "--root", root]) == 1
    assert "`session` must be one of 01, 02" in capsys.readouterr().err
