"""`coursekit checks`: the list and the score; advice on exceptions."""

import pytest

from coursekit.course.exercises.exception_advice import ADVICE, advice
from coursekit.course.exercises.non_results import Raised
from coursekit.course.exercises.registry import exercise_ids
from coursekit.staff.proof.checks_command import main


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


@pytest.mark.parametrize("one", ADVICE, ids=lambda one: one.pattern[:20])
def test_advice_is_given_for_its_own_example(one):
    assert advice(Raised("RuntimeError", one.example)) == one.text


def test_no_advice_is_given_for_other_exceptions():
    assert advice(Raised("ValueError", "something else")) == ""
    assert advice(3) == ""
