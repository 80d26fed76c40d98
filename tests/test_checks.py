"""What students see of `check`, `hint`, `solution` and `exercise`."""

import dataclasses
import re
import subprocess
import sys

import pytest
import torch

from coursekit._base.card import inline
from coursekit.course.exercises import (
    CheckFailed,
    check,
    exercise,
    exercise_ids,
    hint,
    solution,
)
from coursekit.course.exercises.exercise import Exercise

EMPHASIS = re.compile(r"(?<![\w*`])\*[a-z]+\*(?!\w)")


def output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel_size - 1) + 1
    return (size + 2 * padding - reach) // stride + 1


def pads_once(size, kernel_size, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel_size - 1) + 1
    return (size + padding - reach) // stride + 1


def something_else(size, kernel_size, stride=1, padding=0, dilation=1):
    return size - kernel_size + 40


def test_a_right_answer_is_right():
    assert check("01.1", output_size).status == "right"


def test_the_text_of_a_right_answer_says_what_was_tried_and_what_to_take_away():
    assert repr(check("01.1", output_size)) == (
        "01.1 · right · It agrees on every input it was tried on. 3×3 without padding "
        "takes 2 off the side; with padding 1 it keeps it."
    )


def test_a_wrong_answer_is_told_by_the_misconception_it_behaves_like():
    outcome = check("01.1", pads_once)
    assert outcome.status == "wrong"
    assert "both sides" in outcome.message
    assert outcome.mistake == "pads_once"


def test_an_unknown_wrong_answer_is_told_by_the_first_difference():
    outcome = check("01.1", something_else)
    assert outcome.status == "wrong"
    assert outcome.message == (
        "With size=5, kernel_size=3: the result is 42; 3 is right."
    )


@pytest.mark.parametrize("answer", [None, ...])
def test_no_answer_is_not_yet(answer):
    assert check("01.1", answer).status == "not yet"


def test_a_function_that_gives_nothing_is_not_yet():
    assert check("01.1", lambda *_: None).status == "not yet"
    assert check("01.1", lambda *_: ...).status == "not yet"
    assert check("01.4", lambda channels: (..., ...)).status == "not yet"


def test_a_function_that_says_it_is_not_implemented_is_not_yet():
    def later(*_):
        raise NotImplementedError

    assert check("01.1", later).status == "not yet"


def test_a_branch_that_gives_nothing_is_wrong():
    def forgets_return(size, kernel_size, stride=1, padding=0, dilation=1):
        if dilation == 1:
            return output_size(size, kernel_size, stride, padding)
        return None

    outcome = check("01.1", forgets_return)
    assert outcome.status == "wrong"
    assert "None" in outcome.message


def test_strict_mode_lets_right_answers_pass(monkeypatch):
    monkeypatch.setenv("COURSEKIT_STRICT", "1")
    assert check("01.1", output_size).status == "right"


@pytest.mark.parametrize("answer", [pads_once, something_else, None, 3])
def test_strict_mode_raises_for_anything_but_right(monkeypatch, answer):
    monkeypatch.setenv("COURSEKIT_STRICT", "1")
    with pytest.raises(CheckFailed, match=r"01\.1 · "):
        check("01.1", answer)


def test_an_outcome_cannot_be_changed():
    outcome = check("01.1", pads_once)
    with pytest.raises(dataclasses.FrozenInstanceError):
        outcome.status = "right"


def test_the_html_of_an_outcome_says_the_status_in_words():
    html = check("01.1", pads_once)._repr_html_()
    assert "wrong</b>" in html
    assert 'role="status"' in html


def test_html_is_escaped():
    assert inline("a < b & `x<y>`") == "a &lt; b &amp; <code>x&lt;y&gt;</code>"


@pytest.mark.parametrize("exercise_id", exercise_ids())
def test_no_message_shows_the_signs_of_markdown(exercise_id):
    found = exercise(exercise_id)
    said = [
        found.takeaway,
        *found.hints,
        *(str(wrong.__doc__) for wrong in found.wrong),
    ]
    assert [text for text in said if EMPHASIS.search(text)] == []


def test_hints_come_one_by_one(monkeypatch):
    monkeypatch.setattr("coursekit.course.exercises.ask._HINTED", {})
    assert [hint("01.3").level for _ in range(5)] == [1, 2, 3, 3, 3]
    assert hint("01.1").level == 1
    assert [hint("01.3", 1).level, hint("01.3").level] == [1, 2]


def test_a_hint_says_how_to_see_the_next_and_the_last_shows_the_solution():
    first, last = hint("01.3", 1), hint("01.3", 3)
    assert (first.level, last.level) == (1, 3)
    assert 'hint("01.3", 2)' in repr(first)
    assert 'solution("01.3")' in repr(last)


def test_a_hint_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"`level` must be 1 to 3; got 4"):
        hint("01.3", 4)


def test_an_unknown_exercise_is_refused_with_a_suggestion():
    with pytest.raises(ValueError, match=r"did you mean '01\.3'"):
        check("1.3", output_size)


