"""Automatic wrong answers: what is changed, and what is left alone."""

import ast

import pytest
from torch import nn

from coursekit.course.exercises import Exercise
from coursekit.staff.proof.mutate import mutants
from coursekit.staff.proof.score import Proof, prove, table, total_score


def half_up(values, places=3):
    """Half of it: a + b is never touched here."""
    total = values[0] - values[1] * 2
    if total > places:
        total += 1
    return total


class Small(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.mix = nn.Linear(channels, 4, bias=False)

    def forward(self, x):
        return self.mix(x).relu()


LABELS = {mutant.label for mutant in mutants(half_up)}


@pytest.mark.parametrize(
    "label",
    [
        "2 → 3",
        "2 → 1",
        "values[0] - values[1] * 2 → values[0] + values[1] * 2",
        "values[0] - values[1] * 2 → values[1] * 2 - values[0]",
        "values[0] - values[1] * 2 → values[0]",
        "total > places → total >= places",
        "total += 1 → total -= 1",
        "total += 1 → pass",
        "3 → 4",
        "return total → return total.detach()",
    ],
)
def test_a_mutant_changes_one_thing(label):
    assert label in LABELS


def test_docstrings_are_left_alone():
    assert not any("never touched" in label for label in LABELS)


def test_mutants_run_and_differ_from_each_other():
    made = mutants(half_up, gradient=False)
    assert len({mutant.label for mutant in made}) == len(made)
    swapped = next(m for m in made if m.label == "total > places → total >= places")
    assert (half_up([7, 2]), swapped.answer([7, 2])) == (3, 4)


def test_classes_can_be_changed_too():
    labels = {mutant.label for mutant in mutants(Small)}
    assert "False → True" in labels
    assert "super().__init__() → pass" in labels
    assert "self.mix(x).relu() → self.mix(x)" in labels


def test_an_argument_may_be_changed_in_place():
    def shift(images):
        return images - images.mean()

    labels = {mutant.label for mutant in mutants(shift)}
    assert "images - images.mean() → images.sub_(images.mean())" in labels
    without = {mutant.label for mutant in mutants(shift, in_place=False)}
    assert not any("sub_" in label for label in without)


def test_the_order_of_two_arguments_of_max_is_not_a_mutant():
    def larger(a, b):
        return max(a, b)

    assert "max(a, b) → max(b, a)" not in {m.label for m in mutants(larger)}


def double(number):
    return number * 2


def by_adding(number):
    return number + number


def triples(number):
    """You triple it."""
    return 3 * number


def weak_exercise(**changes) -> Exercise:
    """An exercise whose only input is 2, so that 2 · 2 and 2 + 2 look the same."""
    settings = {
        "id": "99.1",
        "title": "Double",
        "statement": "Double it.",
        "minutes": 1,
        "difficulty": 1,
        "importance": 1,
        "solution": double,
        "oracle": by_adding,
        "right": (by_adding,),
        "wrong": (triples,),
        "hints": ("Add it to itself.",),
        "takeaway": "Twice.",
        "cases": lambda draw: [(2,)],
    }
    return Exercise(**settings | changes)


def test_a_check_on_too_few_inputs_is_found_out():
    assert "number * 2 → number + 2" in prove(weak_exercise()).survivors


def test_a_wrong_answer_that_passes_is_a_fault():
    proof = prove(weak_exercise(wrong=(by_adding,)))
    assert "wrong answer by_adding" in proof.faults[0]


def test_a_right_answer_that_fails_is_a_fault():
    proof = prove(weak_exercise(right=(triples,)))
    assert "right answer triples" in proof.faults[0]


def test_a_mutant_listed_as_right_does_not_count():
    listed = {"number * 2 → number + 2": "for this test"}
    proof = prove(weak_exercise(equivalents=listed))
    assert (proof.equivalent, proof.survivors, proof.stale) == (1, (), ())


def test_a_mutant_listed_as_right_but_caught_is_stale():
    proof = prove(weak_exercise(equivalents={"2 → 3": "for this test"}))
    assert proof.stale == ("2 → 3",)


def test_the_score_is_caught_over_all_but_equivalents():
    one = Proof("1.1", "a", 3, 4, mutants=12, loud=3, equivalent=2, survivors=("x",))
    assert one.caught == 9
    assert total_score([one]) == pytest.approx(9 / 10)
    assert total_score([one], quiet=True) == pytest.approx(6 / 7)
    assert table([one]).splitlines()[-1].split() == [
        *("all", "1", "exercises", "3", "4", "12", "3", "2", "9", "90.0%")
    ]


def test_every_mutant_is_valid_python():
    for mutant in mutants(half_up):
        assert callable(mutant.answer)
        ast.parse(mutant.label.split(" → ")[0])
