"""`coursekit badges`: a fork names itself everywhere, and loses nothing by it."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from coursekit import cli
from coursekit._base.files import write_whole
from coursekit.staff import fork as badges
from coursekit.staff.build.build import as_text, problems
from coursekit.staff.build.convert import notebook
from coursekit.staff.build.notebook_source import read_source
from coursekit.staff.build.repository import HOME, Repository, repository
from coursekit.staff.fork import main, notebook_text, readme_text, write_all
from tests.small_sources import OPENING, written

ROOT = Path(__file__).resolve().parent.parent
ADA = Repository("ada/cnn-course", "autumn/2026")
ASK = ["--repo", "ada/cnn-course", "--branch", "autumn/2026"]

SOURCE = f"""{OPENING}
# %% [markdown]
# Write it.

# %%
def double(x):
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION


# %% tags=["check"]
double(4)
"""

README = """\
# Course

git clone https://github.com/coursekit/coursekit && cd coursekit

| | session | what |
|---|---|---|
| 01 | [Trial](notebooks/01_trial.ipynb) · 3 min | a picture |
| 02 | Next | *planned* |

The course as [pages](https://coursekit.github.io/coursekit/index.html).
See [another](https://github.com/else/where/blob/main/notebooks/01_trial.ipynb).
"""


@pytest.fixture
def session(tmp_path):
    """Give a session that is built, its solution with one stored output."""
    session = written(tmp_path, SOURCE)
    cells = read_source(session.source)
    write_whole(session.student, as_text(notebook(cells, session, student=True)))
    solution = notebook(cells, session, student=False)
    (checked,) = [c for c in solution.cells if "check" in c.metadata.get("tags", ())]
    checked.execution_count = 3
    shown = {"data": {"text/plain": "8"}, "execution_count": 3}
    checked.outputs = [nbformat.v4.new_output("execute_result", **shown)]
    write_whole(session.solution, as_text(solution))
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    assert problems(session) == []
    return session


def point(root, *arguments):
    """Run the command on a course."""
    return main([*arguments, "--root", str(root)])


def tree(root):
    """Return every file of a course: path → bytes."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_a_fork_is_named_everywhere_and_the_course_still_counts_as_built(
    session, tmp_path
):
    assert point(tmp_path, *ASK) == 0
    texts = {name: content.decode() for name, content in tree(tmp_path).items()}
    assert "coursekit/coursekit" not in "".join(texts.values())
    for name in ("notebooks/01_trial.ipynb", "notebooks/solutions/01_trial.ipynb"):
        at = f"ada/cnn-course/blob/autumn/2026/{name})"
        assert f"https://colab.research.google.com/github/{at}" in texts[name]
        kaggle = f"https://kaggle.com/kernels/welcome?src=https://github.com/{at}"
        assert kaggle in texts[name]
        course = r"git+https://github.com/ada/cnn-course@autumn/2026\n"
        assert course in texts[name]
    assert "https://ada.github.io/cnn-course/01_trial.html" in texts[name]
    assert "https://ada.github.io/cnn-course/index.html" in texts["README.md"]
    clone = "git clone https://github.com/ada/cnn-course && cd cnn-course\n"
    assert clone in texts["README.md"]
    assert repository(session.folder) == ADA
    assert problems(session) == []


def test_a_session_s_row_gets_its_badges_and_a_planned_one_none(session, tmp_path):
    point(tmp_path)
    rows = (tmp_path / "README.md").read_text(encoding="utf-8").splitlines()
    trial, planned = rows[6:8]
    assert trial.startswith(
        "| 01 | [Trial](notebooks/01_trial.ipynb) · 3 min<br>[![Open in Colab]"
    )
    assert trial.count("coursekit/coursekit/blob/main/notebooks/01_trial.ipynb)") == 2
    assert "(https://coursekit.github.io/coursekit/01_trial.html)" in trial
    assert trial.endswith(") | a picture |")
    assert planned == "| 02 | Next | *planned* |"


def test_pointing_twice_changes_no_byte_and_pointing_back_gives_every_byte_back(
    session, tmp_path
):
    point(tmp_path)
    home = tree(tmp_path)
    point(tmp_path, *ASK)
    fork = tree(tmp_path)
    assert fork != home
    point(tmp_path, *ASK)
    point(tmp_path)
    assert tree(tmp_path) == fork
    point(tmp_path, "--repo", "coursekit/coursekit")
    assert tree(tmp_path) == home


def test_stored_outputs_and_ids_are_kept(session, tmp_path):
    before = json.loads(session.solution.read_text(encoding="utf-8"))
    point(tmp_path, *ASK)
    after = json.loads(session.solution.read_text(encoding="utf-8"))
    assert [cell["id"] for cell in after["cells"]] == [c["id"] for c in before["cells"]]
    outputs = [cell.get("outputs") for cell in before["cells"]]
    assert [cell.get("outputs") for cell in after["cells"]] == outputs
    changed = [
        new["id"]
        for old, new in zip(before["cells"], after["cells"], strict=True)
        if old != new
    ]
    assert changed == ["01-001", "01-002"]


def test_answers_typed_into_a_notebook_stay_and_stay_visible_as_such(session, tmp_path):
    text = session.student.read_text(encoding="utf-8")
    filled = text.replace("...  # your code here", "return 2 * x")
    session.student.write_text(filled, encoding="utf-8")
    point(tmp_path, *ASK)
    text = session.student.read_text(encoding="utf-8")
    assert "return 2 * x" in text
    assert "ada/cnn-course" in text
    assert "was edited by hand" in problems(session)[0]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_stay_as_they_are(session, tmp_path, ends):
    for path in (tmp_path / "README.md", session.student):
        path.write_bytes(path.read_bytes().replace(b"\n", ends.encode()))
    point(tmp_path, *ASK)
    for path in (tmp_path / "README.md", session.student):
        content = path.read_bytes()
        assert content.count(b"\r\n") == content.count(b"\n") * (ends == "\r\n")
    assert problems(session) == []


def test_what_names_other_repositories_is_left_alone():
    text = "pip install git+https://github.com/else/where@v1\n" + README
    row = next(row for row in README.splitlines() if row.startswith("See "))
    made = readme_text(text, ADA)
    assert row in made
    assert "git+https://github.com/else/where@v1" in made
    cell = r'"!pip install git+https://github.com/else/where@v1\n"'
    assert notebook_text(cell, "notebooks/01_trial.ipynb", ADA) == cell


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("number", [1, 3])
def test_all_files_change_or_none(session, tmp_path, monkeypatch, error, number):
    before, calls, replace = tree(tmp_path), [], os.replace

    def failing(source, target):
        calls.append(target)
        if len(calls) == number:
            raise error
        replace(source, target)

    monkeypatch.setattr(badges.os, "replace", failing)
    with pytest.raises(type(error)):
        point(tmp_path, *ASK)
    assert len(calls) >= number
    assert tree(tmp_path) == before


def test_a_text_that_cannot_be_staged_leaves_all_files(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_all(tmp_path, {path: "new", tmp_path / "b.txt": "\ud83d"})
    assert tree(tmp_path) == {"a.txt": b"old"}


def test_check_names_what_points_elsewhere_and_writes_nothing(
    session, tmp_path, capsys
):
    point(tmp_path)
    before = tree(tmp_path)
    assert point(tmp_path, "--check") == 0
    capsys.readouterr()
    assert point(tmp_path, "--check", *ASK) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "notebooks/repository.toml: points elsewhere",
        "README.md: points elsewhere",
        "notebooks/01_trial.ipynb: points elsewhere",
        "notebooks/solutions/01_trial.ipynb: points elsewhere",
        "4 not at ada/cnn-course (autumn/2026): run "
        "`coursekit badges --repo ada/cnn-course --branch autumn/2026`",
    ]
    assert tree(tmp_path) == before


def test_check_sees_a_single_badge_that_points_elsewhere(session, tmp_path, capsys):
    point(tmp_path)
    text = session.student.read_text(encoding="utf-8")
    moved = text.replace("github/coursekit/coursekit/blob", "github/eve/x/blob", 1)
    session.student.write_text(moved, encoding="utf-8")
    assert point(tmp_path, "--check") == 1
    assert "notebooks/01_trial.ipynb: points" in capsys.readouterr().err


def test_without_repo_the_branch_alone_can_change(session, tmp_path):
    point(tmp_path, *ASK)
    point(tmp_path, "--branch", "main")
    assert repository(session.folder) == Repository("ada/cnn-course", "main")


def test_a_course_without_readme_is_pointed_too(session, tmp_path):
    (tmp_path / "README.md").unlink()
    assert point(tmp_path, *ASK) == 0
    assert not (tmp_path / "README.md").exists()


@pytest.mark.parametrize(
    "name",
    [
        "ada",
        "a/b/c",
        "https://github.com/a/b",
        "a/b.git",
        "-a/b",
        "a--b/c",
        "a/..",
        "/",
        "a/é",
        "a b/c",
        "a/b c",
        "",
        f"{'a' * 40}/b",
    ],
)
def test_what_github_would_not_take_as_a_name_is_refused(name, tmp_path, capsys):
    with pytest.raises(ValueError, match="`repo` must be owner/name as in github"):
        Repository(name)


@pytest.mark.parametrize(
    "branch", ["", "a b", "-x", "a..b", "x.lock", "a/", "/a", "a//b", ".a", "a~1", "é"]
)
def test_what_git_would_not_take_as_a_branch_is_refused(branch):
    with pytest.raises(ValueError, match="`branch` must be a branch or tag made of"):
        Repository("a/b", branch)


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("Ada/cnn-course", "https://ada.github.io/cnn-course/"),
        ("ada/ada.github.io", "https://ada.github.io/"),
    ],
)
def test_a_repository_s_site_is_where_github_pages_shows_it(name, site):
    assert Repository(name).site == site
    assert Repository(name).page_of("notebooks/01_x.ipynb") == f"{site}01_x.html"


@pytest.mark.parametrize(
    ("name", "branch"),
    [("a/b", "main"), ("Ada-L/cnn.course_2", "v1.0"), ("9/0", "feature/a-b_c")],
)
def test_what_github_takes_is_taken(name, branch):
    assert str(Repository(name, branch)) == f"{name} ({branch})"


def test_a_refused_name_is_one_sentence_and_changes_nothing(session, tmp_path, capsys):
    before = tree(tmp_path)
    assert cli.main(["badges", "--repo", "nonsense", "--root", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("coursekit badges: `repo` must be owner/name")
    assert said.count("\n") == 1
    assert tree(tmp_path) == before


@pytest.mark.parametrize("text", ["nonsense", 'repository = "a"', 'branch = "main"'])
def test_a_broken_file_is_named_and_can_be_written_anew(session, tmp_path, text):
    (session.folder / "repository.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"`repository\.toml` must hold repository ="):
        point(tmp_path)
    assert point(tmp_path, *ASK) == 0


def test_a_course_without_the_file_is_the_original(tmp_path):
    assert repository(tmp_path) == HOME


def test_this_course_points_at_itself(capsys):
    assert main(["--check", "--root", str(ROOT)]) == 0, capsys.readouterr().err