@pytest.mark.parametrize("exercise_id", [None, 1.3, ["01.3"], "", "99.1"])
def test_anything_that_is_no_id_is_refused(exercise_id):
    with pytest.raises(ValueError, match="is not an exercise"):
        hint(exercise_id)


def test_the_arguments_of_the_first_difference_are_kept():
    assert check("01.1", something_else).example == (5, 3)
    assert check("01.1", output_size).example == ()


def test_a_seed_that_is_no_whole_number_is_refused():
    with pytest.raises(ValueError, match="`seed` must be a whole number"):
        check("01.1", output_size, seed=-1)


def test_the_solution_is_a_right_answer_as_text():
    scope = {}
    exec(solution("01.1").text, scope)
    assert check("01.1", scope["output_size"]).status == "right"
    assert "def output_size" in repr(solution("01.1"))


def test_an_exercise_shows_statement_and_stub():
    text = repr(exercise("01.1"))
    assert "9 pixels" in text
    assert "def output_size(size, kernel_size, stride=1" in text
    assert isinstance(exercise("01.1"), Exercise)
    assert "min, difficulty" in exercise("01.1")._repr_html_()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (7, "an int, 7; give the function itself"),
        ("output_size", "without quotes"),
        (int, "the class `int`"),
        (torch.zeros(3), "give the function itself"),
        (lambda size: size, "Your function takes `(size)`"),
    ],
)
def test_an_answer_of_the_wrong_sort_gets_a_sentence(answer, words):
    outcome = check("01.1", answer)
    assert outcome.status == "could not be checked"
    assert words in outcome.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (torch.nn.Linear(2, 2), "give the class itself"),
        (dict, "must be an `nn.Module`"),
        ("GapHead", "without quotes"),
        (7, "an int; give the class"),
    ],
)
def test_an_exercise_on_a_module_asks_for_the_class(answer, words):
    outcome = check("03.8", answer)
    assert outcome.status == "could not be checked"
    assert words in outcome.message


@pytest.mark.parametrize("change", [lambda blocks: blocks.pop(), lambda b: b[0].pop()])
def test_a_list_that_was_changed_is_told(change):
    right = exercise("06.3").solution

    def path_fields(blocks):
        result = right(blocks)
        if blocks:
            change(blocks)
        return result

    assert "changes its argument `blocks`" in check("06.3", path_fields).message


def test_a_module_without_super_init_is_told_so():
    class Head(torch.nn.Module):
        def __init__(self, channels, classes):
            self.dense = torch.nn.Linear(channels, classes)

    outcome = check("03.8", Head)
    assert outcome.status == "could not be checked"
    assert "super().__init__()" in outcome.message


def test_an_asynchronous_function_is_refused():
    async def output_size(*_):
        return 3

    assert "plain `def`" in check("01.1", output_size).message


def test_a_number_given_as_text_is_not_checked():
    assert check("01.11", "200").status == "could not be checked"


def test_a_number_in_a_tensor_counts():
    assert check("01.11", torch.tensor(200)).status == "right"


def test_an_unknown_wrong_number_does_not_give_the_right_one_away():
    assert "200" not in check("01.11", 7).message


@pytest.mark.parametrize("answer", ["conv", [1, 2], 3, {"conv": 1}, ["Conv"]])
def test_a_design_of_the_wrong_sort_is_not_checked(answer):
    assert check("01.5", answer).status == "could not be checked"


def test_a_result_on_the_wrong_device_is_told():
    def gap(images):
        return torch.zeros(images.shape[:2], dtype=images.dtype).copy_(
            images.mean((2, 3))
        )

    outcome = check("03.1", gap)
    assert outcome.status == "wrong"
    assert "the result is on cpu; the input is on a GPU" in outcome.message


def test_the_inputs_of_a_difference_in_a_tensor_are_pointed_at():
    outcome = check("01.6", lambda images: images[:, :, ::2, ::2] + 1)
    assert 'check("01.6", max_pool2x2).example' in outcome.message
    assert outcome.example[0].shape == (2, 3, 4, 6)


def test_a_new_tensor_of_the_default_dtype_is_told():
    outcome = check("01.6", lambda x: torch.nn.functional.max_pool2d(x, 2).float())
    assert "unless you pass the `dtype`" in outcome.message


def test_a_function_that_fails_on_scattered_memory_is_told_to_reshape():
    def pointwise(images, weight):
        n, _, h, w = images.shape
        return (weight @ images.view(n, -1, h * w)).view(n, -1, h, w)

    outcome = check("02.1", pointwise)
    assert outcome.status == "could not be checked"
    assert "`reshape`" in outcome.message


def test_checks_do_not_depend_on_the_defaults_set_in_the_notebook():
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            outcome = check("03.1", lambda x: x.mean((2, 3)))
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert (outcome.status, outcome.notes) == ("right", ())


def test_finding_exercises_imports_only_the_one_asked_for():
    code = (
        "import sys; from coursekit.course.exercises import hint; hint('01.1');"
        "print(sum('exercises.bank.s' in name for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"
