"""The page of common errors: complete, up to date, without repetition, and readable."""

import re
from collections import Counter

import mistune
import pytest

from coursekit.course.exercises.exercise import as_mistake, slip
from coursekit.course.exercises.registry import exercise_ids, load
from coursekit.course.exercises.symptoms import shortened, symptom
from coursekit.staff.proof import errors_page as module
from coursekit.staff.proof.checks_command import main
from coursekit.staff.proof.errors_page import anchor, page_file, said
from coursekit.staff.proof.slips import SLIPS, Slip

EXERCISES = [load(one) for one in exercise_ids()]
PAGE = page_file().read_text(encoding="utf-8")
HTML = mistune.create_markdown(escape=False, plugins=["table"])(PAGE)
README = (page_file().parent.parent / "README.md").read_text(encoding="utf-8")


def plain(html: str) -> str:
    """Return what a reader reads: no tags, one space between words."""
    text = re.sub(r"<[^>]*>", "", html)
    for code, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(code, letter)
    return " ".join(text.split())


# Complete and up to date


def test_the_committed_page_fits_the_exercises(capsys):
    assert main(["--errors", "--check"]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out == "notebooks/common_errors.md: ok\n"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Give another course's folder, with two exercises."""
    (tmp_path / "notebooks" / "src").mkdir(parents=True)
    file = tmp_path / "notebooks" / "common_errors.md"
    monkeypatch.setattr("coursekit.staff.proof.checks_command.page_file", lambda: file)
    ids = ("01.1", "01.7")
    monkeypatch.setattr(
        "coursekit.staff.proof.checks_command.exercise_ids", lambda: ids
    )
    return file


@pytest.mark.parametrize("text", [None, "# Common errors\n"])
def test_a_page_that_is_old_or_missing_is_told_with_the_command(course, capsys, text):
    if text:
        course.write_text(text, encoding="utf-8")
    assert main(["--errors", "--check"]) == 1
    assert capsys.readouterr().err == (
        "notebooks/common_errors.md does not fit the exercises: "
        "run `coursekit checks --errors`\n"
    )
    assert course.is_file() == bool(text)


def test_the_command_writes_the_page_and_then_it_fits(course):
    assert main(["--errors"]) == 0
    assert main(["--errors", "--check"]) == 0
    assert b"\r" not in course.read_bytes()


def test_of_exercises_that_are_named_the_part_is_shown_and_nothing_written(
    course, capsys
):
    assert main(["--errors", "04.1"]) == 0
    shown = capsys.readouterr().out
    assert "Session 04" in shown
    assert "Session 01" not in shown
    assert not course.exists()


def test_the_page_lies_beside_the_notebooks_of_the_course(tmp_path, monkeypatch):
    assert page_file().parent.name == "notebooks"
    with pytest.raises(ValueError, match="go to the folder of the course"):
        page_file(tmp_path)


# What stands on it


def test_every_sentence_of_a_check_can_be_found_by_its_words():
    text = plain(HTML)
    for exercise in EXERCISES:
        for mistake in exercise.mistakes:
            words = plain(mistune.html(mistake.message))
            if exercise.kind == "design":  # one sentence stands for several numbers
                words = re.split(r"\d", words)[0].strip()
            assert words in text, f"{exercise.id}: {mistake.message}"


def test_no_sentence_stands_twice():
    messages = {m.message for exercise in EXERCISES for m in exercise.mistakes}
    shown = Counter(
        re.findall(
            r"(?:^\| [\d., ]+ \| |^- )(\*\*.+?)(?: \||\s\([\d., ]+\)$)", PAGE, re.M
        )
    )
    assert shown
    assert [line for line, times in shown.items() if times > 1] == []
    assert len(shown) <= len(messages)


def test_a_line_names_every_exercise_that_says_it():
    for exercise in EXERCISES:
        for mistake in exercise.mistakes:
            if exercise.kind != "design":
                words = said(mistake.message).replace("|", "\\|")
                lines = [line for line in PAGE.splitlines() if words in line]
                named = re.search(r"\d\d\.[\d., ]+", lines[0])[0]
                assert exercise.id in re.split(r"[, ]+", named)


def test_every_link_leads_to_a_heading():
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    links = set(re.findall(r"\]\(#([^)]*)\)", PAGE))
    assert links
    assert links <= {anchor(heading) for heading in headings}
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("slip", SLIPS.values(), ids=lambda slip: slip.title)
def test_a_heading_has_no_letter_that_its_link_would_lose(slip):
    # GitHub drops everything but letters, digits, spaces, - and _
    assert re.fullmatch(r"[A-Za-z0-9 ]+", slip.title)


def test_slips_come_with_the_most_frequent_first():
    counts = [int(n) for n in re.findall(r"^\*(\d+) known wrong", PAGE, re.MULTILINE)]
    assert counts == sorted(counts, reverse=True)
    in_slips = [m for e in EXERCISES for m in e.mistakes if m.slip]
    assert sum(counts) == len(in_slips)


def test_most_wrong_answers_have_a_slip_behind_them():
    mistakes = [m for exercise in EXERCISES for m in exercise.mistakes]
    explained = sum(bool(mistake.slip) for mistake in mistakes)
    assert explained / len(mistakes) > 0.7


@pytest.mark.parametrize("slip", SLIPS.values(), ids=lambda slip: slip.title)
def test_every_slip_occurs_in_several_exercises(slip: Slip):
    places = [
        e for e in EXERCISES if any(SLIPS.get(m.slip) is slip for m in e.mistakes)
    ]
    assert len(places) >= 2


def test_the_titles_of_the_sessions_are_those_of_the_readme():
    rows = dict(re.findall(r"^\| (\d\d) \| \[?([^\](|<]+)", README, re.MULTILINE))
    for session, title in module.TITLES.items():
        first = re.match(r"\w+", rows[session].strip())[0]
        assert title.startswith(first.lower())


def test_right_answers_of_choices_and_numbers_are_not_given_away():
    for exercise in EXERCISES:
        if exercise.kind in ("number", "choice"):
            assert {symptom(exercise, m) for m in exercise.mistakes} == {""}


# Its parts


def test_a_symptom_comes_from_running_the_wrong_answer():
    exercise = load("01.1")
    assert symptom(exercise, exercise.mistakes[0]) == (
        "`size=5, kernel_size=3`: 2 instead of 3"
    )


@pytest.mark.parametrize(
    ("sentence", "short"),
    [
        ("the result is 2; 3 is right", "2 instead of 3"),
        ("the result is a float, 3.0; an int is right", "float, not an int"),
        (
            "value 1 of 2: the result is 50; 25 is right",
            "value 1 of 2: 50 instead of 25",
        ),
        ("the result is a tensor; 2 values are right", "tensor, not 2 values"),
        (
            "the shape is (2, 3); (2, 1, 3) is right",
            "shape (2, 3) instead of (2, 1, 3)",
        ),
        (
            "the dtype is float32; float64 is right (new tensors are float32 unless …)",
            "float32 instead of float64",
        ),
        (
            "at index [0] the value is 0.6; 2.3 is right (36 of 36 values differ)",
            "all values differ",
        ),
        (
            "at index [0] the value is 0.6; 2.3 is right (1 of 36 values differ)",
            "some values differ",
        ),
        ("it changes its argument `x`; work on a copy instead", "`x` is changed"),
        ("it raises IndexError in f: index 5 is out of bounds", "IndexError"),
        (
            "no gradient flows back through the result; `.item()`",
            "no gradient flows back",
        ),
        ("the result is 0.629033; 0.5 is right", "another value"),
    ],
)
def test_a_difference_is_shortened_to_what_every_computer_shows(sentence, short):
    assert shortened(sentence) == short


@pytest.mark.parametrize(
    ("message", "bold"),
    [
        ("You round up; round down.", "**You round up**; round down."),
        (
            "You divide by 255: that is rescaling.",
            "**You divide by 255**: that is resc",
        ),
        ("It is long. Cut it.", "**It is long**. Cut it."),
        ("A ReLU is missing.", "**A ReLU is missing**."),
        ("You use `a; b` (x: y); stop.", "**You use `a; b` (x: y)**; stop."),
    ],
)
def test_what_was_done_is_bold_and_the_words_stay(message, bold):
    assert said(message).startswith(bold)
    assert said(message).replace("**", "") == message


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.id)
def test_every_label_of_a_wrong_answer_is_a_slip(exercise):
    assert {m.slip for m in exercise.mistakes} <= {"", *SLIPS}


def test_a_wrong_answer_carries_its_own_label_only():
    @slip("axes")
    class Wrong:
        """You take the wrong axes."""

    class AlsoWrong(Wrong):
        """You do something else."""

    assert (as_mistake(Wrong).slip, as_mistake(AlsoWrong).slip) == ("axes", "")
