"""Answers that can be read before they are asked for are found."""

import json

import pytest

from coursekit.course.claims import VERDICT_MIME
from coursekit.staff.build.notebook_source import read_source
from coursekit.staff.build.spoilers import answers_of, check_spoilers
from tests.small_sources import OPENING, written

QUESTION = """
# %% [markdown]
# **Predict:** how many? A 5×5 kernel, 1,234 channels.

# %%
guess = 6  # answer
predict("01-join", guess)
"""


def cell(source, text, mime="text/plain"):
    """Make a code cell with one output."""
    said = text if mime == "text/plain" else {"predicted": text}
    output = {"output_type": "execute_result", "data": {mime: said}}
    return {"cell_type": "code", "source": source, "outputs": [output]}


def solution_in(folder, *cells):
    """Write a notebook with these cells; give its path."""
    path = folder / "01.ipynb"
    path.write_text(json.dumps({"cells": list(cells)}), encoding="utf-8")
    return path


def found(folder, before, answer="5 pixels", after=""):
    """List what is found in a source with text before the question."""
    session = written(folder, OPENING + before + QUESTION + after)
    said = f"You said 6, measured {answer}. Not this time."
    solution = solution_in(folder, cell('reveal("01-join", n)', said))
    cells = read_source(session.source)
    return [message for _, message, _ in check_spoilers(cells, solution)]


def prose(text):
    return f"\n# %% [markdown]\n# {text}\n"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("You said 6, measured 5. Not this time.", "5"),
        ("No prediction; measured 0.92 ± 0.01 (n = 3).", "0.92 ± 0.01 (n = 3)"),
        ("You said 1, measured 1.5 pixels. Right within ±1.", "1.5 pixels"),
        ("You said a, measured never. Right.", "never"),
    ],
)
@pytest.mark.parametrize("mime", ["text/plain", VERDICT_MIME])
def test_the_answers_are_read_from_the_built_solution(tmp_path, said, answer, mime):
    path = solution_in(tmp_path, cell('x = 1\nreveal("01-it", x)', said, mime))
    assert answers_of(path) == {"01-it": answer}


def test_without_a_built_solution_no_answer_is_known(tmp_path):
    assert answers_of(tmp_path / "none.ipynb") == {}


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        (prose("The field is 5 pixels wide."), "5 pixels"),
        (prose("So it is **5**."), "5"),
        (prose("It makes 5."), "5"),
        ("\n# %%\nx = 1  # the field is 5\n", "5"),
        (prose("## Here\n#\n# Counted: 34848"), "34,848"),
        (prose("Earlier: 34,848.") + prose("## Later\n#\n# Text."), "34,848 weights"),
        ('\n# %%\nclaim("C04")\n', "34,848"),
        (prose("About 0.913 of them."), "0.913 ± 0.002 (n = 3)"),
    ],
)
def test_an_answer_in_sight_of_the_question_is_found(tmp_path, before, answer):
    (message,) = found(tmp_path, before, answer)
    assert (
        message == f"the answer of '01-join', {answer}, can be read before it is asked"
    )


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        (prose("A kernel of 5×5 over 15 pixels, 2.5 or 5.5 pixels apart."), "5 pixels"),
        (prose("It is 5.") + prose("## Later\n#\n# Text."), "5"),
        ("\n# %%\nx = 5  # answer\n", "5"),
        (prose("It is 134,848 or 34,8481."), "34,848"),
        (prose("It never ends."), "never"),
    ],
)
def test_the_same_digits_elsewhere_are_no_spoiler(tmp_path, before, answer):
    assert found(tmp_path, before, answer) == []


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        (prose("AdamW is best here."), "AdamW"),
        (prose("Best: AdamW."), "AdamW"),
        (prose("The winner is AdamW, by far."), "AdamW"),
        (prose("So the answer is **less sure**."), "less sure"),
        (prose("In the race “dropout” wins."), "dropout"),
        (
            '\n# %%\nfigures.bars(x, words="One bar each; the pooling costs most.")\n',
            "the pooling",
        ),
        ('\n# %%\nfigures.bars(x, title="Dropout gets most right")\n', "dropout"),
        ('\n# %%\nfigures.bars(x, title="All of 34,848")\n', "34,848"),
    ],
)
def test_an_option_s_words_stated_as_the_answer_are_found(tmp_path, before, answer):
    assert found(tmp_path, before, answer) != []


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        (prose("AdamW or SGD: which is best?"), "AdamW"),
        (
            prose("We compare dropout with cutout. Dropout switches units off."),
            "dropout",
        ),
        (prose("Two nets, A is the best known."), "A"),
        (prose("Is it better, or worse, or no different?"), "better"),
        ('\n# %%\nfigures.bars(x, title=f"{best} is best")\n', "dropout"),
    ],
)
def test_an_option_s_words_in_a_question_are_no_spoiler(tmp_path, before, answer):
    assert found(tmp_path, before, answer) == []


REVEAL = '\n# %%\nreveal("01-join", n)\n'


@pytest.mark.parametrize(
    "between",
    [
        prose("Counted, it makes 5."),
        '\n# %%\nfigures.bars(x, words="The field is 5 pixels wide.")\n',
    ],
)
def test_a_finding_before_its_reveal_is_found_and_one_after_it_is_not(
    tmp_path, between
):
    (message,) = found(tmp_path, "", after=between + REVEAL)
    assert message == "the answer of '01-join', 5 pixels, stands before its reveal"
    assert found(tmp_path, "", after=REVEAL + between) == []


def test_the_question_itself_and_what_follows_may_name_the_answer(tmp_path):
    assert found(tmp_path, "", "1,234", after=prose("It is 1,234.")) == []


EXERCISE = """
# %% [markdown]
# **Exercise.** Write it.

# %%
def output(d, k, p, s):
    ### BEGIN SOLUTION
    return (d + 2 * p - k) // s + 1
    ### END SOLUTION
"""
SAME = "(size + 2 * padding - kernel) // stride + 1"


def test_the_expression_that_solves_an_exercise_is_found_above_it(tmp_path):
    for before in (f"\n# %%\nn = {SAME}\n", prose(f"That is `{SAME}`.")):
        (message,) = found(tmp_path, before + EXERCISE)
        assert message.startswith("shows an expression that solves the exercise")


def test_a_claim_with_a_formula_stands_after_its_exercise(tmp_path):
    claim = '\n# %%\nclaim("C03")\n'
    (message,) = found(tmp_path, prose("## Sizes") + claim + EXERCISE)
    assert message.startswith("claim C03 states a formula before the exercise")
    assert found(tmp_path, prose("## Sizes") + EXERCISE + claim) == []
    assert found(tmp_path, claim + prose("## Sizes") + EXERCISE) == []
    assert found(tmp_path, '\n# %%\nclaim("C11")\n' + EXERCISE) == []


def test_an_expression_below_the_exercise_spoils_nothing(tmp_path):
    assert found(tmp_path, EXERCISE + f"\n# %%\nn = {SAME}\n") == []
