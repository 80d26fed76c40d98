"""A source becomes two notebooks: what students and instructors get."""

import json
from functools import partial
from pathlib import Path

import nbformat
import pytest

import coursekit
from coursekit.staff.build.build import (
    as_text,
)
from coursekit.staff.build.convert import cells_of, notebook, source_of
from coursekit.staff.build.folder import notebooks_folder, sessions
from coursekit.staff.build.notebook_source import read_source
from coursekit.staff.build.setup_cell import badge, setup_source
from tests.small_sources import EXERCISE, OPENING, written


@pytest.fixture
def course(tmp_path):
    """Give a function that writes a source of session 01 and returns the session."""
    return partial(written, tmp_path)


def versions(course, body):
    """Give the sources of the solution's and the student's cells after set-up."""
    session = course(OPENING + body)
    cells = read_source(session.source)
    return tuple(
        [cell.text for cell in cells_of(cells, session, student=student)[2:]]
        for student in (False, True)
    )


# Sources


def test_a_source_is_read_with_kinds_tags_and_lines(course):
    cells = read_source(course(OPENING + EXERCISE).source)
    assert [(c.kind, c.line, sorted(c.tags)) for c in cells] == [
        ("markdown", 1, []),
        ("code", 6, ["setup"]),
        ("markdown", 9, []),
        ("code", 12, []),
        ("code", 20, ["check"]),
        ("code", 23, ["solution"]),
        ("markdown", 27, ["student"]),
        ("code", 30, ["predict"]),
    ]
    assert cells[0].text == "# 01 Trial\n\nHow big is it? 3 minutes."
    assert [cell.position for cell in cells] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_header_that_editors_write_is_no_cell(course):
    header = "# ---\n# title: x\n# ---\n\n"
    cells = read_source(course(header + OPENING).source)
    assert [(cell.kind, cell.line) for cell in cells] == [("markdown", 5), ("code", 10)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be cells that start with `# %%`"),
        ("x = 1\n", "must be cells that start with `# %%`"),
        ("x = 1\n\n# %%\ny = 2\n", "nothing before the first"),
        ('# %%\nx = """\n# %%\n"""\n', "must be cells"),
        ("# %% [raw]\n# x\n", "line 1: a cell must be code or .markdown."),
        (
            '# %% tags=["verdct"]\nx = 1\n',
            "unknown tag 'verdct'; did you mean 'verdict'",
        ),
        ("# %%\n\n# %%\ny = 2\n", "line 1: the cell is empty"),
    ],
)
def test_a_source_that_is_not_cells_is_refused(course, text, message):
    with pytest.raises(ValueError, match=message):
        read_source(course(text).source)


def test_a_source_with_another_kind_of_name_is_refused(course):
    session = course(OPENING, name="01_Trial")
    with pytest.raises(ValueError, match=r"`01_Trial.py` .* named like"):
        sessions(session.folder)


def test_sessions_are_listed_in_order_and_chosen_by_number(course):
    for name in ("02_b", "01b_c", "01a_a", "00_start"):
        folder = course(OPENING, name=name).folder
    assert [s.number for s in sessions(folder)] == ["00", "01a", "01b", "02"]
    assert [s.name for s in sessions(folder, ["02", "01a"])] == ["02_b", "01a_a"]
    with pytest.raises(ValueError, match="got '07', there are: 00, 01a, 01b, 02"):
        sessions(folder, ["07"])


