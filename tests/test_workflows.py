"""What runs when: workflows and `make nightly` name tests and targets that exist."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
SIZES = dict(re.findall(r"\b(COURSEKIT_[A-Z_]+)=(\w+)", MAKEFILE))


def named(pattern: str, text: str) -> list[str]:
    return sorted(set(re.findall(pattern, text)))


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "Makefile"], ids=lambda p: p.name)
def test_every_test_that_is_named_exists(path: Path):
    text = path.read_text(encoding="utf-8")
    for name in named(r"\b(?:tests|notebooks)/[\w/]+\.(?:py|ipynb)", text):
        assert (ROOT / name).is_file(), name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_every_job_has_a_limit_of_minutes_and_reads_only(path: Path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content["permissions"].get("contents") == "read"
    assert all(job["timeout-minutes"] <= 180 for job in content["jobs"].values())


def test_the_nightly_workflow_runs_the_parts_of_make_nightly():
    text = (ROOT / ".github/workflows/nightly.yml").read_text(encoding="utf-8")
    parts = yaml.safe_load(text)["jobs"]["nightly"]["strategy"]["matrix"]["target"]
    assert set(parts) <= TARGETS
    (row,) = re.findall(r"^nightly: (.+)$", MAKEFILE, re.MULTILINE)
    assert row.split() == parts


@pytest.mark.parametrize("name", SIZES)
def test_a_size_that_the_night_sets_is_one_that_a_test_reads_and_the_guide_names(name):
    files = sorted((ROOT / "tests").rglob("*.py"))
    readers = [path.name for path in files if name in path.read_text(encoding="utf-8")]
    readers.remove(Path(__file__).name) if Path(__file__).name in readers else None
    assert readers
    (listed,) = re.findall(r"^LONG_TESTS := ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert all(reader in listed for reader in readers)
    assert f"{name}={SIZES[name]}" in GUIDE


def test_the_guide_s_table_has_a_line_for_every_part_of_the_night():
    (row,) = re.findall(r"^nightly: (.+)$", MAKEFILE, re.MULTILINE)
    for target in ["test", *row.split()]:
        assert re.search(rf"^\| `make {target}` \|", GUIDE, re.MULTILINE), target
