"""`my/`: made on first opening, brought up to date, never overwritten."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from coursekit.setup.working_copy import bring, working_copy

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
LINK = re.compile(r"""(?:\]\(|src=\\?["'])([\w./-]+\.(?:ipynb|md|png|svg))[)#"'\\]""")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course's own notebooks and pages, in a folder that can be changed."""
    place = tmp_path_factory.mktemp("course") / "notebooks"
    shutil.copytree(NOTEBOOKS, place, ignore=shutil.ignore_patterns("src", "solutions"))
    return place


@pytest.fixture
def mine(course: Path, tmp_path: Path) -> Path:
    bring(course, tmp_path / "my")
    return tmp_path / "my"


def fill_in(path: Path) -> bytes:
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"][3]["source"] = "mine"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path.read_bytes()


def test_the_first_opening_copies_every_notebook_to_the_letter(course, mine):
    names = sorted(path.name for path in mine.glob("*.ipynb"))
    assert names == sorted(path.name for path in course.glob("*.ipynb"))
    assert len(names) == 18
    for name in names:
        assert (mine / name).read_bytes() == (course / name).read_bytes()


def test_every_link_between_notebooks_and_pages_leads_somewhere(mine):
    pages = {path.name: path.read_text("utf-8") for path in mine.glob("*.*")}
    found = [(name, one) for name, text in pages.items() for one in LINK.findall(text)]
    assert len(found) > 40
    assert [pair for pair in found if not (mine / pair[1]).is_file()] == []


def test_a_second_opening_says_and_changes_nothing(course, mine):
    before = {path: path.stat().st_mtime_ns for path in mine.iterdir()}
    assert bring(course, mine) == []
    assert {path: path.stat().st_mtime_ns for path in mine.iterdir()} == before


def test_a_filled_notebook_is_not_touched_and_an_untouched_one_is_new(
    course, mine, tmp_path
):
    news = tmp_path / "news"
    shutil.copytree(course, news)
    filled = fill_in(mine / "02_one_by_one.ipynb")
    for name in ("02_one_by_one.ipynb", "03b_softmax.ipynb"):
        # the built solution stands for a later version: sealed, and not the same
        shutil.copy(NOTEBOOKS / "solutions" / name, news / name)
    (news / "09_next.ipynb").write_bytes((course / "03b_softmax.ipynb").read_bytes())
    changed, renewed, added = bring(news, mine)
    assert changed.startswith("02 has a new version (")
    assert renewed == "03b is the new version now"
    assert added == "09 is new: 09_next.ipynb"
    assert (mine / "02_one_by_one.ipynb").read_bytes() == filled
    new = (news / "03b_softmax.ipynb").read_bytes()
    assert (mine / "03b_softmax.ipynb").read_bytes() == new


def test_work_that_lies_in_the_course_s_own_folder_is_taken_along(course, tmp_path):
    place = tmp_path / "notebooks"
    shutil.copytree(course, place)
    filled = fill_in(place / "01_receptive_fields.ipynb")
    bring(place, tmp_path / "my")
    assert (tmp_path / "my" / "01_receptive_fields.ipynb").read_bytes() == filled


def test_a_second_working_copy_in_this_folder_is_named(course, mine, monkeypatch):
    bring(course, course.parent / "my")
    monkeypatch.chdir(mine.parent)
    with pytest.raises(ValueError, match="there are two working copies"):
        working_copy(course)
    shutil.rmtree(course.parent / "my")


def test_the_folder_is_the_same_from_inside_it(course, monkeypatch):
    bring(course, course.parent / "my")
    monkeypatch.chdir(course.parent / "my")
    assert working_copy(course) == course.parent / "my"
    shutil.rmtree(course.parent / "my")


def test_git_does_not_look_at_it():
    done = subprocess.run(
        ["git", "check-ignore", "-q", "my/02_one_by_one.ipynb"], cwd=ROOT
    )
    if done.returncode == 128:
        pytest.skip("not a git checkout")
    assert done.returncode == 0