def test_the_number_of_a_session_takes_all_its_notebooks_once(course):
    for name in ("02_b", "01b_c", "01_a", "00_start"):
        folder = course(OPENING, name=name).folder
    assert [s.name for s in sessions(folder, ["01"])] == ["01_a", "01b_c"]
    assert [s.name for s in sessions(folder, ["01b", "01"])] == ["01b_c", "01_a"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", 5),  # a sitting is never shorter than five minutes
        ("\n# %% [markdown]\n# " + "word " * 1200, 10),  # 1.5 to run, 10 to read
        ("\n# %% [markdown]\n# **Exercise 01.1 (20 minutes).** Do.\n", 20),
        ("\n# %%\n" + "x = 1\n" * 500, 20),  # 1.5 + 20, to the nearest five
        ('\n# %% tags=["fold"]\n' + "x = 1\n" * 500, 5),
        ('\n# %% tags=["verdict"]\n' + "x = 1\n" * 500, 5),
        ("\n# %%\n" + "explore_kernel()\n" * 5, 20),
        ("\n# %%\n" + "predict('01-a', 1)\n" * 10, 10),
        ("\n# %% [markdown]\n" + "# <details>\n# </details>\n" * 4, 10),
    ],
)
def test_the_minutes_shown_come_from_what_there_is_to_read_and_to_do(
    course, body, expected
):
    session = course(OPENING.replace("3 minutes", "999 minutes") + body)
    cells = read_source(session.source)
    for student in (True, False):
        first = cells_of(cells, session, student=student)[0].text
        assert f"{expected} minutes" in first


def test_the_course_is_found_from_any_folder_in_it(course):
    folder = course(OPENING).folder
    assert notebooks_folder(folder / "src") == folder
    assert notebooks_folder(folder.parent) == folder


def test_a_folder_without_a_course_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`root` must be the course's folder"):
        notebooks_folder(tmp_path)


def test_students_get_stubs_where_the_solution_has_answers(course):
    solution, student = versions(course, EXERCISE)
    assert solution == [
        "Write it.",
        "def double(x):\n    '''Give twice x.'''\n    y = x + x\n    return y",
        "double(4)",
        "# Only in the solution.\ndouble(5)",
        "guess = 7",
    ]
    assert student == [
        "Write it.",
        "def double(x):\n    '''Give twice x.'''\n    ...  # your code here",
        "double(4)",
        "Only for students.",
        "guess = ...  # your answer",
    ]


@pytest.mark.parametrize(
    ("line", "kept", "stub"),
    [
        ("guess = 7  # answer", "guess = 7", "guess = ...  # your answer"),
        ("a, b = 1, 2 # answer", "a, b = 1, 2", "a, b = ...  # your answer"),
        ("    n = f(x)  #answer", "    n = f(x)", "    n = ...  # your answer"),
        ('s = "a = b"  # answer', 's = "a = b"', "s = ...  # your answer"),
        ("ok = 3 == 3  # answer", "ok = 3 == 3", "ok = ...  # your answer"),
        ("n = 7  # the answer", "n = 7  # the answer", "n = 7  # the answer"),
    ],
)
def test_an_answer_line_hides_its_value_only(course, line, kept, stub):
    body = f"\n# %%\nif True:\n{line}\n" if line[0] == " " else f"\n# %%\n{line}\n"
    (solution,), (student,) = versions(course, body)
    assert solution.splitlines()[-1] == kept
    assert student.splitlines()[-1] == stub


def test_two_regions_in_one_cell_become_two_stubs(course):
    body = (
        "\n# %%\n### BEGIN SOLUTION\na = 1\n### END SOLUTION\nb = 2\n"
        "if b:\n    ### BEGIN SOLUTION\n    c = 3\n    d = 4\n    ### END SOLUTION\n"
    )
    (solution,), (student,) = versions(course, body)
    assert solution == "a = 1\nb = 2\nif b:\n    c = 3\n    d = 4"
    assert student == ("...  # your code here\nb = 2\nif b:\n    ...  # your code here")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("### BEGIN SOLUTION\na = 1", "line 9: '### BEGIN SOLUTION' has no '### END"),
        ("a = 1\n### END SOLUTION", "'### END SOLUTION' must pair up"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "must pair up"),
        (
            "print(3)  # answer",
            "must be one whole assignment; got 'print.3.  # answer'",
        ),
        ("n = f(1,  # answer\n  2)", "must be one whole assignment"),
        ("# show coursekit.no_such.thing", "has no 'no_such'"),
        (
            "# show coursekit.course.claims.nothing",
            "coursekit.course.claims has no 'nothing'",
        ),
        ("# show no_such_package.f", "there is no module 'no_such_package'"),
        ("# show coursekit.course.claims.CLAIMS", "must name a function or a class"),
        ("# show coursekit.course.claims", "must name a function or a class"),
    ],
)
def test_a_marker_that_makes_no_sense_is_refused_with_its_line(course, body, message):
    with pytest.raises(ValueError, match=message):
        versions(course, f"\n# %%\n{body}\n")


