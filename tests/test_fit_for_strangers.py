"""What somebody meets who does not know us: citation, forms, licences, security."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import coursekit
from coursekit.data.catalogue import SETS
from tests.environments.course import tracked

ROOT = Path(__file__).resolve().parent.parent
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
LICENSES = (ROOT / "LICENSES.md").read_text(encoding="utf-8")
PICTURES = {".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp", ".ico"}
EMBEDDED = {"digits", "photos", "shapes"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("citation-file-format", ["CITATION.cff"]),
        ("github-issue-forms", [path.relative_to(ROOT) for path in FORMS]),
        ("github-issue-config", [".github/ISSUE_TEMPLATE/config.yml"]),
        ("github-workflows", sorted((ROOT / ".github/workflows").glob("*.yml"))),
    ],
)
def test_a_file_is_as_its_published_schema_wants_it(schema: str, files: list):
    command = [sys.executable, "-m", "check_jsonschema"]
    command += [f"--builtin-schema=vendor.{schema}", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_citation_is_of_this_version_and_place():
    assert CITATION["version"] == coursekit.__version__
    changes = read("CHANGELOG.md")
    assert f"## [{CITATION['version']}] - {CITATION['date-released']}" in changes
    assert CITATION["repository-code"] in read("README.md")
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert project["license"] == {"file": "LICENSE"}
    assert read("LICENSE").startswith(f"{CITATION['license']} License")


def test_the_form_for_what_does_not_work_asks_for_the_doctor():
    form = yaml.safe_load(read(".github/ISSUE_TEMPLATE/broken.yml"))
    (asked,) = [one for one in form["body"] if one.get("id") == "doctor"]
    assert "coursekit doctor --json" in asked["attributes"]["label"]
    assert asked["validations"] == {"required": True}


def named_pictures() -> set[str]:
    """Return the pictures of the table; a bare name lies where the one before does."""
    found, folder = set(), ""
    for name in re.findall(r"`([\w./-]+\.(?:png|svg|jpg))`", LICENSES):
        folder = f"{name.rpartition('/')[0]}/" if "/" in name else folder
        found.add(name if "/" in name else f"{folder}{name}")
    return found


def test_every_picture_of_the_repository_has_a_line_of_licence():
    there = {name for name in tracked(ROOT) if Path(name).suffix in PICTURES}
    assert named_pictures() == there


def test_every_set_has_a_line_with_the_licence_that_its_entry_states():
    rows = dict(
        re.findall(r"^\| `([\w-]+)` \|.*\| ([^|]+) \|$", LICENSES, re.MULTILINE)
    )
    assert rows.keys() == EMBEDDED | SETS.keys()
    for name, entry in SETS.items():
        assert rows[name].partition(";")[0] in entry.source, name


def test_what_is_linked_from_these_pages_is_there():
    pages = ("SECURITY.md", "LICENSES.md", "CODE_OF_CONDUCT.md", "INSTRUCTORS.md")
    links = [
        (page, target)
        for page in pages
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", read(page))
    ]
    assert {page for page, _ in links} >= {"SECURITY.md", "LICENSES.md"}
    assert [link for link in links if not (ROOT / link[1]).exists()] == []
