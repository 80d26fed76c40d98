"""The site's parts, each alone: no Sphinx, no browser (those: test_browser_site.py)."""

import re
from pathlib import Path

import pytest

from coursekit import cli
from coursekit.staff.build.folder import sessions
from coursekit.staff.build.repository import Repository
from coursekit.staff.site import site_command
from coursekit.staff.site.cards_command import as_tsv, main, quiz_of
from coursekit.staff.site.dead_links import faults_of
from coursekit.staff.site.page_sizes import too_large
from coursekit.staff.site.pages_of_course import at_home
from coursekit.staff.site.sphinx_side import _words, glossary
from coursekit.staff.site.student_view import PREDICTED, _row
from tests.small_sources import OPENING, written

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = ROOT / ".github" / "workflows" / "site.yml"
QUIZ = r"""
# %% [markdown]
# ## Quiz
#
# **1.** What is $\sqrt{x}$ of 4,
# and of *9*?
#
# <details><summary>Answer</summary>
#
# 2, and `3`.
#
# </details>
#
# **2.** Not folded.
"""


def test_a_quiz_becomes_a_file_that_anki_imports(tmp_path, capsys):
    written(tmp_path, OPENING + QUIZ)
    assert main(["01", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "#separator:tab",
        "#html:true",
        "#columns:question\tanswer\ttags",
        "#tags column:3",
        r"What is \(\sqrt{x}\) of 4, and of <em>9</em>?"
        "\t2, and <code>3</code>.\tcoursekit session-01",
    ]


def test_every_folded_answer_of_the_course_is_a_card_of_three_fields():
    course = sessions(ROOT / "notebooks")
    for session in course:
        text = session.source.read_text(encoding="utf-8")
        cards = quiz_of(session)
        assert len(cards) == text.count("<summary>Answer</summary>")
        rows = [row for row in as_tsv(cards).splitlines() if row[0] != "#"]
        assert {row.count("\t") for row in rows} <= {2}
        assert len(rows) == len(cards)


def test_a_session_without_a_quiz_is_one_sentence(tmp_path, capsys):
    written(tmp_path, OPENING)
    assert cli.main(["cards", "01", "--root", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        "coursekit cards: there is no quiz in 01: take another session\n"
    )


@pytest.mark.parametrize("missing", site_command.NEEDED)
def test_without_what_builds_pages_the_command_says_what_to_install(
    monkeypatch, capsys, missing
):
    found = site_command.find_spec
    monkeypatch.setattr(
        site_command, "find_spec", lambda name: None if name == missing else found(name)
    )
    assert cli.main(["site"]) == 1
    assert capsys.readouterr().err == (
        f"coursekit site: the site needs {missing}, which is not installed: pip "
        "install 'coursekit[authoring,site]', or run `make site`, which does it\n"
    )


def test_two_predictions_in_a_verdict_are_left_to_the_reader_even_where_cut_off():
    told = {
        name: {
            "name": name,
            "said": f"You said {n}, measured 7. Not this time.",
            "shown": "7",
        }
        for n, name in ((5, "01-a"), (8, "01-b"))
    }
    both = " ".join(one["said"] for one in told.values())
    for words in (both, f"{both[:-9]}…"):
        row = PREDICTED.search(
            f"<th>x</th><th scope='row'>predicted</th><td>{words}</td>"
        )
        made = _row(row, told)
        assert re.findall(r'data-told="([^"]*)"', made) == ["01-a", "01-b"]
        assert "You said" not in made


def test_links_that_do_not_hold_are_named(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there">1</a><a href="b.html#not">2</a><a href="c.html">3</a>'
        '<a href="https://x.example/">4</a><img src="https://x.example/p.png">'
        '<a href="#width=3">5</a><link rel="stylesheet" href="https://y.example/s.css">',
        encoding="utf-8",
    )
    (tmp_path / "b.html").write_text('<p id="there">', encoding="utf-8")
    assert faults_of(tmp_path) == [
        "a.html fetches https://x.example/p.png",
        "a.html fetches https://y.example/s.css",
        "a.html links to b.html#not, and there is no such place",
        "a.html links to c.html, which is not there",
    ]


def test_a_page_of_more_than_5_mb_or_an_explorer_of_more_than_1_is_named(tmp_path):
    about = 'class="coursekit-view coursekit-island" data-name'
    small, large = (
        f'<figure {about}="{name}">{"x" * size}</figure>'
        for name, size in (("kernel", 900_000), ("desk", 1_000_000))
    )
    (tmp_path / "a.html").write_text(small * 5, encoding="utf-8")
    (tmp_path / "b.html").write_text(small * 5 + "é" * 300_000, encoding="utf-8")
    (tmp_path / "c.html").write_text(small + large, encoding="utf-8")
    assert too_large(tmp_path) == [
        "b.html has 5.10 MB, more than 5 MB",
        "the explorer desk in c.html has 1.00 MB, more than 1 MB",
    ]


def test_a_file_of_the_repository_is_linked_there_and_a_page_of_the_site_here():
    text = "[a](CONTRIBUTING.md) [b](notebooks/course_map.md) [c](#d) [e](https://e.f)"
    made = at_home(text, Repository("me/mine", "dev"), ["course_map.md"])
    assert made == (
        "[a](https://github.com/me/mine/blob/dev/CONTRIBUTING.md) [b](course_map.md) "
        "[c](#d) [e](https://e.f)"
    )


def test_every_word_of_the_glossary_is_explained_once_and_shortly():
    forms = [
        f.lower() for t, row in glossary().items() for f in (t, *row.get("also", ()))
    ]
    assert sorted(set(forms)) == sorted(forms)
    assert len(glossary()) >= 70
    for term, row in glossary().items():
        assert set(row) <= {"means", "also"}
        assert row["means"][-1] in ".)", term
        assert len(row["means"].split()) <= 45, term


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Receptive fields grow", ["Receptive fields"]),
        ("effective receptive field", ["effective receptive field"]),
        ("a kernelspec, a sub-batch", []),
        ("the batch norm of a batch", ["batch norm", "batch"]),
    ],
)
def test_the_longest_word_of_the_glossary_is_linked_and_only_whole_words(text, found):
    assert [match[0] for match in _words()[0].finditer(text)] == found


def test_the_workflow_runs_targets_that_exist_and_publishes_only_tags():
    text = WORKFLOW.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"run: make ([\w-]+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert "if: startsWith(github.ref, 'refs/tags/v')" in text