@pytest.mark.parametrize("count", [0, 2])
def test_a_source_without_exactly_one_setup_cell_is_refused(course, count):
    setup = '\n# %% tags=["setup"]\n# setup\n'
    session = course("# %% [markdown]\n# # T\n" + setup * count)
    with pytest.raises(ValueError, match=f"one cell tagged `setup`; got {count}"):
        notebook(read_source(session.source), session, student=True)


def test_a_source_begins_with_prose(course):
    session = course('# %% tags=["setup"]\n# setup\n')
    with pytest.raises(ValueError, match="must begin with a markdown cell"):
        notebook(read_source(session.source), session, student=True)


def test_shown_code_is_the_package_s_own_file(course):
    (solution,), (student,) = versions(
        course, "\n# %%\nn = 1\n# show coursekit.staff.build.setup_cell.with_badge\n"
    )
    assert solution == student
    first, second, *rest = solution.splitlines()
    assert (first, second) == ("n = 1", "# from coursekit/staff/build/setup_cell.py")
    package = Path(coursekit.__file__).parent
    file = (package / "staff" / "build" / "setup_cell.py").read_text(encoding="utf-8")
    assert "\n".join(rest) + "\n" in file
    compile(solution, "cell", "exec")


def test_a_method_is_shown_without_its_indent():
    shown = source_of("coursekit.staff.build.folder.Session.shown")
    assert shown.splitlines()[1] == "def shown(self, path: Path) -> str:"


def test_the_notebook_is_exactly_what_it_should_be(course):
    session = course(
        '# %% [markdown]\n# # T\n#\n# Why?\n\n# %% tags=["setup"]\n# setup\n\n'
        '# %% tags=["check"]\nn = 1  # answer\n'
    )
    made = notebook(read_source(session.source), session, student=True)
    text = json.loads(as_text(made))
    information = text["metadata"].pop("coursekit")
    assert information["source"] == "notebooks/src/01_trial.py"
    path = "notebooks/01_trial.ipynb"
    assert text == {
        "cells": [
            {
                "cell_type": "markdown",
                "id": "01-001",
                "metadata": {},
                "source": ["# T\n", "\n", badge(path) + "\n", "\n", "Why?"],
            },
            {
                "cell_type": "code",
                "execution_count": None,
                "id": "01-002",
                "metadata": {"tags": ["setup"]},
                "outputs": [],
                "source": setup_source().splitlines(keepends=True),
            },
            {
                "cell_type": "code",
                "execution_count": None,
                "id": "01-003",
                "metadata": {"tags": ["check"]},
                "outputs": [],
                "source": ["n = ...  # your answer"],
            },
        ],
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def test_both_versions_are_valid_notebooks_and_share_their_ids(course):
    session = course(OPENING + EXERCISE)
    cells = read_source(session.source)
    ids = []
    for student in (True, False):
        made = notebook(cells, session, student=student)
        nbformat.validate(nbformat.reads(as_text(made), as_version=4))
        ids.append({cell.id: cell.cell_type for cell in made.cells})
    shared = ids[0].keys() & ids[1].keys()
    assert shared == {f"01-00{n}" for n in (1, 2, 3, 4, 5, 8)}
    assert all(ids[0][id] == ids[1][id] for id in shared)


def test_only_the_solution_s_checked_cells_are_compared_by_nbval(course):
    session = course(OPENING + EXERCISE)
    cells = read_source(session.source)
    tags = [
        cell.metadata.get("tags", [])
        for student in (True, False)
        for cell in notebook(cells, session, student=student).cells
    ]
    assert tags.count(["check"]) == 1
    assert tags.count(["check", "nbval-check-output"]) == 1
