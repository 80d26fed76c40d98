"""What README.md and CONTRIBUTING.md say exists, exists."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

from coursekit.cli import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = "\n".join(
    (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "CONTRIBUTING.md", "INSTRUCTORS.md", "data/README.md")
)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d\d[a-z]?) \|(.*)$", README, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "target", re.findall(r"\]\((?!http)([^)#]+)\)", README + GUIDE)
)
def test_a_linked_file_is_there(target: str):
    assert (ROOT / target).exists()


@pytest.mark.parametrize(
    "target",
    sorted(set(re.findall(r"(?:^|`)make ([\w-]+)", README + GUIDE, re.MULTILINE))),
)
def test_a_named_make_target_exists(target: str):
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_the_table_lists_nine_sessions():
    whole = [number for number, _ in ROWS if number.isdigit()]
    assert whole == [f"{n:02}" for n in range(9)]


@pytest.mark.parametrize(("number", "row"), ROWS)
def test_a_session_is_planned_or_has_notebook_and_picture(number: str, row: str):
    exists = bool(list((ROOT / "notebooks" / "src").glob(f"{number}_*.py")))
    assert ("*planned*" in row) == (not exists)
    if exists:
        assert re.search(rf"\(notebooks/{number}_\w+\.ipynb\)", row)
        picture = re.search(r'<img src="([^"]+)" [^>]*alt="[^"]{20,}"', row)
        assert (ROOT / picture[1]).is_file()


def test_the_examples_give_what_they_say():
    text = README.replace("```", "")
    example = doctest.DocTestParser().get_doctest(text, {}, "README.md", None, 0)
    assert doctest.DocTestRunner().run(example).failed == 0


def test_the_clean_checkout_runs_what_make_test_runs():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    last = script.rstrip().splitlines()[-1]
    assert last.startswith("exec .venv/bin/python -m pytest")
    assert re.search(
        r"^test: environment\n\t@\$\(BIN\)/python -m pytest", MAKEFILE, re.M
    )


@pytest.mark.parametrize(
    ("command", "option"),
    sorted(
        {
            (name, option)
            for line in re.findall(r"`coursekit ([a-z][^`]*)`", PAGES)
            for name in [line.split()[0]]
            for option in re.findall(r"--[a-z][a-z-]*", line) or [""]
        }
    ),
)
def test_a_command_in_the_pages_is_there_with_its_option(
    command: str, option: str, capsys
):
    module, function, _ = COMMANDS[command]
    with pytest.raises(SystemExit, match="0"):
        getattr(import_module(module), function)(["--help"])
    assert option in capsys.readouterr().out


@pytest.mark.parametrize(
    "script", sorted(set(re.findall(r"BENCH=([a-z_]+)", PAGES + MAKEFILE)))
)
def test_make_bench_can_run_a_script_that_is_named_for_it(script: str):
    source = (ROOT / "benchmarks" / f"{script}.py").read_text(encoding="utf-8")
    assert '"--json"' in source or "group_alone(" in source
