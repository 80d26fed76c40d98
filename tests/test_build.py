"""`coursekit build`: the same bytes every time, and nothing typed over."""

from functools import partial

import nbformat
import pytest

from coursekit._base.files import write_whole
from coursekit.course.claims import listing
from coursekit.staff.build.build import (
    as_text,
    build,
    main,
    orphans,
    problems,
    with_stored_outputs,
)
from coursekit.staff.build.convert import notebook
from coursekit.staff.build.execute import NotebookError
from coursekit.staff.build.folder import Session
from coursekit.staff.build.notebook_source import read_source
from tests.small_sources import EXERCISE, OPENING, written


@pytest.fixture
def course(tmp_path):
    """Give a function that writes a source of session 01 and returns the session."""
    return partial(written, tmp_path)


RUN = (
    OPENING
    + EXERCISE
    + """
# %% [markdown]
# A verdict.

# %%
from coursekit.course.claims import claim, verdict
claim("C09")

# %% tags=["verdict"]
import os
import random
verdict(
    "C09",
    cases={"held": random.random() < 2},
    measured={"strict": int(os.environ["COURSEKIT_STRICT"])},
    predicted=guess,
    why="Because.",
)
"""
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build RUN once; give the bytes of the student and the solution notebook."""
    folder = tmp_path_factory.mktemp("built") / "notebooks"
    session = Session("01", "01_trial", folder)
    write_whole(session.source, RUN)
    assert "executed in" in build(session)
    return session.student.read_bytes(), session.solution.read_bytes()


@pytest.fixture
def session(course, built):
    """Give session 01 as it was built, in a folder of its own."""
    session = course(RUN)
    session.solution.parent.mkdir()
    session.student.write_bytes(built[0])
    session.solution.write_bytes(built[1])
    return session


def test_building_again_gives_the_same_bytes_with_and_without_a_run(session, built):
    assert build(session).endswith("outputs kept")
    assert (session.student.read_bytes(), session.solution.read_bytes()) == built
    assert "executed in" in build(session, run=True)
    assert (session.student.read_bytes(), session.solution.read_bytes()) == built


def test_a_built_solution_holds_the_text_of_its_checked_cells(session):
    solution = nbformat.read(session.solution, 4)
    checked = [cell for cell in solution.cells if cell.get("outputs")]
    assert [cell.execution_count for cell in checked] == [3, 7]
    assert checked[0].outputs[0].data == {"text/plain": "8"}
    (found,) = listing([session.solution])
    assert (found.verdict, found.predicted) == ("true", "7")
    assert found.measured == (("strict", 1),)


def test_a_built_student_notebook_holds_no_output(session):
    cells = nbformat.read(session.student, 4).cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def test_new_prose_needs_no_run(session):
    session.source.write_text(RUN.replace("# A verdict.", "# Two.\n\n# %%\n1"), "utf-8")
    solution = notebook(read_source(session.source), session, student=False)
    assert with_stored_outputs(solution, session.solution) is None
    prose = RUN.replace("# A verdict.", "# Two\n\n# %% [markdown]\n# cells.")
    session.source.write_text(prose, "utf-8")
    assert problems(session)[0].startswith("notebooks/01_trial.ipynb is older than")
    assert build(session).endswith("outputs kept")
    assert len(listing([session.solution])) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"8"', '"9"'),
        ("A verdict", "My verdict"),
        ("double(5)", "double(6)"),
        ('"predicted": "7"', '"predicted": "8"'),
        ('"tags"', '"togs"'),
    ],
)
def test_a_hand_edit_of_a_solution_is_told_with_the_source_to_edit(session, old, new):
    text = session.solution.read_text("utf-8")
    assert old in text
    session.solution.write_text(text.replace(old, new), "utf-8")
    assert (
        "notebooks/solutions/01_trial.ipynb was edited by hand: edit notebooks/src/"
        "01_trial.py, then run `coursekit build 01`"
    ) in problems(session)


def test_outputs_edited_by_hand_are_run_again(session):
    text = session.solution.read_text("utf-8")
    session.solution.write_text(text.replace('"8"', '"9"'), "utf-8")
    solution = notebook(read_source(session.source), session, student=False)
    assert with_stored_outputs(solution, session.solution) is None


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1\n1 / 0", "cell at line 9 failed in its line 2: ZeroDivisionError"),
        ("import os\nos._exit(3)", "the kernel died while a cell ran"),
    ],
)
def test_a_cell_that_fails_is_named_and_nothing_is_written(course, code, message):
    session = course(f"{OPENING}\n# %%\n{code}\n")
    with pytest.raises(NotebookError, match=message):
        build(session)
    left = [path.name for path in session.folder.rglob("*") if path.is_file()]
    assert left == ["01_trial.py"]


def test_an_exception_inside_a_widget_s_callback_fails_the_build(course):
    code = (
        "import ipywidgets\nout = ipywidgets.Output()\nbutton = ipywidgets.Button()\n"
        "@out.capture()\ndef pressed(_):\n    raise RuntimeError('hidden')\n"
        "button.on_click(pressed)\nbutton.click()"
    )
    session = course(f"{OPENING}\n# %%\n{code}\n")
    with pytest.raises(NotebookError, match="a widget's callback failed: RuntimeError"):
        build(session)


def prose_only(course):
    """Build a session whose solution has nothing to run for; skip the kernel."""
    session = course(OPENING)
    cells = read_source(session.source)
    for path, student in ((session.student, True), (session.solution, False)):
        write_whole(path, as_text(notebook(cells, session, student=student)))
    return session


def test_a_built_session_has_no_problems(course):
    session = prose_only(course)
    assert problems(session) == []
    assert main(["--check", "--root", str(session.folder.parent)]) == 0


def test_a_missing_notebook_is_named(course):
    session = prose_only(course)
    session.solution.unlink()
    assert problems(session) == [
        "notebooks/solutions/01_trial.ipynb is missing: run `coursekit build 01`"
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("How big is it", "How long is it", "was edited by hand: edit "),
        ('"outputs": []', '"outputs": [ ]', "is older than "),
        ("}\n", "}", "is older than "),
    ],
)
def test_a_hand_edit_is_told_from_a_stale_notebook(course, old, new, words):
    session = prose_only(course)
    text = session.student.read_text("utf-8")
    at = text.rindex(old)
    session.student.write_text(text[:at] + new + text[at + len(old) :], "utf-8")
    (sentence,) = problems(session)
    source = "notebooks/src/01_trial.py"
    assert sentence.startswith(f"notebooks/01_trial.ipynb {words}{source}")


def test_check_fails_and_says_which_source_to_edit(course, capsys):
    session = prose_only(course)
    text = session.student.read_text("utf-8")
    session.student.write_text(text.replace("How big is it", "How long is it"), "utf-8")
    assert main(["--check", "--root", str(session.folder.parent)]) == 1
    said = capsys.readouterr()
    assert said.out == "01_trial: 1 to mend\n"
    assert said.err == (
        "  notebooks/01_trial.ipynb was edited by hand: edit "
        "notebooks/src/01_trial.py, then run `coursekit build 01`\n"
    )


def test_a_notebook_without_a_source_is_an_orphan(course):
    session = prose_only(course)
    session.student.with_name("09_gone.ipynb").write_text("{}", "utf-8")
    assert orphans(session.folder) == [
        "notebooks/09_gone.ipynb has no source in notebooks/src: delete it, or add its "
        "source"
    ]
    assert main(["--check", "--root", str(session.folder.parent)]) == 1
    assert main(["01", "--check", "--root", str(session.folder.parent)]) == 0
