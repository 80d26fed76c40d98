"""`coursekit checks`: the list, the score and the page of common errors."""

import pytest

from coursekit.checks.advice import ADVICE, advice
from coursekit.checks.command import main
from coursekit.checks.compare import Raised
from coursekit.checks.errors_page import SLIPS, errors_page, looks_like
from coursekit.checks.registry import exercise_ids, load


def test_the_list_names_every_exercise(capsys):
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(exercise_ids())


def test_the_score_of_one_exercise_is_a_table(capsys):
    assert main(["--score", "01.4"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1].startswith("01.4  Two 3×3 against one 5×5")
    assert out[-1].endswith("100.0%")


def test_an_unknown_exercise_is_told_on_standard_error(capsys):
    assert main(["--score", "9.9"]) == 2
    assert "is not an exercise" in capsys.readouterr().err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "coursekit checks --score 01.3" in capsys.readouterr().out


def test_the_page_of_errors_holds_every_message(capsys):
    assert main(["--errors"]) == 0
    page = capsys.readouterr().out
    for exercise_id in exercise_ids():
        for mistake in load(exercise_id).mistakes:
            assert mistake.message.replace("|", "\\|") in page


def test_the_page_is_the_same_every_time():
    exercises = [load("01.1"), load("01.5"), load("04.1")]
    assert errors_page(exercises) == errors_page(exercises)


def test_what_a_mistake_looks_like_comes_from_running_it():
    exercise = load("01.1")
    sentence = looks_like(exercise, exercise.mistakes[0])
    assert sentence == "with size=5, kernel_size=3: the result is 2; 3 is right"


@pytest.mark.parametrize("one", ADVICE, ids=lambda one: one.pattern[:20])
def test_advice_is_given_for_its_own_example(one):
    assert advice(Raised("RuntimeError", one.example)) == one.text


def test_no_advice_is_given_for_other_exceptions():
    assert advice(Raised("ValueError", "something else")) == ""
    assert advice(3) == ""


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip[0][:20])
def test_every_slip_occurs_in_several_exercises(slip):
    _, text = slip
    page = errors_page(load(one) for one in exercise_ids())
    line = next(line for line in page.splitlines() if line.startswith(f"- {text}"))
    assert line.count(",", len(text)) >= 2
